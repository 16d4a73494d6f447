// Replication: the leader (paper §5.3, §5.4.2; dissertation §10.2) and its followers.
import { assert } from '../../assert.ts';
import type { NodeId } from '../../contract.ts';
import { Elections } from './elections.ts';
import type { Accepted, AppendEntries, LogEntry, Refused } from './messages.ts';
import { Progress } from './progress.ts';

export abstract class Replication extends Elections {
  /** A follower has acknowledged something. */
  abstract heardFrom(): void;
  /** One that is no follower any more has acknowledged something. */
  abstract dismiss(follower: NodeId, matchIndex: number): void;

  // The leader

  lead(): void {
    const { env, log } = this;
    this.role = 'leader';
    this.leader = env.self;
    this.eager = false;
    this.ownMatchIndex = 0;
    this.configured();
    for (let index = this.commitIndex + 1; index <= log.lastIndex; index++) this.uncommitted.add(log.at(index).command, index);
    env.clearTimer('election');
    env.setTimer('heartbeat', this.heartbeatMs);
    const noop = { term: this.currentTerm, command: null };
    this.appendAsLeader(noop, this.bytesOf(noop));
    this.persistAsLeader([noop]);
  }

  override configured(): void {
    super.configured();
    if (this.role !== 'leader') return;
    for (const id of this.progress.keys()) if (!this.peers.includes(id)) this.progress.delete(id);
    for (const id of this.peers) {
      if (this.progress.has(id)) continue;
      // Who joins is asked at once, with the last entry, how far its log reaches.
      const nextIndex = this.joining === null ? this.log.lastIndex + 1 : this.log.lastIndex;
      this.progress.set(id, new Progress(nextIndex, this.batchLimitBytes, this.env.now()));
    }
  }

  appendAsLeader(entry: LogEntry, bytes: number): void {
    const index = this.append(entry, bytes);
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
    if (!this.configurations.hasQuorum((id) => id === this.env.self || (this.progress.get(id)?.heardMs ?? 0) >= sinceMs)) {
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
      const progress = this.progress.get(from);
      if (progress === undefined) {
        if (reply.success) this.dismiss(from, reply.matchIndex);
        return;
      }
      progress.heardMs = this.env.now();
      if (!reply.success) progress.refused(reply, this.retryAt(reply));
      else if (reply.matchIndex <= this.log.lastIndex) progress.accepted(reply);
    }
    if (!reply.success) return;
    if (reply.matchIndex > this.commitIndex) this.commitByCounting();
    this.heardFrom();
  }

  /** Skips a term in each step (end of §5.3): the follower's whole conflicting one, or those that this log does not have. */
  retryAt({ conflictTerm, conflictIndex }: Refused): number {
    const index = this.log.lastUpToTerm(conflictTerm);
    return conflictTerm > 0 && this.log.termAt(index) === conflictTerm ? index + 1 : conflictIndex;
  }

  /** Counting commits entries of the own term only, and all before them with it (figure 8). */
  commitByCounting(): void {
    const index = this.configurations.quorumSlot((id) => (id === this.env.self ? this.ownMatchIndex : this.progressOf(id).matchIndex));
    if (this.log.termAt(index) === this.currentTerm) this.commitUpTo(index);
  }

  // The follower

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
      for (const entry of fresh) this.place(this.append(entry));
      this.env.persist(...fresh);
    }
    const verifiedIndex = prevLogIndex + entries.length;
    this.verifiedIndex = Math.max(this.verifiedIndex ?? 0, verifiedIndex);
    this.commitUpTo(Math.min(leaderCommit, verifiedIndex));
    return true;
  }
}
