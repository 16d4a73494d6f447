// Resampling of recorded comparisons: it finds no alarms where there is only noise, and many where the two sides of a block were
// not alike, as they would be if a test looked too often or a side always ran on a warmer machine.
import { expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import type { PairOfRuns } from './pairs.ts';
import { blocksOf, resample, swapped } from './resample.ts';

function recorded(noise: number): readonly PairOfRuns[] {
  const random = randomStream('recorded', String(noise));
  const run = () => ({ toy: { cpuSecondsPer1000Commits: 1 + noise * (2 * random() - 1), throughput: 100, 'commit.p50': 70 } });
  return Array.from({ length: 41 }, (_, index): PairOfRuns => ({ seed: String(index), first: 'base', base: run(), head: run() }));
}

test('blocks are two pairs that followed each other', () => {
  const pairs = recorded(0.1);
  expect(blocksOf(pairs)).toHaveLength(20);
  expect(blocksOf(pairs)[3]).toEqual(pairs.slice(6, 8));
  const [pair] = pairs as [PairOfRuns];
  expect(swapped(pair)).toMatchObject({ base: pair.head, head: pair.base, first: 'head' });
});

test('noise alone is hardly ever called regressed: at most 1 of 100', () => {
  for (const noise of [0.05, 0.3]) {
    const counts = resample(blocksOf(recorded(noise)), 500, 'resampled');
    expect(counts.regressed + counts.ok + counts.inconclusive).toBe(500);
    expect(counts.regressed).toBeLessThanOrEqual(5);
  }
});

test('the count can rise: where all pairs of a comparison lean to one side, half of the comparisons of one block are alarms', () => {
  const leaning = recorded(0.01).map((pair): PairOfRuns => ({ ...pair, head: { toy: { ...pair.head['toy'], cpuSecondsPer1000Commits: 1.5 } } }));
  const oneBlock = [leaning.slice(0, 20)];
  // The coin is thrown for each block drawn; of one that is a whole comparison the first 20 pairs decide.
  expect(resample(oneBlock, 200, 'leaning').regressed).toBeGreaterThan(60);
});
