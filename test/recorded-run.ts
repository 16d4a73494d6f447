// A short run in the simulator, with its files in a folder as `lab run` leaves them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROTOCOLS } from '../node/registry.ts';
import { BUILTINS, named } from '../orchestrator/builtins.ts';
import { NODE_BYTES } from '../orchestrator/cli/bytes.ts';
import { readEnvironment } from '../orchestrator/cli/environment.ts';
import { files } from '../orchestrator/cli/sinks/files.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { judge } from '../orchestrator/judge.ts';
import type { LabEvent } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { createSimulator } from '../orchestrator/simulate.ts';

const EXPERIMENT = `
name: recorded
protocols: [raft]
nodes: 3
load: { rate: 100/s }
run: { warmup: 1s, measure: 2s }
faults: [{ at: 500ms, crash: leader, for: 500ms }]
`;

/** Its events, in order. */
export async function recordRun(folder: string): Promise<readonly LabEvent[]> {
  const runner = createSimulator(NODE_BYTES, () => Promise.resolve());
  const [plan] = makePlans(parseExperiment(EXPERIMENT, 'test', BUILTINS), { runner: runner.name, supports: runner.supports });
  if (plan === undefined) throw new Error('the experiment made no plan');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
  writeFileSync(join(folder, 'environment.json'), `${JSON.stringify(await readEnvironment([]), null, 2)}\n`);
  const sink = await files.open(plan, folder);
  const judgement = judge(plan, { protocol: named(PROTOCOLS, plan.protocol, 'protocol'), workload: named(BUILTINS.workloads, plan.load.workload, 'workload'), checks: BUILTINS.checks });
  const events: LabEvent[] = [];
  await runner.run(plan, {
    folder, stop: { requested: false }, progress: () => undefined,
    emit: (event) => {
      events.push(event);
      sink.write(event);
      judgement.observe(event);
    },
  });
  await sink.close(judgement.finish(false));
  return events;
}
