// What a search has found for one protocol on one runner: the boundary in a sentence, and the map that it was read from. The
// same as lines for a terminal and as rows of search.csv.
import type { Figure } from '../kinds.ts';
import { extremesOf, formatFigure, formatMs, medianFigure } from '../report/figures.ts';
import type { Boundary, Judged, Result } from './boundary.ts';
import type { Search, Threshold } from './spec.ts';
import { written } from './spec.ts';

/** figures: of the targets, of each run; wrong: what made runs count as not holding beside the targets. */
export type Point = Judged & { readonly figures: { readonly [metric: string]: readonly Figure[] }; readonly wrong: readonly string[] };
export type Found = Omit<Result, 'points'> & { readonly label: string; readonly runner: string; readonly points: readonly Point[] };

/** One-sided, of the share of runs that hold when all of so many did. */
const CERTAINTY = 0.95;

export function targetsInWords(hold: readonly Threshold[], unitOf: (metric: string) => string): string {
  return hold.map(({ metric, below, above }) => `${metric} ${below === undefined ? '>' : '<'} ${below ?? above}${unitOf(metric)}`).join(' and ');
}

function boundaryInWords(search: Search, { holds, fails, side }: Boundary): string {
  const at = (value: number) => written(search, value);
  const onwards = side === 'upper' ? 'up to' : 'from';
  return fails === null
    ? `it holds ${onwards} ${at(holds)}; ${side === 'upper' ? 'above' : 'below'} runs disagree`
    : `it holds ${onwards} ${at(holds)} and fails ${side === 'upper' ? 'from' : 'at'} ${at(fails)}${side === 'upper' ? ' on' : ' and below'}`;
}

/** What is to be known of one search; the first sentence is the answer. */
export function foundInWords(search: Search, found: Found): readonly string[] {
  const { outcome, boundaries, monotone, narrowed, points } = found;
  const range = `${written(search, search.low)} … ${written(search, search.high)}`;
  const disagreeing = points.filter(({ verdict }) => verdict === 'mixed');
  const answer = outcome === 'unfinished'
    ? `it ended before the whole range was looked at: ${points.length} of its first ${search.points} values are judged`
    : outcome === 'nowhere'
      ? `the target holds nowhere${disagreeing.length === 0 ? '' : ' in all runs'}: ${points.length} values were tried in ${range}; ask for less, or search elsewhere`
      : outcome === 'everywhere'
        ? `the target holds everywhere: ${points.length} values were tried in ${range}; ask for more, or search further`
        : boundaries.map((boundary) => boundaryInWords(search, boundary)).join('; ');
  return [
    answer,
    ...(monotone ? [] : [`the map is NOT MONOTONE: the verdict changes ${boundaries.length} times along the range${disagreeing.length > 0 ? ' (some of it may be noise, where runs disagree)' : ''}`]),
    ...(disagreeing.length === 0 ? [] : [`runs disagree at ${disagreeing.map(({ value, held, runs }) => `${written(search, value)} (${held} of ${runs} hold)`).join(', ')}`]),
    ...(narrowed || points.length === 0 ? [] : [`not as narrow as asked for: ${points.length * search.repeat + search.repeat > search.runs ? `the ${search.runs} runs that are allowed were used up` : 'it was interrupted'}`]),
    ...[...new Set(points.flatMap(({ wrong }) => wrong))].slice(0, MOST_WRONG).map((text) => `counted as not holding: ${text}`),
  ];
}

const MOST_WRONG = 5;

/** What all of so many runs say of the next one. */
export function certaintyInWords(runs: number): string {
  const share = (1 - CERTAINTY) ** (1 / runs);
  return `a value holds when all ${runs} runs of it do: then at least ${Math.floor(share * 100)} % of runs do, with ${CERTAINTY * 100} % certainty; every value has the same seeds`;
}

export function mapTable(search: Search, found: Found): string {
  const metrics = search.hold.map(({ metric }) => metric);
  const lines = [
    [search.fields[0]?.path ?? '', 'verdict', 'runs that hold', ...metrics.flatMap((metric) => [`${metric} median`, 'least … most'])],
    ...found.points.map(({ value, verdict, held, runs, figures }) => [
      written(search, value), verdict === 'mixed' ? 'runs disagree' : verdict, `${held} of ${runs}`,
      ...metrics.flatMap((metric) => {
        const of = figures[metric] ?? [];
        const extremes = extremesOf(of);
        return [formatFigure(medianFigure(of), formatMs), extremes === null ? '–' : `${formatFigure(extremes.least, formatMs)} … ${formatFigure(extremes.most, formatMs)}`];
      }),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) => `  ${line.map((cell, column) => (column === 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd()).join('\n');
}

/** RFC 4180, a row for each value of each search. */
export function searchCsv(search: Search, all: readonly Found[]): string {
  const metrics = search.hold.map(({ metric }) => metric);
  const head = ['label', 'runner', 'value', 'unit', 'verdict', 'held', 'runs', ...metrics.flatMap((metric) => [`${metric}.median`, `${metric}.least`, `${metric}.most`])];
  const rows = all.flatMap(({ label, runner, points }) => points.map(({ value, verdict, held, runs, figures }) => [
    label, runner, value, search.unit, verdict, held, runs,
    ...metrics.flatMap((metric) => {
      const of = figures[metric] ?? [];
      const extremes = extremesOf(of);
      return [medianFigure(of), extremes?.least, extremes?.most].map((figure) => (figure === undefined || figure.bound !== '=' ? '' : figure.value ?? ''));
    }),
  ]));
  return `${[head, ...rows].map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
