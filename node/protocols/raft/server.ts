// One Raft server: what happens at its start, and which part answers what comes in. The parts, each on top of the one before:
// state.ts, elections.ts, replication.ts, changes.ts (of membership).
//
// Invariants, and where they are kept:
//   one leader per term     a vote is durable before it leaves, the own one too: it is counted by a message to self (§5.2)
//   leader append-only      only a follower truncates, and never at or below commitIndex (asserted)
//   log matching            entries are accepted only behind an entry of the same index and term (§5.3)
//   leader completeness     a vote goes to no log that is behind (§5.4.1); counting commits own-term entries only (§5.4.2)
//   durability              an acknowledgement names the last entry that this message verified, and leaves when it is durable
//   one majority at a time  configurations count from when they are appended, two together by a majority of each (§6)
// appendEntries alone may leave before the leader's own write: its term and vote are durable, and no later life leads that term.
import type { Command, Json, Machine, NodeId, Reconfigure, Status } from '../../contract.ts';
import { Changes } from './changes.ts';
import { readMessage } from './messages.ts';
import type { DiskEntry, LogEntry } from './messages.ts';

/** A leader refuses commands while so many entries wait for a quorum. */
const MOST_UNCOMMITTED = 16_384;

export class Server extends Changes implements Machine<Json, DiskEntry> {
  start(entries: readonly DiskEntry[]): void {
    for (const entry of entries) {
      if ('truncateFrom' in entry) this.forget(entry.truncateFrom);
      else if ('votedFor' in entry) {
        this.currentTerm = entry.term;
        this.votedFor = entry.votedFor;
      } else this.append(entry);
    }
    for (let index = 1; index <= this.log.lastIndex; index++) this.place(index);
    this.eager = entries.length === 0 && this.env.options.leader === this.env.self;
    if (this.eager) this.stand();
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
    const changes: (readonly [Command, Reconfigure])[] = [];
    for (const command of batch) {
      if (this.uncommitted.has(command.id)) continue;
      if (command.op.type === 'reconfigure') {
        changes.push([command, command.op]);
        continue;
      }
      const entry = { term: this.currentTerm, command };
      const bytes = this.bytesOf(entry);
      if (bytes > this.batchLimitBytes || this.log.lastIndex - this.commitIndex >= MOST_UNCOMMITTED) this.env.reject(command.id, 'busy');
      else {
        this.appendAsLeader(entry, bytes);
        entries.push(entry);
      }
    }
    if (entries.length > 0) this.persistAsLeader(entries);
    // What they append comes after these, in the log and on the disk.
    for (const [command, op] of changes) this.reconfigure(command, op);
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
      lastSlot: this.log.lastIndex, commitSlot: this.commitIndex, configurations: this.configurations.current,
    };
  }
}
