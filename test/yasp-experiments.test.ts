// What experiments/yasp shows: literal loses what it confirmed under loss alone and safe does not; the latency under a leader that stays is
// the closed form.
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

async function summaries(name: string) {
  const file = `experiments/yasp/${name}.yaml`;
  const plans = makePlans(parseExperiment(readFileSync(join(import.meta.dirname, '..', file), 'utf8'), file, REGISTRY, []), { runner: 'sim', supports: simulator.supports });
  return new Map(await Promise.all(plans.map(async (plan) => [plan.label, (await runPlan(simulator, plan, { keep: [] })).summary] as const)));
}

test('lost-messages: literal forks and loses confirmed writes, which it does not claim to keep; safe keeps everything', async () => {
  const of = await summaries('lost-messages');
  const broken = (label: string) => of.get(label)?.verdicts.filter(({ valid }) => valid === false).map(({ claim }) => claim);
  expect(broken('literal')).toEqual(expect.arrayContaining(['agreement', 'durability']));
  expect(broken('safe')).toEqual([]);
  expect([...of.values()].flatMap(({ verdicts }) => verdicts.filter(isViolation))).toEqual([]);
  expect(of.get('safe')?.metrics['throughput']?.value).toBeGreaterThan(19);
});

test('turns: with a leader that stays the median is within 1 % of the closed form, thrifty too; leaders in turn state none', async () => {
  const of = await summaries('turns');
  for (const label of ['stays', 'thrifty']) expect(Math.abs((of.get(label)?.metrics['optimum.ratio']?.value ?? 0) - 1)).toBeLessThan(0.01);
  expect(of.get('turns')?.metrics['optimum.ratio']?.value).toBeNull();
  expect([...of.values()].flatMap(({ verdicts }) => verdicts.filter(isViolation))).toEqual([]);
});
