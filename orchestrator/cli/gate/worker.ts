// A process of `lab gate` that runs plans in the simulator: a plan comes in on each line of stdin, what it measured goes out on
// a line of stdout, in the same order. It ends at the end-of-file.
import { createInterface } from 'node:readline';
import { BUILTINS, named } from '../../builtins.ts';
import { valueOf } from '../../gate/figures.ts';
import { isViolation, judge } from '../../judge.ts';
import type { Plan } from '../../kinds.ts';
import { createSimulator } from '../../simulate.ts';
import { NODE_BYTES } from '../bytes.ts';
import type { WorkerLine } from './pool.ts';

const simulator = createSimulator(NODE_BYTES, () => Promise.resolve());

async function measure(plan: Plan): Promise<WorkerLine> {
  const judgement = judge(plan, {
    protocol: named(BUILTINS.protocols, plan.protocol, 'protocol'), workload: named(BUILTINS.workloads, plan.load.workload, 'workload'), checks: BUILTINS.checks,
  });
  await simulator.run(plan, { folder: '', stop: { requested: false }, progress: () => undefined, emit: (event) => judgement.observe(event) });
  const { metrics, verdicts, invalid, missed } = judgement.finish(false);
  const told = (some: typeof verdicts) => some.map(({ check, because }) => `${check}: ${because}`);
  return {
    figures: Object.fromEntries(Object.entries(metrics).map(([name, figure]) => [name, valueOf(figure)])),
    violated: told(verdicts.filter(isViolation)),
    invalid: [...invalid, ...told(verdicts.filter(({ valid }) => valid === 'unknown')), ...missed],
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await measure(JSON.parse(line) as Plan).catch((error: unknown): WorkerLine => ({ bug: error instanceof Error ? error.stack ?? error.message : String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
