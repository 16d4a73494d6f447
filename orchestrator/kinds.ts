// The nouns of the orchestrator: a Plan is one run spelled out, LabEvents are all that happened in it, and everything
// else (faults, workloads, checks, sinks, runners) is an object of one of these kinds. The simulator needs no promises.
import type { z } from 'zod';
import type { ClockSpec } from '../node/clock.ts';
import type { AnyProtocol, Claim, Command, CommandId, Json, KeyOperation, NodeId, Reconfigure } from '../node/contract.ts';
import type { DiskChange, DiskKept } from '../node/disk-fault.ts';
import type { NodeEvent, Reply } from '../node/replica.ts';
import type { Detail } from '../node/seat.ts';
import type { LinkMatrix } from '../netem/link.ts';
import type { LinkChange } from '../netem/overlay.ts';
import type { LinkTrack } from '../netem/schedule.ts';
import type { Certificate, Probes } from '../netem/certificate.ts';
import type { LinkCounters, Probe } from '../netem/shaper.ts';
import type { AttributionSummary } from './attribution/parts.ts';
import type { Moment } from '../sim/moments.ts';

/** closed: attempts pass; open: none does; half-open: one tries. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What the load generator saw. `client` is a session ('c17'); `region` the place its requests come from. */
export type ClientEvent =
  /** atMs: the actual first send; intendedMs: when the arrival schedule wanted it. Latency counts from intendedMs. */
  | { readonly type: 'invoke'; readonly client: string; readonly region: string; readonly command: Command<KeyOperation>; readonly intendedMs: number }
  /** One request for this command leaves for this node; the first and every retry. */
  | { readonly type: 'attempt'; readonly client: string; readonly id: CommandId; readonly to: NodeId }
  /** Refused, broken, or let through by no breaker: it asks again after so long. */
  | { readonly type: 'back-off'; readonly client: string; readonly id: CommandId; readonly waitMs: number }
  /** Of the clients of a region, towards one node; at first it is closed. */
  | { readonly type: 'breaker'; readonly region: string; readonly to: NodeId; readonly state: BreakerState }
  /** The final outcome of the command, at atMs. */
  | { readonly type: 'reply'; readonly client: string; readonly id: CommandId; readonly reply: Reply }
  /** The generator's own audit, once a second and at the end. */
  | { readonly type: 'generator'; readonly sendLagMs: number; readonly loopDelayMs: number; readonly cpuPct: number; readonly sessions: number; readonly capped: number };

export type RunEvent =
  /** The plan's links are those of linkSchedule at plannedMs. skipped: times before it that were passed over, because they were past. */
  | { readonly type: 'scheduled-links'; readonly plannedMs: number; readonly skipped: number }
  /** Probes of one pair. idle: before the run, all of them, with atMs below 0; during: some. From the load generator (node 'load'): a round trip of its clients. */
  | { readonly type: 'certificate'; readonly phase: 'idle' | 'during' } & Probes
  /** At the end, of links that were as planned all the time, as a kernel has counted them. */
  | { readonly type: 'counters'; readonly links: readonly LinkCounters[] }
  | { readonly type: 'action'; readonly action: Action; readonly plannedMs: number; readonly nodes: readonly NodeId[] }
  /** A change of membership, asked of the leader or of whoever is up, and again under the same id until there is an answer. */
  | { readonly type: 'submitted'; readonly command: Command<Reconfigure> }
  /** attempts: how often it was asked. */
  | { readonly type: 'answered'; readonly id: CommandId; readonly reply: Reply; readonly attempts: number }
  | { readonly type: 'fault'; readonly phase: 'begin' | 'end'; readonly name: string; readonly index: number; readonly nodes: readonly NodeId[] };

/** atMs: true time since the run's start (release of the nodes); node: 'lab' for RunEvents, 'load' for ClientEvents. */
export type LabEvent = { readonly atMs: number; readonly node: NodeId; readonly life: number; readonly sequence: number }
  & (NodeEvent | ClientEvent | RunEvent);

