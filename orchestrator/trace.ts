// A recorded trace of a link as CSV: a header, then one row for each time at which it changed. Columns beside the time may be
// missing, cells may be empty: then the link is there as in the plan. Lines that begin with # are remarks.
import type { Link } from '../netem/link.ts';
import { LabError } from './errors.ts';
import type { FileText } from './files.ts';
import { didYouMean } from './suggest.ts';
import { shown } from './units.ts';

export const MAX_TRACE_BYTES = 5_000_000;
const MAX_ROWS = 100_000;
const DAY_MS = 86_400_000;

/** link: what the row says. */
export type TraceRow = { readonly atMs: number; readonly link: Partial<Link>; readonly line: number };
type Column = { readonly field: keyof Link | 'atMs'; readonly least: number; readonly most: number; readonly unit: string };

const COLUMNS: { readonly [name: string]: Column } = {
  time_ms: { field: 'atMs', least: 0, most: DAY_MS, unit: 'ms' },
  delay_ms: { field: 'delayMs', least: 0, most: 60_000, unit: 'ms' },
  jitter_ms: { field: 'jitterMs', least: 0, most: 60_000, unit: 'ms' },
  loss_pct: { field: 'lossPct', least: 0, most: 100, unit: '%' },
  rate_kbit: { field: 'rateKbit', least: 0.001, most: 1e9, unit: 'kbit/s' },
};
const NUMBER = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/;

/** Throws a LabError that names FILE:LINE. */
export function readTrace({ place, text }: FileText): readonly TraceRow[] {
  const fail = (line: number, problem: string, remedy: string): never => { throw new LabError('bad-experiment', `${place}:${line}: ${problem}`, remedy); };
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/).map((content, index) => ({ content: content.trim(), number: index + 1 })).filter(({ content }) => content !== '' && !content.startsWith('#'));
  const [header, ...body] = lines;
  if (header === undefined) return fail(1, 'there is no header', `begin with ${Object.keys(COLUMNS).join(',')}`);
  const names = headerOf(header.content, (problem, remedy) => fail(header.number, problem, remedy));
  if (body.length === 0) fail(header.number, 'no row follows the header', 'add one for each time at which the link changes');
  if (body.length > MAX_ROWS) fail(body[MAX_ROWS]?.number ?? 1, `${body.length} rows`, `a trace has at most ${MAX_ROWS}`);
  const rows: TraceRow[] = [];
  for (const { content, number } of body) {
    const row = rowOf(content, names, number, (problem, remedy) => fail(number, problem, remedy));
    const beforeMs = rows.at(-1)?.atMs;
    if (beforeMs !== undefined && row.atMs <= beforeMs) fail(number, `time_ms: ${row.atMs} does not come after ${beforeMs}, the row before it`, 'order the rows by time, one row for each time');
    rows.push(row);
  }
  return rows;
}

type Refuse = (problem: string, remedy: string) => never;

function headerOf(content: string, refuse: Refuse): readonly string[] {
  const names = content.split(',').map((name) => name.trim());
  names.forEach((name, index) => {
    if (!Object.hasOwn(COLUMNS, name)) refuse(`unknown column ${shown(name)}`, didYouMean(name, Object.keys(COLUMNS)));
    if (names.indexOf(name) < index) refuse(`the column ${name} is there twice`, 'keep one of them');
  });
  if (!names.includes('time_ms')) refuse('the column time_ms is missing', 'it says when each row begins, in ms since the begin of the trace');
  if (names.length === 1) refuse('there is no column beside time_ms', `add one of ${Object.keys(COLUMNS).slice(1).join(', ')}`);
  return names;
}

function rowOf(content: string, names: readonly string[], line: number, refuse: Refuse): TraceRow {
  const cells = content.split(',').map((cell) => cell.trim());
  if (cells.length !== names.length) refuse(`${cells.length} cells under ${names.length} columns`, 'write one for each column; an empty one leaves the link as in the plan');
  const values: { [field: string]: number } = {};
  names.forEach((name, index) => {
    const cell = cells[index] ?? '';
    const { field, least, most, unit } = COLUMNS[name] as Column;
    if (cell === '' && field !== 'atMs') return;
    const value = NUMBER.test(cell) ? Number(cell) : NaN;
    if (Number.isNaN(value)) refuse(`${name}: ${shown(cell)} is not a number`, `write ${unit} as a number without the unit`);
    if (value < least || value > most) refuse(`${name}: ${cell} is not between ${least} and ${most}`, `write ${unit} within these bounds`);
    values[field] = value;
  });
  const { atMs = 0, ...link } = values;
  return { atMs, link, line };
}
