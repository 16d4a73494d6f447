// experiment.json: what the repetitions of an experiment give together. For each figure the median and the range of the runs'
// figures; nothing is pooled and no percentile is averaged, because operations within a run are no repetitions.
import type { Figure, Summary } from '../kinds.ts';
import { windowFigures } from '../metrics/fault-windows.ts';
import { METRICS } from '../metrics/names.ts';
import { type Agreement, agreementsOf } from './agreement.ts';
import { extremesOf, medianFigure } from './figures.ts';
import { groupsOf } from './groups.ts';
import { type Comparison, comparisonsOf } from './predictions.ts';

export type FigureRange = {
  /** Of an even number the lower one of the two in the middle: always a figure of one of the runs. */
  readonly median: Figure;
  readonly least: Figure;
  readonly most: Figure;
};

/** runs: in which the fault happened. known: in how many of them there is a value; a step that did not happen has none. */
export type FaultFigures = {
  readonly fault: string;
  readonly index: number;
  readonly runs: number;
  readonly figures: { readonly [name: string]: FigureRange | null };
  readonly known: { readonly [name: string]: number };
};

export type GroupFigures = {
  readonly label: string;
  readonly runner: string;
  readonly protocol: string;
  /** Folders, or their places in a list of runs. */
  readonly runs: readonly string[];
  /** Every run may be published. */
  readonly publishable: boolean;
  /** null: no run has a value. */
  readonly figures: { readonly [name: string]: FigureRange | null };
  /** Of each fault, by its number: its steps and what it cost the clients of each region. */
  readonly outages: readonly FaultFigures[];
  /** Absent: the experiment predicts nothing. */
  readonly predictions?: readonly Comparison[];
  readonly regions: readonly { readonly region: string; readonly figures: { readonly [name: string]: FigureRange | null } }[];
};

export type ExperimentSummary = { readonly version: 1; readonly experiment: string; readonly runs: readonly string[]; readonly groups: readonly GroupFigures[]; /** Of each two worlds that ran the same. */ readonly agreements: readonly Agreement[] };

/** runs: by the names of their folders, in the order they were made. */
export function summarizeExperiment(experiment: string, runs: ReadonlyMap<string, Summary>): ExperimentSummary {
  const nameOf = new Map([...runs].map(([name, summary]) => [summary, name]));
  const groups = groupsOf([...runs.values()]).map((group): GroupFigures => {
    const { label, runner, protocol } = (group.runs[0] as Summary).plan;
    const predictions = comparisonsOf(group.runs);
    const regions = [...new Set(group.runs.flatMap((run) => run.regions.map(({ region }) => region)))];
    return {
      label, runner, protocol, runs: group.runs.map((run) => nameOf.get(run) ?? ''), publishable: group.runs.every(({ publishable }) => publishable),
      figures: rangesOf(group.runs.map(({ metrics }) => metrics), METRICS.map(({ name }) => name)),
      outages: faultRanges(group.runs),
      ...(predictions.length === 0 ? {} : { predictions }),
      regions: regions.map((region) => {
        const metrics = group.runs.flatMap((run) => run.regions.filter((row) => row.region === region).map((row) => row.metrics));
        return { region, figures: rangesOf(metrics, Object.keys(metrics[0] ?? {})) };
      }),
    };
  });
  return { version: 1, experiment, runs: [...runs.keys()], groups, agreements: agreementsOf([...runs.values()]) };
}

/** Of each fault of the experiment over its repetitions. */
export function faultRanges(runs: readonly Summary[]): readonly FaultFigures[] {
  const all = runs.flatMap(({ outages }) => outages);
  return [...new Set(all.map(({ index }) => index))].sort((a, b) => a - b).map((index) => {
    const rows = all.filter((row) => row.index === index);
    const figures = rows.map(windowFigures);
    const names = [...new Set(figures.flatMap((each) => Object.keys(each)))];
    const known = Object.fromEntries(names.map((name) => [name, figures.filter((each) => (each[name]?.value ?? null) !== null).length]));
    return { fault: rows[0]?.fault ?? '', index, runs: rows.length, figures: rangesOf(figures, names), known };
  });
}

function rangesOf(metrics: readonly Summary['metrics'][], names: readonly string[]): GroupFigures['figures'] {
  return Object.fromEntries(names.map((name) => {
    const figures = metrics.flatMap((of) => of[name] ?? []);
    const extremes = extremesOf(figures);
    return [name, extremes === null ? null : { median: medianFigure(figures), ...extremes }];
  }));
}