/** spare: the next of the nodes that wait to join. */
export type Selector = NodeId | 'leader' | 'any-follower' | 'any' | 'all' | 'spare' | { readonly region: string };

/** One direction between two sides. */
export type Side = { readonly from: readonly Selector[]; readonly to: readonly Selector[] | 'others' };

/** cpus: shares of a processor, such as 0.1. */
export type LimitChange = { readonly cpus?: number | null; readonly memoryBytes?: number | null };

/** Closed: everything a runner can do. Faults are written in these words; a runner lists those it supports. */
export type Action =
  /** start: a node that is down; nothing to one that is up. restart: ends one that is up, by a crash, and starts it. */
  | { readonly type: 'start' | 'restart' | 'pause' | 'resume'; readonly node: Selector }
  /** Takes away its network device, whatever the kernel holds for it too, and gives another. */
  | { readonly type: 'detach' | 'attach'; readonly node: Selector }
  /** What its container may use. Absent: as it is; null: the plan's. With too little memory it ends. */
  | { readonly type: 'limit'; readonly node: Selector } & LimitChange
  /** In order; killed when it has not ended after graceMs. */
  | { readonly type: 'stop'; readonly node: Selector; readonly graceMs: number }
  | { readonly type: 'crash'; readonly node: Selector; readonly disk: DiskKept }
  /** One way each; null takes this overlay off. */
  | { readonly type: 'cut'; readonly overlay: string; readonly cuts: readonly Side[] | null }
  /** The same for changes of links; of two for one link, the later holds. */
  | { readonly type: 'links'; readonly overlay: string; readonly changes: readonly (Side & { readonly change: LinkChange })[] | null }
  /** null: back to the plan's clock. stepMs adds to the present offset. */
  | { readonly type: 'clock'; readonly node: Selector; readonly change: (Partial<ClockSpec> & { readonly stepMs?: number }) | null }
  /** null: back to the plan's disk. */
  | { readonly type: 'disk'; readonly node: Selector; readonly change: DiskChange | null }
  /** What comes later of the same fault waits for its answer, and does not happen unless that is ok. */
  | { readonly type: 'reconfigure'; readonly add: readonly Selector[]; readonly remove: readonly Selector[] }
  /** Arrivals come so many times as fast; 1: as planned. The factors of several faults multiply. */
  | { readonly type: 'load'; readonly factor: number };

/** A pure macro over actions. A selector is resolved once per fault instance: a restart restarts the node that was crashed. */
// oxlint-disable-next-line typescript/no-explicit-any -- the registry holds faults of every parameter type
export interface Fault<P = any> {
  readonly name: string;
  readonly summary: string;
  /** The main argument of the experiment file arrives as `value`. */
  readonly params: z.ZodType<P>;
  actions(params: P, cluster: { readonly nodes: readonly NodeId[]; readonly links: LinkMatrix }, random: () => number):
    readonly { readonly afterMs: number; readonly action: Action }[];
}

/** Sequential specification, for the linearizability check. value: what the client was answered. */
export interface Model<S> {
  readonly initial: S;
  partition(op: KeyOperation): string;
  step(state: S, op: KeyOperation, value: string | null): { readonly legal: boolean; readonly state: S };
  key(state: S): string;
  /** Can appends alone, none or more, lead from this state to one in which a get answers this? Absent: not known. */
  leadsTo?(state: S, value: string | null): boolean;
}

/** What clients ask, and what correct answers are. */
// oxlint-disable-next-line typescript/no-explicit-any -- the registry holds workloads of every parameter type
export interface Workload<P = any> {
  readonly name: string;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  /** Endless; one iterator per session. Each `next` brings what the session was answered last; null: nothing yet. */
  operations(params: P, client: number, random: () => number): Iterator<KeyOperation, never, Reply | null>;
  // oxlint-disable-next-line typescript/no-explicit-any -- the state is the model's own
  readonly model: Model<any>;
}

export type Verdict = {
  readonly check: string;
  /** null: required of every run. */
  readonly claim: Claim | null;
  readonly valid: boolean | 'unknown';
  readonly because: string;
  readonly witness?: Json;
  /** Set by the judge: violated, but the protocol does not claim it. */
  readonly finding?: boolean;
};

