// Figures of two subjects side by side: the median and range of their runs, the change, and what a rank test of the runs can say
// about it. Repetitions are runs, never operations: those of one run are correlated.
import type { Figure } from '../kinds.ts';
import { type Worse, worseSide } from '../gate/figures.ts';
import { extremesOf, medianFigure } from '../report/figures.ts';
import { rankTest } from './mann-whitney.ts';
import type { Pair, Subject } from './sides.ts';

/** p at which a difference counts: about one false alarm in a hundred figures. */
export const LEVEL = 0.01;
/** Fewer runs on a side decide nothing: 5 and 5 can reach p = 0.0079, 4 and 4 only 0.029. */
export const LEAST_RUNS = 5;

const COMPARED = [
  'commit.p50', 'commit.p99', 'throughput', 'outage', 'errors', 'optimum.ratio', 'messagesPerCommit', 'bytesPerCommit', 'fsyncsPerCommit', 'cpuSecondsPer1000Commits',
] as const;

export type Shown = { readonly median: Figure; readonly least: Figure; readonly most: Figure; readonly runs: number };
/** change: of the medians, as a share of the base's; null: one of them is no number, or the base is 0. */
export type Row = {
  readonly figure: string;
  readonly base: Shown;
  readonly other: Shown;
  readonly change: number | null;
  readonly p: number | null;
  readonly call: 'differs' | 'no difference seen' | 'too few runs' | 'always the same';
  readonly worse: Worse | null;
};

function shownOf({ entries }: Subject, name: string): Shown | null {
  const figures = entries.flatMap(({ summary }) => summary.metrics[name] ?? []);
  const extremes = extremesOf(figures);
  return extremes === null ? null : { median: medianFigure(figures), ...extremes, runs: figures.filter(({ value, bound }) => value !== null || bound === 'failed').length };
}

function rankedValues({ entries }: Subject, name: string): readonly number[] {
  return entries.flatMap(({ summary }) => {
    const figure = summary.metrics[name];
    if (figure === undefined || (figure.value === null && figure.bound !== 'failed')) return [];
    return [figure.bound === 'failed' ? Infinity : figure.value as number];
  });
}

/** Those figures that both have. */
export function rowsOf({ base, other }: Pair): readonly Row[] {
  return COMPARED.flatMap((figure): readonly Row[] => {
    const [left, right] = [shownOf(base, figure), shownOf(other, figure)];
    if (left === null || right === null) return [];
    const [before, now] = [left.median.value, right.median.value];
    const usable = left.median.bound === '=' && right.median.bound === '=' && before !== null && now !== null && before !== 0;
    const values = [rankedValues(base, figure), rankedValues(other, figure)] as const;
    const same = new Set(values.flat()).size === 1;
    const enough = Math.min(left.runs, right.runs) >= LEAST_RUNS;
    const p = rankTest(...values);
    const call = same ? 'always the same' : !enough ? 'too few runs' : p <= LEVEL ? 'differs' : 'no difference seen';
    return [{ figure, base: left, other: right, change: usable ? now / before - 1 : null, p: enough ? p : null, call, worse: worseSide(figure) }];
  });
}
