// What is decided: chosen here, told by a proposer, or learned from others; and what the others are told of it.
import type { Command, NodeId } from '../../contract.ts';
import { Candidacy } from './candidacy.ts';
import { valueOf } from './messages.ts';
import type { Accept, Gossip, LearnReply, Proposal, Told } from './messages.ts';

export abstract class Learning extends Candidacy {
  /** Decided values: on disk as votes or learned entries, then committed; own commands that lost their slot try again. */
  decide(values: readonly Proposal[]): void {
    const fresh = values.filter((value) => !this.learner.has(value.slot));
    const unvoted = fresh.filter((value) => !this.acceptor.holds(value));
    if (unvoted.length > 0) this.env.persist({ type: 'learned', values: unvoted.map(valueOf) });
    const returned: Command[] = [];
    for (const value of fresh) {
      this.noteDecided(value);
      if (!this.proposer.settle(value)) this.lose();
      returned.push(...this.proposer.returned(value));
      this.decidedAt(value);
    }
    this.learner.advance();
    this.advanced();
    for (const command of returned) this.take(command);
  }

  abstract decidedAt(value: Proposal): void;
  /** More is committed, perhaps. */
  abstract advanced(): void;
  abstract hearsJoining(from: NodeId, decidedTo: number): void;

  noteDecided(value: Proposal): void {
    this.acceptor.stands(value);
    this.learner.learn(value);
    this.tally.forget(value.slot);
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
      if (message.ballot === this.proposer.ballot) {
        this.detector.answered(from);
        this.times.alive(from, this.env.now() - this.heartbeatMs);
      }
      this.hearsJoining(from, message.decidedTo);
    } else {
      if (message.type === 'heartbeat' && message.ballot < this.acceptor.promised) this.acceptor.refuse(from, message.ballot);
      else this.heard(from, message.ballot, message.decidedTo);
      this.decideVotes(message.ballot, message.decidedTo);
      if (message.type === 'heartbeat') this.env.send(from, { type: 'heartbeatReply', ballot: message.ballot, decidedTo: this.learner.decidedTo });
    }
    this.catchUp.hears(from, message.decidedTo);
  }

  onGossip(from: NodeId, { decidedTo, asks }: Gossip): void {
    this.catchUp.hears(from, decidedTo);
    this.hearsJoining(from, decidedTo);
    if (asks && !this.isMember) this.tellHowFar(from);
    else if (this.isOutsider(from, decidedTo)) this.tellHowFar(from);
  }

  /** Who has left, and does not know it: it knows no more than this node, for which it is no member. */
  isOutsider(from: NodeId, decidedTo: number): boolean {
    return this.isMember && decidedTo < this.learner.decidedTo && !this.others.includes(from);
  }

  tellHowFar(to: NodeId): void {
    this.env.send(to, { type: 'gossip', decidedTo: this.learner.decidedTo, asks: false });
  }

  /** Where acceptors tell everybody: each learner counts for itself. */
  learnFrom(from: NodeId, message: Accept): void {
    const values: Proposal[] = [];
    for (const slot of this.tally.add(from, message)) {
      const vote = this.acceptor.votes.get(slot);
      if (vote?.ballot === message.ballot) values.push(vote);
    }
    if (values.length > 0) this.decide(values);
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
