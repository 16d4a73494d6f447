// What the load process is told in its file, and what it says on stdout, one JSON line each.
import type { NodeId } from '../../../node/contract.ts';
import type { Plan } from '../../kinds.ts';
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
  | { readonly type: 'progress'; readonly ok: number; readonly notOk: number; readonly outstanding: number } & RecentFigures
  /** Nothing is open and nothing will come; the events are written. */
  | { readonly type: 'finished' };

/**
 * On stdin, one line each: 'paused PID' and 'resumed PID' of nodes that a fault has stopped. A stopped process cannot
 * see that the lab is gone; at end-of-file the load process, which is never stopped, wakes them to end.
 */
export const PAUSED = 'paused';
export const RESUMED = 'resumed';

/** What the generator itself adds between a client's region and a node; and where else it is shaped, the address to send from. */
export function wayOf({ plan: { links }, sources }: LoadConfig, region: string, to: NodeId): Way {
  if (sources !== null) return { thereMs: 0, backMs: 0, from: sources[region] };
  return { thereMs: links[region]?.[to]?.delayMs ?? 0, backMs: links[to]?.[region]?.delayMs ?? 0 };
}

/** Of every request with commands. */
export function headersOf({ token }: LoadConfig): { readonly [name: string]: string } {
  return { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
}
