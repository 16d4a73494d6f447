// The tests of planted errors by the recorded conversations: the scenario that was written for each must notice.
import { beforeAll, expect, test } from 'vitest';
import { type PlantAnswer, runPlantJob } from './plant-jobs.ts';
import type { Replacement } from './planting.ts';
import type { Plant } from './plants/plant.ts';

export function replayPlanted(protocol: string, cases: readonly (readonly Replacement[])[], mostCpuSeconds = 60): Promise<readonly (readonly PlantAnswer[])[]> {
  return runPlantJob({ protocol, cases: cases.map((replacements) => ({ replacements })), trials: [{ by: 'scenarios' }], untilNoticed: false, mostCpuSeconds });
}

/** Registers a test for each of them, and one without any. */
export function testPlanted(protocol: string, plants: readonly Plant[]): void {
  let answers: readonly (readonly PlantAnswer[])[] = [];
  beforeAll(async () => {
    answers = await replayPlanted(protocol, [[], ...plants.map((plant) => [plant])]);
  });

  test('without a planted error nothing is noticed', () => {
    expect(answers[0]).toEqual([{ by: 'scenarios', differing: [] }]);
  });

  test.each(plants.map((plant, index) => ({ ...plant, index })))('$error: noticed by $scenario', ({ scenario, index }) => {
    expect(answers[index + 1]).toEqual([{ by: 'scenarios', differing: expect.arrayContaining([`${scenario}.txt`]) as string[] }]);
  });
}
