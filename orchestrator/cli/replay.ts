// `lab replay`: recorded runs once more, without running anything: their events are judged again, handed to sinks if any are
// named, and their table is printed.
import { EXIT, LabError } from '../errors.ts';
import { exitCodeOf } from '../judge.ts';
import { named, type Registry } from '../builtins.ts';
import type { OpenSink, Plan, Sink, Summary } from '../kinds.ts';
import { renderTable } from '../report/table.ts';
import { loadPlugins } from './plugins.ts';
import { findRuns, readRun } from './results/read.ts';
import { rejudge } from './results/rejudge.ts';
import { files } from './sinks/files.ts';

export type ReplayFlags = { readonly plugin: readonly string[]; readonly sink: readonly string[]; readonly json: boolean };

const TABLE_COLUMNS = 100;

export async function replayFolders(folders: readonly string[], flags: ReplayFlags, stop: { readonly requested: boolean }): Promise<number> {
  const { registry } = await loadPlugins(flags.plugin);
  const sinks = [...new Set(flags.sink)].map((name) => named(registry.sinks, name, 'sink'));
  if (sinks.includes(files)) throw new LabError('bad-command-line', 'the sink files is what is replayed', 'name another sink, or none for the table alone');
  const summaries: Summary[] = [];
  for (const folder of folders) {
    for (const run of await findRuns(folder)) {
      if (stop.requested) return EXIT.interrupted;
      summaries.push(await replayRun(run, registry, sinks));
    }
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, summaries }, null, 2)}\n`);
  else process.stdout.write(`${renderTable(summaries, { width: process.stdout.columns ?? TABLE_COLUMNS })}\n`);
  return exitCodeOf(summaries);
}

async function replayRun(folder: string, registry: Registry, sinks: readonly Sink[]): Promise<Summary> {
  const { plan, summary: { partial } } = await readRun(folder);
  const open: OpenSink[] = [];
  for (const sink of sinks) open.push(await openSink(sink, plan, folder));
  const summary = await rejudge(folder, plan, partial, registry, (event) => {
    for (const sink of open) sink.write(event);
  }, async () => {
    for (const sink of open) await sink.ready?.();
  });
  for (const sink of open) await sink.close(summary);
  return summary;
}

/** Here a sink is the purpose: one that fails ends the replay. */
async function openSink(sink: Sink, plan: Plan, folder: string): Promise<OpenSink> {
  const failed = (error: unknown): never => {
    if (error instanceof LabError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new LabError('machine-lacks', `the sink ${sink.name} failed: ${message.split('\n')[0] ?? ''}`, 'the run is unchanged: replay it again when the sink is there', error);
  };
  const opened = await sink.open(plan, folder).catch(failed);
  return {
    write: (event) => {
      try {
        opened.write(event);
      } catch (error) {
        failed(error);
      }
    },
    close: (summary) => opened.close(summary).catch(failed),
    ready: async () => { await opened.ready?.().catch(failed); },
  };
}
