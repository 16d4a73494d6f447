// The exact tables of the rank test, ties and what so few runs cannot decide.
import { describe, expect, test } from 'vitest';
import { rankTest } from './mann-whitney.ts';

describe('rankTest', () => {
  test('5 and 5 runs cannot go below p = 0.0079, 3 and 3 not below 0.1', () => {
    expect(rankTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12);
    expect(rankTest([1, 2, 3], [4, 5, 6])).toBeCloseTo(0.1, 12);
  });

  test('agrees with the published distribution of U for 4 and 4 runs', () => {
    // Of the 70 ways, U ≤ 3 has 1 + 1 + 2 + 3.
    expect(rankTest([1, 2, 4, 6], [3, 5, 7, 8])).toBeCloseTo((2 * 7) / 70, 12);
  });

  test('is the same from both sides, and blind to the distances', () => {
    const [left, right] = [[3, 9, 4.5, 100], [5, 6, 7, 8, 2]];
    expect(rankTest(left, right)).toBeCloseTo(rankTest(right, left), 12);
    expect(rankTest(left.map((value) => value ** 3), right.map((value) => value ** 3))).toBeCloseTo(rankTest(left, right), 12);
  });

  test('equal figures say nothing, also where all of them are equal', () => {
    expect(rankTest([7, 7, 7], [7, 7, 7])).toBe(1);
    expect(rankTest([1, 2, 2], [2, 2, 3])).toBeGreaterThan(0.3);
  });

  test('a figure that failed ranks above every number', () => {
    expect(rankTest([1, 2, 3, 4], [Infinity, Infinity, 5, 6])).toBeCloseTo(2 / 70, 12);
  });
});
