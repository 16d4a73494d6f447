// What happened after a fault, step by step: who noticed it, who led, when commands were committed again, and what it meant for
// the clients of each region. Steps count from the begin of the fault.
import type { Figure, Outage, OutageWindow } from '../kinds.ts';
import type { Outcome, Window } from './commands.ts';
import { count } from './commands.ts';
import { gapsIn, lengthOf, longestOver, type Gap, type Span } from './gaps.ts';
import type { Leaders } from './leaders.ts';

export type WindowInput = {
  readonly span: Span;
  /** The outage. */
  readonly gap: Gap;
  /** null where no leader stays. */
  readonly leaders: Leaders | null;
  /** By intended time; all of the run's. */
  readonly population: readonly Outcome[];
  /** Before the first fault. */
  readonly steady: Window;
  readonly window: Window;
  /** When it was over for the clients: recovered, else the next fault or the end. */
  readonly untilMs: number;
};

export function outageWindow(input: WindowInput): OutageWindow {
  const { span, gap, leaders, population, window } = input;
  const endMs = gap.ended ? gap.toMs : window.toMs;
  const since = (atMs: number | null) => (atMs === null ? null : atMs - span.beginMs);
  const regions = [...new Set(population.map(({ region }) => region))].map((region) => {
    const own = population.filter((outcome) => outcome.region === region);
    return { region, outageMs: answerGapMs(own, span, window), ...affected(own, input) };
  });
  return {
    detectedMs: since(leaders?.noticed(span.nodes, span.beginMs, endMs) ?? null),
    electedMs: since(leaders?.begun(span.beginMs, endMs) ?? null),
    committedMs: gap.ended && gap.toMs >= span.beginMs ? gap.toMs - span.beginMs : null,
    failed: regions.reduce((sum, { failed }) => sum + failed, 0), stalled: regions.reduce((sum, { stalled }) => sum + stalled, 0), regions,
  };
}

/** The longest time that overlaps the fault in which nobody of these got an answer. */
function answerGapMs(outcomes: readonly Outcome[], span: Span, window: Window): number {
  const answersMs = outcomes.filter(({ outcome }) => outcome === 'ok').map(({ endedMs }) => endedMs).sort((a, b) => a - b);
  const gap = longestOver(gapsIn(answersMs, window), span);
  return gap === null ? 0 : lengthOf(gap);
}

/** Of the commands that were open at some time between the begin of the fault and its end for the clients. */
function affected(outcomes: readonly Outcome[], { span, steady, untilMs }: WindowInput): { readonly failed: number; readonly stalled: number } {
  const latency = ({ intendedMs, endedMs }: Outcome) => endedMs - intendedMs;
  const slowestMs = outcomes.filter(({ intendedMs, endedMs, outcome }) => outcome === 'ok' && intendedMs >= steady.fromMs && endedMs <= steady.toMs).reduce((most, each) => Math.max(most, latency(each)), 0);
  const open = outcomes.filter(({ intendedMs, endedMs }) => intendedMs < untilMs && endedMs >= span.beginMs);
  return {
    failed: open.filter(({ outcome }) => outcome !== 'ok').length,
    stalled: slowestMs === 0 ? 0 : open.filter((each) => each.outcome === 'ok' && latency(each) > slowestMs).length,
  };
}

/** The steps and the operations of one fault, as figures of which repetitions give a median and a range. */
export function windowFigures({ outageMs, recoveredMs, window }: Outage): { readonly [name: string]: Figure } {
  const ms = (value: number | null | undefined): Figure => ({ value: value ?? null, unit: 'ms', bound: '=' });
  return {
    detected: ms(window?.detectedMs), elected: ms(window?.electedMs), committed: ms(window?.committedMs), recovered: ms(recoveredMs), outage: ms(outageMs),
    failed: count(window?.failed ?? null), stalled: count(window?.stalled ?? null),
    ...Object.fromEntries((window?.regions ?? []).flatMap((region) => [[`outage ${region.region}`, ms(region.outageMs)], [`failed ${region.region}`, count(region.failed)], [`stalled ${region.region}`, count(region.stalled)]])),
  };
}
