// What a running cluster and the commands of another terminal say to each other: one JSON question, one JSON answer, over
// loopback, with the token that only the user's own processes can read.
import type { NodeId, KeyOperation } from '../../../node/contract.ts';
import type { Reply } from '../../../node/replica.ts';
import type { ErrorCode } from '../../errors.ts';

export type Question =
  | { readonly ask: 'status' }
  /** at: the node that is asked; null: the leader, else whoever answers. */
  | { readonly ask: 'submit'; readonly op: KeyOperation; readonly at: NodeId | null }
  /** As typed after `lab fault`. */
  | { readonly ask: 'fault'; readonly words: readonly string[] }
  | { readonly ask: 'heal' };

export type NodeRow = {
  readonly id: NodeId;
  readonly region: string;
  readonly url: string;
  readonly up: boolean;
  /** null: it does not run, or did not answer in time. */
  readonly role: string | null;
  readonly leader: NodeId | null;
  readonly epoch: number | null;
  readonly lastSlot: number | null;
  readonly commitSlot: number | null;
};
/** A fault that is on: what it took away is not back. */
export type FaultRow = { readonly name: string; readonly nodes: readonly NodeId[]; readonly sinceMs: number };
export type ClusterStatus = {
  readonly cluster: string;
  readonly protocol: string;
  readonly network: string;
  readonly upMs: number;
  readonly leader: NodeId | null;
  readonly nodes: readonly NodeRow[];
  readonly faults: readonly FaultRow[];
};
/** node: whose answer it is; null: nobody's. */
export type Submitted = { readonly reply: Reply; readonly node: NodeId | null; readonly tookMs: number };
export type FaultBegun = { readonly name: string; readonly nodes: readonly NodeId[]; readonly endsAfterMs: number | null };
export type Healed = { readonly undone: readonly string[] };

export type Answers = { readonly status: ClusterStatus; readonly submit: Submitted; readonly fault: FaultBegun; readonly heal: Healed };
export type Answer<Ask extends keyof Answers> = { readonly answer: Answers[Ask] } | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string } };
