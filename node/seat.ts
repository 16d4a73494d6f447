// What one replica is told when it starts: its place in the cluster, and on a real host its sockets and files.
import type { ClockSpec } from './clock.ts';
import type { Json, NodeId } from './contract.ts';
import type { DiskKept } from './disk-fault.ts';

export type Seat = {
  readonly self: NodeId;
  readonly members: readonly NodeId[];
  readonly joining: boolean;
  /** Logical addresses, the same on every runner. */
  readonly addresses: { readonly [id: NodeId]: string };
  readonly options: Json;
  readonly maxMessageBytes: number;
  /** Largest datagram, header included. */
  readonly frameBytes: number;
  readonly atFollower: 'forward' | 'redirect';
  readonly run: string;
  /** Counts this node's starts from 1. */
  readonly life: number;
};

/** Which of the sent / received / durable events are kept. */
export type Detail = 'messages' | 'sampled' | 'totals';

/** The whole configuration of a node process (node/host/main.ts), a JSON file named on its command line. */
export type HostConfig = {
  readonly seat: Seat;
  readonly protocol: string;
  /** Modules to import, in order, before `protocol` is looked up: their default exports may bring protocols. Absolute paths. */
  readonly plugins: readonly string[];
  readonly seed: string;
  /** UDP sockets of every member, self included. */
  readonly sockets: { readonly [id: NodeId]: { readonly host: string; readonly port: number } };
  /**
   * names: what a Host header may say besides the host, any IP address and localhost. path: of a UNIX socket that only this
   * user can open, to the same door; it is reached from another network namespace too.
   */
  readonly http: { readonly host: string; readonly port: number; readonly names?: readonly string[]; readonly path?: string };
  /** Bearer token of /control/*; where http is not on loopback, of everything but GET /status. */
  readonly token: string;
  /** Signs every frame; null: frames are not signed, which is refused where a socket is not on loopback. */
  readonly secret: string | null;
  readonly dataDir: string;
  /** What the crash before this life is to have left of the log in dataDir; 'keep' after any other end. */
  readonly diskKept: DiskKept;
  /** NDJSON, appended to; one line per event, across lives. */
  readonly eventsFile: string;
  /** Every wall clock of the run reads this at originNs. */
  readonly epochMs: number;
  /** CLOCK_MONOTONIC of the host, in nanoseconds, at the run's time zero. Decimal digits. */
  readonly originNs: string;
  readonly clock: ClockSpec;
  /** 'real': fdatasync as it comes. A number: at least so long, in ms. */
  readonly fsyncMs: number | 'real';
  readonly detail: Detail;
  /** Commands accepted and not yet answered; beyond it 503 with Retry-After. */
  readonly maxPending: number;
  readonly requestTimeoutMs: number;
  /** true: waits for POST /control/go before the machine starts. */
  readonly held: boolean;
};

/** What is the same for each node and life of a cluster that outlives a run (docker-compose.yml). */
export type ClusterFile = Pick<HostConfig, 'protocol' | 'seed' | 'fsyncMs' | 'detail' | 'maxPending' | 'requestTimeoutMs'> & {
  readonly version: 1;
  readonly seat: Omit<Seat, 'self' | 'life' | 'joining'>;
};
