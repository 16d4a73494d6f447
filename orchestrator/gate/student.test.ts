// The tails against tables and against counting.
import { expect, test } from 'vitest';
import { tailOfCoin, tailOfT, tOfTail } from './student.ts';

test.each([
  [12.706, 1, 0.025], [2.093, 19, 0.025], [3.579, 19, 0.001], [2.776, 4, 0.025], [1.98, 120, 0.025],
])("Student's t of %d with %d degrees of freedom has the tail of the table", (t, degrees, tail) => {
  expect(tailOfT(t, degrees)).toBeCloseTo(tail, 4);
});

test('the tail halves at zero, is small far out, and the two sides sum to one', () => {
  expect(tailOfT(0, 7)).toBeCloseTo(0.5, 12);
  expect(tailOfT(Infinity, 19)).toBe(0);
  expect(tailOfT(-1.3, 9) + tailOfT(1.3, 9)).toBeCloseTo(1, 12);
  // One degree of freedom is Cauchy's distribution: 1/2 - atan(t)/π.
  expect(tailOfT(1000, 1)).toBeCloseTo(0.5 - Math.atan(1000) / Math.PI, 9);
});

test('the t of a tail has that tail', () => {
  for (const degrees of [1, 4, 19, 99]) {
    for (const tail of [0.4, 0.01, 1e-4, 1e-6]) expect(tailOfT(tOfTail(tail, degrees), degrees) / tail).toBeCloseTo(1, 6);
  }
});

test('the coin agrees with counting all throws', () => {
  for (let heads = 0; heads <= 10; heads++) {
    let count = 0;
    for (let throws = 0; throws < 1024; throws++) if (throws.toString(2).replaceAll('0', '').length >= heads) count++;
    expect(tailOfCoin(heads, 10)).toBeCloseTo(count / 1024, 12);
  }
});
