// The clients of a run, as a pure machine driven in virtual time by the simulator and in real time by the load process.
import type { Command, NodeId } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { ClientEvent, Plan, Workload } from '../kinds.ts';

export interface ClientPorts {
  /** Ms since the run's start. */
  now(): number;
  /** Runs the callback when now() has reached atMs. */
  at(atMs: number, run: () => void): void;
  /** One attempt from a region to a node; answers at most once; a broken connection answers unknown/connection. Includes the client's link delay, both ways. */
  request(region: string, to: NodeId, command: Command, answer: (reply: Reply) => void): void;
  emit(event: ClientEvent): void;
}

/** Opens sessions, sends at the intended times, retries with the same id until the timeout. */
export declare class Sessions {
  constructor(plan: Plan, workload: Workload, ports: ClientPorts);
  /** Schedules the arrivals of warm-up and measure (open loop), or starts every connection (closed loop). */
  start(): void;
  /** Commands without a final outcome. */
  readonly outstanding: number;
  /** Arrivals that found no free session below plan.load.maxSessions. */
  readonly capped: number;
  /** No arrival is left and none is outstanding. */
  readonly finished: boolean;
}
