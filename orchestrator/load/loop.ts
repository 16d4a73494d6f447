// Open or closed loop: the same experiment under the kind of load that a command line asks for, and the connections that
// each region holds in the closed loop.

export type Loop = 'open' | 'closed';

/** Whole numbers in the proportion of the weights (largest remainders), at least 1 each; total >= the number of weights. */
export function shareOut(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const spare = total - weights.length;
  const exact = weights.map((weight) => (spare * weight) / sum);
  const shares = exact.map(Math.floor);
  const left = spare - shares.reduce((all, share) => all + share, 0);
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - Math.floor(value) })).sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
  return shares.map((share) => share + 1);
}
