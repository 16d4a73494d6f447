// Judges a recorded run again: its events, read once, go through the same judge as when it ran.
import { join } from 'node:path';
import type { Registry } from '../../builtins.ts';
import { LabError } from '../../errors.ts';
import { judge } from '../../judge.ts';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { damaged, readRunEvents } from './read.ts';

/** `also` sees every event after the judge. partial: as the run said of itself. pause: awaited every few thousand events. */
export async function rejudge(folder: string, plan: Plan, partial: boolean, registry: Registry, also: (event: LabEvent) => void, pause?: () => Promise<void>): Promise<Summary> {
  const protocol = known(registry.protocols, plan.protocol, 'protocol', folder);
  const workload = known(registry.workloads, plan.load.workload, 'workload', folder);
  const judgement = orDamaged(join(folder, 'plan.json'), () => judge(plan, { protocol, workload, checks: registry.checks }));
  const events = join(folder, 'events.ndjson');
  let line = 0;
  await readRunEvents(folder, (event) => {
    line++;
    orDamaged(`${events}:${line}`, () => judgement.observe(event));
    also(event);
  }, undefined, pause);
  return orDamaged(folder, () => judgement.finish(partial));
}

/** The judge trusts what a runner emits; what it cannot take here comes from a file that somebody changed. */
function orDamaged<T>(place: string, judged: () => T): T {
  try {
    return judged();
  } catch (error) {
    // A check of a plug-in that throws says nothing about the file.
    if (error instanceof LabError) throw error;
    throw damaged(`${place} cannot be judged: ${(error as Error).message.split('\n')[0] ?? ''}`, 'it was edited after the run, or another lab wrote it: run the plan again', error);
  }
}

function known<T extends { readonly name: string }>(items: readonly T[], name: string, kind: string, folder: string): T {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw unknownHere(folder, kind, name);
  return found;
}

function unknownHere(folder: string, kind: string, name: string): LabError {
  return damaged(`${folder}: its ${kind} ${JSON.stringify(name)} is not known here`, 'give the module that brings it with --plugin');
}
