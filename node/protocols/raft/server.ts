// One Raft server: elections, replication, commitment. State (paper, figure 2):
//
//   durable     currentTerm, votedFor, log (the entry at index i is slot i, its term the epoch)
//   volatile    commitIndex, role, leader
//   leader      a Progress per follower (nextIndex, matchIndex), ownMatchIndex: how far its own log is durable
//
// Invariants, and where they are kept:
//   one leader per term     a vote is durable before it leaves, the own one too: it is counted by a message to self (§5.2)
//   leader append-only      only a follower truncates, and never at or below commitIndex (asserted)
//   log matching            entries are accepted only behind an entry of the same index and term (§5.3)
//   leader completeness     a vote goes to no log that is behind (§5.4.1); counting commits own-term entries only (§5.4.2)
//   durability              an acknowledgement names the last entry that this message verified, and leaves when it is durable
// appendEntries alone may leave before the leader's own write: its term and vote are durable, and no later life leads that term.
import { assert } from '../../assert.ts';
import type { Command, Env, Json, Machine, NodeId, Status } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Log } from '../../kit/log.ts';
import { majorityOf, quorumSlot, Votes } from '../../kit/quorum.ts';
import { EarlyEntries } from './early.ts';
import { readMessage } from './messages.ts';
import type { Accepted, AppendEntries, DiskEntry, LogEntry, Message, Refused, RequestVote, RequestVoteReply } from './messages.ts';
import { timeoutMsOf } from './options.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';

/** A leader refuses commands while so many entries wait for a quorum. */
const MOST_UNCOMMITTED = 16_384;
/** appendEntries without entries, its numbers as long as they get. */
const ENVELOPE: AppendEntries = {
  type: 'appendEntries', term: Number.MAX_SAFE_INTEGER, prevLogIndex: Number.MAX_SAFE_INTEGER, prevLogTerm: Number.MAX_SAFE_INTEGER,
  entries: [], leaderCommit: Number.MAX_SAFE_INTEGER,
};
/** Rounding of a clock: a timer that fires so little before its time has reached it. */
const CLOCK_GRAIN_MS = 0.01;
/** To let in what has arrived already. */
const LOOK_MS = 1;

export class Server implements Machine<Json, DiskEntry> {
  readonly env: Env<Json, DiskEntry, Options>;
  readonly peers: readonly NodeId[];
  readonly quorum: number;
  readonly timeoutMs: readonly [number, number];
  readonly heartbeatMs: number;
  readonly batchLimitBytes: number;
  readonly configurations: Status['configurations'];

  currentTerm = 0;
  votedFor: NodeId | null = null;
  log = new Log<LogEntry>();
  commitIndex = 0;
  role: 'follower' | 'pre-candidate' | 'candidate' | 'leader' = 'follower';
  leader: NodeId | null = null;

  /** The pinned leader, until it has heard of a leader: it does not wait for its timeout. */
  eager = false;
  electionTimeoutMs = 0;
  waitingSinceMs = 0;
  heardLeaderMs: number | null = null;
  votes = new Votes(0);

  /** The log and the present leader's are the same somewhere: what is missing was lost or overtaken on the way. */
  matched = false;
  early = new EarlyEntries();
  /** The acknowledgement that leaves at the end of this turn. */
  verifiedIndex: number | null = null;

  progress = new Map<NodeId, Progress>();
  ownMatchIndex = 0;
  uncommitted = new CommandIndex();

  constructor(env: Env<Json, DiskEntry, Options>) {
    this.env = env;
    this.peers = env.members.filter((id) => id !== env.self);
    this.quorum = majorityOf(env.members.length);
    this.timeoutMs = timeoutMsOf(env.options);
    this.heartbeatMs = this.timeoutMs[0] / 3;
    this.batchLimitBytes = env.maxMessageBytes - env.sizeOf(ENVELOPE);
    this.configurations = [{ slot: 0, members: env.members }];
  }

