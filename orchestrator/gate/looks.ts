// One figure of base and head, measured in pairs of runs: the test is made after 12, 16 and 20 pairs and never between, at levels
// that add up to 1 % over all looks and figures. Whoever looks after each pair at 1 % cries wolf in every tenth comparison.
import { chanceOfRise, middleOf, upperBoundOf } from './signed-rank.ts';
import { tOfTail } from './student.ts';
import { LEAST_SHARE } from './verdict.ts';

export const LOOKS = [{ pairs: 12, level: 0.001 }, { pairs: 16, level: 0.003 }, { pairs: 20, level: 0.006 }] as const;
export const MOST_PAIRS = LOOKS[LOOKS.length - 1]?.pairs ?? 0;
export const LEAST_PAIRS = LOOKS[0].pairs;
const LAST_LEVEL = LOOKS[LOOKS.length - 1]?.level ?? 0;
/** A figure is ok where it is sure not to be worse by so much. */
export const RISE = 0.1;
/** Run to run; beyond it 20 pairs miss a rise of RISE too often. */
export const MOST_CV = 0.05;
/** Of rises of the smallest detectable size. */
const POWER = 0.8;
/** Variance that ranks lose against means where noise is normal: 3/π. */
const EFFICIENCY = 3 / Math.PI;

export type PairCall = 'regressed' | 'ok' | 'inconclusive';

export type Decision = {
  readonly call: PairCall;
  /** It stays as it is, however many pairs come. */
  readonly decided: boolean;
  /** Of the look that this is of; 0: there was none. */
  readonly pairs: number;
  /** Of that look, divided by the number of figures. */
  readonly level: number;
  readonly chance: number;
  /** Shares by which head is worse: the estimate, and what it is at most. A negative one is better. null: no bound. */
  readonly rise: number;
  readonly upper: number | null;
  /** Coefficient of variation of one run against the next, as the pairs show it; null: fewer than 3. */
  readonly cv: number | null;
  /** A rise that 20 pairs of such runs show four times in five; null: as cv. */
  readonly detectable: number | null;
};

const share = (logarithm: number) => Math.exp(logarithm) - 1;

/** Of ln(head/base): it holds the noise of two runs. What drifts slowly is common to both and cancels. */
function spreadOf(differences: readonly number[]): number | null {
  const { length } = differences;
  if (length < 3) return null;
  const mean = differences.reduce((sum, value) => sum + value, 0) / length;
  return Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (length - 1));
}

/** spread: standard deviation of ln(head/base); figures: how many are tested. A share. */
export function detectableRise(spread: number, figures: number): number {
  const errors = tOfTail(LAST_LEVEL / figures, MOST_PAIRS - 1) + tOfTail(1 - POWER, MOST_PAIRS - 1);
  return share((errors * spread) / Math.sqrt(MOST_PAIRS * EFFICIENCY));
}

/** differences: ln(head/base) in the order of the pairs, positive where head is worse; figures: how many are tested together. */
export function decide(differences: readonly number[], figures: number): Decision {
  if (differences.length < LEAST_PAIRS) return { call: 'inconclusive', decided: false, pairs: 0, level: 0, chance: 1, rise: share(middleOf(differences)), upper: null, ...noiseOf(differences, figures) };
  let last: Decision | null = null;
  for (const look of LOOKS) {
    if (last !== null && differences.length < look.pairs) break;
    const seen = differences.slice(0, look.pairs);
    const level = look.level / figures;
    const chance = chanceOfRise(seen);
    const [rise, upper] = [share(middleOf(seen)), share(upperBoundOf(seen, level))];
    // A rise of half a per cent may be certain, but nobody would act.
    const worse = chance <= level && rise >= LEAST_SHARE;
    const call = worse ? 'regressed' : upper < RISE ? 'ok' : 'inconclusive';
    last = { call, decided: call !== 'inconclusive' || look.pairs === MOST_PAIRS, pairs: look.pairs, level, chance, rise, upper: Number.isFinite(upper) ? upper : null, ...noiseOf(seen, figures) };
    if (last.decided) break;
  }
  return last as Decision;
}

function noiseOf(differences: readonly number[], figures: number): Pick<Decision, 'cv' | 'detectable'> {
  const spread = spreadOf(differences);
  // The runs of a pair differ by the noise of both.
  return spread === null ? { cv: null, detectable: null } : { cv: spread / Math.SQRT2, detectable: detectableRise(spread, figures) };
}
