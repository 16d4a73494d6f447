// What counts as the same, as chance, and as a change, for one figure over the same seeds.
import { expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { compareValues } from './compare.ts';

const SEEDS = 20;
const random = randomStream('compare');
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const base = Array.from({ length: SEEDS }, () => 100 + 10 * normal());

test('equal values are identical, whatever they are', () => {
  expect(compareValues([1, null, 'failed', '> 5000'], [1, null, 'failed', '> 5000'])).toMatchObject({ kind: 'identical', share: 0 });
  expect(compareValues([0, 0], [0, 0])).toMatchObject({ kind: 'identical', share: null });
});

test('seeds differ much, but a small shift that all of them share is found', () => {
  const found = compareValues(base, base.map((value) => value * 1.02 + 0.2 * normal()));
  expect(found).toMatchObject({ kind: 'beyond', direction: 'higher' });
  expect(found.share).toBeCloseTo(0.02, 2);
});

test('new draws around the same mean are within the seed spread', () => {
  const found = compareValues(base, Array.from({ length: SEEDS }, () => 100 + 10 * normal()));
  expect(found).toMatchObject({ kind: 'within' });
});

test('one seed far out moves the mean, but is no change', () => {
  expect(compareValues(base, base.map((value, index) => (index === 7 ? value * 50 : value)))).toMatchObject({ kind: 'within' });
});

test('the same difference in every seed is beyond any doubt', () => {
  expect(compareValues([1, 2, 3], [2, 3, 4])).toMatchObject({ kind: 'beyond', direction: 'higher', standardErrors: Infinity, chance: 0 });
});

test('values that are missing or failed count by their side: more than chance in most seeds, nothing in one', () => {
  expect(compareValues(base, base.map(() => 'failed'))).toMatchObject({ kind: 'beyond', direction: 'higher', oneSided: SEEDS, standardErrors: null });
  expect(compareValues(base, base.map((value, index) => (index === 0 ? null : value)))).toMatchObject({ kind: 'within', oneSided: 1 });
  expect(compareValues(base.map(() => null), base)).toMatchObject({ kind: 'beyond', direction: 'lower', now: null });
});

test('a lower bound counts as its number', () => {
  expect(compareValues([4000, 4100, 4200], ['> 5000', '> 5000', '> 5000'])).toMatchObject({ direction: 'higher', now: 5000, oneSided: 0 });
});

test('a single seed decides nothing', () => {
  expect(compareValues([1], [2])).toMatchObject({ kind: 'within', chance: 1 });
});
