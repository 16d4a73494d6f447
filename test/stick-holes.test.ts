// The holes of STICK's document, each as an experiment that anybody can run: `literal` is found to fork, the repaired variants are not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { createSimulator } from '../orchestrator/simulate.ts';
import { nodeBytes } from './bytes.ts';
import { REGISTRY, runPlan } from './run-plan.ts';

const simulator = createSimulator(nodeBytes, () => Promise.resolve());

test.each([
  ['H1: a Consensus is lost', 'lost-consensus'],
  ['H2: the leader is killed between count and publication', 'killed-between'],
  ['H4: a clock is slow', 'slow-clock'],
  ['H5: the voters forget their votes', 'amnesia'],
  ['H6, H7: a clock is stepped back', 'step-back'],
])('%s: literal forks and loses what it confirmed, report and ack do not', async (_, name) => {
  const file = `experiments/stick/${name}.yaml`;
  const plans = makePlans(parseExperiment(readFileSync(join(import.meta.dirname, '..', file), 'utf8'), file, REGISTRY), { runner: 'sim', supports: simulator.supports });
  const broken: string[] = [];
  for (const plan of plans) {
    const { summary: { verdicts } } = await runPlan(simulator, plan, { keep: [] });
    expect(verdicts.filter(isViolation)).toEqual([]);
    broken.push(...verdicts.filter(({ valid }) => valid !== true).map(({ check }) => `${plan.label} ${check}`));
  }
  expect(broken).toEqual(expect.arrayContaining(['literal durability', 'literal prefix-agreement']));
  expect(broken.filter((word) => !word.startsWith('literal '))).toEqual([]);
});
