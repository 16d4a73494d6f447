// The built-in Plugin: whatever needs no IO. A registry is all plugins together; names are unique in it.
import type { AnyProtocol } from '../node/contract.ts';
import { PROTOCOLS } from '../node/registry.ts';
import { CHECKS } from './checks/all.ts';
import { LabError } from './errors.ts';
import { FAULTS } from './faults/all.ts';
import type { Check, Fault, Plugin, ProtocolCommand, Sink, Workload } from './kinds.ts';
import { didYouMean } from './suggest.ts';
import { counter } from './workloads/counter.ts';
import { hotKey } from './workloads/hot-key.ts';
import { readIncrement } from './workloads/read-increment.ts';
import { register } from './workloads/register.ts';

export const BUILTINS = {
  protocols: PROTOCOLS,
  workloads: [register, counter, hotKey, readIncrement],
  faults: FAULTS,
  checks: CHECKS,
  sinks: [],
  commands: [],
} satisfies Plugin;

export type Registry = {
  readonly protocols: readonly AnyProtocol[];
  readonly workloads: readonly Workload[];
  readonly faults: readonly Fault[];
  readonly checks: readonly Check[];
  readonly sinks: readonly Sink[];
  readonly commands: readonly ProtocolCommand[];
};

function unique<T extends { readonly name: string }>(kind: string, items: readonly T[]): readonly T[] {
  items.forEach((item, index) => {
    if (items.findIndex(({ name }) => name === item.name) < index) {
      throw new LabError('bad-command-line', `two plug-ins bring a ${kind} called ${item.name}`, 'rename one of them');
    }
  });
  return items;
}

export function createRegistry(plugins: readonly Plugin[]): Registry {
  return {
    protocols: unique('protocol', plugins.flatMap((plugin) => plugin.protocols ?? [])),
    workloads: unique('workload', plugins.flatMap((plugin) => plugin.workloads ?? [])),
    faults: unique('fault', plugins.flatMap((plugin) => plugin.faults ?? [])),
    checks: unique('check', plugins.flatMap((plugin) => plugin.checks ?? [])),
    sinks: unique('sink', plugins.flatMap((plugin) => plugin.sinks ?? [])),
    commands: unique('command', plugins.flatMap((plugin) => plugin.commands ?? [])),
  };
}

/** The one of this name; a LabError with the likely spelling when there is none. */
export function named<T extends { readonly name: string }>(items: readonly T[], name: string, kind: string): T {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw new LabError('bad-command-line', `unknown ${kind} ${JSON.stringify(name)}`, didYouMean(name, items.map((item) => item.name)));
  return found;
}
