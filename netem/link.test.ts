// Links: what is configured is what happens, within binomial bounds at fixed seeds; order is kept exactly where it is promised.
import { array, assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../node/kit/random.ts';
import { gilbertElliott, openLink, PERFECT_LINK, scheduledJitter } from './link.ts';
import type { Delivery, Link } from './link.ts';

const COUNT = 20_000;

function send(link: Partial<Link>, count = COUNT, everyMs = 1, bytes = 100): readonly (readonly Delivery[])[] {
  const whole = { ...PERFECT_LINK, ...link };
  const state = openLink(whole, randomStream('link test', JSON.stringify(link)), scheduledJitter(whole, 'seed', 'n1', 'n2'));
  return Array.from({ length: count }, (_, index) => state.transmit(bytes, index * everyMs));
}

/** 99.99 % bounds around the expected share; variance is multiplied by `spread` (1: independent). */
function expectShare(happened: number, of: number, pct: number, spread = 1): void {
  const share = pct / 100;
  expect(Math.abs(happened - of * share)).toBeLessThan(3.89 * Math.sqrt(of * share * (1 - share) * spread) + 1);
}

/** Milliseconds; fast-check's own doubles are nearly all extremes. */
const upTo = (maxMs: number) => integer({ min: 0, max: 1_000_003 }).map((part) => (maxMs * part) / 1_000_003);

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

describe('a link', () => {
  test('that is perfect delivers at once, whole and once', () => {
    expect(send({}, 3)).toEqual([1, 2, 3].map(() => [{ afterMs: 0, corrupt: false }]));
  });

  test('with a delay alone delays exactly by it', () => {
    expect(new Set(send({ delayMs: 40 }, 100).map(([only]) => only?.afterMs))).toEqual(new Set([40]));
  });

  test.each([0.5, 5, 30])('loses %d percent of the datagrams, within the binomial bounds', (lossPct) => {
    expectShare(send({ lossPct }).filter((deliveries) => deliveries.length === 0).length, COUNT, lossPct);
  });

  test('that loses 100 % delivers nothing', () => {
    expect(send({ lossPct: 100 }, 1000).every((deliveries) => deliveries.length === 0)).toBe(true);
    expect(send({ lossPct: 100, lossBurst: 5 }, 1000).every((deliveries) => deliveries.length === 0)).toBe(true);
  });

  test.each([[5, 4], [1, 10], [20, 2]])('that loses %d percent in bursts of %d has both', (lossPct, lossBurst) => {
    const count = 200_000;
    const lost = send({ lossPct, lossBurst }, count).map((deliveries) => deliveries.length === 0);
    const { p, r } = gilbertElliott(lossPct, lossBurst);
    const losses = lost.filter(Boolean).length;
    expectShare(losses, count, lossPct, (2 - p - r) / (p + r));
    const bursts = lost.filter((one, index) => one && lost[index - 1] !== true).length;
    expect(Math.abs(losses / bursts / lossBurst - 1)).toBeLessThan(3.89 * Math.sqrt((1 - r) / bursts));
  });

  test('duplicates and corrupts as many as it should, and each copy is corrupt on its own', () => {
    const sent = send({ duplicatePct: 10, corruptPct: 20 });
    expectShare(sent.filter((deliveries) => deliveries.length === 2).length, COUNT, 10);
    const copies = sent.flat();
    expectShare(copies.filter((copy) => copy.corrupt).length, copies.length, 20);
    expect(sent.some(([first, second]) => second !== undefined && first?.corrupt !== second.corrupt)).toBe(true);
  });

  test('reorders by sending a share at once', () => {
    const sent = send({ delayMs: 10, reorderPct: 25 }).flat();
    expectShare(sent.filter((copy) => copy.afterMs === 0).length, COUNT, 25);
    expect(new Set(sent.map((copy) => copy.afterMs))).toEqual(new Set([0, 10]));
  });

  test('draws its jitter for each datagram under order: reorder, from the named distribution', () => {
    const delays = (distribution: Link['distribution']) =>
      send({ delayMs: 20, jitterMs: 5, distribution, order: 'reorder' }).flat().map((copy) => copy.afterMs).sort((a, b) => a - b);
    const uniform = delays('uniform');
    expect(uniform[0]).toBeGreaterThanOrEqual(15);
    expect(uniform.at(-1)).toBeLessThan(25);
    expect(quantile(uniform, 0.5)).toBeCloseTo(20, 0);
    const normal = delays('normal');
    expect(quantile(normal, 0.5)).toBeCloseTo(20, 0);
    expect(quantile(normal, 0.8413)).toBeCloseTo(25, 0);
    const pareto = delays('pareto');
    expect(pareto[0]).toBeCloseTo(20 - 5 * (2 / 3), 1);
    expect(quantile(pareto, 0.5)).toBeCloseTo(18.4, 0);
    expect(pareto.at(-1)).toBeLessThanOrEqual(40);
  });

  test('never has a negative delay, whatever its jitter', () => {
    for (const order of ['keep', 'reorder'] as const) {
      expect(send({ delayMs: 1, jitterMs: 50, distribution: 'normal', order }, 5000, 37).flat().every((copy) => copy.afterMs >= 0)).toBe(true);
    }
  });

  test('of a rate sends one after the other and drops what its queue cannot hold', () => {
    // 958 bytes and 42 of headers at 8 kbit/ms: 1 ms each on an 8,000 kbit link.
    const sent = send({ rateKbit: 8000, queuePackets: 3, delayMs: 5 }, 10, 0, 958);
    expect(sent.map(([only]) => only?.afterMs)).toEqual([6, 7, 8, 9, undefined, undefined, undefined, undefined, undefined, undefined]);
    const steady = send({ rateKbit: 8000, queuePackets: 3 }, 1000, 0.5, 958).filter((deliveries) => deliveries.length === 1);
    expect(steady.length).toBeGreaterThan(495);
    expect(steady.length).toBeLessThan(510);
  });
});

describe('a link that keeps order', () => {
  test('delivers in the order of sending, however the jitter and the line change', () => {
    const inOrder = property(
      array(upTo(30), { minLength: 20, maxLength: 200 }), upTo(400), upTo(400), constantFrom(null, 640, 10_000),
      (gapsMs, delayMs, jitterMs, rateKbit) => {
        const link: Link = { ...PERFECT_LINK, delayMs, jitterMs, rateKbit, duplicatePct: 5 };
        const state = openLink(link, randomStream('order'), scheduledJitter(link, 'seed', 'a', 'b'));
        let nowMs = 0;
        let lastMs = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          for (const { afterMs } of state.transmit(300, nowMs)) {
            expect(nowMs + afterMs).toBeGreaterThanOrEqual(lastMs);
            lastMs = nowMs + afterMs;
          }
        }
      });
    assert(inOrder, { seed: 11, numRuns: 300 });
  });

  test('delivers in order also where the difference of two times rounds down', () => {
    const link: Link = { ...PERFECT_LINK, jitterMs: 500 };
    for (let ulps = 1; ulps < 8; ulps++) {
      const firstMs = 400 + ulps * 2 ** -44;
      const laterMs = 100 + ulps * 2 ** -45;
      const state = openLink(link, randomStream('order'), (interval) => (interval === 0 ? firstMs : 0));
      expect(state.transmit(1, 0)[0]?.afterMs).toBe(firstMs);
      expect(laterMs + (state.transmit(1, laterMs)[0]?.afterMs ?? 0)).toBeGreaterThanOrEqual(firstMs);
    }
  });

  test('has the delay of each 100 ms whatever the packet rate is', () => {
    const link = { delayMs: 100, jitterMs: 3, distribution: 'normal' } as const;
    const mean = (everyMs: number) => {
      const delays = send(link, 60_000 / everyMs, everyMs).flat().map((copy) => copy.afterMs);
      return delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    };
    expect(Math.abs(mean(50) - mean(1))).toBeLessThan(0.1);
  });

  test('has a jitter that depends on seed, direction and interval alone', () => {
    const link: Link = { ...PERFECT_LINK, jitterMs: 5, distribution: 'normal' };
    const values = (seed: string, from: string, to: string) => [3, 1, 2, 0].map(scheduledJitter(link, seed, from, to)).reverse();
    expect(values('s', 'a', 'b')).toEqual(values('s', 'a', 'b'));
    expect(values('s', 'a', 'b')).toEqual([0, 2, 1, 3].map(scheduledJitter(link, 's', 'a', 'b')));
    expect(new Set([values('s', 'a', 'b'), values('s', 'b', 'a'), values('t', 'a', 'b')].flat()).size).toBe(12);
  });

  test('has scheduled jitter of the configured spread', () => {
    const values = (distribution: Link['distribution']) => {
      const jitter = scheduledJitter({ ...PERFECT_LINK, jitterMs: 10, distribution }, 'seed', 'a', 'b');
      return Array.from({ length: COUNT }, (_, interval) => jitter(interval)).sort((a, b) => a - b);
    };
    expect(quantile(values('uniform'), 0.25)).toBeCloseTo(-5, 0);
    expect(quantile(values('normal'), 0.1587)).toBeCloseTo(-10, 0);
    expect(quantile(values('pareto'), 0.5)).toBeCloseTo(-3.2, 0);
  });
});

test('a loss that bursts of the given length cannot make up lengthens the bursts', () => {
  const { p, r } = gilbertElliott(90, 2);
  expect(p).toBeCloseTo(1);
  expect(p / (p + r)).toBeCloseTo(0.9);
  expect(gilbertElliott(5, 4)).toEqual({ p: 0.25 * 0.05 / 0.95, r: 0.25 });
  expect(gilbertElliott(0, 4).p).toBe(0);
});
