// Wilcoxon's signed-rank test, exact: whether differences lie above zero, and how far at most they may. It asks of chance only
// that a difference and its negative are equally likely (Hollander, Wolfe and Chicken 2014, ch. 3), which is so where a coin
// says which of two equal things comes first.

/**
 * The chance of each sum of the ranks with a plus, where every sign is the throw of a fair coin: [s] for the sum s, from 0.
 * ranks: whole numbers > 0.
 */
function sums(ranks: readonly number[]): Float64Array {
  const chances = new Float64Array(ranks.reduce((sum, rank) => sum + rank, 0) + 1);
  chances[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let sum = reached; sum >= 0; sum--) chances[sum] = ((chances[sum] ?? 0) + (sum >= rank ? chances[sum - rank] ?? 0 : 0)) / 2;
  }
  return chances;
}

/** Of sizes > 0: twice the rank, so that equal ones, which share the mean of theirs, have whole numbers too. */
function doubledRanks(sizes: readonly number[]): readonly number[] {
  return sizes.map((size) => 2 * sizes.filter((other) => other < size).length + sizes.filter((other) => other === size).length + 1);
}

/** P(a sum of positive ranks as large as this), if chance alone gave the signs: one-sided. Differences of zero say nothing and are left out. */
export function chanceOfRise(differences: readonly number[]): number {
  const some = differences.filter((difference) => difference !== 0);
  const ranks = doubledRanks(some.map(Math.abs));
  const positive = ranks.reduce((sum, rank, index) => sum + ((some[index] ?? 0) > 0 ? rank : 0), 0);
  return Math.min(1, sums(ranks).subarray(positive).reduce((sum, chance) => sum + chance, 0));
}

/** Means of each two, and of each with itself: ascending. */
function walshAverages(differences: readonly number[]): Float64Array {
  const averages = new Float64Array((differences.length * (differences.length + 1)) / 2);
  let next = 0;
  for (const [index, one] of differences.entries()) for (const other of differences.slice(index)) averages[next++] = (one + other) / 2;
  return averages.sort();
}

/** Hodges and Lehmann's estimate of the middle; of nothing: 0. */
export function middleOf(differences: readonly number[]): number {
  const averages = walshAverages(differences);
  const half = averages.length / 2;
  return ((averages[Math.floor(half)] ?? 0) + (averages[Math.ceil(half) - 1] ?? 0)) / 2;
}

/** The largest sum of ranks 1 … count whose lower tail is at most this level; null: even 0 is likelier. */
export function criticalSum(count: number, level: number): number | null {
  let tail = 0;
  const chances = sums(Array.from({ length: count }, (_, index) => index + 1));
  for (const [sum, chance] of chances.entries()) {
    tail += chance;
    if (tail > level) return sum === 0 ? null : sum - 1;
  }
  return chances.length - 1;
}

/** The middle lies above this with at most the probability `level`: the test turned round. Infinity: these are too few for that level. */
export function upperBoundOf(differences: readonly number[], level: number): number {
  const critical = criticalSum(differences.length, level);
  return critical === null ? Infinity : walshAverages(differences).at(-1 - critical) ?? Infinity;
}
