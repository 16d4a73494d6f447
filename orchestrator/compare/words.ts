// What a comparison says in a terminal: for each pair a table of figures, what else differs, and what was left out.
import { unitOf } from '../metrics/names.ts';
import { doubtsOf } from '../report/doubts.ts';
import { formatFigure, formatMs } from '../report/figures.ts';
import { plainTable } from '../report/plain-table.ts';
import { wrapped } from '../report/table.ts';
import { LEAST_RUNS, LEVEL, type Row, type Shown } from './compare.ts';
import { sideLetter } from './curves.ts';
import { nameOf, type Side, type Subject } from './sides.ts';

export type Compared = { readonly base: Subject; readonly other: Subject; readonly forced: readonly string[]; readonly differences: readonly string[]; readonly rows: readonly Row[] };
export type Comparison = {
  readonly sides: readonly Side[];
  /** Runs that do not count, with the reason. */
  readonly excluded: readonly { readonly folder: string; readonly because: string }[];
  readonly pairs: readonly Compared[];
};

const HEAD = ['figure', 'before', '', 'after', '', 'change', 'p', 'says'];

const number = (value: number) => (Number.isInteger(value) ? String(value) : Math.abs(value) < 1 ? value.toPrecision(3) : formatMs(value));

export function rangeOf({ least, most, runs }: Shown): string {
  return runs < 2 ? '' : `${formatFigure(least, number)} … ${formatFigure(most, number)}`;
}

export function changeOf({ change }: Row): string {
  if (change === null) return '–';
  const percent = change * 100;
  return `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${Math.abs(percent) >= 10 ? Math.abs(percent).toFixed(0) : Math.abs(percent).toPrecision(2)} %`;
}

export function saysOf({ call, change, worse }: Row): string {
  if (call !== 'differs') return call;
  if (worse === null || change === null) return 'differs';
  return (change > 0) === (worse === 'higher') ? 'WORSE' : 'better';
}

export function medianOf({ median }: Shown): string {
  return formatFigure(median, number);
}

export function titleOf({ base, other }: Compared, sides: readonly Side[]): string {
  const of = (subject: Subject) => `${nameOf(subject)}${sides.length > 1 ? ` in ${sideLetter(subject.side)}` : ''} (${counted(subject.entries.length)})`;
  return `${of(base)}  →  ${of(other)}`;
}

export function counted(runs: number): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`;
}

function tableOf(rows: readonly Row[]): string {
  return plainTable(HEAD, ['left', 'right', 'left', 'right', 'left', 'right', 'right', 'left'], rows.map((row) => {
    const unit = unitOf(row.figure) ?? '';
    return [`${row.figure}${unit === '' ? '' : ` ${unit}`}`, medianOf(row.base), rangeOf(row.base), medianOf(row.other), rangeOf(row.other), changeOf(row), row.p === null ? '–' : row.p.toPrecision(2), saysOf(row)];
  })).join('\n');
}

/** Of every run that is compared; a reason is told once for each run. */
export function doubtsIn({ sides }: Pick<Comparison, 'sides'>): readonly { readonly run: string; readonly because: string }[] {
  return sides.flatMap(({ name, entries }) => entries.flatMap(({ summary }) => doubtsOf(summary).map((because) => (
    { run: `${summary.plan.label} on ${summary.plan.runner}, run ${summary.plan.repetition}${sides.length > 1 ? `, in ${name}` : ''}`, because }))));
}

export function renderComparison({ sides, excluded, pairs }: Comparison, width: number): string {
  const rows = pairs.flatMap((pair) => pair.rows);
  const lines = [
    ...(sides.length > 1 ? [sides.map(({ name }, side) => `${sideLetter(side)}  ${name}`).join('\n')] : []),
    ...pairs.map((pair) => [
      titleOf(pair, sides), tableOf(pair.rows),
      ...pair.forced.map((reason) => wrapped(`forced   not the same measurement: ${reason}`, width)),
      ...(pair.differences.length === 0 ? [] : [wrapped(`differs  ${pair.differences.join(', ')}`, width)]),
    ].join('\n')),
    [
      ...doubtsIn({ sides }).map(({ run, because }) => wrapped(`baseline ${run} cannot become one: ${because}`, width)),
      ...excluded.map(({ folder, because }) => wrapped(`left out ${folder}: ${because}`, width)),
      ...(rows.some(({ call }) => call === 'too few runs') ? [wrapped(`runs     ${LEAST_RUNS} and ${LEAST_RUNS} runs are needed to decide anything at p = ${LEVEL}: repeat with --repeat ${LEAST_RUNS} (operations of one run are no repetitions)`, width)] : []),
      ...(rows.some(({ p }) => p !== null) ? [wrapped(`p        rank test of Mann and Whitney over runs, two-sided; below ${LEVEL} a difference counts. Each figure is tested by itself`, width)] : []),
      ...(rows.some(({ base, other }) => base.runs > 1 || other.runs > 1) ? ['median of the runs, and behind it the least and the most'] : []),
    ].join('\n'),
  ];
  return `${lines.filter((text) => text !== '').join('\n\n')}\n`;
}
