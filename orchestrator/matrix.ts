// A user's own network: delays between named regions as CSV or JSON. CSV: a header of names, whose first cell is rtt or
// one-way, and a row of milliseconds for each. JSON: { name, unit, regions, ms, source }. What is wrong is said with FILE:LINE:COL.
import { z } from 'zod';
import { PROFILES } from '../netem/profiles.ts';
import type { Profile } from '../netem/profiles.ts';
import { ExperimentDocument } from './document.ts';
import { LabError } from './errors.ts';
import { fail, failWith } from './experiment.ts';
import { selectorOf } from './faults/selector.ts';
import type { FileText } from './files.ts';
import { NAME } from './schema.ts';
import { explain } from './sections.ts';
import { didYouMean } from './suggest.ts';
import { shown } from './units.ts';

/** remarks: what the file leaves open, and what was taken for it. */
export type Matrix = { readonly profile: Profile; readonly remarks: readonly string[] };

export const MAX_MATRIX_BYTES = 1_000_000;
const MAX_REGIONS = 64;
const MAX_MS = 60_000;
/** Where a file does not say it: between two machines of one zone, as measured for the profile lan. */
const WITHIN_RTT_MS = 0.1;

const UNITS = ['rtt', 'one-way'] as const;
type Unit = (typeof UNITS)[number];
type Refuse = (message: string, hint: string) => never;
/** A place of the file, to be complained about. */
type Place = { readonly refuse: Refuse };
type Cell = Place & { readonly raw: unknown };
type Grid = {
  readonly unit: Unit;
  readonly regions: readonly (Place & { readonly name: string })[];
  /** As many rows as regions, and as many cells in each. */
  readonly cells: readonly (readonly Cell[])[];
};

/** A path, and no name of a profile. */
export function isMatrixFile(wan: string): boolean {
  return wan.includes('/') || /\.(csv|json)$/i.test(wan);
}

