// Where acceptors tell every learner (`learners: broadcast`): who has accepted in which ballot, counted by each learner for
// itself. The value is that of the learner's own vote in the same ballot; without one it is fetched later.
import type { NodeId } from '../../contract.ts';
import type { Learner } from './learner.ts';
import type { Accept } from './messages.ts';
import type { Quorums } from './quorums.ts';

type Count = { readonly ballot: number; readonly voters: Set<NodeId> };

export class Tally {
  readonly quorums: Quorums;
  readonly learner: Learner;
  /** By slot: of the highest ballot heard there. */
  counts = new Map<number, Count>();

  constructor(quorums: Quorums, learner: Learner) {
    this.quorums = quorums;
    this.learner = learner;
  }

  /** The slots of this message that a phase-2 quorum of their configuration has accepted in its ballot. */
  add(from: NodeId, { ballot, slots }: Accept): readonly number[] {
    const { decidedTo, configurations } = this.learner;
    const chosen: number[] = [];
    for (const [first, last] of slots) {
      // Beyond α the configuration is not known here.
      const end = Math.min(last, decidedTo + configurations.alpha);
      for (let slot = Math.max(first, decidedTo + 1); slot <= end; slot++) {
        if (this.learner.has(slot)) continue;
        let count = this.counts.get(slot);
        if (count === undefined || count.ballot < ballot) this.counts.set(slot, count = { ballot, voters: new Set() });
        if (count.ballot > ballot) continue;
        const { voters } = count;
        voters.add(from);
        if (this.quorums.phase2(ballot, configurations.at(slot).members, (member) => voters.has(member))) chosen.push(slot);
      }
    }
    return chosen;
  }

  forgetTo(upTo: number): void {
    for (const slot of this.counts.keys()) if (slot <= upTo) this.counts.delete(slot);
  }

  forget(slot: number): void {
    this.counts.delete(slot);
  }
}
