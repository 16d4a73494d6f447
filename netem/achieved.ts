// What the probes of one link achieved, beside what the link was to do with each of them at its time.
import { gilbertElliott, scheduledJitter } from './link.ts';
import type { Link } from './link.ts';
import { lossBounds } from './binomial.ts';
import type { ProbeSample } from './probe.ts';

export type Distribution = { readonly min: number; readonly p50: number; readonly p95: number; readonly p99: number; readonly mean: number; readonly sd: number };

/** Of the kept order's jitter (netem/link.ts). */
const INTERVAL_MS = 100;
/** Around a change of the scheduled delay, which no real shaper makes at once. */
const GUARD_MS = 10;
/** Ethernet, IP and UDP headers, as netem's rate counts them. */
const HEADER_BYTES = 42;
/** Medians of netem's draws, in units of the jitter, and standard deviations of a median of n draws, times √n. */
const MEDIANS = { uniform: 0, normal: 0, pareto: (4 / 3) * (Math.cbrt(2) - 1.5) } as const;
const MEDIAN_ERRORS = { uniform: 1, normal: 1.2533, pareto: 0.56 } as const;
const SIGMAS = 4;

export function distributionOf(values: readonly number[]): Distribution | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
  return { min: sorted[0] as number, p50: (at(0.5) + (sorted[Math.floor(sorted.length / 2)] as number)) / 2, p95: at(0.95), p99: at(0.99), mean, sd };
}

/** Of n probes, how far their median may lie from the link's by the draws of its jitter alone. */
export function medianSpreadMs(link: Link, n: number): number {
  return link.order === 'keep' || link.jitterMs === 0 ? 0 : (SIGMAS * MEDIAN_ERRORS[link.distribution] * link.jitterMs) / Math.sqrt(Math.max(1, n));
}

export type Delays = {
  /** As they are. */
  readonly ms: readonly number[];
  /** Minus what the link was to do at that time; left out where a scheduled delay changes, and what a link sent ahead. */
  readonly errorsMs: readonly number[];
  /** Of a link that reorders: sent at once. */
  readonly ahead: number;
};

/** bytes: of one probe. */
export function delaysOf(link: Link, seed: string, from: string, to: string, bytes: number, samples: readonly ProbeSample[]): Delays {
  const jitterMs = scheduledJitter(link, seed, from, to);
  const lineMs = link.rateKbit === null ? 0 : ((bytes + HEADER_BYTES) * 8) / link.rateKbit;
  const scheduled = link.order === 'keep' && link.jitterMs > 0;
  const dueMs = (atMs: number): number => {
    if (link.jitterMs === 0) return Math.max(0, link.delayMs);
    return Math.max(0, link.delayMs + (scheduled ? jitterMs(Math.floor(atMs / INTERVAL_MS)) : link.jitterMs * MEDIANS[link.distribution]));
  };
  const first = new Map<number, ProbeSample>();
  for (const sample of samples) if (!first.has(sample[0])) first.set(sample[0], sample);
  const errorsMs: number[] = [];
  let ahead = 0;
  let lastArrivalMs = -Infinity;
  for (const [, sentMs, delayMs] of [...first.values()].sort((a, b) => a[1] - b[1])) {
    const plannedMs = dueMs(sentMs) + lineMs;
    if (link.reorderPct > 0 && delayMs < plannedMs / 2) {
      ahead++;
      continue;
    }
    const held = scheduled && lastArrivalMs > sentMs + plannedMs;
    lastArrivalMs = Math.max(lastArrivalMs, sentMs + plannedMs);
    const changing = scheduled && (dueMs(sentMs - GUARD_MS) !== dueMs(sentMs) || dueMs(sentMs + 1) !== dueMs(sentMs));
    if (!held && !changing) errorsMs.push(delayMs - plannedMs);
  }
  return { ms: [...first.values()].map(([, , delayMs]) => delayMs), errorsMs, ahead };
}

/** Probes of which none arrived whole, of all that were sent. Damaged ones are dropped by their receiver. */
export type Losses = { readonly lost: number; readonly expected: number; readonly low: number; readonly high: number };

/** lost: no whole copy arrives; twice: two do. A kernel loses each copy for itself, the transport at most one of them. */
function fates({ lossPct, corruptPct, duplicatePct }: Link, shaper: string): { readonly lost: number; readonly twice: number } {
  const [loss, corrupt, duplicate] = [lossPct / 100, corruptPct / 100, duplicatePct / 100];
  if (shaper === 'tc') {
    const once = loss + corrupt - loss * corrupt;
    return { lost: (1 - duplicate) * once + duplicate * once ** 2, twice: duplicate * (1 - once) ** 2 };
  }
  const both = duplicate * (1 - loss);
  const none = (1 - duplicate) * loss;
  return { lost: none + (1 - both - none) * corrupt + both * corrupt ** 2, twice: both * (1 - corrupt) ** 2 };
}

/** Of the probes that arrive, how many arrive twice. */
export function duplicateShare(link: Link, shaper: string): number {
  const { lost, twice } = fates(link, shaper);
  return lost >= 1 ? 0 : twice / (1 - lost);
}

export function lossesOf(link: Link, shaper: string, sent: number, arrived: number): Losses {
  const p = fates(link, shaper).lost;
  const burst = link.lossBurst === null ? null : gilbertElliott(link.lossPct, link.lossBurst);
  const factor = burst === null || burst.p + burst.r === 0 ? 1 : Math.max(1, (2 - burst.p - burst.r) / (burst.p + burst.r));
  const [low, high] = lossBounds(sent, p, factor);
  return { lost: sent - arrived, expected: sent * p, low, high };
}

/** Arrivals behind one that was sent later, and arrivals of what had arrived already. */
export function disorderOf(samples: readonly ProbeSample[]): { readonly late: number; readonly duplicates: number } {
  const seen = new Set<number>();
  let newest = -Infinity;
  let late = 0;
  for (const [sequence] of samples) {
    if (seen.has(sequence)) continue;
    seen.add(sequence);
    if (sequence < newest) late++;
    newest = Math.max(newest, sequence);
  }
  return { late, duplicates: samples.length - seen.size };
}
