// `lab list`: everything that an experiment can name, with one line about each.
import { PROFILES } from '../../netem/profiles.ts';
import { userspace } from '../../netem/shell/userspace.ts';
import { METRICS } from '../metrics/names.ts';
import { loadPlugins } from './plugins.ts';
import { createRunners } from './run.ts';

type Item = { readonly name: string; readonly summary: string };

function section(title: string, items: readonly Item[]): string {
  const width = Math.max(...items.map(({ name }) => name.length));
  return `${title}\n${items.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}`;
}

export async function listEverything(pluginPaths: readonly string[]): Promise<string> {
  const plugins = await loadPlugins(pluginPaths);
  const { registry } = plugins;
  return [
    section('protocols', registry.protocols),
    section('workloads', registry.workloads),
    section('faults', registry.faults),
    section('checks', registry.checks),
    section('metrics', METRICS.map(({ name, meaning }) => ({ name, summary: meaning }))),
    section('network profiles', PROFILES),
    section('runners', createRunners(null, plugins)),
    section('shapers', [userspace]),
    section('sinks', registry.sinks),
  ].join('\n');
}
