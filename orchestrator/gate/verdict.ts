// All figures of all experiments together. Of a hundred comparisons some lie beyond three standard errors by chance alone, so a
// figure fails the gate only if it is worse by so much that a change of mere chance would fail the whole gate once in a hundred
// times, and by at least one per cent, below which nobody would act.
import { BEYOND, compareValues } from './compare.ts';
import type { Comparison } from './compare.ts';
import { worseSide } from './figures.ts';
import type { Value, Worse } from './figures.ts';
import { tOfTail } from './student.ts';

/** regressed, improved: certain and large enough; suspect: beyond three standard errors, but not both. */
export type Call = 'same' | 'regressed' | 'improved' | 'suspect' | 'moved';

export type Finding = Comparison & {
  readonly experiment: string;
  readonly label: string;
  readonly figure: string;
  /** null: not guarded; beyond three standard errors it has moved. */
  readonly worse: Worse | null;
  readonly call: Call;
};

/** One figure of one protocol of one experiment; the two values of a seed stand at the same index. */
export type Subject = { readonly experiment: string; readonly label: string; readonly figure: string; readonly before: readonly Value[]; readonly now: readonly Value[] };

export type Verdict = {
  readonly findings: readonly Finding[];
  /** Guarded figures that are not identical: the ones that chance could fail. */
  readonly uncertain: number;
  /** In standard errors, with every seed's number there: what a difference must exceed to fail the gate. */
  readonly limit: number;
};

/** Of a gate in which nothing but chance changed. */
export const FALSE_ALARMS = 0.01;
export const LEAST_SHARE = 0.01;

function callOf(comparison: Comparison, worse: Worse | null, allowedChance: number): Call {
  if (comparison.kind !== 'beyond') return 'same';
  if (worse === null) return 'moved';
  const large = comparison.share === null || comparison.oneSided > 0 || Math.abs(comparison.share) >= LEAST_SHARE;
  if (!large || comparison.chance > allowedChance) return 'suspect';
  return comparison.direction === worse ? 'regressed' : 'improved';
}

export function judgeSubjects(subjects: readonly Subject[], seeds: number): Verdict {
  const compared = subjects.map(({ before, now, ...name }) => ({ ...name, worse: worseSide(name.figure), comparison: compareValues(before, now) }));
  const uncertain = compared.filter(({ worse, comparison }) => worse !== null && comparison.kind !== 'identical').length;
  const allowedChance = FALSE_ALARMS / Math.max(1, uncertain);
  return {
    uncertain,
    limit: Math.max(BEYOND, tOfTail(allowedChance, Math.max(1, seeds - 1))),
    findings: compared.map(({ comparison, ...rest }) => ({ ...rest, ...comparison, call: callOf(comparison, rest.worse, allowedChance) })),
  };
}