  start(entries: readonly DiskEntry[]): void {
    for (const entry of entries) {
      if ('truncateFrom' in entry) this.log.truncate(entry.truncateFrom);
      else if ('votedFor' in entry) {
        this.currentTerm = entry.term;
        this.votedFor = entry.votedFor;
      } else this.log.append(entry);
    }
    for (let index = 1; index <= this.log.lastIndex; index++) this.place(index);
    this.eager = entries.length === 0 && this.env.options.leader === this.env.self;
    if (this.eager) this.preVote();
    else this.waitForLeader();
  }

  message(from: NodeId, json: Json): void {
    const message = readMessage(json);
    if (message === null) return;
    switch (message.type) {
      case 'appendEntries':
        this.appendEntries(from, message);
        break;
      case 'appendEntriesReply':
        this.appendEntriesReply(from, message);
        break;
      case 'preVote':
      case 'requestVote':
        this.requestVote(from, message);
        break;
      case 'preVoteReply':
      case 'requestVoteReply':
        this.requestVoteReply(from, message);
        break;
    }
  }

  commands(batch: readonly Command[]): void {
    if (this.role !== 'leader') {
      for (const { id } of batch) this.env.reject(id, 'not-leader', this.leader ?? undefined);
      return;
    }
    const entries: LogEntry[] = [];
    for (const command of batch) {
      if (this.uncommitted.has(command.id)) continue;
      const entry = { term: this.currentTerm, command };
      const bytes = this.bytesOf(entry);
      if (bytes > this.batchLimitBytes || this.log.lastIndex - this.commitIndex >= MOST_UNCOMMITTED) this.env.reject(command.id, 'busy');
      else {
        this.appendAsLeader(entry, bytes);
        entries.push(entry);
      }
    }
    if (entries.length > 0) this.persistAsLeader(entries);
  }

  timer(name: string): void {
    if (name === 'heartbeat' && this.role === 'leader') this.heartbeat();
    else if (name === 'election' && this.role !== 'leader') this.electionTimer();
  }

  turn(): void {
    if (this.role === 'leader') this.replicate();
    else if (this.verifiedIndex !== null && this.leader !== null) {
      this.env.send(this.leader, this.accepted(this.verifiedIndex));
      this.verifiedIndex = null;
    }
  }

  status(): Status {
    return {
      role: this.role, leader: this.leader, epoch: this.currentTerm,
      lastSlot: this.log.lastIndex, commitSlot: this.commitIndex, configurations: this.configurations,
    };
  }

  // Elections (§5.2, §5.4.1; dissertation §9.6)

  /** The timer is set once and looks at the clock when it fires: to move it at every message would cost more than the message. */
  waitForLeader(): void {
    const [least, most] = this.timeoutMs;
    this.electionTimeoutMs = this.eager && this.role === 'pre-candidate' ? this.heartbeatMs : least + this.env.random() * (most - least);
    this.waitingSinceMs = this.env.now();
    this.env.setTimer('election', this.electionTimeoutMs);
  }

  electionTimer(): void {
    const leftMs = this.waitingSinceMs + this.electionTimeoutMs - this.env.now();
    if (leftMs > CLOCK_GRAIN_MS) this.env.setTimer('election', leftMs);
    else if (leftMs >= -this.heartbeatMs) this.preVote();
    else {
      // This process stood still: what a leader sent meanwhile waits in the socket, and comes before the timer fires again.
      this.waitingSinceMs += LOOK_MS - leftMs;
      this.env.setTimer('election', LOOK_MS);
    }
  }

  /** Asks whether it could be elected, and changes no term by that: a node that was cut off does not disturb a leader. */
  preVote(): void {
    this.becomeFollower(this.currentTerm, null);
    this.role = 'pre-candidate';
    this.votes = new Votes(this.quorum);
    this.waitForLeader();
    this.env.send(this.peers, this.voteRequest('preVote', this.currentTerm + 1));
    if (this.votes.add(this.env.self)) this.campaign();
  }

