// `lab list`: everything that an experiment can name, with one line about each; --json for programs, the options of protocols with it.
import type { Json } from '../../node/contract.ts';
import { PROFILES } from '../../netem/profiles.ts';
import { tc } from '../../netem/shell/tc.ts';
import { userspace } from '../../netem/shell/userspace.ts';
import { METRICS } from '../metrics/names.ts';
import { loadPlugins } from './plugins.ts';
import { createRunners } from './run.ts';

type Item = { readonly name: string; readonly summary: string };

function section(title: string, items: readonly Item[]): string {
  const width = Math.max(...items.map(({ name }) => name.length));
  return `${title}\n${items.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}`;
}

export async function listEverything({ plugin, json }: { readonly plugin: readonly string[]; readonly json: boolean }): Promise<string> {
  const plugins = await loadPlugins(plugin);
  const { registry } = plugins;
  const sections: { readonly [title: string]: readonly Item[] } = {
    protocols: registry.protocols,
    workloads: registry.workloads,
    faults: registry.faults,
    checks: registry.checks,
    metrics: METRICS.map(({ name, meaning }) => ({ name, summary: meaning })),
    'network profiles': PROFILES,
    runners: createRunners(null, plugins),
    shapers: [tc, userspace],
    sinks: registry.sinks,
  };
  if (!json) return Object.entries(sections).map(([title, items]) => section(title, items)).join('\n');
  const named = Object.entries(sections).map(([title, items]) => [title === 'network profiles' ? 'networks' : title, items.map(({ name, summary }) => ({ name, summary }))] as const);
  const protocols = registry.protocols.map(({ name, summary, defaults }) => ({ name, summary, options: defaults as Json }));
  const metrics = METRICS.map(({ name, meaning, unit }) => ({ name, summary: meaning, unit }));
  const networks = PROFILES.map(({ name, summary, regions }) => ({ name, summary, regions }));
  return `${JSON.stringify({ version: 1, ...Object.fromEntries(named), protocols, metrics, networks }, null, 2)}\n`;
}
