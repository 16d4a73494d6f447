// The seam between a consensus protocol and everything else. Read this file first.
//
// A protocol is a pure machine: inputs arrive through Machine's handlers, effects leave through Env's verbs. It never
// sees a socket, a disk, a clock or the name of the runner. The one rule that carries safety:
// a `send` leaves once every earlier `persist` is durable; everything else happens at once.
//
// Data is a `type`, behaviour an `interface`: only types are assignable to Json.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** 'n1', 'n2' … in the order of the experiment file. */
export type NodeId = string;
/** 'c1:17': session and sequence number, joined by the last colon. A retry keeps it. */
export type CommandId = string;

/** What clients ask for: each is about one key. */
export type KeyOperation =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  /** Answers 'true' or 'false'. */
  | { readonly type: 'cas'; readonly key: string; readonly expect: string | null; readonly value: string }
  | { readonly type: 'append'; readonly key: string; readonly value: string };
/**
 * A change of membership, asked for by the lab: answers null, and changes no key. Reaches only protocols that are `reconfigurable`.
 * Its commit says that the new configuration alone is in force: who was removed may be switched off.
 */
export type Reconfigure = { readonly type: 'reconfigure'; readonly add: readonly NodeId[]; readonly remove: readonly NodeId[] };
export type Operation = KeyOperation | Reconfigure;

export type Command<O extends Operation = Operation> = { readonly id: CommandId; readonly op: O };

/** epoch: the one in which this command was first proposed for this slot, the same on every node. Slots count from 1. */
export type Position = { readonly epoch: number; readonly slot: number };

export type Status = {
  readonly role: string;
  readonly leader: NodeId | null;
  readonly epoch: number;
  readonly lastSlot: number;
  readonly commitSlot: number;
  /** The configurations in force, oldest first. */
  readonly configurations: readonly { readonly slot: number; readonly members: readonly NodeId[] }[];
};

export type Claim = 'agreement' | 'validity' | 'linearizability' | 'durability' | 'one-leader-per-epoch';

export type Problem = { readonly level: 'error' | 'warning'; readonly option: string; readonly message: string };

/** What a machine may do. Times are milliseconds. */
export interface Env<Message, Entry, Options> {
  readonly self: NodeId;
  /** The initial configuration; the contacts when joining. */
  readonly members: readonly NodeId[];
  /** In no configuration yet. */
  readonly joining: boolean;
  readonly options: Options;
  readonly maxMessageBytes: number;
  /** The plan's logical address, never the socket's: the same on every runner (STICK hashes it). */
  address(id: NodeId): string;
  /** Monotonic ms; drifts with the node's oscillator. */
  now(): number;
  /** Unix ms as this node's NTP-disciplined clock reads. */
  wallClock(): number;
  /** [0, 1), seeded per node and life. */
  random(): number;
  /** Appends to the durable log; a crash keeps a prefix of the entries, and may cut inside one call. */
  persist(...entries: Entry[]): void;
  /** Replaces everything persisted so far, all or nothing. */
  checkpoint(entries: readonly Entry[]): void;
  /** Leaves once every earlier persist and checkpoint is durable. To self: an input of a later turn, as soon as durable. */
  send(to: NodeId | readonly NodeId[], message: Message): void;
  /** Leaves at once: only for what no later life of this node can contradict. Never to self. */
  sendBeforeDurable(to: NodeId | readonly NodeId[], message: Message): void;
  /** Stored at this position, not yet committed; repeatable, the latest wins; ignored at or below the applied slot. */
  place(id: CommandId | null, at: Position): void;
  /**
   * Decided, by durable votes alone (count yourself only by a message to self). In slot order without gaps (asserted).
   * A null command is a no-op, a signature and the like.
   */
  commit(command: Command | null, at: Position): void;
  /** This command certainly did not and will not happen through this node. 'malformed': nor through any other, as it stands. */
  reject(id: CommandId, reason: 'not-leader' | 'no-quorum' | 'busy' | 'malformed', leader?: NodeId): void;
  /** A read outside the log: evaluated once afterSlot is applied. */
  serve(command: Command, afterSlot: number): void;
  /** Encoded bytes, to batch up to maxMessageBytes. */
  sizeOf(message: Message): number;
  /** Of the state machine, which Replica owns. */
  snapshot(): { readonly state: Json; readonly at: Position };
  /** Never backwards (asserted). */
  restore(state: Json, at: Position): void;
  /** One pending firing per name; setting it again moves it; when it fires, now() has reached the time. */
  setTimer(name: string, afterMs: number): void;
  /** Fires when wallClock() reads this; at once when that is already past. */
  setAlarm(name: string, wallClockMs: number): void;
  /** A timer or an alarm. */
  clearTimer(name: string): void;
  trace(name: string, detail?: Json): void;
}

