// Clocks: what they read, when they will read it, and how well NTP holds them.
import { array, assert, constantFrom, double, integer, oneof, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openClock } from './clock.ts';
import type { ClockSpec } from './clock.ts';
import { randomStream } from './kit/random.ts';

const EPOCH_MS = 1_760_000_000_000;
const PERFECT: ClockSpec = { offsetMs: 0, driftPpm: 0, ntp: null };
const NTP = { pollMs: 1000, errorMs: 1, slewPpm: 500, stepMs: 128 };
const open = (spec: Partial<ClockSpec>, seed = 'clock test') => openClock({ ...PERFECT, ...spec }, EPOCH_MS, randomStream(seed));

/** Mean |error| in ms over a span, a question every `everyMs`. */
function meanError(clock: ReturnType<typeof open>, fromMs: number, toMs: number, everyMs: number): number {
  let sum = 0;
  let count = 0;
  for (let trueMs = fromMs; trueMs < toMs; trueMs += everyMs, count++) sum += Math.abs(clock.errorMs(trueMs));
  return sum / count;
}

describe('a clock without NTP', () => {
  test('that is perfect reads true time', () => {
    const clock = open({});
    expect([clock.monotonic(1234.5), clock.wall(1234.5), clock.errorMs(1234.5)]).toEqual([1234.5, EPOCH_MS + 1234.5, 0]);
    expect([clock.whenMonotonic(20, 3), clock.whenWall(EPOCH_MS + 1000, 3), clock.whenWall(EPOCH_MS, 3)]).toEqual([20, 1000, 3]);
  });

  test('drifts with its oscillator, both clocks alike, from its offset on', () => {
    const clock = open({ offsetMs: 15, driftPpm: 40 });
    expect(clock.errorMs(100_000)).toBeCloseTo(19, 6);
    expect(clock.monotonic(100_000)).toBeCloseTo(100_004, 6);
    expect(clock.wall(0)).toBe(EPOCH_MS + 15);
  });

  test('is changed from the given time on: a step, an offset, another drift; and null takes all of it back', () => {
    const clock = open({ driftPpm: 100 });
    clock.change(10_000, { stepMs: 50 });
    expect(clock.errorMs(10_000)).toBeCloseTo(51, 6);
    clock.change(20_000, { offsetMs: -300, driftPpm: 0 });
    expect(clock.errorMs(30_000)).toBeCloseTo(-300, 6);
    expect(clock.monotonic(30_000) - clock.monotonic(20_000)).toBeCloseTo(10_000, 6);
    clock.change(40_000, null);
    expect(clock.errorMs(50_000)).toBeCloseTo(5, 6);
    expect(clock.monotonic(50_000) - clock.monotonic(40_000)).toBeCloseTo(10_001, 6);
    expect(clock.errorMs(9_000)).toBeCloseTo(0.9, 6);
  });

  test('does not care for the way to an NTP server', () => {
    const clock = open({});
    clock.change(1_000, { asymmetryMs: 60 });
    expect(clock.errorMs(60_000)).toBe(0);
  });

  test('never jumps or goes back on its monotonic side, whatever is changed', () => {
    const clock = open({ offsetMs: 5, driftPpm: 80, ntp: NTP });
    let before = -1;
    for (let trueMs = 0; trueMs < 60_000; trueMs += 7) {
      if (trueMs % 4900 === 0) clock.change(trueMs, trueMs % 9800 === 0 ? { stepMs: -2000, driftPpm: -200 } : null);
      const reading = clock.monotonic(trueMs);
      expect(reading - before).toBeGreaterThan(0);
      expect(reading - before).toBeLessThan(before < 0 ? 2 : 7.01);
      before = reading;
    }
  });
});

/** fast-check's own doubles are nearly all extremes: half of these are not. */
const between = (min: number, max: number) =>
  oneof(double({ min, max, noNaN: true }), integer({ min: 0, max: 1_000_003 }).map((part) => min + ((max - min) * part) / 1_000_003));
const specs = record({
  offsetMs: between(-5000, 5000),
  driftPpm: between(-100_000, 100_000),
  ntp: option(record({
    pollMs: between(100, 64_000), errorMs: between(0, 30),
    slewPpm: between(1, 5000), stepMs: constantFrom(1, 128),
  }), { nil: null }),
});
const times = between(0, 200_000);

test('NTP over a path whose way there takes 60 ms longer keeps a clock 30 ms ahead, and cannot know', () => {
  const clock = open({ ntp: { ...NTP, errorMs: 0.1, slewPpm: 20_000 } });
  clock.change(10_000, { asymmetryMs: 60 });
  expect(meanError(clock, 9_000, 10_000, 100)).toBeLessThan(1);
  const aheadMs = meanError(clock, 150_000, 200_000, 100);
  expect(aheadMs).toBeGreaterThan(28.5);
  expect(aheadMs).toBeLessThan(31.5);
  clock.change(200_000, null);
  expect(meanError(clock, 250_000, 300_000, 100)).toBeLessThan(1);
});

