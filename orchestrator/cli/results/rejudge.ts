// Judges a recorded run again: its events, read once, go through the same judge as when it ran.
import type { Registry } from '../../builtins.ts';
import type { LabError } from '../../errors.ts';
import { judge } from '../../judge.ts';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { damaged, readRunEvents } from './read.ts';

/** `also` sees every event after the judge. partial: as the run said of itself. */
export async function rejudge(folder: string, plan: Plan, partial: boolean, registry: Registry, also: (event: LabEvent) => void): Promise<Summary> {
  const judgement = judge(plan, {
    protocol: known(registry.protocols, plan.protocol, 'protocol', folder),
    workload: known(registry.workloads, plan.load.workload, 'workload', folder), checks: registry.checks,
  });
  await readRunEvents(folder, (event) => {
    judgement.observe(event);
    also(event);
  });
  return judgement.finish(partial);
}

function known<T extends { readonly name: string }>(items: readonly T[], name: string, kind: string, folder: string): T {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw unknownHere(folder, kind, name);
  return found;
}

function unknownHere(folder: string, kind: string, name: string): LabError {
  return damaged(`${folder}: its ${kind} ${JSON.stringify(name)} is not known here`, 'give the module that brings it with --plugin');
}
