// A load in step with a protocol's rounds is found, by its phases alone, and one that comes when it likes is not.
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { phaseLock, phaseLockReason } from './phase-lock.ts';

const PERIOD_MS = 1000;
const region = 'here';
const sends = (timesMs: readonly number[], where = region) => timesMs.map((intendedMs) => ({ region: where, intendedMs }));
const constant = (perSecond: number, seconds: number, offsetMs = 7) => Array.from({ length: perSecond * seconds }, (_, index) => offsetMs + (index * 1000) / perSecond);

function poisson(perSecond: number, seconds: number, seed: string): number[] {
  const random = randomStream('phase', seed);
  const times: number[] = [];
  for (let atMs = 0; atMs < seconds * 1000;) {
    atMs += (-1000 * Math.log(1 - random())) / perSecond;
    times.push(atMs);
  }
  return times;
}

describe('a load that keeps step', () => {
  test('a closed loop that asks right after each round', () => {
    const random = randomStream('phase', 'closed');
    const lock = phaseLock(sends(Array.from({ length: 40 }, (_, round) => round * PERIOD_MS + 480 + 60 * random())), PERIOD_MS);
    expect(lock).toMatchObject({ region, harmonic: 1 });
    expect(lock?.strength).toBeGreaterThan(0.9);
  });

  test.each([1, 2, 10, 50])('a constant rate of %d in each second', (rate) => {
    const lock = phaseLock(sends(constant(rate, 40)), PERIOD_MS);
    expect(lock?.harmonic).toBe(rate);
    expect(lock?.shiftMs).toBeCloseTo(PERIOD_MS / (2 * rate), 6);
  });

  test('one region of several, which is named', () => {
    expect(phaseLock([...sends(poisson(50, 40, 'a'), 'free'), ...sends(constant(10, 40), 'in step')], PERIOD_MS)?.region).toBe('in step');
  });
});

describe('a load that keeps none', () => {
  test('of Poisson arrivals none of two hundred loads is taken for one', () => {
    const found = Array.from({ length: 200 }, (_, index) => phaseLock(sends(poisson(20, 30, String(index))), PERIOD_MS)).filter((lock) => lock !== null);
    expect(found).toEqual([]);
  });

  test('a constant rate that wanders through the period', () => {
    expect(phaseLock(sends(Array.from({ length: 997 }, (_, index) => index * 61.803)), PERIOD_MS)).toBeNull();
  });

  test('one that is in step with something else', () => {
    expect(phaseLock(sends(constant(10, 60)), 665)).toBeNull();
  });

  test('too few commands to say', () => {
    expect(phaseLock(sends(constant(1, 10)), PERIOD_MS)).toBeNull();
  });
});

test('the reason names period, region, effect and remedy', () => {
  expect(phaseLockReason(sends(constant(10, 40)), { name: 'round', periodMs: PERIOD_MS }, false)).toBe(
    'the load keeps step with the round of 1000 ms: the clients in here send at the same phase, 10 times in each (strength 1.00), which can move a mean latency by up to 50 ms; use load.arrivals: poisson');
  expect(phaseLockReason(sends(constant(1, 40)), { name: 'round', periodMs: PERIOD_MS }, true)).toContain('a closed loop always does');
  expect(phaseLockReason(sends(poisson(20, 30, 'x')), { name: 'round', periodMs: PERIOD_MS }, false)).toBeNull();
});
