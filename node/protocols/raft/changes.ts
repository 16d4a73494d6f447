// Changes of membership by joint consensus, as the leader conducts them (paper §6, dissertation §4.2 and §4.3), one at a time:
//
//   catching up   who is to join gets the log in rounds, and counts for nothing yet (§4.2.1)
//   C_old,new     once the last round was short: appended, and in force at once
//   C_new         appended when C_old,new is committed, by whoever leads then; its commit answers the command
//
// A leader that C_new leaves out conducts the change to its end without counting itself, and steps down when C_new commits.
import type { Command, NodeId, Reconfigure } from '../../contract.ts';
import type { LogEntry } from './messages.ts';
import { Replication } from './replication.ts';

/** Rounds in which who joins may catch up; when the last is still long it is too slow for this load. */
const MOST_ROUNDS = 10;
/** Who joins and is not heard for so many of the longest election timeouts is taken for dead. */
const SILENT_TIMEOUTS = 4;

export abstract class Changes extends Replication {
  reconfigure(command: Command, { add, remove }: Reconfigure): void {
    const { latest } = this.configurations;
    if (latest === null || this.joining?.command.id === command.id || latest.configuration.change?.id === command.id) return;
    if (this.joining !== null || latest.slot > this.commitIndex || latest.configuration.old !== undefined) {
      this.env.reject(command.id, 'busy');
      return;
    }
    const { members } = latest.configuration;
    const next = [...members.filter((id) => !remove.includes(id)), ...add];
    if (next.length === 0 || add.some((id) => members.includes(id)) || remove.some((id) => !members.includes(id))) {
      this.env.reject(command.id, 'malformed');
      return;
    }
    const largest: LogEntry = { term: this.currentTerm, command: null, configuration: { members: next, old: members, change: command } };
    if (this.bytesOf(largest) > this.batchLimitBytes) {
      this.env.reject(command.id, 'malformed');
      return;
    }
    this.joining = { command, nodes: add, members: next, round: 1, upTo: this.log.lastIndex, sinceMs: this.env.now() };
    this.configured();
    this.endRound();
  }

  override heardFrom(): void {
    if (this.joining !== null) this.endRound();
  }

  /** A round brings what the log held as it began. When the last took less than an election timeout, the rest is as short. */
  endRound(): void {
    const { joining } = this;
    if (joining === null || joining.nodes.some((id) => this.progressOf(id).matchIndex < joining.upTo)) return;
    const nowMs = this.env.now();
    if (nowMs - joining.sinceMs < this.timeoutMs[0]) {
      const { members, command } = joining;
      const old = this.configurations.latest?.configuration.members ?? [];
      this.joining = null;
      this.propose({ term: this.currentTerm, command: null, configuration: { members, old, change: command } });
    } else if (joining.round === MOST_ROUNDS) this.giveUp('busy');
    else this.joining = { ...joining, round: joining.round + 1, upTo: this.log.lastIndex, sinceMs: nowMs };
  }

  propose(entry: LogEntry): void {
    this.appendAsLeader(entry, this.bytesOf(entry));
    this.persistAsLeader([entry]);
  }

  override heartbeat(): void {
    super.heartbeat();
    const silentSinceMs = this.env.now() - SILENT_TIMEOUTS * this.timeoutMs[1];
    if (this.joining?.nodes.some((id) => this.progressOf(id).heardMs < silentSinceMs) === true) this.giveUp('no-quorum');
  }

  giveUp(reason: 'busy' | 'no-quorum' | 'not-leader'): void {
    const { joining } = this;
    if (joining === null) return;
    this.joining = null;
    this.configured();
    this.env.reject(joining.command.id, reason);
  }

  override leadNoLonger(): void {
    this.left = [];
    this.giveUp('not-leader');
  }

  override lead(): void {
    super.lead();
    this.finish();
  }

  override committedFrom(before: number): void {
    const { latest } = this.configurations;
    if (latest === null || latest.slot <= before || latest.slot > this.commitIndex) return;
    if (latest.configuration.old !== undefined) this.finish();
    else this.settle(latest.configuration.members);
  }

  /** C_old,new is committed: C_new follows. */
  finish(): void {
    const { latest } = this.configurations;
    if (this.role !== 'leader' || latest === null || latest.slot > this.commitIndex || latest.configuration.old === undefined) return;
    const { members, change } = latest.configuration;
    this.propose({ term: this.currentTerm, command: change ?? null, configuration: { members } });
  }

  /** C_new is committed. */
  settle(members: readonly NodeId[]): void {
    const matched = new Map([...this.progress].map(([id, { matchIndex }]) => [id, matchIndex]));
    this.left = this.role === 'leader' ? this.peers.filter((id) => !members.includes(id)) : [];
    this.configured();
    for (const id of this.left) this.dismiss(id, matched.get(id) ?? 0);
    if (this.role !== 'leader' || members.includes(this.env.self)) return;
    // No heartbeat of this leader will say so any more, and who asked for the change knows it already.
    this.env.sendBeforeDurable(this.peers, this.entriesAfter(this.commitIndex, []));
    this.becomeFollower(this.currentTerm, null);
  }

  /** Who left and has C_new is told once that it is committed; who does not hear it goes on asking for votes, in vain. */
  override dismiss(follower: NodeId, matchIndex: number): void {
    const slot = this.configurations.latest?.slot ?? 0;
    if (!this.left.includes(follower) || matchIndex < slot) return;
    this.left = this.left.filter((id) => id !== follower);
    this.env.sendBeforeDurable(follower, this.entriesAfter(slot, []));
  }
}
