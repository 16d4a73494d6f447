// Into what parts the latency of a commit falls, and what an attribution says of a run. The parts are a path, one after the
// other: they sum to the latency, and what the events do not explain is the residual.
import type { CommandId, NodeId } from '../../node/contract.ts';

export type PartName =
  | 'retry' | 'client' | 'forward' | 'queue' | 'wait' | 'resend' | 'network-out' | 'follower-queue' | 'follower-fsync' | 'network-back'
  | 'leader-fsync' | 'apply' | 'reply';

export type Part = { readonly name: PartName; readonly short: string; readonly meaning: string };

/** In the order of the path. The node that placed the command first is called its leader, whoever asked it the entry node. */
export const PARTS: readonly Part[] = [
  { name: 'retry', short: 'retry', meaning: 'from the intended send time to the send of the attempt that was answered: a late generator, attempts before it' },
  { name: 'client', short: 'client → node', meaning: 'from that send to the arrival at the entry node' },
  { name: 'forward', short: 'forward', meaning: 'from the entry node to the leader' },
  { name: 'queue', short: 'queue', meaning: 'at the entry node and at the leader, before it left for the followers or for the disk: turns, batches, a flush under way' },
  { name: 'wait', short: 'wait by the clock', meaning: 'for what the protocol does by the clock (tick of the contract): a round, a signature' },
  { name: 'resend', short: 'lost message', meaning: 'from a message that was lost to the one that was sent again' },
  { name: 'network-out', short: 'network out', meaning: 'from the leader to the follower that closed the quorum' },
  { name: 'follower-queue', short: 'follower queue', meaning: 'at that follower, before its flush began and after it ended' },
  { name: 'follower-fsync', short: 'follower fsync', meaning: 'the flush of that follower' },
  { name: 'network-back', short: 'network back', meaning: 'from that follower to the node that decided' },
  { name: 'leader-fsync', short: 'leader fsync', meaning: "a flush of the leader that was waited for: where it closed the quorum, or where a message must not leave before it" },
  { name: 'apply', short: 'apply', meaning: 'at the node that decided, from the closing of the quorum until it answers or tells of the commit, and the turn of the entry node that hears of it' },
  { name: 'reply', short: 'reply', meaning: 'from the node that decided to the entry node, as an answer or as word of the commit, and from there to the client' },
];

export type PartMeans = { readonly [part in PartName]: number };

/** Of the commits of one client region. meanMs = the sum of parts + residualMs. */
export type AttributionRow = {
  readonly region: string;
  readonly commits: number;
  readonly meanMs: number;
  readonly parts: PartMeans;
  readonly residualMs: number;
  /** Which node closed the quorum, in shares of the commits for which it is known, most first. */
  readonly closedBy: readonly { readonly node: NodeId; readonly share: number }[];
};

/** Of the path: to null: at this node. part null: unexplained. message: its name. Times in ms since the run's start. */
export type Segment = {
  readonly part: PartName | null;
  readonly from: NodeId | 'clients';
  readonly to: NodeId | 'clients' | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly message?: string;
};

/** A message beside the path. toMs null: it came after the answer, or never. */
export type Beside = { readonly from: NodeId; readonly to: NodeId; readonly fromMs: number; readonly toMs: number | null; readonly message: string };

/** One commit at this percentile of the commits attributed. */
export type CommitPath = {
  readonly percentile: string;
  readonly id: CommandId;
  readonly region: string;
  readonly totalMs: number;
  readonly closedBy: NodeId | null;
  readonly segments: readonly Segment[];
  readonly beside: readonly Beside[];
};

/** because: why there are no rows, or what they leave out; null: nothing to say. tick: the name of what is waited for by the clock. */
export type AttributionSummary = {
  readonly because: string | null;
  readonly tick: string | null;
  readonly rows: readonly AttributionRow[];
  readonly commits: readonly CommitPath[];
};
