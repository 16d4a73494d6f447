// `lab trace`: a space-time diagram of a part of a recorded run, as text or as a page: around a time, the commits of a slot, or
// what violated a check.
import { statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../errors.ts';
import type { LabEvent, Summary, Verdict } from '../kinds.ts';
import { spaceTimePage } from '../report/space-time-page.ts';
import { spaceTimeText } from '../report/space-time-text.ts';
import { aroundSlot, aroundTime, aroundViolation, type View } from '../report/space-time-window.ts';
import { type SpaceTimeRequest, SpaceTimeRecorder } from '../report/space-time.ts';
import { readDuration } from '../units.ts';
import { findRuns, readEventFile, readRun } from './results/read.ts';

export type TraceFlags = { readonly around?: string; readonly slot?: number; readonly last: string; readonly events: number; readonly page?: string };

/** plan and verdicts null: a file of events on its own. */
type Recorded = { readonly path: string; readonly name: string; readonly summary: Summary | null };

/** Returns when the diagram is printed, or written to --page. */
export async function traceRun(path: string, flags: TraceFlags): Promise<void> {
  const recorded = await recordedAt(path);
  const lastMs = msOf('--last', flags.last);
  const aroundMs = flags.around === undefined ? null : msOf('--around', flags.around);
  if (aroundMs !== null && flags.slot !== undefined) throw new LabError('bad-command-line', '--around and --slot are given both', 'give one of them');
  const violated = recorded.summary?.verdicts.find(({ valid }) => valid === false) ?? null;
  const seen = await look(recorded.path, flags.slot ?? null);
  const { plan } = recorded.summary ?? { plan: null };
  const request: SpaceTimeRequest = {
    nodes: plan?.nodes.map(({ id }) => id) ?? seen.nodes, detail: plan?.detail ?? 'messages', maxItems: flags.events,
    ...viewOf(seen, { aroundMs, slot: flags.slot ?? null, lastMs, violated }),
  };
  const recorder = new SpaceTimeRecorder(request);
  await readEventFile(recorded.path, (event) => recorder.observe(event));
  const diagram = recorder.finish();
  if (flags.page === undefined) process.stdout.write(spaceTimeText(diagram));
  else writePage(flags.page, spaceTimePage(diagram, recorded.name, [request.mark?.text ?? `The ${flags.last} before ${wordsOf(flags)}`]));
}

function wordsOf({ around, slot }: TraceFlags): string {
  return slot !== undefined ? `the commits of slot ${slot}` : around ?? 'the end of the run';
}

async function recordedAt(path: string): Promise<Recorded> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new LabError('bad-command-line', `${path}: there is no such file or folder`, 'give a folder of a run, or its events.ndjson');
  if (!stat.isDirectory() && statSync(join(dirname(path), 'plan.json'), { throwIfNoEntry: false }) === undefined) return { path, name: basename(path), summary: null };
  const [run, ...more] = await findRuns(stat.isDirectory() ? path : dirname(path));
  if (run === undefined || more.length > 0) throw new LabError('bad-command-line', `${path} holds ${more.length + 1} runs`, `name one of them, such as ${run ?? path}`);
  const { summary } = await readRun(run);
  return { path: join(run, 'events.ndjson'), name: basename(run), summary };
}

type Seen = { readonly nodes: readonly string[]; readonly kept: readonly LabEvent[] };

/** What choosing a window needs: who took part, answers to clients, the commits of the slot, and the last event. */
async function look(path: string, slot: number | null): Promise<Seen> {
  const nodes = new Set<string>();
  const kept: LabEvent[] = [];
  let last: LabEvent | null = null;
  await readEventFile(path, (event) => {
    if (event.node !== 'lab' && event.node !== 'load') nodes.add(event.node);
    last = event;
    if (event.type === 'reply' || (event.type === 'committed' && event.at.slot === slot)) kept.push(event);
  });
  if (last === null) throw new LabError('bad-result', `${path} holds no event`, 'give the events of a run');
  return { nodes: [...nodes].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })), kept: [...kept, last] };
}

function viewOf({ kept }: Seen, of: { readonly aroundMs: number | null; readonly slot: number | null; readonly lastMs: number; readonly violated: Verdict | null }): View {
  if (of.slot !== null) {
    const view = aroundSlot(of.slot, kept, of.lastMs);
    if (view === null) throw new LabError('bad-command-line', `--slot ${of.slot}: nothing was committed there`, 'give a slot that was committed');
    return view;
  }
  const endMs = kept.at(-1)?.atMs ?? 0;
  if (of.aroundMs !== null && of.aroundMs > endMs) throw new LabError('bad-command-line', `--around ${of.aroundMs / 1000}s: the run ended at ${(endMs / 1000).toFixed(1)} s`, 'give a time within the run, counted from its start');
  if (of.aroundMs !== null) return aroundTime(of.aroundMs, of.lastMs);
  return of.violated === null ? aroundTime(endMs, of.lastMs) : aroundViolation(of.violated, kept, of.lastMs);
}

function msOf(flag: string, text: string): number {
  const read = readDuration(text);
  if ('problem' in read) throw new LabError('bad-command-line', `${flag} ${text}: ${read.problem}`, read.remedy);
  return read.value;
}

function writePage(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (cause) {
    throw new LabError('machine-lacks', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give another place with --page', cause);
  }
  process.stdout.write(`page: ${path}\n`);
}
