// `lab check`: histories from anywhere, judged for linearizability. A file is a history; of a folder, each file with an ending
// of the format; a folder of runs of this lab is its runs' histories, each with the model of its workload.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { judgeHistory, type JudgedHistory } from '../histories/judge.ts';
import { FORMATS } from '../histories/formats.ts';
import type { HistoryFormat } from '../histories/history.ts';
import { ndjson } from '../histories/ndjson.ts';
import type { Model } from '../kinds.ts';
import type { CounterexampleRow } from '../report/counterexample.ts';
import { readDuration } from '../units.ts';
import { textOfHistory } from './history-file.ts';

export type CheckFlags = { readonly format: string; readonly json: boolean; readonly page?: string; readonly steps: number; readonly time: string; readonly plugin: readonly string[] };

// oxlint-disable-next-line typescript/no-explicit-any -- any workload's model
type Source = { readonly path: string; readonly format: HistoryFormat; readonly model: Model<any> };
type Row = { readonly path: string; readonly format: string } & ({ readonly judged: JudgedHistory; readonly tookMs: number } | { readonly refused: LabError });

export async function checkHistories(paths: readonly string[], flags: CheckFlags, stop: { readonly requested: boolean }): Promise<number> {
  const format = formatOf(flags.format);
  const mostMs = msOf(flags.time);
  const sources: Source[] = [];
  for (const path of paths) sources.push(...await sourcesOf(path, format, flags.plugin));
  const rows: Row[] = [];
  const drawn: CounterexampleRow[] = [];
  for (const source of sources) {
    if (stop.requested) return EXIT.interrupted;
    const row = checkOne(source, flags.steps, mostMs);
    rows.push(row);
    if (!flags.json) print(row);
    if (flags.page !== undefined && 'judged' in row) drawn.push({ name: row.path, model: source.model, ...row.judged });
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, histories: rows.map(toJson) }, null, 2)}\n`);
  else if (rows.length > 1) process.stdout.write(`${summaryOf(rows)}\n`);
  if (flags.page !== undefined) await writePage(flags.page, drawn, flags.json);
  return exitCodeOf(rows);
}

/** A refused file first: what it would have shown is not known. */
function exitCodeOf(rows: readonly Row[]): number {
  if (rows.some((row) => 'refused' in row)) return EXIT.badInput;
  if (rows.some((row) => 'judged' in row && row.judged.linearizable === false)) return EXIT.claimViolated;
  return rows.some((row) => 'judged' in row && row.judged.linearizable === 'unknown') ? EXIT.missed : EXIT.ok;
}

/** The flag was checked when it was read. */
function formatOf(name: string): HistoryFormat {
  return FORMATS.find((each) => each.name === name) ?? ndjson;
}

function msOf(time: string): number {
  const read = readDuration(time);
  if ('problem' in read) throw new LabError('bad-command-line', `--time ${time}: ${read.problem}`, read.remedy);
  return read.value;
}

async function sourcesOf(path: string, format: HistoryFormat, plugins: readonly string[]): Promise<readonly Source[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new LabError('bad-command-line', `${path}: there is no such file or folder`, 'give a file with a history, or a folder of such files');
  if (!stat.isDirectory()) return [{ path, format, model: format.model }];
  const names = readdirSync(path).sort();
  if (names.includes('plan.json') || names.some((name) => statSync(join(path, name, 'plan.json'), { throwIfNoEntry: false }) !== undefined)) return runsOf(path, plugins);
  const found = names.filter((name) => format.endings.includes(extname(name)) && statSync(join(path, name)).isFile());
  if (found.length === 0) throw new LabError('bad-command-line', `${path} holds no file that ends with ${format.endings.join(', ')}`, 'name the files, or another --format');
  return found.map((name) => ({ path: join(path, name), format, model: format.model }));
}

async function runsOf(folder: string, plugins: readonly string[]): Promise<readonly Source[]> {
  // Only here are protocols, workloads and what they need loaded: it takes longer than to judge fifty files.
  const [{ loadPlugins }, { findRuns, readRun }, { named }] = await Promise.all([import('./plugins.ts'), import('./results/read.ts'), import('../builtins.ts')]);
  const { registry } = await loadPlugins(plugins);
    const sources: Source[] = [];
  for (const run of await findRuns(folder)) {
    const { plan } = await readRun(run);
    sources.push({ path: join(run, 'history.ndjson'), format: ndjson, model: named(registry.workloads, plan.load.workload, 'workload').model });
  }
  return sources;
}

function checkOne({ path, format, model }: Source, maxSteps: number, mostMs: number): Row {
  const of = { path, format: format.name };
  const startMs = performance.now();
  try {
    const history = format.parse({ place: path, text: textOfHistory(path) });
    const judged = judgeHistory(history, model, { maxSteps, outOfTime: () => performance.now() - startMs > mostMs });
    return { ...of, judged, tookMs: performance.now() - startMs };
  } catch (error) {
    if (error instanceof LabError && (error.code === 'bad-history' || error.code === 'bad-result')) return { ...of, refused: error };
    throw error;
  }
}

const WORDS = new Map<boolean | 'unknown', string>([[true, 'ok'], [false, 'violated'], ['unknown', 'unknown']]);

function print(row: Row): void {
  if ('refused' in row) process.stderr.write(`error: ${row.refused.message}\n  hint: ${row.refused.hint}\n`);
  else process.stdout.write(`${(WORDS.get(row.judged.linearizable) ?? '').padEnd(9)} ${row.path}: ${row.judged.because}\n`);
}

function summaryOf(rows: readonly Row[]): string {
  const counts = [...WORDS].map(([verdict, word]) => `${rows.filter((row) => 'judged' in row && row.judged.linearizable === verdict).length} ${word}`);
  const refused = rows.filter((row) => 'refused' in row).length;
  return `${rows.length} histories: ${[...counts, ...(refused > 0 ? [`${refused} refused`] : [])].join(', ')}`;
}

function toJson(row: Row): object {
  const { path, format } = row;
  if ('refused' in row) return { path, format, linearizable: null, error: { code: row.refused.code, message: row.refused.message, hint: row.refused.hint } };
  const { linearizable, because, judged: { operations, keys, steps, culprit } } = row.judged;
  const dead = linearizable === false && culprit !== null ? culprit : null;
  return {
    path, format, linearizable, because, operations, keys, steps, tookMs: Math.round(row.tookMs * 10) / 10,
    ...(dead === null ? {} : { counterexample: { key: dead.key, legalPrefix: dead.search.deepest.order.map(({ id }) => id), state: dead.search.deepest.state, stuck: dead.search.deepest.stuck.map(({ id, op, value }) => ({ id, op, value })) } }),
  };
}

async function writePage(path: string, rows: readonly CounterexampleRow[], quiet: boolean): Promise<void> {
  const { counterexamplePage } = await import('../report/counterexample.ts');
  try {
    writeFileSync(path, counterexamplePage(rows, rows.length === 1 ? basename(rows[0]?.name ?? '') : `${rows.length} histories`));
  } catch (cause) {
    throw new LabError('machine-lacks', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give another place with --page', cause);
  }
  if (!quiet) process.stdout.write(`page: ${path}\n`);
}
