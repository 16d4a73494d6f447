// One link as one netem: what tc is told, what no kernel can be told, and what the node's own transport has to do instead.
// Numbers are in units that tc takes exactly. What kernels do wrongly, and how that was seen: docs/tc.md.
import { gilbertElliott, PERFECT_LINK, scheduledJitter } from './link.ts';
import type { Link } from './link.ts';

/** All that one netem is told: what is left out would keep its old value, or fall back to a default. */
export type Netem = {
  /** Packets that it holds, in flight and waiting. */
  readonly limit: number;
  readonly delayUs: number;
  readonly jitterUs: number;
  /** null: uniform, or no jitter. */
  readonly distribution: 'normal' | 'pareto' | null;
  /** One number: each datagram alone; p and r of the Gilbert-Elliott model. */
  readonly lossPct: number | { readonly p: number; readonly r: number };
  readonly reorderPct: number;
  /** bit/s; 0: none. */
  readonly rate: number;
};
/** `place`: the site or the link; `message`: what is wrong; `hint`: the remedy. */
export type Refusal = { readonly ok: false; readonly place: string; readonly message: string; readonly hint: string };
/** Of the scheduled jitter: the plan's seed, and ⌊t / INTERVAL_MS⌋. */
export type Moment = { readonly seed: string; readonly interval: number };

/** tc counts time in 32 bits of 64 ns; the kernel cuts jitter off at 2³¹ ns. */
const MAX_DELAY_MS = 274_877;
const MAX_JITTER_MS = 2_147;
/** tc's smallest unit that is printed exactly. */
const PERCENT_DIGITS = 6;
/** bit/s: 2³² bytes/s are no longer one number for tc. */
const RATE = { least: 1_000, most: 34_000_000_000 };
/** Datagrams of one link must not overtake each other when its scheduled delay falls; each is on the line for about 1 µs. */
const KEEPS_ORDER = 10_000_000_000;
/** Without a rate: twice what one link carries at this rate, and never less than the first figure. */
const LIMIT = { packetsPerSecond: 10_000, least: 20_000, most: 1_000_000 };
/** Of a full frame with its headers. */
const FRAME_BITS = (1_400 + 42) * 8;
/** Standard deviations of jitter that a queue must hold. */
const JITTERS = 4;

