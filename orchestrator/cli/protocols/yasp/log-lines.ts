// The log of a rank: `generate Instance[KEY] in seq N at TIME` and `commit …`, one line each, TIME in Unix ms. As the origin's
// checker does, the text is looked for anywhere in a line.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../../errors.ts';
import type { LabEvent } from '../../../kinds.ts';
import { RANKS } from './ranks.ts';

export type Line = { readonly verb: 'generate' | 'commit'; readonly key: string; readonly seq: number };
export type RankLog = { readonly rank: number; readonly lines: readonly Line[]; readonly foreign: Foreign };
/** Lines that are neither; first: the number of the first one, and its text. */
export type Foreign = { readonly count: number; readonly first: { readonly line: number; readonly text: string } | null };

const PATTERN = /(generate|commit) Instance\[(.*?)\] in seq (\d+) at (\d+)/;
const MAX_LOG_BYTES = 256 * 2 ** 20;
const SHOWN_CHARACTERS = 60;

export function logName(rank: number): string {
  return `instancelog${rank}.log`;
}

/** null: an event of another kind. epochMs: the Unix time of atMs 0. */
export function lineOf(event: Pick<LabEvent, 'atMs'> & { readonly type: string; readonly name?: string; readonly detail?: unknown }, epochMs: number): string | null {
  if (event.type !== 'trace' || (event.name !== 'generate' && event.name !== 'commit')) return null;
  const { key, seq } = event.detail as { readonly key: string; readonly seq: number };
  return `${event.name} Instance[${key}] in seq ${seq} at ${Math.floor(epochMs + event.atMs)}\n`;
}

export function readLines(rank: number, text: string): RankLog {
  const lines: Line[] = [];
  let count = 0;
  let first: Foreign['first'] = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, verb, key = '', seq = ''] = PATTERN.exec(line) ?? [];
    if (verb === undefined) {
      count++;
      first ??= { line: index + 1, text: line.trim().slice(0, SHOWN_CHARACTERS) };
    } else lines.push({ verb: verb === 'commit' ? 'commit' : 'generate', key, seq: Number(seq) });
  }
  return { rank, lines, foreign: { count, first } };
}

/** The logs of all ranks in this folder or its log/. */
export function readLogs(folder: string): readonly RankLog[] {
  const inside = join(folder, 'log');
  const place = existsSync(join(folder, logName(0))) || !existsSync(inside) ? folder : inside;
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) throw new LabError('bad-result', `${folder}: there is no such folder`, 'name the folder that holds instancelog0.log');
  const missing = Array.from({ length: RANKS }, (_, rank) => logName(rank)).filter((name) => statSync(join(place, name), { throwIfNoEntry: false })?.isFile() !== true);
  if (missing.length > 0) throw new LabError('bad-result', `${place}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`, `the rules need the logs of all ranks, ${logName(0)} to ${logName(RANKS - 1)}`);
  return Array.from({ length: RANKS }, (_, rank) => {
    const file = join(place, logName(rank));
    const { size } = statSync(file);
    if (size > MAX_LOG_BYTES) throw new LabError('bad-result', `${file} has ${size} bytes; at most ${MAX_LOG_BYTES} are read`, 'check a shorter run');
    return readLines(rank, readFileSync(file, 'utf8'));
  });
}

export function makeLogFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new LabError('bad-command-line', `${folder} cannot be made (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, 'name another folder with --log', error);
  }
}
