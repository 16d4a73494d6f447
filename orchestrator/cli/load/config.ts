// What the load process is told in its file, and what it says on stdout, one JSON line each.
import type { NodeId } from '../../../node/contract.ts';
import type { Plan } from '../../kinds.ts';
import { openClientDelay } from '../../load/client-delay.ts';
import type { LoadPlace } from '../realtime.ts';
import type { RecentFigures } from './recent.ts';
import type { Way } from './relay.ts';

export type LoadConfig = Pick<LoadPlace, 'sources' | 'token'> & {
  readonly plan: Plan;
  /** Absolute paths; they may bring the workload. */
  readonly plugins: readonly string[];
  /** CLOCK_MONOTONIC at the run's time zero, decimal digits. */
  readonly originNs: string;
  readonly urls: { readonly [node: NodeId]: string };
  /** NDJSON of LabEvents. */
  readonly eventsFile: string;
};

export type LoadMessage =
  /** Everything is loaded; the origin may come. */
  | { readonly type: 'ready' }
  /** The round trips of its clients are in its events. */
  | { readonly type: 'measured' }
  | { readonly type: 'progress'; readonly ok: number; readonly notOk: number; readonly outstanding: number } & RecentFigures
  /** Nothing is open and nothing will come; the events are written. */
  | { readonly type: 'finished' };

/** On stdin: the links are as planned and nothing else happens, the round trips may be measured. */
export const MEASURE = 'measure';

/**
 * On stdin, one line each: 'paused PID' and 'resumed PID' of nodes that a fault has stopped. A stopped process cannot
 * see that the lab is gone; at end-of-file the load process, which is never stopped, wakes them to end.
 */
export const PAUSED = 'paused';
export const RESUMED = 'resumed';
/** On stdin, with node ids behind it: the members from now on. */
export const MEMBERS = 'members';

/** What the generator itself adds between a client's region and a node; and where else it is shaped, the address to send from. */
export function openWays({ plan, sources }: LoadConfig): (region: string, to: NodeId) => Way {
  if (sources !== null) return (region) => ({ delays: false, thereMs: () => 0, backMs: () => 0, from: sources[region] });
  const delay = openClientDelay(plan);
  const changing = new Set(plan.linkSchedule?.tracks.flatMap(({ links }) => links.map(([from, to]) => `${from} ${to}`)));
  const ways = new Map<string, Way>();
  return (region, to) => {
    const known = ways.get(`${region} ${to}`);
    if (known !== undefined) return known;
    const delays = [[region, to], [to, region]].some(([from = '', there = '']) => changing.has(`${from} ${there}`) || delay(from, there, 0) > 0);
    const way = { delays, thereMs: (atMs: number) => delay(region, to, atMs), backMs: (atMs: number) => delay(to, region, atMs) };
    ways.set(`${region} ${to}`, way);
    return way;
  };
}

/** Of every request with commands. */
export function headersOf({ token }: LoadConfig): { readonly [name: string]: string } {
  return { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
}