export function refusal(place: string, message: string, hint: string): Refusal {
  return { ok: false, place, message, hint };
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** In bit/s; 0: none. */
function rateOf({ rateKbit }: Link): number {
  return rateKbit === null ? 0 : Math.round(rateKbit * 1_000);
}

/** Packets; Infinity is no number of them. */
function limitOf(link: Link): number {
  const longestMs = Math.max(0, link.delayMs) + JITTERS * link.jitterMs;
  if (link.rateKbit !== null) return Math.ceil((link.rateKbit / FRAME_BITS) * longestMs) + link.queuePackets;
  return Math.min(LIMIT.most, Math.max(LIMIT.least, Math.ceil((2 * LIMIT.packetsPerSecond * longestMs) / 1_000)));
}

/** What no kernel does, or not as the link says; null: nothing. */
export function refused(place: string, link: Link): Refusal | null {
  const no = (message: string, hint: string) => refusal(place, message, hint);
  const { delayMs, jitterMs, lossPct, lossBurst, reorderPct, order, queuePackets, rateKbit } = link;
  if (!(delayMs <= MAX_DELAY_MS)) return no(`a delay of ${delayMs} ms is more than tc takes`, `at most ${MAX_DELAY_MS} ms`);
  const longestJitterMs = order === 'keep' ? MAX_DELAY_MS / JITTERS : MAX_JITTER_MS;
  if (!inRange(jitterMs, 0, longestJitterMs)) return no(`a jitter of ${jitterMs} ms is more than the kernel takes`, `from 0 to ${Math.floor(longestJitterMs)} ms`);
  if (!inRange(delayMs + JITTERS * jitterMs, -Infinity, MAX_DELAY_MS)) return no(`${delayMs} ms and ${JITTERS} times a jitter of ${jitterMs} ms are more than tc takes`, `at most ${MAX_DELAY_MS} ms together`);
  if (!['uniform', 'normal', 'pareto'].includes(link.distribution)) return no(`unknown distribution ${JSON.stringify(link.distribution)}`, 'uniform, normal or pareto');
  if (order !== 'keep' && order !== 'reorder') return no(`unknown order ${JSON.stringify(order)}`, 'keep or reorder');
  for (const [what, pct] of [['loss', lossPct], ['reordering', reorderPct]] as const) {
    if (!inRange(pct, 0, 100)) return no(`a ${what} of ${pct} %`, 'from 0 to 100 %');
    if (pct > 0 && Number(percent(pct)) === 0) return no(`a ${what} of ${pct} % is less than tc can say`, 'none, or at least 0.000001 %');
  }
  if (lossBurst !== null && !inRange(lossBurst, 1, 1_000_000)) return no(`bursts of ${lossBurst} datagrams`, 'from 1 to 1,000,000');
  if (rateKbit !== null && !inRange(rateOf(link), RATE.least, RATE.most)) return no(`a rate of ${rateKbit} kbit/s`, `from ${RATE.least / 1_000} to ${RATE.most / 1_000} kbit/s`);
  if (!inRange(queuePackets, 1, LIMIT.most) || !Number.isInteger(queuePackets)) return no(`a queue of ${queuePackets} packets`, `from 1 to ${LIMIT.most}`);
  if (rateKbit !== null && order === 'reorder' && jitterMs > 0) return no('a kernel keeps the order of datagrams at a limited rate, and adds their jitter up', 'order: keep, no rate, or the userspace shaper');
  const packets = limitOf(link);
  return packets <= LIMIT.most ? null : no(`a delay of ${delayMs} ms at ${rateKbit} kbit/s is more than a queue can hold (${packets} packets)`, `at most ${LIMIT.most} packets: a shorter delay, or a lower rate`);
}

/**
 * What of a node's link its own transport has to do: no kernel duplicates beside other netems, a corrupt datagram never reaches
 * a UDP socket, and each change of a scheduled delay would end a burst of losses. null: nothing.
 */
export function leftToNode(link: Link): Link | null {
  const { duplicatePct, corruptPct, lossPct, lossBurst } = link;
  const bursts = burstsInNode(link);
  if (duplicatePct === 0 && corruptPct === 0 && !bursts) return null;
  return { ...PERFECT_LINK, duplicatePct, corruptPct, ...(bursts ? { lossPct, lossBurst } : {}) };
}

function burstsInNode({ order, jitterMs, lossPct, lossBurst }: Link): boolean {
  return order === 'keep' && jitterMs > 0 && lossBurst !== null && lossPct > 0 && lossPct < 100;
}

function lossOf(link: Link, hasNode: boolean): Netem['lossPct'] {
  if (link.lossBurst === null || link.lossPct === 0 || link.lossPct === 100) return link.lossPct;
  if (hasNode && burstsInNode(link)) return 0;
  const { p, r } = gilbertElliott(link.lossPct, link.lossBurst);
  return { p: p * 100, r: r * 100 };
}

/** The delay of a link at this moment, µs: the simulator's, to 1 µs. */
export function scheduledUs(link: Link, from: string, to: string, { seed, interval }: Moment): number {
  return Math.round(Math.max(0, link.delayMs + scheduledJitter(link, seed, from, to)(interval)) * 1_000);
}

export function netemOf(link: Link, scheduled: boolean, nowUs: number, hasNode: boolean): Netem {
  const jitterUs = scheduled ? 0 : Math.round(link.jitterMs * 1_000);
  const delayUs = scheduled ? nowUs : Math.round(Math.max(0, link.delayMs) * 1_000);
  // There is nothing to overtake without a delay, and tc refuses it.
  const reorderPct = link.delayMs > 0 ? link.reorderPct : 0;
  return {
    limit: limitOf(link),
    delayUs: reorderPct > 0 ? Math.max(1, delayUs) : delayUs,
    jitterUs,
    distribution: jitterUs > 0 && link.distribution !== 'uniform' ? link.distribution : null,
    lossPct: lossOf(link, hasNode),
    reorderPct,
    rate: rateOf(link) || (scheduled ? KEEPS_ORDER : 0),
  };
}

function percent(value: number): string {
  return value.toFixed(PERCENT_DIGITS).replace(/\.?0+$/, '');
}

export function netemText({ limit, delayUs, jitterUs, distribution, lossPct, reorderPct, rate }: Netem): string {
  return [
    `netem limit ${limit} delay ${delayUs}us`,
    ...(jitterUs > 0 ? [`${jitterUs}us`] : []),
    ...(distribution === null ? [] : [`distribution ${distribution}`]),
    ...(lossPct === 0 ? [] : [typeof lossPct === 'number' ? `loss ${percent(lossPct)}%` : `loss gemodel ${percent(lossPct.p)}% ${percent(lossPct.r)}% 100% 0%`]),
    ...(reorderPct === 0 ? [] : [`reorder ${percent(reorderPct)}%`]),
    `rate ${rate}bit`,
  ].join(' ');
}

export function sameNetem(a: Netem, b: Netem): boolean {
  return netemText(a) === netemText(b);
}

/** A netem forgets these only with its handle. */
export function staysBehind(before: Netem, after: Netem): boolean {
  return (before.distribution !== null && after.distribution === null) || (before.reorderPct > 0 && after.reorderPct === 0);
}
