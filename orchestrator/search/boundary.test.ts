// A boundary is looked for against functions whose boundary is known, with and without noise, one way and the other.
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { BoundarySearch, type Result } from './boundary.ts';
import type { Search } from './spec.ts';

const SEARCH: Search = {
  fields: [{ path: 'load.rate', times: 1 }], prefix: '', unit: '/s', low: 10, high: 5000, hold: [], resolution: { share: 0.05 }, points: 5, repeat: 3, runs: 500,
};

/** holds: of one run. */
function searched(holds: (value: number) => boolean, changed: Partial<Search> = {}): Result {
  const search = { ...SEARCH, ...changed };
  const boundary = new BoundarySearch(search);
  for (let value = boundary.next(); value !== null; value = boundary.next()) {
    let held = 0;
    for (let run = 0; run < search.repeat; run++) held += Number(holds(value));
    boundary.judge(value, held, search.repeat);
  }
  return boundary.result();
}

describe('of a target that holds below one value', () => {
  test.each([12, 47, 333, 1234, 4900])('the interval holds %i and is as narrow as asked for', (at) => {
    const { outcome, boundaries: [found], monotone, narrowed } = searched((value) => value < at);
    expect({ outcome, monotone, narrowed, side: found?.side }).toEqual({ outcome: 'boundary', monotone: true, narrowed: true, side: 'upper' });
    expect(found?.holds).toBeLessThan(at);
    expect(found?.fails).toBeGreaterThanOrEqual(at);
    expect((found?.fails ?? 0) - (found?.holds ?? 0)).toBeLessThanOrEqual(0.05 * (found?.fails ?? 0) + 1e-9);
  });

  test('values are multiples of a step that is given', () => {
    const { boundaries: [found], points } = searched((value) => value < 5.3, { low: 3, high: 9, resolution: { absolute: 1 } });
    expect(found).toEqual({ side: 'upper', holds: 5, fails: 6 });
    expect(points.every(({ value }) => Number.isInteger(value))).toBe(true);
  });

  test('values beside the interval are judged too', () => {
    const { points, boundaries: [found] } = searched((value) => value < 333);
    expect(points.filter(({ value }) => value < (found?.holds ?? 0)).length).toBeGreaterThanOrEqual(2);
    expect(points.filter(({ value }) => value > (found?.fails ?? 0)).length).toBeGreaterThanOrEqual(2);
  });
});

test('of a target that holds above one value, the lower side is found', () => {
  const { boundaries } = searched((value) => value >= 160, { low: 50, high: 400, unit: '' });
  expect(boundaries).toHaveLength(1);
  expect(boundaries[0]).toMatchObject({ side: 'lower' });
  expect(boundaries[0]?.holds).toBeGreaterThanOrEqual(160);
  expect(boundaries[0]?.fails).toBeLessThan(160);
});

test('a target that holds everywhere or nowhere is told after the values of the whole range, without more runs', () => {
  expect(searched(() => true)).toMatchObject({ outcome: 'everywhere', boundaries: [] });
  expect(searched(() => false)).toMatchObject({ outcome: 'nowhere', boundaries: [] });
  expect(searched(() => false).points).toHaveLength(5);
});

test('a target that holds between two values has two boundaries, and is not called monotone', () => {
  const { monotone, boundaries } = searched((value) => value > 100 && value < 900);
  expect(monotone).toBe(false);
  expect(boundaries.map(({ side }) => side)).toEqual(['lower', 'upper']);
});

test('a hole in the middle of the range is seen although both ends hold', () => {
  const { outcome, monotone } = searched((value) => value < 150 || value > 400);
  expect({ outcome, monotone }).toEqual({ outcome: 'boundary', monotone: false });
});

test('where runs disagree the interval ends at the values at which they agree', () => {
  const random = randomStream('1', 'noise');
  // From 200 to 400 a run holds by chance.
  const { boundaries, points } = searched((value) => value < 200 || (value < 400 && random() < 0.5));
  const [first, last] = [boundaries[0], boundaries.at(-1)];
  expect(points.some(({ verdict }) => verdict === 'mixed')).toBe(true);
  expect(first?.holds).toBeLessThan(400);
  expect(points.filter(({ value }) => value < 200).every(({ verdict }) => verdict === 'holds')).toBe(true);
  expect(last?.fails ?? 5000).toBeGreaterThan(200);
});

test('runs are limited, and what was not narrowed is said to be so', () => {
  const { narrowed, points } = searched((value) => value < 333, { runs: 18 });
  expect(narrowed).toBe(false);
  expect(points.reduce((sum, { runs }) => sum + runs, 0)).toBeLessThanOrEqual(18);
});

test('a search that ends early claims nothing of the range', () => {
  const boundary = new BoundarySearch(SEARCH);
  boundary.judge(SEARCH.low, 3, 3);
  expect(boundary.result()).toMatchObject({ outcome: 'unfinished', narrowed: false });
});
