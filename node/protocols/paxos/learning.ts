// What is decided: chosen here, told by a proposer, or learned from others; and what the others are told of it.
import type { Command, NodeId } from '../../contract.ts';
import { Candidacy } from './candidacy.ts';
import type { LearnReply, Proposal, Told } from './messages.ts';

export abstract class Learning extends Candidacy {
  /** Decided values: on disk as votes or learned entries, then committed; own commands that lost their slot try again. */
  decide(values: readonly Proposal[]): void {
    const fresh = values.filter((value) => !this.learner.has(value.slot));
    const unvoted = fresh.filter((value) => !this.acceptor.holds(value));
    if (unvoted.length > 0) this.env.persist({ type: 'learned', values: unvoted.map(({ slot, epoch, command }) => ({ slot, epoch, command })) });
    const returned: Command[] = [];
    for (const value of fresh) {
      this.noteDecided(value);
      if (!this.proposer.settle(value)) this.lose();
      returned.push(...this.proposer.returned(value));
    }
    this.learner.advance();
    for (const command of returned) this.take(command);
  }

  noteDecided(value: Proposal): void {
    this.acceptor.stands(value);
    this.learner.learn(value);
  }

  /** A proposer says that all is decided up to a slot: its value of this ballot, where one was accepted here. */
  decideVotes(ballot: number, decidedTo: number): void {
    const values: Proposal[] = [];
    const last = Math.min(decidedTo, this.acceptor.lastAccepted);
    for (let slot = this.learner.decidedTo + 1; slot <= last; slot++) {
      const vote = this.acceptor.votes.get(slot);
      if (vote?.ballot === ballot && !this.learner.has(slot)) values.push(vote);
    }
    if (values.length > 0) this.decide(values);
  }

  onTold(from: NodeId, message: Told): void {
    if (message.type === 'heartbeatReply') {
      if (message.ballot === this.proposer.ballot) this.detector.answered(from);
    } else {
      if (message.type === 'heartbeat' && message.ballot < this.acceptor.promised) this.acceptor.refuse(from, message.ballot);
      else this.heard(from, message.ballot);
      this.decideVotes(message.ballot, message.decidedTo);
      if (message.type === 'heartbeat') this.env.send(from, { type: 'heartbeatReply', ballot: message.ballot, decidedTo: this.learner.decidedTo });
    }
    this.catchUp.hears(from, message.decidedTo);
  }

  onLearnReply(from: NodeId, { decidedTo, values }: LearnReply): void {
    const before = this.learner.decidedTo;
    this.decide(values);
    this.catchUp.answered(from, decidedTo, before);
  }

  told(type: Told['type']): Told {
    return { type, ballot: this.proposer.ballot, decidedTo: this.learner.decidedTo };
  }

  tellDecided(): void {
    if (this.others.length > 0) this.env.sendBeforeDurable(this.others, this.told('decided'));
    this.toldTo = this.learner.decidedTo;
  }
}
