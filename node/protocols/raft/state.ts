// What one Raft server keeps (paper, figure 2), and the steps that all its parts share:
//
//   durable     currentTerm, votedFor, log (the entry at index i is slot i, its term the epoch)
//   volatile    commitIndex, role, leader; configurations, which follow from the log
//   leader      a Progress per follower (nextIndex, matchIndex), ownMatchIndex: how far its own log is durable
import { assert } from '../../assert.ts';
import type { Command, Env, Json, NodeId } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Log } from '../../kit/log.ts';
import { Configurations } from './configurations.ts';
import { EarlyEntries } from './early.ts';
import type { AppendEntries, DiskEntry, LogEntry } from './messages.ts';
import { HEARTBEATS, timeoutMsOf } from './options.ts';
import type { Options } from './options.ts';
import type { Progress } from './progress.ts';

/** appendEntries without entries, its numbers as long as they get. */
const ENVELOPE: AppendEntries = {
  type: 'appendEntries', term: Number.MAX_SAFE_INTEGER, prevLogIndex: Number.MAX_SAFE_INTEGER, prevLogTerm: Number.MAX_SAFE_INTEGER,
  entries: [], leaderCommit: Number.MAX_SAFE_INTEGER,
};

type Joining = {
  readonly command: Command; readonly nodes: readonly NodeId[]; readonly members: readonly NodeId[];
  readonly round: number; readonly upTo: number; readonly sinceMs: number;
};

export abstract class State {
  readonly env: Env<Json, DiskEntry, Options>;
  readonly timeoutMs: readonly [number, number];
  readonly heartbeatMs: number;
  readonly batchLimitBytes: number;

  currentTerm = 0;
  votedFor: NodeId | null = null;
  log = new Log<LogEntry>();
  configurations: Configurations;
  commitIndex = 0;
  role: 'follower' | 'pre-candidate' | 'candidate' | 'leader' = 'follower';
  leader: NodeId | null = null;
  /** Whom this server asks and tells: the members, and as the leader those that join or leave. */
  peers: readonly NodeId[] = [];

  /** The pinned leader, until it has heard of a leader: it does not wait for its timeout. */
  eager = false;
  electionTimeoutMs = 0;
  waitingSinceMs = 0;
  heardLeaderMs: number | null = null;
  votes = new Set<NodeId>();

  /** The log and the present leader's are the same somewhere: what is missing was lost or overtaken on the way. */
  matched = false;
  early = new EarlyEntries();
  /** The acknowledgement that leaves at the end of this turn. */
  verifiedIndex: number | null = null;

  progress = new Map<NodeId, Progress>();
  ownMatchIndex = 0;
  uncommitted = new CommandIndex();
  /** The change that waits for its new nodes to catch up: they have to reach upTo in this round, which began at sinceMs. */
  joining: Joining | null = null;
  /** Who left by the last change and may not know that it is committed. */
  left: readonly NodeId[] = [];

  constructor(env: Env<Json, DiskEntry, Options>) {
    this.env = env;
    this.timeoutMs = timeoutMsOf(env.options);
    this.heartbeatMs = this.timeoutMs[0] / HEARTBEATS;
    this.batchLimitBytes = env.maxMessageBytes - env.sizeOf(ENVELOPE);
    this.configurations = new Configurations(env.joining ? null : env.members);
    this.configured();
  }

  /** The configurations in force have changed, or which of them are committed. */
  configured(): void {
    const joining = this.joining?.nodes ?? [];
    this.peers = [...this.configurations.concerned(this.commitIndex), ...joining].filter((id) => id !== this.env.self);
  }

  /** After commitIndex has risen from this one. */
  abstract committedFrom(before: number): void;

  saveTerm(term: number, votedFor: NodeId | null): void {
    this.currentTerm = term;
    this.votedFor = votedFor;
    this.env.persist({ term, votedFor });
  }

  /** A configuration counts from here on, committed or not. */
  append(entry: LogEntry, bytes = 0): number {
    const index = this.log.append(entry, bytes);
    if (entry.configuration !== undefined) {
      this.configurations.append(index, entry.configuration);
      this.configured();
    }
    return index;
  }

  /** The configurations from this index on go with it, and those before them are in force again. */
  forget(from: number): void {
    this.log.truncate(from);
    if (this.configurations.truncate(from)) this.configured();
  }

  truncate(from: number): void {
    assert(from > this.commitIndex, `${this.env.self} would remove the committed entry ${from}`);
    this.forget(from);
    this.env.persist({ truncateFrom: from });
  }

  place(index: number): void {
    const { term, command } = this.log.at(index);
    this.env.place(command?.id ?? null, { epoch: term, slot: index });
  }

  commitUpTo(index: number): void {
    const before = this.commitIndex;
    while (this.commitIndex < index) {
      const slot = ++this.commitIndex;
      const { term, command } = this.log.at(slot);
      this.uncommitted.remove(command, slot);
      this.env.commit(command, { epoch: term, slot });
    }
    if (this.commitIndex > before) this.committedFrom(before);
  }
}
