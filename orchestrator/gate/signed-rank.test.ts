// The exact signed-rank test against published values: an example, and critical sums of the tables.
import { expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { chanceOfRise, criticalSum, middleOf, upperBoundOf } from './signed-rank.ts';

/** Hamilton depression scale before and after a tranquilizer: Hollander and Wolfe (1973), p. 29. */
const BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
const AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
const FALLS = BEFORE.map((before, index) => before - (AFTER[index] ?? 0));

test("the example of the book: V = 40, p = 0.01953, the estimate 0.46", () => {
  expect(chanceOfRise(FALLS)).toBeCloseTo(10 / 512, 10);
  expect(middleOf(FALLS)).toBeCloseTo(0.46, 10);
});

/** One-sided 0.05, 0.025, 0.01, 0.005. */
test.each([
  [8, [5, 3, 1, 0]], [10, [10, 8, 5, 3]], [12, [17, 13, 9, 7]], [15, [30, 25, 19, 15]], [20, [60, 52, 43, 37]],
])('critical sums of %i differences are those of the tables', (count, sums) => {
  expect([0.05, 0.025, 0.01, 0.005].map((level) => criticalSum(count, level))).toEqual(sums);
});

test('too few differences for a level have no critical sum and no upper bound', () => {
  expect(criticalSum(4, 0.05)).toBeNull();
  expect(criticalSum(5, 0.05)).toBe(0);
  expect(upperBoundOf([1, 2, 3, 4], 0.05)).toBe(Infinity);
});

test('12 differences on one side are as unlikely as 12 heads', () => {
  expect(chanceOfRise(Array.from({ length: 12 }, (_, index) => index + 1))).toBe(2 ** -12);
  expect(chanceOfRise(Array.from({ length: 12 }, (_, index) => -index - 1))).toBe(1);
});

test('equal sizes share their ranks, and zeros say nothing: against all throws of the coins', () => {
  const differences = [3, -1, 2, 2, 0, -2, 5, 0, 1];
  const sizes = differences.filter((value) => value !== 0).map(Math.abs);
  const rank = (size: number) => sizes.filter((other) => other < size).length + (sizes.filter((other) => other === size).length + 1) / 2;
  const sumOf = (signs: readonly boolean[]) => sizes.reduce((sum, size, index) => sum + (signs[index] === true ? rank(size) : 0), 0);
  const observed = sumOf(differences.filter((value) => value !== 0).map((value) => value > 0));
  const throws = Array.from({ length: 2 ** sizes.length }, (_, number) => sumOf(sizes.map((_, bit) => (number >> bit) % 2 === 1)));
  expect(chanceOfRise(differences)).toBeCloseTo(throws.filter((sum) => sum >= observed).length / throws.length, 12);
  expect(chanceOfRise([0, 0, 0])).toBe(1);
});

test('the upper bound is where the test of that shift turns: just above it is refused, just below it is not', () => {
  const random = randomStream('bounds');
  for (const level of [0.001, 0.003, 0.006]) {
    const differences = Array.from({ length: 16 }, () => random() - 0.4);
    const bound = upperBoundOf(differences, level);
    // Lower than `shift` by chance alone?
    const chanceOfFall = (shift: number) => chanceOfRise(differences.map((value) => shift - value));
    expect(chanceOfFall(bound + 1e-9)).toBeLessThanOrEqual(level);
    expect(chanceOfFall(bound - 1e-9)).toBeGreaterThan(level);
  }
});
