// What is said of a matrix, on matrices small enough to be worked out by hand.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyse } from './analysis.ts';
import { oneWayMs, PROFILES } from './profiles.ts';
import type { Profile } from './profiles.ts';

function network(unit: Profile['unit'], ms: readonly (readonly number[])[]): Profile {
  return { ...PROFILES[0]!, unit, regions: ms.map((_, index) => 'abcdefgh'[index] ?? ''), ms };
}

// a–c is 100 ms and 70 by b; b–a is 30 one way and 34 the other.
const SMALL = network('rtt', [[1, 30, 100, 60], [34, 2, 38, 10], [100, 38, 1, 44], [60, 10, 44, 3]]);

test('distances are the round trips of links, of different regions and within them', () => {
  expect(analyse(SMALL)).toMatchObject({
    rtt: { nearest: { from: 'b', to: 'd', rttMs: 10 }, medianMs: (38 + 44) / 2, widest: { from: 'a', to: 'c', rttMs: 100 } },
    withinMs: { least: 1, most: 3 },
  });
});

test('directions that differ by more than 5 % are found, and no others', () => {
  expect(analyse(SMALL).asymmetries).toEqual([{ from: 'a', to: 'b', thereMs: 30, backMs: 34, pct: 12.5 }]);
  expect(analyse(network('rtt', [[1, 100], [105, 1]])).asymmetries).toEqual([]);
  expect(analyse(network('rtt', [[1, 100], [106, 1]])).asymmetries).toHaveLength(1);
  expect(analyse(network('rtt', [[0, 0], [0, 0]])).asymmetries).toEqual([]);
});

test('the quickest detour of each pair is found, the one that saves most first', () => {
  expect(analyse(SMALL).detours).toEqual([
    { from: 'a', to: 'c', via: 'b', directMs: 100, viaMs: 70 },
    { from: 'a', to: 'd', via: 'b', directMs: 60, viaMs: 42 },
  ]);
});

test('with one-way delays each direction counts for itself', () => {
  const { detours, rtt } = analyse(network('one-way', [[0, 5, 50], [5, 0, 5], [9, 5, 0]]));
  expect(detours).toEqual([{ from: 'a', to: 'c', via: 'b', directMs: 50, viaMs: 10 }]);
  expect(rtt?.widest).toEqual({ from: 'a', to: 'c', rttMs: 59 });
});

test('a majority counts the leader itself: of four regions it needs two more, of five two, of two one', () => {
  const cost = (profile: Profile) => Object.fromEntries(analyse(profile).majority.map(({ region, rttMs }) => [region, rttMs]));
  expect(cost(SMALL)).toEqual({ a: 60, b: 32, c: 44, d: 44 });
  expect(cost(network('rtt', [[1, 10], [10, 1]]))).toEqual({ a: 10, b: 10 });
  const five = network('rtt', [[0, 1, 2, 3, 4], [1, 0, 5, 6, 7], [2, 5, 0, 8, 9], [3, 6, 8, 0, 9], [4, 7, 9, 9, 0]]);
  expect(cost(five)).toEqual({ a: 2, b: 5, c: 5, d: 6, e: 7 });
});

test('of one region there are no distances', () => {
  expect(analyse(network('rtt', [[2]]))).toMatchObject({ rtt: null, asymmetries: [], detours: [], majority: [{ region: 'a', rttMs: 0 }], withinMs: { least: 2, most: 2 } });
});

test('whatever is reported of a matrix is so, and nothing of the kind is left out', () => {
  const square = fc.integer({ min: 1, max: 7 }).chain((size) => fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: size, maxLength: size }), { minLength: size, maxLength: size }));
  fc.assert(fc.property(fc.constantFrom('rtt' as const, 'one-way' as const), square, (unit, ms) => {
    const profile = network(unit, ms);
    const { regions } = profile;
    const way = (from: string, to: string) => oneWayMs(profile, from, to) * (unit === 'rtt' ? 2 : 1);
    const quicker = new Set<string>();
    for (const from of regions) for (const to of regions) for (const via of regions) {
      if (from !== to && via !== from && via !== to && way(from, via) + way(via, to) < way(from, to) - 1e-9) quicker.add(unit === 'rtt' ? [from, to].sort().join() : `${from},${to}`);
    }
    const { detours } = analyse(profile);
    expect(new Set(detours.map(({ from, to }) => `${from},${to}`))).toEqual(quicker);
    for (const { from, to, via, directMs, viaMs } of detours) expect([way(from, to), way(from, via) + way(via, to)]).toEqual([directMs, viaMs]);
    const saved = detours.map(({ directMs, viaMs }) => directMs - viaMs);
    expect(saved).toEqual(saved.toSorted((left, right) => right - left));
  }), { numRuns: 200, seed: 7 });
});
