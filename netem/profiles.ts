// Named networks, as data files with source, date and statistic: delays between regions, and what else their links do. A
// round trip becomes half of the mean of its two entries each way, for it does not say which way is the slower one.
import aws21 from './profiles/aws-21.json' with { type: 'json' };
import aws5 from './profiles/aws-5.json' with { type: 'json' };
import caspaxos3 from './profiles/caspaxos-3.json' with { type: 'json' };
import continentalEu from './profiles/continental-eu.json' with { type: 'json' };
import continentalNa from './profiles/continental-na.json' with { type: 'json' };
import fiveG from './profiles/5g-nsa.json' with { type: 'json' };
import fourG from './profiles/4g-lte.json' with { type: 'json' };
import geo from './profiles/geo-satellite.json' with { type: 'json' };
import global5 from './profiles/global-5.json' with { type: 'json' };
import ibmCloud from './profiles/ibm-cloud.json' with { type: 'json' };
import lan from './profiles/lan.json' with { type: 'json' };
import leo from './profiles/leo-satellite.json' with { type: 'json' };
import lossyEdge from './profiles/lossy-edge.json' with { type: 'json' };
import wanCloud from './profiles/wan-cloud.json' with { type: 'json' };
import zones from './profiles/zones.json' with { type: 'json' };
import type { Link } from './link.ts';
import { PERFECT_LINK } from './link.ts';

/** given: by a user's own file. */
export type Basis = 'measured' | 'chosen' | 'given';
/** Where a value of the profile is from; within: between two machines of one region. */
export type Origin = { readonly value: string; readonly basis: Basis; readonly from: string };

/** What links do beside their delay. */
export type LinkRule = {
  /** regions: links between two regions only. nodes: all of them. */
  readonly between: 'regions' | 'nodes';
  /** A share of the delay, and at least so much. */
  readonly jitter: { readonly pct: number; readonly leastMs: number };
  readonly distribution: Link['distribution'];
  readonly order: Link['order'];
  /** Percent for each datagram, as netem has them: to enter the state in which all are lost, and to leave it. */
  readonly gemodel: { readonly p: number; readonly r: number };
};

/** What comes back in each period from the start of a run, on every link that the rule is for. One way; what a step does not name stays. */
export type Cycle = {
  readonly everyMs: number;
  readonly steps: readonly { readonly afterMs: number; readonly forMs: number; readonly delayMs?: number; readonly lossPct?: number }[];
};

export type Profile = {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** null: the source is a user's own file. */
  readonly statistic: string | null;
  readonly period: string | null;
  /** The period in short: when its values were measured, or published. */
  readonly date: string | null;
  readonly retrieved: string | null;
  readonly values: readonly Origin[];
  readonly unit: 'rtt' | 'one-way';
  readonly regions: readonly string[];
  /** From row to column, as the source has it; the diagonal is the network inside a region. */
  readonly ms: readonly (readonly number[])[];
  readonly link?: LinkRule;
  readonly cycle?: Cycle;
};

/** Some regions of another profile, and what its links do beside their delay. */
type Part = { readonly name: string; readonly summary: string; readonly of: string; readonly regions: readonly string[]; readonly values?: readonly Origin[]; readonly link?: LinkRule };

// In the order in which lab wan shows them. A part comes after what it is a part of.
const FILES = [
  lan, zones, ibmCloud, aws21, aws5, global5, continentalEu, continentalNa, wanCloud, lossyEdge, leo, fourG, fiveG, geo, caspaxos3,
] as unknown as readonly (Profile | Part)[];

export const PROFILES: readonly Profile[] = FILES.reduce<readonly Profile[]>((before, file) => [...before, whole(file, before)], []);

function whole(file: Profile | Part, before: readonly Profile[]): Profile {
  if (!('of' in file)) return file;
  const { of, regions, values = [], ...own } = file;
  const base = before.find(({ name }) => name === of);
  if (base === undefined) throw new Error(`assertion: ${file.name} is a part of ${of}, which comes later or never`);
  return { ...subsetOf(base, regions), ...own, values: [...base.values, ...values] };
}

/** Only these regions of a profile, in this order; all must be in it. */
export function subsetOf(profile: Profile, regions: readonly string[]): Profile {
  return { ...profile, regions, ms: regions.map((from) => regions.map((to) => entry(profile, from, to))) };
}

function entry({ name, regions, ms }: Profile, from: string, to: string): number {
  const found = ms[regions.indexOf(from)]?.[regions.indexOf(to)];
  if (found === undefined) throw new Error(`assertion: ${from} and ${to} are regions of ${name}`);
  return found;
}

/** From one region of the profile to another; both must be in it. */
export function oneWayMs(profile: Profile, from: string, to: string): number {
  const there = entry(profile, from, to);
  return profile.unit === 'one-way' ? there : (there + entry(profile, to, from)) / 4;
}

/** The link that a profile means; scale multiplies its delay and its jitter. */
export function linkBetween(profile: Profile, from: string, to: string, scale: number): Link {
  const delayMs = oneWayMs(profile, from, to) * scale;
  const rule = profile.link;
  if (rule === undefined || (rule.between === 'regions' && from === to)) return { ...PERFECT_LINK, delayMs };
  const { jitter, distribution, order } = rule;
  return { ...PERFECT_LINK, delayMs, jitterMs: Math.max(jitter.leastMs * scale, (delayMs * jitter.pct) / 100), distribution, order, ...lossOf(rule.gemodel) };
}

/** The chain is in its lossy state for p/(p + r) of the datagrams, and for 1/r of them in a row. */
export function lossOf({ p, r }: LinkRule['gemodel']): { readonly lossPct: number; readonly lossBurst: number } {
  return { lossPct: (100 * p) / (p + r), lossBurst: 100 / r };
}

/** Of all its values together. */
export function basisOf({ values }: Profile): string {
  return [...new Set(values.map(({ basis }) => basis))].sort((left, right) => right.localeCompare(left)).join(' and ');
}

/** In one line, for what is kept with a result. */
export function sourceOf(profile: Profile): string {
  const values = profile.values.filter(({ basis }) => basis === 'chosen').map(({ value, from }) => `${value} chosen: ${from}`);
  return [profile.source, basisOf(profile), ...(profile.period === null ? [] : [profile.period]), ...values].join('; ');
}
