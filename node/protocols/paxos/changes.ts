// Changes of membership, as the proposer that was asked conducts them, one at a time:
//
//   joining      who is to join learns what is decided, and counts for nothing yet
//   proposed     the configuration, as a value like any other; behind it no-ops up to the slot in which it is in force
//   in force     promises of its members are asked for, and the first slot of theirs holds the change's command
//   settled      that is committed: a phase-2 quorum of the new members has accepted it, and each of them knew all before it, so
//                that who left may be switched off
//
// Whoever proposes finds an unsettled configuration in the log, and brings it to its end.
import type { Command, NodeId, Reconfigure } from '../../contract.ts';
import { Learning } from './learning.ts';
import { numberOf } from './messages.ts';
import type { Proposal } from './messages.ts';
import { misfit } from './quorums.ts';

/** Who joins and is silent for so many of the longest timeouts is taken for dead; who has not caught up after so many is too slow. */
const SILENT_TIMEOUTS = 4;
const SLOW_TIMEOUTS = 20;

export abstract class Changes extends Learning {
  reconfigure(command: Command<Reconfigure>): void {
    const { latest } = this.configurations;
    if (this.change?.command.id === command.id || latest.change?.id === command.id) return;
    if (!this.mayTake || (this.isElected && this.proposer.phase !== 'established')) this.env.reject(command.id, 'not-leader', this.detector.leader ?? undefined);
    else if (this.change !== null || !latest.settled) this.env.reject(command.id, 'busy');
    else {
      const members = this.membersAfter(command.op);
      if (members === null) this.env.reject(command.id, 'malformed');
      else {
        this.change = { command, base: latest.slot, members, upTo: this.learner.decidedTo, sinceMs: this.env.now(), slot: null };
        this.caughtUp();
      }
    }
  }

  /** null: a change that cannot be. Quorums have to meet in the new configuration as well. */
  membersAfter({ add, remove }: Reconfigure): readonly NodeId[] | null {
    const { members } = this.configurations.latest;
    const next = [...members.filter((id) => !remove.includes(id)), ...add];
    const { node } = this.election;
    const possible = next.length > 0 && add.every((id) => numberOf(id) !== null && !members.includes(id)) && remove.every((id) => members.includes(id))
      && misfit(this.options, next.length) === null && (this.election.mode !== 'fixed' || node === null || next.includes(node));
    return possible ? next : null;
  }

  /** How far a node that is no member yet knows every slot decided. */
  hearsJoining(from: NodeId, decidedTo: number): void {
    if (this.change === null || this.change.slot !== null) return;
    if (!this.change.command.op.add.includes(from)) return;
    this.joining.set(from, { decidedTo, heardMs: this.env.now() });
    this.caughtUp();
  }

  /** All who join know what was decided when the change was asked for. */
  caughtUp(): void {
    const { change } = this;
    if (change === null || change.slot !== null || this.proposer.configuration !== null) return;
    if (change.command.op.add.some((id) => (this.joining.get(id)?.decidedTo ?? -1) < change.upTo)) return;
    this.proposer.configuration = { base: change.base, members: change.members, change: change.command };
  }

  /** Its configuration has got a slot. */
  proposedChange(values: readonly Proposal[]): void {
    const { change } = this;
    if (change === null || change.slot !== null) return;
    change.slot = values.find(({ configuration }) => configuration?.change.id === change.command.id)?.slot ?? null;
  }

  watchChange(): void {
    const { change } = this;
    if (change === null || change.slot !== null) return;
    const longestMs = this.options.timeoutMs[1];
    const nowMs = this.env.now();
    const silent = change.command.op.add.some((id) => nowMs - (this.joining.get(id)?.heardMs ?? change.sinceMs) > SILENT_TIMEOUTS * longestMs);
    if (silent) this.giveUpChange('no-quorum');
    else if (nowMs - change.sinceMs > SLOW_TIMEOUTS * longestMs) this.giveUpChange('busy');
  }

  giveUpChange(reason: 'busy' | 'no-quorum' | 'not-leader'): void {
    const { change } = this;
    if (change === null || change.slot !== null) return;
    this.endChange();
    this.env.reject(change.command.id, reason);
  }

  endChange(): void {
    this.change = null;
    this.proposer.configuration = null;
    this.joining.clear();
  }

  /** Its slot went to another value: this change is not to be, through this node. */
  override decidedAt({ slot, configuration }: Proposal): void {
    const { change } = this;
    if (change === null || change.slot !== slot || configuration?.change.id === change.command.id) return;
    this.endChange();
    this.env.reject(change.command.id, 'busy');
  }

  /** The configurations may have changed by what was decided. */
  override advanced(): void {
    const { configurations, change } = this;
    if (this.configured === configurations.version) return;
    this.configured = configurations.version;
    const { latest } = configurations;
    if (change !== null && latest.change?.id === change.command.id) this.endChange();
    else if (change !== null && latest.slot !== change.base) {
      // Made from a configuration that is no longer the latest one.
      this.endChange();
      this.env.reject(change.command.id, 'busy');
    }
    if (this.proposer.phase === 'established') this.prepareLacking();
    const { leader } = this.detector;
    if (latest.settled && leader !== null && this.isMember && !configurations.members.includes(leader)) this.detector.leader = null;
    if (latest.settled && latest.change !== null) this.settled(latest.change.op);
  }

  /** Members of a configuration to come are asked before its first slot. */
  prepareLacking(): void {
    for (const member of this.configurations.members) {
      if (member !== this.env.self && this.proposer.lacks(member)) this.prepare(member);
    }
  }

  /** Who proposed the change tells who has left that it is done: nobody else will. */
  settled({ remove }: Reconfigure): void {
    const told = [...remove, ...(this.isMember ? [] : this.configurations.members)].filter((id) => id !== this.env.self);
    if (told.length > 0 && this.proposer.phase === 'established') this.env.sendBeforeDurable(told, this.told('decided'));
    if (this.isMember || this.proposer.phase === 'idle') return;
    this.proposer.lose();
    this.follow('no-quorum');
  }
}