export interface Check {
  readonly name: string;
  readonly summary: string;
  readonly claim: Claim | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- any workload's model
  begin(plan: Plan, model: Model<any>): { observe(event: LabEvent): void; finish(): Verdict };
}

export interface Sink {
  readonly name: string;
  readonly summary: string;
  open(plan: Plan, folder: string): Promise<OpenSink>;
}

/** Of one run. */
export interface OpenSink {
  /** Every event of the run, in order of atMs. Events of real processes come when it has ended. */
  write(event: LabEvent): void;
  close(summary: Summary): Promise<void>;
  /**
   * Events of real processes while the run goes, in order and about two seconds late: of clients, faults, links, and what nodes
   * report of themselves, none of single messages, flushes and commits. All of them come to write() later. In a simulated run there are none.
   */
  live?(event: LabEvent): void;
  /** Resolves when it can take more: awaited now and then by whoever can wait, such as a replay. A run cannot. */
  ready?(): Promise<void>;
  /** Asked after close(): an address at which the run can be looked at. */
  view?(): string;
}

/** In this order: places for the nodes are made; all answer, and their links are in force; the idle network is measured; nodes are released. */
export type StartPhase = 'placed' | 'ready' | 'certified' | 'released';

export type RunContext = {
  readonly emit: (event: LabEvent) => void;
  /** Some events while the run goes, as OpenSink.live() takes them; absent: nobody wants them. */
  readonly live?: (event: LabEvent) => void;
  /** To be told, where time is real: Unix time of the run's start, as soon as it has begun. */
  readonly began?: (unixMs: number) => void;
  /** To be told, where time is real: another phase of the start is over. An attempt that was late begins again with the first. */
  readonly reached?: (phase: StartPhase) => void;
  /** Set by Ctrl-C: the runner ends early, leaves nothing behind and returns. */
  readonly stop: { readonly requested: boolean };
  /** Of this run; exists. */
  readonly folder: string;
  /** A few words on what is happening now, and the share that is done. */
  readonly progress: (text: string, share: number) => void;
};

/** notice: why it is not the runner's best, and the remedy. */
export type ShaperChoice = { readonly shaper: string; readonly notice: string | null };

export interface Runner {
  readonly name: string;
  readonly summary: string;
  readonly supports: ReadonlySet<Action['type']>;
  probe(): Promise<Probe>;
  /** The shaper of its runs: the one asked for, or with 'auto' the best that works here. Rejects with a LabError. Absent: it has its own. */
  chooseShaper?(asked: string): Promise<ShaperChoice>;
  /** Emits every event of the run in order of atMs. */
  run(plan: Plan, context: RunContext): Promise<void>;
  /** Only probes the idle network of the plan, and emits what comes of it; no protocol runs. */
  certify(plan: Plan, context: RunContext): Promise<void>;
}

/**
 * Instead of a time: the fault waits from its planned time on until one node has gone through these moments one after the other,
 * and happens afterMs later; 0: in that instant, in the middle of what the node does. `any` then means this node.
 */
export type Aim = {
  readonly moments: readonly Moment[];
  /** So many times it lets pass. */
  readonly passes: number;
  /** Absent: whichever node comes first. */
  readonly node?: NodeId;
  readonly afterMs: number;
  /** From here on nothing of it happens. */
  readonly untilMs: number;
};

