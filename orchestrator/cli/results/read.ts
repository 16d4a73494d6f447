// Reads what a run left: its plan, summary and environment as values, its events as a stream that is never held whole. A
// folder that is damaged, foreign or of another version is refused in one line that names the file and, where there is
// one, the line.
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.ts';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import type { Environment } from '../environment.ts';
import { isObject, problemOfEvent } from './event-shape.ts';

export type RecordedRun = { readonly plan: Plan; readonly summary: Summary; readonly environment: Environment };

/** Of plan.json and summary.json. */
const VERSION = 1;
/** A longer line is no event: a message is at most a megabyte. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

type Fields = { readonly [field: string]: 'value' | 'list' | 'object' };
/** Of a run folder. */
export const EVENTS_FILE = 'events.ndjson';
/** Of an experiment folder. */
export const EXPERIMENT_FILE = 'experiment.json';
export const EXPERIMENT_FIELDS: Fields = { experiment: 'value', runs: 'list', groups: 'list' };
const PLAN_FIELDS: Fields = {
  id: 'value', experiment: 'value', label: 'value', runner: 'value', shaper: 'value', protocol: 'value', options: 'value', seed: 'value', nodes: 'list', links: 'object',
  load: 'object', warmupMs: 'value', measureMs: 'value', settleMs: 'value', schedule: 'list', thresholds: 'list', warnings: 'list',
};
const SUMMARY_FIELDS: Fields = {
  plan: 'object', partial: 'value', publishable: 'value', baseline: 'object', invalid: 'list', metrics: 'object', regions: 'list', expected: 'list', outages: 'list', verdicts: 'list', missed: 'list',
};
const ENVIRONMENT_FIELDS: Fields = { lab: 'object', node: 'value', os: 'object', cpu: 'object' };

export function damaged(what: string, hint: string, cause?: unknown): LabError {
  return new LabError('bad-result', what, hint, cause);
}

/** The folders of runs in a folder: itself, or those directly below it, by name. */
export async function findRuns(folder: string): Promise<readonly string[]> {
  const names = await entriesOf(folder);
  if (names.includes('plan.json')) return [folder];
  const runs: string[] = [];
  for (const name of [...names].sort()) {
    const inner = join(folder, name);
    if ((await stat(inner)).isDirectory() && (await readdir(inner)).includes('plan.json')) runs.push(inner);
  }
  if (runs.length === 0) throw damaged(`${folder} holds no run: there is no plan.json in it`, 'give a folder that lab run printed, or one of the run folders in it');
  return runs;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw damaged(`${folder} cannot be read (${codeOf(cause)})`, 'give a folder that lab run printed', cause);
  }
}

/** The plan, summary and environment of a run folder. */
export async function readRun(folder: string): Promise<RecordedRun> {
  const plan = await readPlan(folder);
  const summary = await readDocument(folder, 'summary.json', SUMMARY_FIELDS, VERSION);
  const environment = await readDocument(folder, 'environment.json', ENVIRONMENT_FIELDS, null);
  return { plan, summary: summary as unknown as Summary, environment: environment as unknown as Environment };
}

async function readPlan(folder: string): Promise<Plan> {
  return await readDocument(folder, 'plan.json', PLAN_FIELDS, VERSION) as unknown as Plan;
}

/** A JSON file of the lab's own: an object with these fields and, unless null, this version. */
export async function readDocument(folder: string, name: string, fields: Fields, version: number | null): Promise<{ readonly [field: string]: unknown }> {
  const path = join(folder, name);
  const value = parsed(await textOf(path), path);
  if (!isObject(value)) throw damaged(`${path} is not of this lab: it holds no object`, 'give a folder that lab run made');
  if (version !== null && value['version'] !== version) {
    const found = value['version'] === undefined ? 'has no version' : `is of version ${JSON.stringify(value['version'])}`;
    throw damaged(`${path} ${found}, this lab reads version ${version}`, 'read it with the lab that wrote it (environment.json says which)');
  }
  for (const [field, kind] of Object.entries(fields)) {
    const problem = problemOfField(value[field], kind);
    if (problem !== null) throw damaged(`${path} is damaged: ${field} ${problem}`, 'run the plan again');
  }
  return value;
}

function problemOfField(value: unknown, kind: Fields[string]): string | null {
  if (value === undefined) return 'is missing';
  if (kind === 'list') return Array.isArray(value) ? null : 'is no list';
  return kind === 'object' && !isObject(value) ? 'is no object' : null;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function unreadable(path: string, cause: unknown): LabError {
  const code = codeOf(cause);
  return damaged(code === 'ENOENT' ? `${path} is missing` : `${path} cannot be read (${code})`, 'give a folder that lab run finished', cause);
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw damaged(`${path} is not JSON (${(cause as Error).message.split('\n')[0]})`, 'it was cut short or edited: run the plan again', cause);
  }
}

type Types = ReadonlySet<LabEvent['type']>;

/**
 * Every event of a run folder, in order, but those of the types `without`, whose lines are passed over unread; resolves after
 * the last one. pause: awaited every few thousand events.
 */
export async function readRunEvents(folder: string, onEvent: (event: LabEvent) => void, without: Types = new Set(), pause: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  await readEventFile(join(folder, EVENTS_FILE), onEvent, without, pause);
}

/** The same of a file. */
export async function readEventFile(path: string, onEvent: (event: LabEvent) => void, without: Types = new Set(), pause: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  await readLines(path, (line, number) => {
    const problem = problemOfEvent(line);
    if (problem !== null) throw damaged(`${path}:${number} ${problem}`, 'the file was damaged or edited after the run: run the plan again');
    onEvent(line as LabEvent);
  }, without, pause);
}

/** The first field of this name is the event's own: it stands before all that an event may hold. */
const TYPE = '"type":"';

/** Of the line of the text from `from` to `to`; '' where it has none. */
function typeIn(text: string, from: number, to: number): string {
  const at = text.indexOf(TYPE, from) + TYPE.length;
  return at < TYPE.length || at > to ? '' : text.slice(at, text.indexOf('"', at));
}

/** Lines count from 1. */
async function readLines(path: string, onLine: (value: unknown, number: number) => void, without: Types, pause: () => Promise<void>): Promise<void> {
  let rest = '';
  let number = 0;
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })) {
      const text = rest + (chunk as string);
      let from = 0;
      // No line is cut out that is passed over: they are most of a run.
      for (let to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
        number++;
        if (without.size > 0 && (without as ReadonlySet<string>).has(typeIn(text, from, to))) continue;
        onLine(parsed(text.slice(from, to), `${path}:${number}`), number);
      }
      rest = text.slice(from);
      if (rest.length > MAX_LINE_CHARS) throw damaged(`${path}:${number + 1} is longer than ${MAX_LINE_CHARS} characters`, 'this is no file of the lab');
      await pause();
    }
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? unreadable(path, error) : error;
  }
  if (rest !== '') throw damaged(`${path}:${number + 1} is cut short: it does not end with a line end`, 'the run was killed while it wrote, or the copy is not whole');
}
