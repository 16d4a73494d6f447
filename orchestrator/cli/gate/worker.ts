// A process of `lab gate` that runs plans in the simulator: a plan comes in on each line of stdin, what it measured goes out on
// a line of stdout, in the same order. It ends at the end-of-file. Arguments: the modules of plug-ins.
import { createInterface } from 'node:readline';
import { named } from '../../builtins.ts';
import { valueOf } from '../../gate/figures.ts';
import { LabError } from '../../errors.ts';
import { isViolation, judge } from '../../judge.ts';
import type { Plan } from '../../kinds.ts';
import { ElectionTimes } from '../../metrics/election-times.ts';
import { createSimulator } from '../../simulate.ts';
import { NODE_BYTES } from '../bytes.ts';
import { loadPlugins } from '../plugins.ts';
import type { WorkerLine } from './pool.ts';

const { registry } = await loadPlugins(process.argv.slice(2));
const simulator = createSimulator(NODE_BYTES, () => Promise.resolve(), registry);

async function measure(plan: Plan): Promise<WorkerLine> {
  const judgement = judge(plan, {
    protocol: named(registry.protocols, plan.protocol, 'protocol'), workload: named(registry.workloads, plan.load.workload, 'workload'), checks: registry.checks,
  });
  const elections = new ElectionTimes();
  await simulator.run(plan, {
    folder: '', stop: { requested: false }, progress: () => undefined,
    emit: (event) => {
      judgement.observe(event);
      elections.observe(event);
    },
  });
  const { metrics, verdicts, baseline, missed } = judgement.finish(false);
  const violated = verdicts.filter(isViolation).map(({ check, because }) => `${check}: ${because}`);
  return {
    figures: Object.fromEntries(Object.entries(metrics).map(([name, figure]) => [name, valueOf(figure)])),
    violated,
    invalid: violated.length > 0 ? [] : [...baseline.because, ...missed],
    electionsMs: elections.finish().map((ms) => (Number.isFinite(ms) ? ms : null)),
  };
}

function failed(error: unknown): WorkerLine {
  if (error instanceof LabError) return { refused: { code: error.code, message: error.message, hint: error.hint } };
  return { bug: error instanceof Error ? error.stack ?? error.message : String(error) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await measure(JSON.parse(line) as Plan).catch(failed);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
