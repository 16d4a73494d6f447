// Gaps between what comes one after the other, and how they overlap faults.
import type { NodeId } from '../../node/contract.ts';
import type { Window } from './commands.ts';

export type Span = { readonly name: string; readonly index: number; readonly nodes: readonly NodeId[]; readonly beginMs: number; endMs: number };
/** ended: by what came next. */
export type Gap = { readonly fromMs: number; readonly toMs: number; readonly ended: boolean };

/** Between consecutive times, ascending, as far as they reach into the window. */
export function gapsIn(timesMs: readonly number[], window: Window): readonly Gap[] {
  const gaps: Gap[] = [];
  let fromMs = window.fromMs;
  for (const atMs of timesMs) {
    if (atMs < window.fromMs) fromMs = atMs;
    else {
      gaps.push({ fromMs, toMs: atMs, ended: true });
      fromMs = atMs;
      if (atMs >= window.toMs) return gaps;
    }
  }
  if (fromMs < window.toMs) gaps.push({ fromMs, toMs: window.toMs, ended: false });
  return gaps;
}

export function overlap(gap: Gap, span: Span): boolean {
  return gap.fromMs <= span.endMs && gap.toMs >= span.beginMs;
}

export function lengthOf(gap: Gap): number {
  return gap.toMs - gap.fromMs;
}

/** Of those that overlap the fault the longest, the first of several; null: none does. */
export function longestOver(gaps: readonly Gap[], span: Span): Gap | null {
  return gaps.filter((each) => overlap(each, span)).reduce<Gap | null>((most, each) => (most === null || lengthOf(each) > lengthOf(most) ? each : most), null);
}
