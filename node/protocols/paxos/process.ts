// Paxos, multi-decree: Lamport's roles (proposer.ts, acceptor.ts, learner.ts), Howard's flexible quorums, and three
// ways to choose who proposes: `stable` (Multi-Paxos), `fixed`, and `any`. state.ts holds what a process knows, candidacy.ts who
// may propose, learning.ts what is decided; this file joins them: the inputs, the two phases and the period.
//
// State                 | Durable | Meaning
// acceptor.promised     | yes     | highest ballot promised; at least every ballot that this node ever began
// acceptor.votes        | yes     | the latest acceptance in each slot
// learner.decided       | yes     | as a vote, or a `learned` entry where the own vote differs; a short tail is learned again
// proposer.*            | no      | ballot, phase, flights, queue: die with the life, and so does the ballot
// detector.leader       | no      | the distinguished proposer of the highest ballot heard
//
// Invariants: a ballot is begun by one life of one proposer; a promise and an acceptance are durable before their answer
// leaves; phase-1 and phase-2 quorums meet; one value for each (ballot, slot); commits follow from q2 durable acceptances.
//
// Sent before durable: `propose`, for its ballot is durable (phase 1 began with a durable promise to itself) and a later life
// begins a higher one, so that nobody proposes anything else at (ballot, slot); the own acceptance counts when it is durable.
// `decided` too: a decision is a fact. Differs from the texts in: docs/protocols/paxos.md.
import type { Command, Json, Machine, NodeId, Status } from '../../contract.ts';
import { Learning } from './learning.ts';
import { countThatFits, messageFrom } from './messages.ts';
import type { Accept, Entry, Nack, Prepare, Promise1, Proposal, Propose } from './messages.ts';

export class Process extends Learning implements Machine<Json, Entry> {
  start(entries: readonly Entry[]): void {
    for (const entry of entries) this.restore(entry);
    this.seen = this.acceptor.promised;
    for (const vote of this.acceptor.votes.values()) {
      if (!this.learner.has(vote.slot)) this.env.place(vote.command?.id ?? null, { epoch: vote.epoch, slot: vote.slot });
    }
    this.env.setTimer('tick', this.periodMs);
    const begins = this.election.node === this.env.self && (this.election.mode === 'fixed' || entries.length === 0);
    if (begins) this.campaign();
    else if (this.election.mode === 'stable') this.detector.wait();
  }

  restore(entry: Entry): void {
    if (entry.type === 'promise') this.acceptor.promised = Math.max(this.acceptor.promised, entry.ballot);
    else if (entry.type === 'learned') {
      for (const value of entry.values) this.noteDecided(value);
    } else {
      this.acceptor.promised = Math.max(this.acceptor.promised, entry.ballot);
      for (let slot = this.learner.decidedTo + 1; slot <= entry.decidedTo; slot++) {
        const vote = this.acceptor.votes.get(slot);
        if (vote !== undefined) this.noteDecided(vote);
      }
      for (const value of entry.values) this.acceptor.store(entry.ballot, value);
    }
    this.learner.advance();
  }

  message(from: NodeId, json: Json): void {
    const message = messageFrom(from, json, this.env.members);
    if (message === null) return;
    switch (message.type) {
      case 'prepare':
        return this.onPrepare(from, message);
      case 'promise':
        return this.onPromise(from, message);
      case 'propose':
        return this.onPropose(from, message);
      case 'accept':
        return this.onAccept(from, message);
      case 'nack':
        return this.onNack(message);
      case 'decided':
      case 'heartbeat':
      case 'heartbeatReply':
        return this.onTold(from, message);
      case 'gossip':
        return this.catchUp.hears(from, message.decidedTo);
      case 'learn':
        return this.catchUp.answer(from, message.from);
      case 'learnReply':
        return this.onLearnReply(from, message);
    }
  }

  timer(name: string): void {
    if (name === 'tick') this.tick();
    else if (name === 'election') this.campaign();
    else if (name === 'backOff') {
      this.backingOff = false;
      if (this.hasWork && this.isOut) this.campaign();
    }
  }

  commands(batch: readonly Command[]): void {
    for (const command of batch) this.take(command);
  }

  turn(): void {
    const { proposer, learner } = this;
    if (this.election.mode === 'any' && proposer.queue.length > 0 && !this.backingOff && this.isOut) this.campaign();
    if (proposer.phase === 'established') {
      const values = proposer.take(this.env.now());
      if (values.length > 0) this.propose(values);
      else if (proposer.flights.size === 0 && learner.decidedTo > this.toldTo) this.tellDecided();
    }
    this.acceptor.flush();
  }