describe('the time at which a clock reads something', () => {
  test('is one at which it has been reached exactly, for the monotonic clock', () => {
    assert(property(specs, times, between(-10, 300_000), (spec, fromMs, aheadMs) => {
      const clock = open(spec);
      const target = clock.monotonic(fromMs) + aheadMs;
      const whenMs = clock.whenMonotonic(target, fromMs);
      expect(whenMs).toBeGreaterThanOrEqual(fromMs);
      expect(clock.monotonic(whenMs)).toBeGreaterThanOrEqual(target);
      if (aheadMs > 0) expect(clock.monotonic(whenMs - 1e-6)).toBeLessThanOrEqual(target);
    }), { seed: 5, numRuns: 2000 });
  });

  test('is the first one for the wall clock too, through polls, slews and steps', () => {
    assert(property(specs, times, between(-10, 100_000), (spec, fromMs, aheadMs) => {
      const clock = open(spec);
      const target = clock.wall(fromMs) + aheadMs;
      const whenMs = clock.whenWall(target, fromMs);
      expect(whenMs).toBeGreaterThanOrEqual(fromMs);
      expect(clock.wall(whenMs)).toBeGreaterThanOrEqual(target);
      // A unit in the last place of Unix time is 0.00024 ms.
      for (let trueMs = fromMs; trueMs < whenMs - 0.001; trueMs += Math.max(1, (whenMs - fromMs) / 300)) {
        expect(clock.wall(trueMs)).toBeLessThanOrEqual(target + 0.0003);
      }
    }), { seed: 6, numRuns: 500 });
  });

  test('never falls on the monotonic clock, whatever is asked and changed; and without NTP the wall errs by its offset and its drift alone', () => {
    assert(property(specs, array(between(0, 20_000), { minLength: 1, maxLength: 12 }), between(-300, 300), (spec, gaps, stepMs) => {
      const clock = open(spec);
      const plain = open({ ...spec, ntp: null });
      let trueMs = 0;
      let last = clock.monotonic(0);
      for (const [index, gap] of gaps.entries()) {
        trueMs += gap;
        if (index % 3 === 1) clock.change(trueMs, index % 2 === 0 ? null : { stepMs, driftPpm: -spec.driftPpm });
        expect(clock.monotonic(trueMs)).toBeGreaterThanOrEqual(last);
        last = clock.monotonic(trueMs);
        expect(plain.errorMs(trueMs)).toBeCloseTo(spec.offsetMs + (trueMs * spec.driftPpm) / 1e6, 5);
      }
    }), { seed: 8, numRuns: 1_000 });
  });

  test('is never for a reading that never comes', () => {
    expect([open({ ntp: NTP }).whenWall(Infinity, 0), open({}).whenMonotonic(Infinity, 0)]).toEqual([Infinity, Infinity]);
  });
});

describe('a clock with NTP', () => {
  test('reads the same whatever was asked before, in which order', () => {
    assert(property(specs, array(times, { minLength: 2, maxLength: 20 }), times, (spec, asked, changeMs) => {
      const change = { stepMs: 40, driftPpm: 12 };
      const fresh = open(spec);
      fresh.change(changeMs, change);
      const curious = open(spec);
      for (const trueMs of asked) curious.wall(trueMs);
      curious.whenWall(curious.wall(0) + 90_000, 0);
      curious.change(changeMs, change);
      expect(asked.map((trueMs) => curious.wall(trueMs))).toEqual(asked.map((trueMs) => fresh.wall(trueMs)));
    }), { seed: 7, numRuns: 200 });
  });

  test('on a good LAN (73 ppm, 64 s polls, 0.015 ms noise) has a mean error far below the 2.7 ms of phase corrections alone', () => {
    const errors = ['a', 'b', 'c', 'd', 'e'].map((seed) =>
      meanError(open({ driftPpm: 73, ntp: { ...NTP, pollMs: 64_000, errorMs: 0.015 } }, seed), 3_600_000, 90_000_000, 997));
    expect(Math.max(...errors)).toBeLessThan(0.05);
    expect(Math.min(...errors)).toBeGreaterThan(0.0005);
  });

  test('over the Internet (19 ppm, 0.6 ms noise) and with bad servers (50 ppm, 20 ms) errs less than its measurements', () => {
    const internet = meanError(open({ driftPpm: 19, ntp: { ...NTP, pollMs: 64_000, errorMs: 0.6 } }), 3_600_000, 90_000_000, 997);
    const bad = meanError(open({ driftPpm: -50, ntp: { ...NTP, pollMs: 64_000, errorMs: 20 } }), 3_600_000, 90_000_000, 997);
    expect([internet < 0.6, bad < 20, bad > internet]).toEqual([true, true, true]);
  });

  test('slews a small offset no faster than allowed and steps a large one', () => {
    const small = open({ offsetMs: 50, ntp: { ...NTP, errorMs: 0 } });
    for (let trueMs = 0; trueMs < 90_000; trueMs += 10) {
      expect(Math.abs(small.errorMs(trueMs + 10) - small.errorMs(trueMs))).toBeLessThan(0.0056);
    }
    expect(Math.abs(small.errorMs(150_000))).toBeLessThan(0.5);
    const large = open({ offsetMs: 500, ntp: { ...NTP, errorMs: 0 } });
    expect(Math.abs(large.errorMs(1100))).toBeLessThan(1);
  });

  test('that loses its servers goes on with the frequency that it has learnt', () => {
    const clock = open({ driftPpm: 73, ntp: { ...NTP, pollMs: 16_000, errorMs: 0.015 } });
    clock.change(3_600_000, { ntp: null });
    expect(Math.abs(clock.errorMs(7_200_000))).toBeLessThan(10);
    const untaught = open({ driftPpm: 73 });
    expect(untaught.errorMs(3_600_000)).toBeCloseTo(262.8, 3);
  });

  test('polls at times of its own on each node', () => {
    const firstPollMs = (seed: string) => {
      const clock = open({ offsetMs: 300, ntp: { ...NTP, pollMs: 10_000, errorMs: 0 } }, seed);
      return Array.from({ length: 10_001 }, (_, trueMs) => trueMs).find((trueMs) => clock.errorMs(trueMs) < 1);
    };
    const polls = ['a', 'b', 'c'].map(firstPollMs);
    expect(polls).not.toContain(undefined);
    expect(new Set(polls).size).toBe(3);
  });
});
