// What the load process is told in its file, and what it says on stdout, one JSON line each.
import type { NodeId } from '../../../node/contract.ts';
import type { Plan } from '../../kinds.ts';
import type { RecentFigures } from './recent.ts';

export type LoadConfig = {
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
