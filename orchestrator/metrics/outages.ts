// What a fault cost in commits: the longest gap between commits of client commands that overlaps it, beside the longest
// gap of the steady part, and when arrivals were served again as before. Only the measure window counts: load ends there,
// so that a gap which no commit ends is cut off at its end.
import type { Figure, LabEvent, Outage } from '../kinds.ts';
import type { Outcome, Window } from './commands.ts';
import { ranked } from './commands.ts';
import { outageWindow } from './fault-windows.ts';
import { gapsIn, lengthOf, longestOver, overlap, type Gap, type Span } from './gaps.ts';
import type { Leaders } from './leaders.ts';

/** Arrivals looked at together, and how many of them must be as quick as before. */
const RUN = 200;
const RUN_QUICK = 190;
/** Differences of times are not exact to the last bit. */
const ROUNDING_MS = 1e-6;

export class Faults {
  readonly spans: Span[] = [];

  observe(event: LabEvent): void {
    if (event.type !== 'fault') return;
    if (event.phase === 'begin') {
      const { name, index, nodes } = event;
      this.spans.push({ name, index, nodes, beginMs: event.atMs, endMs: Infinity });
      return;
    }
    const span = this.spans.findLast(({ index }) => index === event.index);
    if (span !== undefined) span.endMs = event.atMs;
  }

  /** The part of the window before the first fault. */
  before(window: Window): Window {
    return { fromMs: window.fromMs, toMs: Math.min(window.toMs, ...this.spans.map(({ beginMs }) => beginMs)) };
  }
}

export type Outages = { readonly rows: readonly Outage[]; readonly figures: { readonly [name: string]: Figure } };

/** leaders: null where no leader stays. population: by intended time. */
export function outagesOf(faults: Faults, leaders: Leaders | null, commitsMs: readonly number[], population: readonly Outcome[], window: Window): Outages {
  const gaps = gapsIn(commitsMs, window);
  const spans = faults.spans.filter(({ beginMs, endMs }) => beginMs < window.toMs && endMs >= window.fromMs);
  const steady = gaps.filter((gap) => gap.ended && !spans.some((span) => overlap(gap, span)));
  const steadyMs = steady.length === 0 ? null : longest(steady);
  const quickMs = steadyP99(population, faults.before(window));
  let unended = false;
  let unrecovered = false;
  const steadyWindow = faults.before(window);
  const rows = spans.map((span, index): Outage => {
    const gap = longestOver(gaps, span);
    const recoveredMs = gap === null ? null : recovery(population, gap, span.beginMs, quickMs);
    unended ||= gap !== null && !gap.ended;
    unrecovered ||= recoveredMs === null;
    return {
      fault: span.name, index: span.index, atMs: span.beginMs, nodes: span.nodes, outageMs: gap === null ? 0 : lengthOf(gap), steadyMs, recoveredMs,
      leaderAfter: gap?.ended === true ? leaders?.at(gap.toMs) ?? null : null,
      ...(gap === null ? {} : { window: outageWindow({ span, gap, leaders, population, steady: steadyWindow, window, untilMs: recoveredMs === null ? spans[index + 1]?.beginMs ?? window.toMs : span.beginMs + recoveredMs }) }),
    };
  });
  const latest = rows.flatMap(({ recoveredMs }) => recoveredMs ?? []);
  return {
    rows,
    figures: {
      outage: { value: rows.length === 0 ? null : Math.max(...rows.map(({ outageMs }) => outageMs)), unit: 'ms', bound: unended ? '>' : '=' },
      'outage.steady': { value: steadyMs, unit: 'ms', bound: '=' },
      recovered: { value: latest.length === 0 ? null : Math.max(...latest), unit: 'ms', bound: latest.length > 0 && unrecovered ? '>' : '=' },
    },
  };
}

function longest(gaps: readonly Gap[]): number {
  return gaps.reduce((most, gap) => Math.max(most, lengthOf(gap)), 0);
}

/** Of commands that ended before the first fault: one that it caught would make every later one look quick. */
function steadyP99(population: readonly Outcome[], steady: Window): number | null {
  const before = population.filter(({ intendedMs, endedMs }) => intendedMs >= steady.fromMs && intendedMs < steady.toMs && endedMs <= steady.toMs);
  const figure = ranked(before, 'intendedMs').percentile(0.99);
  return figure.bound === '=' ? figure.value : null;
}

function recovery(population: readonly Outcome[], gap: Gap, beginMs: number, quickMs: number | null): number | null {
  if (quickMs === null || !gap.ended) return null;
  const arrivals = population.filter(({ intendedMs }) => intendedMs >= gap.toMs);
  const quick = arrivals.map((arrival) => Number(arrival.outcome === 'ok' && arrival.endedMs - arrival.intendedMs <= quickMs + ROUNDING_MS));
  let inRun = 0;
  for (let index = 0; index < quick.length; index++) {
    inRun += quick[index] as number;
    if (index >= RUN) inRun -= quick[index - RUN] as number;
    if (index >= RUN - 1 && inRun >= RUN_QUICK) return (arrivals[index - RUN + 1] as Outcome).intendedMs - beginMs;
  }
  return null;
}
