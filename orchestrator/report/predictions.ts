// What an experiment predicts beside what its runs give. Of a figure: the median of the runs, with their range. Of violated.CLAIM:
// the share of the runs in which it did not hold, with the interval that holds the true share in 95 of 100 such experiments
// (Wilson's score interval). Nothing is passed or failed by it.
import type { Figure, Summary } from '../kinds.ts';
import { isViolation } from '../judge.ts';
import { claimOf, unitOfPredicted } from '../predictions.ts';
import { extremesOf, formatMs, medianFigure } from './figures.ts';
import type { Group } from './groups.ts';

export type Comparison = {
  readonly figure: string;
  readonly unit: Figure['unit'];
  readonly predicted: number;
  /** null: there is nothing to measure, or the figures are void. */
  readonly measured: number | null;
  readonly bound: Figure['bound'];
  /** measured - predicted; null where that is no number. */
  readonly difference: number | null;
  /** Of several runs: of a share its 95 % interval, of a figure its least and most; null: of one run. */
  readonly range: { readonly from: number; readonly to: number } | null;
  /** Of a share of runs: in so many of so many that were decided. */
  readonly count: { readonly violated: number; readonly runs: number } | null;
};

/** Of a normal distribution, two-sided 95 %. */
const Z = 1.959964;

/** Wilson's interval of a share that was seen `hits` times of `all`; 0 to 1. */
export function binomialInterval(hits: number, all: number): { readonly from: number; readonly to: number } {
  const [share, z2] = [hits / all, Z * Z];
  const middle = (share + z2 / (2 * all)) / (1 + z2 / all);
  const half = (Z / (1 + z2 / all)) * Math.sqrt((share * (1 - share)) / all + z2 / (4 * all * all));
  return { from: hits === 0 ? 0 : middle - half, to: hits === all ? 1 : middle + half };
}

/** Of the runs of one group; interrupted runs count for nothing. */
export function comparisonsOf(runs: readonly Summary[]): readonly Comparison[] {
  const whole = runs.filter(({ partial }) => !partial);
  return (runs[0]?.plan.predictions ?? []).map(({ figure, value }) => {
    const claim = claimOf(figure);
    return claim === null ? ofFigure(figure, value, whole) : ofClaim(figure, value, whole.flatMap(({ verdicts }) => heldIn(verdicts.filter((verdict) => verdict.claim === claim))));
  });
}

/** Nothing where it was not decided. */
function heldIn(verdicts: Summary['verdicts']): boolean | readonly [] {
  if (verdicts.some(({ valid }) => valid === false)) return false;
  return verdicts.length > 0 && verdicts.every(({ valid }) => valid === true) ? true : [];
}

function ofClaim(figure: string, predicted: number, held: readonly boolean[]): Comparison {
  const [violated, runs] = [held.filter((each) => !each).length, held.length];
  if (runs === 0) return { figure, unit: '%', predicted, measured: null, bound: '=', difference: null, range: null, count: null };
  const measured = (100 * violated) / runs;
  const { from, to } = binomialInterval(violated, runs);
  return { figure, unit: '%', predicted, measured, bound: '=', difference: measured - predicted, range: runs === 1 ? null : { from: 100 * from, to: 100 * to }, count: { violated, runs } };
}

function ofFigure(figure: string, predicted: number, runs: readonly Summary[]): Comparison {
  const unit = unitOfPredicted(figure) ?? '';
  const figures = runs.some(({ verdicts }) => verdicts.some(isViolation)) ? [] : runs.flatMap(({ metrics }) => metrics[figure] ?? []);
  const { value, bound } = medianFigure(figures);
  const extremes = figures.length > 1 ? extremesOf(figures) : null;
  const [from, to] = [extremes?.least.value ?? null, extremes?.most.value ?? null];
  return {
    figure, unit, predicted, measured: value, bound, difference: value === null || bound !== '=' ? null : value - predicted,
    range: from === null || to === null ? null : { from, to }, count: null,
  };
}

export type ComparisonWords = { readonly figure: string; readonly predicted: string; readonly measured: string; readonly range: string; readonly difference: string };

/** As the table and the page show it. */
export function inWords({ figure, unit, predicted, measured, bound, difference, range, count }: Comparison): ComparisonWords {
  const withUnit = (value: number) => `${number(value)}${unit === '' || unit === '/s' ? unit : ` ${unit}`}`;
  const shown = bound === 'failed' ? 'failed' : measured === null ? '–' : `${bound === '>' ? '> ' : ''}${withUnit(measured)}`;
  const reach = range === null ? '' : `${number(range.from)} to ${withUnit(range.to)}`;
  return {
    figure, predicted: withUnit(predicted), measured: shown,
    range: count === null ? reach : `${count.violated} of ${count.runs}${range === null ? '' : `; 95 %: ${reach}`}`,
    difference: difference === null ? '–' : differenceOf(difference, unit, predicted),
  };
}

/** Of percentages in points, of other figures in percent where there is something to divide by. */
function differenceOf(difference: number, unit: Figure['unit'], predicted: number): string {
  if (unit === '%') return `${signed(difference)} points`;
  if (predicted === 0) return `${signed(difference)}${unit === '' || unit === '/s' ? unit : ` ${unit}`}`;
  return `${signed((100 * difference) / predicted)} %`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : formatMs(value);
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(Number.isInteger(value) ? 0 : 1);
  return Number(text) === 0 ? '0' : `${value < 0 ? '−' : '+'}${text}`;
}

/** A row for each prediction of each group. */
export function comparisonRows(groups: readonly Group[]): readonly (ComparisonWords & { readonly of: string })[] {
  return groups.flatMap(({ label, runs }) => comparisonsOf(runs).map((comparison) => ({ of: `${label} on ${(runs[0] as Summary).plan.runner}`, ...inWords(comparison) })));
}
