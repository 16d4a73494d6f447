// Which figures the gate guards, which way each gets worse, and how one is kept in a baseline: a number, or a mark for what
// is not one. Every other figure is compared and told, but fails nothing: what nobody asked for (samples, optimum), what says
// the same twice, and what scatters too much to guard.
import type { Figure } from '../kinds.ts';

/** Of one seed. '> 5000': a lower bound; 'failed': above every number; null: nothing to measure. */
export type Value = number | string | null;

export type Worse = 'higher' | 'lower';

const GUARDED: { readonly [figure: string]: Worse } = {
  'commit.p50': 'higher',
  'commit.mean': 'higher',
  'commit.p99': 'higher',
  throughput: 'lower',
  errors: 'higher',
  outage: 'higher',
  leaderChanges: 'higher',
  'apply.p50': 'higher',
  messagesPerCommit: 'higher',
  bytesPerCommit: 'higher',
  fsyncsPerCommit: 'higher',
};

/** null: told, but not guarded. */
export function worseSide(figure: string): Worse | null {
  return Object.hasOwn(GUARDED, figure) ? GUARDED[figure] ?? null : null;
}

/** The last digits of a sum depend on its order; nothing that a user could see does. */
const SIGNIFICANT_DIGITS = 10;

export const LOWER_BOUND = /^> (-?\d[\d.e+-]*)$/;

export function valueOf({ value, bound }: Figure): Value {
  if (bound === 'failed') return 'failed';
  if (value === null) return null;
  const rounded = Number(value.toPrecision(SIGNIFICANT_DIGITS));
  return bound === '>' ? `> ${rounded}` : rounded;
}

/** A lower bound counts as its number; null: there is none. */
export function numberOf(value: Value): number | null {
  if (typeof value === 'number' || value === null) return value;
  const bound = LOWER_BOUND.exec(value)?.[1];
  return bound === undefined ? null : Number(bound);
}
