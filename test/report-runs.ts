// Runs of the simulator as the report page sees them.
import { PROTOCOLS } from '../node/registry.ts';
import { BUILTINS, named } from '../orchestrator/builtins.ts';
import { NODE_BYTES } from '../orchestrator/cli/bytes.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { judge } from '../orchestrator/judge.ts';
import type { LabEvent, Summary } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { RunRecorder, type RunRecord } from '../orchestrator/report/page/record.ts';
import { createSimulator } from '../orchestrator/simulate.ts';

/** alter: of the events that the page sees (null: not at all), and of the summary that was judged. */
export type Alter = { readonly event?: (event: LabEvent, recorder: RunRecorder) => LabEvent | null; readonly summary?: (summary: Summary) => Summary };

export async function reportRuns(experiment: string, repeat = 1, alter: Alter = {}): Promise<readonly RunRecord[]> {
  const runner = createSimulator(NODE_BYTES, () => Promise.resolve());
  const records: RunRecord[] = [];
  for (const plan of makePlans(parseExperiment(experiment, 'test', BUILTINS), { runner: runner.name, supports: runner.supports, repeat })) {
    const protocol = named(PROTOCOLS, plan.protocol, 'protocol');
    const judgement = judge(plan, { protocol, workload: named(BUILTINS.workloads, plan.load.workload, 'workload'), checks: BUILTINS.checks });
    const recorder = new RunRecorder(plan, protocol);
    await runner.run(plan, {
      folder: '', stop: { requested: false }, progress: () => undefined,
      emit: (event) => {
        judgement.observe(event);
        const seen = alter.event === undefined ? event : alter.event(event, recorder);
        if (seen !== null) recorder.observe(seen);
      },
    });
    const summary = judgement.finish(false);
    records.push(recorder.finish(alter.summary?.(summary) ?? summary, { node: 'v24', startedAt: 'now' }));
  }
  return records;
}
