// What a matrix of delays says of the network: how far its regions are from each other, what a majority costs a leader in each
// of them, and what one would not expect: directions that differ, and detours that are quicker than the direct way.
import { oneWayMs } from './profiles.ts';
import type { Profile } from './profiles.ts';

export type Pair = { readonly from: string; readonly to: string; readonly rttMs: number };
/** What the source has for either direction, in its own unit. */
export type Asymmetry = { readonly from: string; readonly to: string; readonly thereMs: number; readonly backMs: number; readonly pct: number };
/** By way of another region, in the unit of the profile. */
export type Detour = { readonly from: string; readonly to: string; readonly via: string; readonly directMs: number; readonly viaMs: number };

export type Analysis = {
  /** Round trips between different regions, as links take them; null with one region. */
  readonly rtt: { readonly nearest: Pair; readonly medianMs: number; readonly widest: Pair } | null;
  /** Above 5 % of their mean, the largest difference in ms first. */
  readonly asymmetries: readonly Asymmetry[];
  /** For each pair that has a quicker way, the quickest one; what it saves most first. */
  readonly detours: readonly Detour[];
  /** From a leader in each region to the nearest majority of all regions, itself counted, and back; the quickest first. */
  readonly majority: readonly { readonly region: string; readonly rttMs: number }[];
  /** Between two machines of one region. */
  readonly withinMs: { readonly least: number; readonly most: number };
};

const ASYMMETRY_PCT = 5;
/** Sums of fractions of milliseconds are no better than this. */
const ROUNDING_MS = 1e-9;

/** There and back. */
function rttMs(profile: Profile, from: string, to: string): number {
  return oneWayMs(profile, from, to) + oneWayMs(profile, to, from);
}

export function analyse(profile: Profile): Analysis {
  const { regions } = profile;
  const pairs = pairsOf(regions).map(([from, to]): Pair => ({ from, to, rttMs: rttMs(profile, from, to) })).sort((left, right) => left.rttMs - right.rttMs);
  const [nearest, widest] = [pairs[0], pairs.at(-1)];
  const within = regions.map((region) => rttMs(profile, region, region));
  return {
    rtt: nearest === undefined || widest === undefined ? null : { nearest, widest, medianMs: medianOf(pairs) },
    asymmetries: asymmetriesOf(profile), detours: detoursOf(profile), majority: majorityOf(profile),
    withinMs: { least: Math.min(...within), most: Math.max(...within) },
  };
}

function pairsOf(regions: readonly string[]): readonly (readonly [string, string])[] {
  return regions.flatMap((from, index) => regions.slice(index + 1).map((to) => [from, to] as const));
}

/** Sorted by round trip. */
function medianOf(pairs: readonly Pair[]): number {
  const upper = pairs[Math.floor(pairs.length / 2)]?.rttMs ?? 0;
  const lower = pairs[Math.floor((pairs.length - 1) / 2)]?.rttMs ?? 0;
  return (lower + upper) / 2;
}

function asymmetriesOf({ regions, ms }: Profile): readonly Asymmetry[] {
  const found = regions.flatMap((from, row) => regions.slice(row + 1).map((to, offset): Asymmetry => {
    const thereMs = ms[row]?.[row + 1 + offset] ?? 0;
    const backMs = ms[row + 1 + offset]?.[row] ?? 0;
    const mean = (thereMs + backMs) / 2;
    return { from, to, thereMs, backMs, pct: mean === 0 ? 0 : (100 * Math.abs(thereMs - backMs)) / mean };
  }));
  const difference = ({ thereMs, backMs }: Asymmetry) => Math.abs(thereMs - backMs);
  return found.filter(({ pct }) => pct > ASYMMETRY_PCT).sort((left, right) => difference(right) - difference(left) || right.pct - left.pct);
}

/** Round trips are the same from both ends: each pair is looked at once. */
function detoursOf(profile: Profile): readonly Detour[] {
  const { regions, unit } = profile;
  const delay = (from: string, to: string) => (unit === 'rtt' ? rttMs(profile, from, to) : oneWayMs(profile, from, to));
  const pairs = unit === 'rtt' ? pairsOf(regions) : regions.flatMap((from) => regions.filter((to) => to !== from).map((to) => [from, to] as const));
  const found = pairs.flatMap(([from, to]): Detour[] => {
    const directMs = delay(from, to);
    const ways = regions.filter((via) => via !== from && via !== to).map((via): Detour => ({ from, to, via, directMs, viaMs: delay(from, via) + delay(via, to) }));
    const best = ways.reduce<Detour | null>((best, way) => (best === null || way.viaMs < best.viaMs ? way : best), null);
    return best !== null && best.viaMs < directMs - ROUNDING_MS ? [best] : [];
  });
  return found.sort((left, right) => (right.directMs - right.viaMs) - (left.directMs - left.viaMs));
}

function majorityOf(profile: Profile): Analysis['majority'] {
  const { regions } = profile;
  const others = Math.floor(regions.length / 2);
  return regions.map((region) => {
    const trips = regions.filter((other) => other !== region).map((other) => rttMs(profile, region, other)).sort((left, right) => left - right);
    return { region, rttMs: others === 0 ? 0 : trips[others - 1] ?? 0 };
  }).sort((left, right) => left.rttMs - right.rttMs);
}
