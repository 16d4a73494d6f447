// Repetitions of one experiment under one label and on one runner. Figures are those of all of them (median and range of the
// runs, never an average); a chart shows one, the run in the middle.
import type { Figure, Plan } from '../../kinds.ts';
import { isViolation } from '../../judge.ts';
import { medianFigure } from '../figures.ts';
import { groupsOf } from '../groups.ts';
import type { RunRecord } from './record.ts';

export type RunGroup = {
  readonly label: string;
  readonly runner: string;
  readonly shaper: string;
  readonly time: Plan['time'];
  readonly runs: readonly RunRecord[];
  /** The one in the middle: by outage where there was a fault, else by median latency. */
  readonly shown: RunRecord;
  /** The same for the same label on every runner. */
  readonly hue: number;
};

/** What has one label stands together. */
export function runGroups(records: readonly RunRecord[]): readonly RunGroup[] {
  const groups = groupsOf(records.map(({ summary }) => summary));
  const several = new Set(records.map(({ summary }) => summary.plan.experiment)).size > 1;
  const labels = [...new Set(groups.map(({ label }) => label))];
  return groups.map(({ label, runs: summaries }): RunGroup => {
    const runs = records.filter(({ summary }) => summaries.includes(summary));
    const { runner, shaper, time, experiment } = (runs[0] as RunRecord).summary.plan;
    return { label: several ? `${label} (${experiment})` : label, runner, shaper, time, runs, shown: middleOf(runs), hue: labels.indexOf(label) };
  }).sort((a, b) => a.hue - b.hue);
}

function middleOf(runs: readonly RunRecord[]): RunRecord {
  const by = runs.some(({ faults }) => faults.length > 0) ? 'outage' : 'commit.p50';
  const median = medianFigure(figuresOf(runs, by));
  return runs.find(({ summary }) => summary.metrics[by]?.value === median.value) ?? runs[0] as RunRecord;
}

export function figuresOf(runs: readonly RunRecord[], name: string): readonly Figure[] {
  return runs.flatMap(({ summary }) => summary.metrics[name] ?? []);
}

/** 'raft on local', with the run's number where there are several. */
export function titleOf({ label, runner, runs }: RunGroup, run: RunRecord | null): string {
  return `${label} on ${runner}${runs.length > 1 && run !== null ? `, run ${run.summary.plan.repetition} of ${runs.length}` : ''}`;
}

export type VerdictWord = 'ok' | 'violated' | 'finding' | 'unknown' | 'invalid' | 'missed' | 'partial';

/** The gravest of all runs first. */
export function verdictOf({ runs }: RunGroup): VerdictWord {
  const summaries = runs.map(({ summary }) => summary);
  const verdicts = summaries.flatMap((summary) => summary.verdicts);
  if (verdicts.some(isViolation)) return 'violated';
  if (summaries.some(({ invalid }) => invalid.length > 0)) return 'invalid';
  if (summaries.some(({ partial }) => partial)) return 'partial';
  if (summaries.some(({ missed }) => missed.length > 0)) return 'missed';
  if (verdicts.some(({ finding }) => finding === true)) return 'finding';
  return verdicts.length > 0 && verdicts.every(({ valid }) => valid === true) ? 'ok' : 'unknown';
}
