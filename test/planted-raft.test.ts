// Known ways to get Raft wrong, planted one at a time: the scenario that was written for each must notice.
import { expect, test } from 'vitest';
import { runPlantJob } from './plant-jobs.ts';
import type { Replacement } from './planting.ts';
import { RAFT_PLANTS } from './plants/raft.ts';

const replay = (replacement: Replacement) => runPlantJob({ protocol: 'raft', replacements: [replacement], trials: [{ by: 'scenarios' }], untilNoticed: false, mostCpuSeconds: 0 });

test.each(RAFT_PLANTS)('$error: noticed by $scenario', async (plant) => {
  const { answers, stderr } = await replay(plant);
  expect(answers, stderr).toEqual([{ by: 'scenarios', differing: expect.arrayContaining([`${plant.scenario}.txt`]) as string[] }]);
});

test('without a planted error nothing is noticed, and a text that is not there fails', async () => {
  const text = 'this.votedFor = entry.votedFor;';
  expect((await replay({ file: '/raft/server.ts', from: text, to: text })).answers).toEqual([{ by: 'scenarios', differing: [] }]);
  const { answers, code, stderr } = await replay({ file: '/raft/server.ts', from: 'no such text', to: '' });
  expect(answers).toEqual([]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/occurs 0 times/);
});