/** One run, spelled out: all randomness is fixed here or follows from `seed`. Saved with its results, can be run again. Times in ms. */
export type Plan = {
  readonly version: 1;
  readonly id: string;
  readonly experiment: string;
  /** How the experiment calls this protocol with these options. */
  readonly label: string;
  readonly runner: string;
  readonly shaper: string;
  /** Time stood still while anything computed (netem/kernel): figures of processor and host mean nothing. Absent: real, or the simulator's. */
  readonly time?: 'virtual';
  readonly protocol: string;
  readonly options: Json;
  readonly repetition: number;
  readonly seed: string;
  /** Every wall clock of the run starts here. */
  readonly epochMs: number;
  /** joining: a spare, in no configuration, started by nothing but a fault. */
  readonly nodes: readonly { readonly id: NodeId; readonly address: string; readonly region: string; readonly clock: ClockSpec; readonly joining?: true }[];
  /** Pinned, or null. */
  readonly leader: NodeId | null;
  /** Rows and columns: node ids and the regions of clients. */
  readonly links: LinkMatrix;
  /** How they change over time, by plan and not by faults; absent: they do not. entries: what it was made of. */
  readonly linkSchedule?: { readonly entries: readonly string[]; readonly tracks: readonly LinkTrack[] };
  readonly network: { readonly profile: string; readonly source: string };
  readonly maxMessageBytes: number;
  readonly frameBytes: number;
  readonly fsyncMs: number | 'real';
  /** Of each node's container; absent: the runner's own. cpus null: all there are. */
  readonly limits?: { readonly cpus: number | null; readonly memoryBytes: number; readonly pids: number };
  readonly load: {
    readonly workload: string;
    readonly params: Json;
    readonly clients: readonly { readonly region: string; readonly count: number }[];
    /** Total over all clients; null: closed loop, `count` connections in each region. */
    readonly ratePerSecond: number | null;
    readonly arrivals: 'poisson' | 'constant';
    readonly target: 'leader' | 'nearest' | 'spread';
    readonly atFollower: 'forward' | 'redirect';
    readonly timeoutMs: number;
    /** An attempt without an answer is repeated at another node after this. */
    readonly retryMs: number;
    /** Before an attempt after a refusal: not at all, always firstMs, or firstMs doubled each time up to mostMs, with jitter. */
    readonly backOff: { readonly kind: 'none' | 'fixed' | 'exponential'; readonly firstMs: number; readonly mostMs: number };
    /** Opens after so many failures of a node in a row, for so long; null: none. */
    readonly breaker: { readonly failures: number; readonly openMs: number } | null;
    /** Commands in one request; 1: each in its own. */
    readonly batch: number;
    readonly maxSessions: number;
  };
  readonly warmupMs: number;
  readonly measureMs: number;
  /** At most; ends as soon as no command is open. */
  readonly settleMs: number;
  readonly detail: Detail;
  /** atMs: since the run's start (warm-up included). index counts the experiment's faults from 0. phase: begin at its first action, end at its last. aim: of hunts, which only the simulator runs. */
  readonly schedule: readonly { readonly atMs: number; readonly aim?: Aim; readonly fault: { readonly name: string; readonly index: number; readonly phase: 'begin' | 'middle' | 'end' }; readonly action: Action }[];
  readonly thresholds: readonly { readonly metric: string; readonly below?: number; readonly above?: number }[];
  /** What the experiment says it will be, in the figure's unit; of violated.CLAIM: % of the repetitions. Absent: it says nothing. */
  readonly predictions?: readonly { readonly figure: string; readonly value: number }[];
  /** What planning wants the user to know. */
  readonly warnings: readonly string[];
};

/** value null: nothing to measure. bound '>': a lower bound, because the percentile falls on a censored outcome; 'failed': on a failed one. */
export type Figure = {
  readonly value: number | null;
  readonly unit: 'ms' | '/s' | '' | '%' | 'bytes' | 's';
  readonly bound: '=' | '>' | 'failed';
  /** Fewer than 10 samples lie beyond this percentile; of optimum.ratio: its standard error is above 1 %. */
  readonly uncertain?: boolean;
};