  campaign(): void {
    this.saveTerm(this.currentTerm + 1, this.env.self);
    this.role = 'candidate';
    this.votes = new Votes(this.quorum);
    this.waitForLeader();
    this.env.send(this.peers, this.voteRequest('requestVote', this.currentTerm));
    this.env.send(this.env.self, { type: 'requestVoteReply', term: this.currentTerm, voteGranted: true });
  }

  voteRequest(type: RequestVote['type'], term: number): Message {
    return { type, term, lastLogIndex: this.log.lastIndex, lastLogTerm: this.log.lastTerm };
  }

  requestVote(from: NodeId, request: RequestVote): void {
    const { type, term } = request;
    const upToDate = request.lastLogTerm > this.log.lastTerm
      || (request.lastLogTerm === this.log.lastTerm && request.lastLogIndex >= this.log.lastIndex);
    if (type === 'preVote') {
      const voteGranted = upToDate && term > this.currentTerm && !this.hearsLeader();
      this.env.send(from, { type: 'preVoteReply', term: voteGranted ? term : this.currentTerm, voteGranted });
      return;
    }
    const free = term > this.currentTerm
      || (term === this.currentTerm && this.leader === null && (this.votedFor === null || this.votedFor === from));
    const voteGranted = upToDate && free;
    if (term > this.currentTerm) this.becomeFollower(term, null, voteGranted ? from : null);
    else if (voteGranted && this.votedFor === null) this.saveTerm(term, from);
    if (voteGranted) this.waitingSinceMs = this.env.now();
    this.env.send(from, { type: 'requestVoteReply', term: this.currentTerm, voteGranted });
  }

  /** Within the least election timeout: nobody can have been elected behind the leader's back. */
  hearsLeader(): boolean {
    return this.role === 'leader' || (this.heardLeaderMs !== null && this.env.now() - this.heardLeaderMs < this.timeoutMs[0]);
  }

  requestVoteReply(from: NodeId, { type, term, voteGranted }: RequestVoteReply): void {
    if (type === 'preVoteReply' && voteGranted) {
      if (this.role === 'pre-candidate' && term === this.currentTerm + 1 && this.votes.add(from)) this.campaign();
    } else if (term > this.currentTerm) this.becomeFollower(term, null);
    else if (voteGranted && this.role === 'candidate' && term === this.currentTerm && this.votes.add(from)) this.lead();
  }

  saveTerm(term: number, votedFor: NodeId | null): void {
    this.currentTerm = term;
    this.votedFor = votedFor;
    this.env.persist({ term, votedFor });
  }

  /** A vote counts for its term: within the same term it is kept, whoever leads. */
  becomeFollower(term: number, leader: NodeId | null, votedFor: NodeId | null = null): void {
    if (term > this.currentTerm) this.saveTerm(term, votedFor);
    if (this.role === 'leader') {
      this.env.clearTimer('heartbeat');
      this.progress.clear();
      this.uncommitted.clear();
      this.waitForLeader();
    }
    this.role = 'follower';
    this.leader = leader;
    this.matched = false;
    this.early.clear();
    this.verifiedIndex = null;
  }

  // The leader (§5.3, §5.4.2; dissertation §10.2)

  lead(): void {
    const { env, log } = this;
    this.role = 'leader';
    this.leader = env.self;
    this.eager = false;
    this.ownMatchIndex = 0;
    for (const peer of this.peers) this.progress.set(peer, new Progress(log.lastIndex + 1, this.batchLimitBytes, env.now()));
    for (let index = this.commitIndex + 1; index <= log.lastIndex; index++) this.uncommitted.add(log.at(index).command, index);
    env.clearTimer('election');
    env.setTimer('heartbeat', this.heartbeatMs);
    const noop = { term: this.currentTerm, command: null };
    this.appendAsLeader(noop, this.bytesOf(noop));
    this.persistAsLeader([noop]);
  }

