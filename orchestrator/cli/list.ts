// `lab list`: everything that an experiment can name, with one line about each.
import { PROFILES } from '../../netem/profiles.ts';
import { userspace } from '../../netem/shell/userspace.ts';
import { BUILTINS } from '../builtins.ts';
import { METRICS } from '../metrics/names.ts';
import { createRunners } from './run.ts';
import { files } from './sinks/files.ts';

type Item = { readonly name: string; readonly summary: string };

function section(title: string, items: readonly Item[]): string {
  const width = Math.max(...items.map(({ name }) => name.length));
  return `${title}\n${items.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}`;
}

export function listEverything(): string {
  return [
    section('protocols', BUILTINS.protocols),
    section('workloads', BUILTINS.workloads),
    section('faults', BUILTINS.faults),
    section('checks', BUILTINS.checks),
    section('metrics', METRICS.map(({ name, meaning }) => ({ name, summary: meaning }))),
    section('network profiles', PROFILES),
    section('runners', createRunners(null)),
    section('shapers', [userspace]),
    section('sinks', [files]),
  ].join('\n');
}
