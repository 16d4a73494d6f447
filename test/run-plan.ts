// A plan run and judged with everything that is built in, as the lab does it, without result files.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { BUILTINS, createRegistry, named } from '../orchestrator/builtins.ts';
import { judge } from '../orchestrator/judge.ts';
import type { LabEvent, Plan, Runner, Summary } from '../orchestrator/kinds.ts';

export const REGISTRY = createRegistry([BUILTINS]);

export type Ran = { readonly plan: Plan; readonly summary: Summary; readonly events: readonly LabEvent[] };

/** inside: the run's own folder is made there; absent: it writes nothing. keep: of these types; absent: all are judged, and all are kept. */
export async function runPlan(runner: Runner, plan: Plan, { inside, keep }: { readonly inside?: string; readonly keep?: readonly LabEvent['type'][] } = {}): Promise<Ran> {
  const judging = judge(plan, { protocol: named(REGISTRY.protocols, plan.protocol, 'protocol'), workload: named(REGISTRY.workloads, plan.load.workload, 'workload'), checks: REGISTRY.checks });
  const events: LabEvent[] = [];
  await runner.run(plan, {
    folder: inside === undefined ? '' : mkdtempSync(join(inside, 'run-')), stop: { requested: false }, progress: () => undefined,
    emit: (event) => {
      judging.observe(event);
      if (keep?.includes(event.type) ?? true) events.push(event);
    },
  });
  return { plan, summary: judging.finish(false), events };
}