  appendAsLeader(entry: LogEntry, bytes: number): void {
    const index = this.log.append(entry, bytes);
    this.uncommitted.add(entry.command, index);
    this.place(index);
  }

  /** Its own acknowledgement covers all before it too: what it stored as a follower and not yet saw durable. */
  persistAsLeader(entries: readonly LogEntry[]): void {
    this.env.persist(...entries);
    this.env.send(this.env.self, this.accepted(this.log.lastIndex));
  }

  accepted(matchIndex: number): Accepted {
    return { type: 'appendEntriesReply', term: this.currentTerm, success: true, matchIndex };
  }

  bytesOf(entry: LogEntry): number {
    return this.env.sizeOf(entry) + 1;
  }

  progressOf(peer: NodeId): Progress {
    const progress = this.progress.get(peer);
    assert(progress !== undefined, `a leader knows ${peer}`);
    return progress;
  }

  /** Sends what has not left yet, within each follower's window; one encoded message for all who need the same. */
  replicate(): void {
    const lastIndex = this.log.lastIndex;
    for (const peer of this.peers) {
      const progress = this.progressOf(peer);
      while (progress.open && progress.nextIndex <= lastIndex) {
        const { nextIndex, batchBytes } = progress;
        const { entries, bytes } = this.log.slice(nextIndex, batchBytes, (entry) => this.bytesOf(entry));
        const alike = this.peers.filter((id) => {
          const other = this.progressOf(id);
          return other.open && other.nextIndex === nextIndex && other.batchBytes === batchBytes;
        });
        for (const id of alike) this.progressOf(id).sent(nextIndex + entries.length - 1, bytes);
        this.env.sendBeforeDurable(alike, this.entriesAfter(nextIndex - 1, entries));
      }
    }
  }

  entriesAfter(prevLogIndex: number, entries: readonly LogEntry[]): AppendEntries {
    return { type: 'appendEntries', term: this.currentTerm, prevLogIndex, prevLogTerm: this.log.termAt(prevLogIndex), entries, leaderCommit: this.commitIndex };
  }

  /** Steps down without a quorum (CheckQuorum, dissertation §6.2), retransmits what is lost, and tells the others that it lives. */
  heartbeat(): void {
    const sinceMs = this.env.now() - this.timeoutMs[1];
    const heard = this.peers.filter((peer) => this.progressOf(peer).heardMs >= sinceMs);
    if (heard.length + 1 < this.quorum) {
      this.becomeFollower(this.currentTerm, null);
      return;
    }
    const idle = new Map<number, NodeId[]>();
    for (const peer of this.peers) {
      const progress = this.progressOf(peer);
      progress.heartbeat();
      if (progress.open && progress.nextIndex <= this.log.lastIndex) continue;
      const prevLogIndex = progress.probing ? progress.nextIndex - 1 : progress.matchIndex;
      idle.set(prevLogIndex, [...(idle.get(prevLogIndex) ?? []), peer]);
    }
    for (const [prevLogIndex, peers] of idle) this.env.sendBeforeDurable(peers, this.entriesAfter(prevLogIndex, []));
    this.env.setTimer('heartbeat', this.heartbeatMs);
  }

  appendEntriesReply(from: NodeId, reply: Accepted | Refused): void {
    if (reply.term > this.currentTerm) this.becomeFollower(reply.term, null);
    if (this.role !== 'leader' || reply.term < this.currentTerm) return;
    if (from === this.env.self) {
      if (reply.success) this.ownMatchIndex = Math.max(this.ownMatchIndex, reply.matchIndex);
    } else {
      const progress = this.progressOf(from);
      progress.heardMs = this.env.now();
      if (!reply.success) progress.refused(reply, this.retryAt(reply));
      else if (reply.matchIndex <= this.log.lastIndex) progress.accepted(reply);
    }
    if (reply.success && reply.matchIndex > this.commitIndex) this.commitByCounting();
  }