  status(): Status {
    const { phase, ballot } = this.proposer;
    const any = this.election.mode === 'any';
    const leads = phase === 'established';
    const idle = any ? 'acceptor' : 'follower';
    const working = any ? 'proposer' : 'leader';
    return {
      role: leads ? working : phase === 'preparing' ? 'candidate' : idle,
      leader: any ? null : this.detector.leader,
      epoch: leads ? ballot : Math.max(this.acceptor.promised, this.detector.leaderBallot),
      lastSlot: this.acceptor.lastSlot,
      commitSlot: this.learner.decidedTo,
      configurations: this.configurations,
    };
  }

  // Phase 1

  onPrepare(from: NodeId, { ballot, from: slot }: Prepare): void {
    this.seen = Math.max(this.seen, ballot);
    this.stuckTicks = 0;
    if (ballot > this.acceptor.promised) this.yieldTo(ballot);
    this.acceptor.prepare(from, ballot, slot);
  }

  onPromise(from: NodeId, message: Promise1): void {
    if (!this.proposer.promised(from, message)) return;
    this.decide(message.votes.filter((vote) => vote.ballot === null));
    if (message.next !== null) this.prepare(from);
    else if (this.proposer.hasQuorum) this.establish();
  }

  establish(): void {
    this.proposer.establish();
    if (this.election.mode !== 'any') {
      this.detector.lead(this.proposer.ballot, this.others);
      this.toldTo = -1;
    }
  }

  onNack({ promised }: Nack): void {
    this.seen = Math.max(this.seen, promised);
    if (promised > this.proposer.ballot) this.lose();
  }

  // Phase 2

  propose(values: readonly Proposal[]): void {
    const { ballot } = this.proposer;
    for (let first = 0; first < values.length;) {
      const count = countThatFits(values, first, this.env.maxMessageBytes);
      const page = values.slice(first, first + count);
      first += count;
      if (this.others.length > 0) this.env.sendBeforeDurable(this.others, { type: 'propose', ballot, decidedTo: this.learner.decidedTo, values: page });
      this.acceptor.propose(this.env.self, ballot, page);
    }
    this.toldTo = this.learner.decidedTo;
    this.toldAll = true;
  }

  onPropose(from: NodeId, { ballot, decidedTo, values }: Propose): void {
    this.heard(from, ballot);
    this.stuckTicks = 0;
    if (ballot > this.acceptor.promised && ballot > this.proposer.ballot) this.lose();
    if (!this.acceptor.propose(from, ballot, values)) return;
    this.decideVotes(ballot, decidedTo);
    this.catchUp.hears(from, decidedTo);
  }

  onAccept(from: NodeId, message: Accept): void {
    if (message.ballot === this.proposer.ballot) this.detector.answered(from);
    const chosen = this.proposer.accepted(from, message);
    if (chosen.length === 0) return;
    this.duels = 0;
    this.decide(chosen);
  }

  // The period: heartbeat, retransmission, gossip

  tick(): void {
    this.env.setTimer('tick', this.periodMs);
    const { phase } = this.proposer;
    const overdueMs = this.env.now() - 1.5 * this.periodMs;
    if (phase === 'preparing' && this.preparedMs <= overdueMs) {
      for (const member of this.others) this.prepare(member);
    } else if (phase === 'established') this.lead(overdueMs);
    if (this.election.mode === 'any') {
      this.env.send(this.others, { type: 'gossip', decidedTo: this.learner.decidedTo });
      this.watch();
    }
    this.catchUp.tick();
    this.toldAll = false;
  }

  /** A leader that q2 acceptors no longer answer leaves the place to one who reaches them. */
  lead(overdueMs: number): void {
    if (this.election.mode === 'stable' && !this.detector.hears(this.proposer.q2)) {
      this.proposer.lose();
      this.follow('no-quorum');
      return;
    }
    for (const member of this.others) this.resend(member, overdueMs);
    this.proposer.resent(overdueMs, this.env.now());
    if (this.election.mode === 'any' || this.toldAll) return;
    this.env.send(this.others, this.told('heartbeat'));
    this.toldTo = this.learner.decidedTo;
  }

  /** By timer and one message a period, never on an answer. */
  resend(acceptor: NodeId, overdueMs: number): void {
    const overdue = this.proposer.overdue(acceptor, overdueMs);
    if (overdue.length === 0) return;
    const values = overdue.slice(0, countThatFits(overdue, 0, this.env.maxMessageBytes));
    this.env.sendBeforeDurable(acceptor, { type: 'propose', ballot: this.proposer.ballot, decidedTo: this.learner.decidedTo, values });
  }

  /** Without a leader somebody must finish a slot whose proposer is gone: phase 1 after two periods without progress. */
  watch(): void {
    const { decidedTo } = this.learner;
    const stuck = this.acceptor.lastSlot > decidedTo && decidedTo === this.stuckAt && this.isOut;
    this.stuckTicks = stuck ? this.stuckTicks + 1 : 0;
    this.stuckAt = decidedTo;
    if (this.stuckTicks >= 2) this.backOff();
  }
}
