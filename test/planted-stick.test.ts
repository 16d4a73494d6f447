// Known ways to get the repaired STICK wrong, planted one at a time: the scenario that was written for each must notice.
import { expect, test } from 'vitest';
import { runPlantJob } from './plant-jobs.ts';
import type { Replacement } from './planting.ts';
import { STICK_PLANTS } from './plants/stick.ts';

const replay = (replacement: Replacement) => runPlantJob({ protocol: 'stick', replacements: [replacement], trials: [{ by: 'scenarios' }], untilNoticed: false, mostCpuSeconds: 0 });

test.each(STICK_PLANTS)('$error: noticed by $scenario', async (plant) => {
  const { answers, stderr } = await replay(plant);
  expect(answers, stderr).toEqual([{ by: 'scenarios', differing: expect.arrayContaining([`${plant.scenario}.txt`]) as string[] }]);
});

test('without a planted error nothing is noticed', async () => {
  expect((await replay({ file: '/stick/report.ts', from: 'proposed = 0;', to: 'proposed = 0;' })).answers).toEqual([{ by: 'scenarios', differing: [] }]);
});
