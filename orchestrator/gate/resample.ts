// Comparisons that could as well have been: blocks of recorded pairs of one version with itself are drawn with replacement, and a
// coin says anew which side was base. How many of them are called regressed is the share of false alarms on that machine. Whole
// blocks are drawn because the runs of a block follow each other, and what disturbs one may disturb the next.
import { randomStream } from '../../node/kit/random.ts';
import { MOST_PAIRS, type PairCall } from './looks.ts';
import { judgePairs, type PairOfRuns } from './pairs.ts';

/** Of two pairs each; a last one alone is left out. */
export function blocksOf(pairs: readonly PairOfRuns[]): readonly (readonly PairOfRuns[])[] {
  return Array.from({ length: Math.floor(pairs.length / 2) }, (_, index) => pairs.slice(2 * index, 2 * index + 2));
}

export function swapped({ seed, first, base, head }: PairOfRuns): PairOfRuns {
  return { seed, first: first === 'base' ? 'head' : 'base', base: head, head: base };
}

/** Judged as they would have been, look by look. */
export function resample(blocks: readonly (readonly PairOfRuns[])[], comparisons: number, seed: string): Readonly<Record<PairCall, number>> {
  const counts = { regressed: 0, ok: 0, inconclusive: 0 };
  if (blocks.length === 0) return counts;
  const random = randomStream(seed, 'blocks');
  for (let comparison = 0; comparison < comparisons; comparison++) {
    const pairs = Array.from({ length: MOST_PAIRS / 2 }, () => {
      const block = blocks[Math.floor(random() * blocks.length)] ?? [];
      return random() < 0.5 ? block.map(swapped) : block;
    }).flat();
    counts[judgePairs(pairs).call]++;
  }
  return counts;
}
