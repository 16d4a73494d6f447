// One figure over the same seeds, before and now. A seed fixes load, links and clocks, so the two values of a seed belong
// together: what counts is the mean of their differences, in standard errors of that mean. Where behaviour is the same and only
// chance differs, before and now can be exchanged, the differences lie evenly on both sides of zero, and Student's t
// tells how far their mean strays.
import { numberOf } from './figures.ts';
import type { Value } from './figures.ts';
import { tailOfCoin, tailOfT } from './student.ts';

export type Comparison = {
  readonly kind: 'identical' | 'within' | 'beyond';
  /** Means over the seeds that have a number on both sides; null: none has. */
  readonly before: number | null;
  readonly now: number | null;
  /** now / before - 1; null where before is zero or there are no means. */
  readonly share: number | null;
  readonly direction: 'higher' | 'lower' | 'same';
  /** Of the mean difference; null where seeds without a number decide, Infinity where all differences are equal. */
  readonly standardErrors: number | null;
  /** Of a mean as far out as this on this side, if only chance differed. */
  readonly chance: number;
  /** Seeds that have a number on one side only. */
  readonly oneSided: number;
};

/** Beyond: more standard errors than this. */
export const BEYOND = 3;

const NOTHING = { standardErrors: 0, chance: 1, direction: 'same' } as const;

/** Failed and missing rank above every number: for what they stand for there is no end. */
function rankOf(value: Value): number {
  return numberOf(value) ?? Infinity;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function byMean(differences: readonly number[]): Pick<Comparison, 'standardErrors' | 'chance' | 'direction'> {
  const { length } = differences;
  const average = length === 0 ? 0 : mean(differences);
  // One difference alone has no spread to compare it with.
  if (average === 0 || length < 2) return NOTHING;
  const error = Math.sqrt(differences.reduce((sum, difference) => sum + (difference - average) ** 2, 0) / (length - 1) / length);
  // Equal differences, but for what rounding leaves of them.
  const standardErrors = error < 1e-9 * Math.abs(average) ? Infinity : Math.abs(average) / error;
  return { standardErrors, chance: standardErrors === Infinity ? 0 : tailOfT(standardErrors, length - 1), direction: average > 0 ? 'higher' : 'lower' };
}

/** Where a difference has no size, only its side counts. */
function bySides(pairs: readonly (readonly [number, number])[]): Pick<Comparison, 'standardErrors' | 'chance' | 'direction'> {
  const higher = pairs.filter(([before, now]) => now > before).length;
  const lower = pairs.filter(([before, now]) => now < before).length;
  const chance = tailOfCoin(Math.max(higher, lower), higher + lower);
  return { standardErrors: null, chance, direction: higher === lower ? 'same' : higher > lower ? 'higher' : 'lower' };
}

/** The two values of each seed stand at the same index. */
export function compareValues(before: readonly Value[], now: readonly Value[]): Comparison {
  const both = before.flatMap((value, index): (readonly [number, number])[] => {
    const pair = [numberOf(value), numberOf(now[index] ?? null)] as const;
    return pair[0] === null || pair[1] === null ? [] : [[pair[0], pair[1]]];
  });
  const oneSided = before.filter((value, index) => (numberOf(value) === null) !== (numberOf(now[index] ?? null) === null)).length;
  const means = { before: both.length === 0 ? null : mean(both.map(([value]) => value)), now: both.length === 0 ? null : mean(both.map(([, value]) => value)) };
  const share = means.before === null || means.now === null || means.before === 0 ? null : means.now / means.before - 1;
  if (before.every((value, index) => value === now[index])) return { kind: 'identical', ...means, share, ...NOTHING, oneSided };
  const found = oneSided > 0 ? bySides(before.map((value, index) => [rankOf(value), rankOf(now[index] ?? null)])) : byMean(both.map(([old, current]) => current - old));
  const beyond = found.direction !== 'same' && found.chance < tailOfT(BEYOND, Math.max(1, before.length - 1));
  return { kind: beyond ? 'beyond' : 'within', ...means, share, ...found, oneSided };
}