  /** Skips a term in each step (end of §5.3): the follower's whole conflicting one, or those that this log does not have. */
  retryAt({ conflictTerm, conflictIndex }: Refused): number {
    const index = this.log.lastUpToTerm(conflictTerm);
    return conflictTerm > 0 && this.log.termAt(index) === conflictTerm ? index + 1 : conflictIndex;
  }

  /** Counting commits entries of the own term only, and all before them with it (figure 8). */
  commitByCounting(): void {
    const held = this.peers.map((peer) => this.progressOf(peer).matchIndex);
    held.push(this.ownMatchIndex);
    const index = quorumSlot(held, this.quorum);
    if (this.log.termAt(index) === this.currentTerm) this.commitUpTo(index);
  }

  // The follower (§5.3)

  appendEntries(from: NodeId, message: AppendEntries): void {
    if (message.term < this.currentTerm) {
      this.refuse(from, message.prevLogIndex, 0, 0);
      return;
    }
    if (message.term > this.currentTerm || this.leader !== from) {
      if (message.term === this.currentTerm && this.role === 'leader') return;
      this.becomeFollower(message.term, from);
    }
    this.eager = false;
    this.heardLeaderMs = this.env.now();
    this.waitingSinceMs = this.heardLeaderMs;
    const { prevLogIndex } = message;
    if (this.accept(message)) {
      this.matched = true;
      for (let next = this.early.take(this.log.lastIndex); next !== null; next = this.early.take(this.log.lastIndex)) this.accept(next);
    } else if (prevLogIndex > this.log.lastIndex) {
      if (this.matched) this.early.add(message);
      else this.refuse(from, prevLogIndex, 0, this.log.lastIndex + 1);
    } else this.refuse(from, prevLogIndex, this.log.termAt(prevLogIndex), this.log.firstOfTermAt(prevLogIndex));
  }

  refuse(to: NodeId, prevLogIndex: number, conflictTerm: number, conflictIndex: number): void {
    this.env.send(to, { type: 'appendEntriesReply', term: this.currentTerm, success: false, prevLogIndex, conflictTerm, conflictIndex });
  }

  /** false: the entry before these is not the leader's. */
  accept({ prevLogIndex, prevLogTerm, entries, leaderCommit }: AppendEntries): boolean {
    const { log } = this;
    if (prevLogIndex > log.lastIndex || log.termAt(prevLogIndex) !== prevLogTerm) return false;
    let known = 0;
    while (known < entries.length && log.termAt(prevLogIndex + known + 1) === entries[known]?.term) known++;
    const fresh = known === 0 ? entries : entries.slice(known);
    if (fresh.length > 0) {
      const from = prevLogIndex + known + 1;
      if (from <= log.lastIndex) this.truncate(from);
      for (const entry of fresh) this.place(log.append(entry));
      this.env.persist(...fresh);
    }
    const verifiedIndex = prevLogIndex + entries.length;
    this.verifiedIndex = Math.max(this.verifiedIndex ?? 0, verifiedIndex);
    this.commitUpTo(Math.min(leaderCommit, verifiedIndex));
    return true;
  }

  truncate(from: number): void {
    assert(from > this.commitIndex, `${this.env.self} would remove the committed entry ${from}`);
    this.log.truncate(from);
    this.env.persist({ truncateFrom: from });
  }

  place(index: number): void {
    const { term, command } = this.log.at(index);
    this.env.place(command?.id ?? null, { epoch: term, slot: index });
  }

  commitUpTo(index: number): void {
    while (this.commitIndex < index) {
      const slot = ++this.commitIndex;
      const { term, command } = this.log.at(slot);
      this.uncommitted.remove(command, slot);
      this.env.commit(command, { epoch: term, slot });
    }
  }
}
