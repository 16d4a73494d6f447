// Whether the figures of two sets of runs differ: the rank test of Mann and Whitney, exact also with ties. The p value is the
// share of all ways to deal the pooled figures to the two sides in which the ranks lie at least as far apart as they do.
import { assert } from '../../node/assert.ts';

export const MOST_RUNS = 100;

/** Twice the mid-rank of each value, so that ties keep whole numbers. */
function doubledRanks(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : Number(a > b)));
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const [index, value] of sorted.entries()) {
    if (!first.has(value)) first.set(value, index + 1);
    last.set(value, index + 1);
  }
  return values.map((value) => (first.get(value) as number) + (last.get(value) as number));
}

/** Of each sum of ranks, the share of all choices of `size` of these that have it. */
function distribution(ranks: readonly number[], size: number): ReadonlyMap<number, number> {
  const choices: Map<number, number>[] = Array.from({ length: size + 1 }, () => new Map());
  (choices[0] as Map<number, number>).set(0, 1);
  for (const rank of ranks) {
    for (let taken = size - 1; taken >= 0; taken--) {
      const into = choices[taken + 1] as Map<number, number>;
      for (const [sum, ways] of choices[taken] as Map<number, number>) into.set(sum + rank, (into.get(sum + rank) ?? 0) + ways);
    }
  }
  const all = choices[size] as Map<number, number>;
  const total = [...all.values()].reduce((sum, ways) => sum + ways, 0);
  return new Map([...all].map(([sum, ways]) => [sum, ways / total]));
}

/** The p value, two-sided, of at least one value on each side and at most MOST_RUNS in all; Infinity ranks above every number. */
export function rankTest(left: readonly number[], right: readonly number[]): number {
  assert(left.length > 0 && right.length > 0 && left.length + right.length <= MOST_RUNS, `a rank test of ${left.length} and ${right.length} values`);
  const ranks = doubledRanks([...left, ...right]);
  const sums = distribution(ranks, left.length);
  const middle = left.length * (left.length + right.length + 1);
  const apart = (sum: number) => Math.abs(sum - middle);
  const observed = apart(ranks.slice(0, left.length).reduce((sum, rank) => sum + rank, 0));
  return Math.min(1, [...sums].reduce((share, [sum, ways]) => (apart(sum) >= observed ? share + ways : share), 0));
}