/** Throws a LabError('bad-experiment'). */
export function parseMatrix(file: FileText): Matrix {
  const { place } = file;
  if (/\.json$/i.test(place)) return fromJson(file);
  if (/\.csv$/i.test(place)) return fromCsv(file);
  throw new LabError('bad-experiment', `${place}: a matrix of what kind?`, 'let the name of the file end in .csv or .json');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function checkRegions({ regions }: Grid): void {
  const names = regions.map(({ name }) => name);
  regions.forEach(({ name, refuse }, index) => {
    if (index >= MAX_REGIONS) refuse(`${names.length} regions are too many`, `a matrix has at most ${MAX_REGIONS}; network.regions takes some of them`);
    if (name === '') refuse('a region without a name', 'name it, or take the cell away');
    if (!/^[A-Za-z0-9][\w-]{0,39}$/.test(name)) refuse(`${shown(name)} is not a name of a region`, 'use up to 40 letters, digits, - and _');
    // Words that faults take for nodes, and what every object of the language has.
    if (typeof selectorOf(name) === 'string' || name in {}) refuse(`${shown(name)} means something else in an experiment`, 'give the region another name');
    if (names.indexOf(name) < index) refuse(`a second region ${shown(name)}`, 'name each region once');
  });
}

/** null: missing. */
function msOf({ raw, refuse }: Cell): number | null {
  if (raw === null) return null;
  if (typeof raw !== 'number' || Number.isNaN(raw)) return refuse(`${shown(raw)} is not a number`, 'write milliseconds without a unit, such as 35.5');
  if (raw < 0) refuse(`${raw} ms is negative`, `a delay is 0 to ${MAX_MS} ms`);
  if (raw > MAX_MS) refuse(`${raw} ms is too long`, `a delay is 0 to ${MAX_MS} ms`);
  return raw;
}

function matrixOf(grid: Grid, about: { readonly file: FileText; readonly name: string | null; readonly source: string | null; readonly remarks: readonly string[] }): Matrix {
  const { file, remarks } = about;
  const base = file.place.slice(file.place.lastIndexOf('/') + 1).replaceAll(/[^\w.+-]+/g, '_').slice(0, 80);
  checkRegions(grid);
  const regions = grid.regions.map(({ name }) => name);
  const unset: string[] = [];
  const within = grid.unit === 'rtt' ? WITHIN_RTT_MS : WITHIN_RTT_MS / 2;
  const ms = grid.cells.map((row, from) => row.map((cell, to): number => {
    const value = msOf(cell);
    if (value !== null) return value;
    if (from !== to) return cell.refuse(`no delay from ${regions[from]} to ${regions[to]}`, 'write milliseconds; only the diagonal may be left out');
    unset.push(regions[from] ?? '');
    return within;
  }));
  const words = `${within} ms ${grid.unit === 'rtt' ? 'round trip' : 'one way'}, as between machines of one zone`;
  const profile: Profile = {
    name: about.name ?? base, summary: 'a matrix of your own', source: `${base}, sha256 ${file.sha256}${about.source === null ? '' : ` (${about.source})`}`,
    statistic: null, period: null, date: null, retrieved: null, unit: grid.unit, regions, ms,
    values: [{ value: 'delay', basis: 'given', from: base }, ...(unset.length === 0 ? [] : [{ value: 'within', basis: 'chosen' as const, from: words }])],
  };
  const diagonal = unset.length === 0 ? [] : [`${file.place}: no delay within ${unset.length === regions.length && unset.length > 1 ? 'any region' : unset.join(', ')}: taken as ${words}`];
  return { profile, remarks: [...remarks, ...diagonal] };
}

const SHAPE = {
  name: z.string().refine((text) => NAME.test(text), { error: (issue) => `${shown(issue.input)} is not a name\nuse up to 40 of a-z, 0-9 and -` }).optional(),
  unit: z.enum(UNITS),
  regions: z.array(z.string()).min(1),
  ms: z.array(z.array(z.unknown())),
  source: z.string().max(500).regex(/^\P{Cc}*$/u, { error: (issue) => `${shown(issue.input)} holds control characters\nwrite it in one line` }).optional(),
};

function fromJson(file: FileText): Matrix {
  const document = ExperimentDocument.parse(file.text, file.place, 'JSON');
  const parsed = z.strictObject(SHAPE).safeParse(document.data, { error: (issue) => explain(issue, Object.keys(SHAPE)) });
  if (!parsed.success) failWith(document, parsed.error, (path) => path);
  const { name = null, unit, regions, ms, source = null } = parsed.data;
  if (name !== null && PROFILES.some((profile) => profile.name === name)) fail(document, ['name'], `${shown(name)} is a network of the lab`, 'give yours another name');
  if (ms.length !== regions.length) fail(document, ['ms'], `${count(ms.length, 'row')} for ${count(regions.length, 'region')}`, 'a matrix is square: give a row for each region, and a value to each region in it', true);
  const place = (...path: readonly (string | number)[]): Place => ({ refuse: (message, hint) => fail(document, path, message, hint) });
  ms.forEach((row, index) => {
    if (row.length !== regions.length) place('ms', index).refuse(`${count(row.length, 'value')} for ${count(regions.length, 'region')}`, 'a matrix is square: give a value to each region, null on the diagonal where there is none');
  });
  return matrixOf({
    unit, regions: regions.map((region, index) => ({ name: region, ...place('regions', index) })),
    cells: ms.map((row, from) => row.map((raw, to) => ({ raw, ...place('ms', from, to) }))),
  }, { file, name, source, remarks: [] });
}

/** As far as it is a number; null: empty. */
function valueOf(text: string): unknown {
  if (text === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

type Line = { readonly cells: readonly (Place & { readonly raw: string })[] };

/** Quoted where the cell begins with a quote; "" is a quote in it. */
function lineOf(text: string, number: number, place: string): Line {
  const cells: (Place & { readonly raw: string })[] = [];
  const pattern = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|(?![ \t]*")([^,]*))(,|$)/y;
  while (pattern.lastIndex <= text.length) {
    const column = pattern.lastIndex + 1;
    const refuse: Refuse = (message, hint) => { throw new LabError('bad-experiment', `${place}:${number}:${column}: ${message}`, hint); };
    const found = pattern.exec(text);
    if (found === null) return refuse('a quoted cell that does not end where the next one begins', 'close the quote, and separate the cells by commas');
    const [, quoted, bare = '', end] = found;
    cells.push({ raw: (quoted?.replaceAll('""', '"') ?? bare).trim(), refuse });
    if (end === '') break;
  }
  return { cells };
}

function fromCsv(file: FileText): Matrix {
  const { place } = file;
  const lines = file.text.split(/\r\n|\n|\r/).flatMap((text, index) => (text.trim() === '' || text.startsWith('#') ? [] : [lineOf(text, index + 1, place)]));
  const [head, ...rows] = lines;
  const [corner, ...columns] = head?.cells ?? [];
  if (corner === undefined) throw new LabError('bad-experiment', `${place}:1:1: the file is empty`, 'write a header of region names, and a row of milliseconds for each');
  if (columns.length === 0) corner.refuse('a header of one cell', /[;\t]/.test(corner.raw) ? 'separate the cells by commas, and write a point in numbers' : 'write rtt or one-way and the names of the regions, separated by commas');
  const unit = UNITS.find((word) => corner.raw.toLowerCase().replace(/[ _(]*ms\)?$/, '') === word);
  if (unit === undefined && corner.raw !== '') corner.refuse(`${shown(corner.raw)} is no unit of a matrix`, didYouMean(corner.raw, UNITS));
  const regions = columns.map(({ raw, refuse }) => ({ name: raw, refuse }));
  const names = regions.map(({ name }) => name);
  const byRegion = new Map<string, readonly Cell[]>();
  for (const { cells: [first, ...values] } of rows) {
    if (first === undefined) continue;
    if (!names.includes(first.raw)) first.refuse(`the header has no region ${shown(first.raw)}`, didYouMean(first.raw, names));
    if (byRegion.has(first.raw)) first.refuse(`a second row for ${first.raw}`, 'give one row for each region');
    if (values.length !== names.length) first.refuse(`${count(values.length, 'value')} for ${count(names.length, 'region')}`, 'a matrix is square: give a value to each region; empty on the diagonal where there is none');
    byRegion.set(first.raw, values.map(({ raw, refuse }) => ({ raw: valueOf(raw), refuse })));
  }
  const cells = regions.map(({ name, refuse }) => byRegion.get(name) ?? refuse(`no row for ${shown(name)}`, 'a matrix is square: give a row for each region of the header'));
  const remarks = unit === undefined ? [`${place}: its first cell names no unit: taken as round trips (rtt)`] : [];
  return matrixOf({ unit: unit ?? 'rtt', regions, cells }, { file, name: null, source: null, remarks });
}
