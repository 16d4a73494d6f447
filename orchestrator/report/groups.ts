// Runs that differ only in their seed are repetitions of one another: a group. Whatever shows several runs shows groups.
import type { Plan, Summary } from '../kinds.ts';

export type Group = { readonly label: string; readonly runs: readonly Summary[] };

/** In the order of their first runs. */
export function groupsOf(summaries: readonly Summary[]): readonly Group[] {
  const groups = new Map<string, Summary[]>();
  for (const summary of summaries) {
    const key = conditionsOf(summary.plan);
    const runs = groups.get(key);
    if (runs === undefined) groups.set(key, [summary]);
    else runs.push(summary);
  }
  return [...groups.values()].map((runs) => ({ label: (runs[0] as Summary).plan.label, runs }));
}

/** All of a plan that repetitions share: they draw their own arrivals, clocks and fault phases. */
function conditionsOf(plan: Plan): string {
  const { experiment, label, runner, shaper, time, protocol, options, leader, links, network, load, fsyncMs, warmupMs, measureMs, schedule, nodes } = plan;
  const faults = schedule.map(({ fault, action }) => [fault.name, fault.index, fault.phase, action.type]);
  return JSON.stringify([experiment, label, runner, shaper, time ?? null, protocol, options, leader, links, network, load, fsyncMs, warmupMs, measureMs, faults, nodes.map(({ id, region }) => [id, region])]);
}