/** Keeps its state in ordinary fields (no #private, closures or generators): an explorer hashes every field but `env`. */
export interface Machine<Message, Entry> {
  /** What survived the last life, in order. */
  start(entries: readonly Entry[]): void;
  message(from: NodeId, message: Message): void;
  /** A timer or an alarm. */
  timer(name: string): void;
  /** All that arrived in one turn; may repeat ids already placed (applied ones are answered by Replica). */
  commands(batch: readonly Command[]): void;
  /** Once after the last input of a turn: send what was gathered. */
  turn?(): void;
  /** Cheap: read after every turn. */
  status(): Status;
  readonly routes?: { readonly [route: `GET /${string}`]: Route };
}

export type Route = (query: { readonly [key: string]: string | undefined }) => { readonly status: number; readonly body: Json };

/** Who leads, for selectors and pinning: one until it fails, another each epoch by rule, or nobody. */
export type Leadership = 'stable' | 'rotating' | 'none';

/** Everything the lab knows of a protocol. A missing member takes the strictest default. */
export interface Protocol<Message extends Json, Entry extends Json, Options> {
  readonly name: string;
  readonly summary: string;
  /** Names, types and values of its options. */
  readonly defaults: Options;
  create(env: Env<Message, Entry, Options>): Machine<Message, Entry>;
  /** Default: all. A literal variant claims less. */
  claims?(options: Options): readonly Claim[];
  /** Fills in 'auto' values and the pinned leader, and names what cannot be (q1 + q2 ≤ N …). Pure; called at planning. */
  resolve?(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] };
  /** Default 'stable': only a stable leader can be pinned; 'none' refuses the selector `leader`. */
  leadership?(options: Options): Leadership;
  /** Default true; false: a crashed node returns under a new id. */
  readonly restartable?: boolean;
  /** Default false; true: it changes its members by the operation `reconfigure`, and nodes may join. A function: with these options, resolved or not. */
  readonly reconfigurable?: boolean | ((options: Options) => boolean);
  /** Default false; true: log epochs never fall from slot to slot. */
  readonly epochsRiseWithSlot?: boolean;
  /**
   * The longest of its periods in ms, such as an election timeout or a round; `options` are resolved. Default 1000. A hunt draws delays
   * beyond it, and expects that clients are answered again within ten of them once every fault is over.
   */
  longestPeriodMs?(options: Options): number;
  /**
   * What commands wait for by the clock and not for a message: a round, a signature; `options` are resolved. Absent or null: nothing,
   * such a wait stays unexplained in the attribution of latencies. A load that keeps step with it is warned of.
   */
  tick?(options: Options): Tick | null;
  /** The closed form of the commit latency that a client sees; null where the protocol states none. */
  expected?(options: Options, facts: Facts, load: ExpectedLoad): Expected | null;
  /** How the others replace a leader that has crashed, by timeouts; null where they do not. An outage is told beside what this predicts. */
  election?(options: Options, facts: Facts): Election | null;
  /** Options worth trying on such a network so that `tolerate` nodes may be down; `facts.leader` is null. Default: the defaults alone. */
  advice?(facts: Facts, tolerate: number): readonly Advice<Options>[];
}

/** Given options, and in what they are good. */
export type Advice<Options> = { readonly options: Partial<Options>; readonly because: string };

export type Election = {
  /** Of the last message of the leader, drawn uniformly by each node; then it campaigns. */
  readonly timeoutMs: readonly [number, number];
  /** Between messages of an idle leader. */
  readonly heartbeatMs: number;
  /** A candidate first asks whether it would be elected; who heard a leader within the least timeout refuses. */
  readonly preVote: boolean;
  /** true: each candidate has numbers of its own, and a higher one takes the votes of a lower. false: a vote for each term. */
  readonly ballots: boolean;
  /** Of so many members, its own among them. */
  readonly votes: number;
};

/** name: in one word, such as 'round'. */
export type Tick = { readonly name: string; readonly periodMs: number };

export type ExpectedLoad = {
  /** Its region, with rows in facts.oneWayMs. */
  readonly client: string;
  readonly entry: NodeId;
  readonly leader: NodeId | null;
  readonly atFollower: 'forward' | 'redirect';
  readonly ratePerSecond: number | null;
};

/** A mixture of uniforms (from = to: a point); mean, percentiles and Kolmogorov–Smirnov distance follow. Weights sum to 1. */
export type Expected = readonly { readonly weight: number; readonly fromMs: number; readonly toMs: number }[];

export type Facts = {
  readonly members: readonly NodeId[];
  /** Pinned by the experiment. */
  readonly leader: NodeId | null;
  readonly oneWayMs: { readonly [from: string]: { readonly [to: string]: number } };
  /** Largest |clock − true time| that the plan allows for. */
  readonly clockErrorMs: number;
  readonly fsyncMs: number;
  readonly frameBytes: number;
};

// oxlint-disable-next-line typescript/no-explicit-any -- a registry holds protocols of every Message, Entry and Options
export type AnyProtocol = Protocol<any, any, any>;

/** Infers Message and Entry from `create`, and checks the object. */
export function protocol<Message extends Json, Entry extends Json, Options>(
  definition: Protocol<Message, Entry, Options>,
): Protocol<Message, Entry, Options> {
  return definition;
}