export type Summary = {
  readonly version: 1;
  readonly plan: Plan;
  /** Ctrl-C: the figures cover a part of the run. */
  readonly partial: boolean;
  /** false: a claim is violated or the run is invalid; the figures must not be published. */
  readonly publishable: boolean;
  /** Why the run is invalid as a measurement, if it is. */
  readonly invalid: readonly string[];
  /** fit: later runs may be compared with this one. `because`: what bars it; all that makes it invalid, and less. */
  readonly baseline: { readonly fit: boolean; readonly because: readonly string[] };
  readonly metrics: { readonly [name: string]: Figure };
  readonly regions: readonly RegionRow[];
  readonly expected: readonly ExpectedRow[];
  readonly outages: readonly Outage[];
  /** Where the latency went; absent: messages were only sampled, or the lab that wrote the run did not tell of arrivals. */
  readonly attribution?: AttributionSummary;
  /** Of the network; absent: it was not probed. */
  readonly certificate?: Certificate;
  readonly verdicts: readonly Verdict[];
  readonly missed: readonly string[];
};

/** The figures of one client region. */
export type RegionRow = { readonly region: string; readonly metrics: { readonly [name: string]: Figure } };

/** One per client region; never pooled. */
export type ExpectedRow = {
  readonly region: string;
  readonly entry: NodeId;
  readonly leader: NodeId | null;
  readonly expectedP50Ms: number;
  readonly expectedMeanMs: number;
  readonly measuredP50Ms: number | null;
  readonly measuredMeanMs: number | null;
  readonly samples: number;
  /** One standard error of the median of so many samples of the closed form; null without samples. */
  readonly samplingErrorMs: number | null;
  /** Kolmogorov–Smirnov distance of the measured latencies to the mixture; null for a point. */
  readonly ksDistance: number | null;
};

/**
 * outageMs: the longest gap between commits that overlaps the fault; steadyMs: the longest gap outside every fault.
 * leaderAfter: who led when that gap ended; null: nobody, it did not end, or leadership is not stable.
 */
export type Outage = {
  readonly fault: string;
  readonly index: number;
  readonly atMs: number;
  readonly nodes: readonly NodeId[];
  readonly outageMs: number;
  readonly steadyMs: number | null;
  readonly recoveredMs: number | null;
  readonly leaderAfter: NodeId | null;
  /** Absent: no gap overlaps the fault, or an older lab wrote it. */
  readonly window?: OutageWindow;
  /** Of the crash of a leader alone, where the protocol states its elections. */
  readonly expected?: ExpectedOutage;
};

/**
 * In ms since the begin of the fault. detected: another node than those of the fault first says that it is something else (a candidate);
 * elected: the leader of the first commit began to lead; committed: that commit, which ended the outage. null: that did not happen, or no
 * leader stays. failed, stalled: of the commands that were open between the begin of the fault and the recovery, those without an ok, and
 * those slower than the slowest of their region before the first fault. outageMs: the longest time without an answer in that region.
 */
export type OutageWindow = {
  readonly detectedMs: number | null;
  readonly electedMs: number | null;
  readonly committedMs: number | null;
  readonly failed: number;
  readonly stalled: number;
  readonly regions: readonly { readonly region: string; readonly outageMs: number; readonly failed: number; readonly stalled: number }[];
};

/** In ms from the crash of a leader to the first commit: the mean of 10,000 elections, and the range of nine of ten. null: such elections do not end. */
export type ExpectedOutage = {
  readonly meanMs: number | null;
  readonly p5Ms: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** The mean without split votes; null where that does not hold. */
  readonly closedFormMs: number | null;
};

/** The one extension point: the default export of a module given with --plugin; the built-ins are a Plugin too. */
export interface Plugin {
  readonly protocols?: readonly AnyProtocol[];
  readonly workloads?: readonly Workload[];
  readonly faults?: readonly Fault[];
  readonly checks?: readonly Check[];
  /** Beside `files`, when a run names them. */
  readonly sinks?: readonly Sink[];
  /** For `lab protocol NAME …`. */
  readonly commands?: readonly ProtocolCommand[];
}

/** Commands that a protocol brings along. */
export interface ProtocolCommand {
  /** Of the protocol. */
  readonly name: string;
  readonly summary: string;
  /** argv: what stands behind the name. stop: set by Ctrl-C. Resolves to the exit code; what is wrong with its input is thrown as a LabError or commander's error. */
  run(argv: readonly string[], stop: { readonly requested: boolean }): Promise<number>;
}
