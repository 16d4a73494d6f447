// Paxos, multi-decree: Lamport's roles (proposer.ts, acceptor.ts, learner.ts), Howard's flexible quorums (quorums.ts), and
// several ways to choose who proposes. state.ts holds what a process knows, candidacy.ts who may propose, learning.ts what is
// decided, changes.ts who the members become; this file joins them: the inputs, the two phases and the period.
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
import { Compaction } from './compaction.ts';
import { countThatFits, messageFrom } from './messages.ts';
import type { Accept, Entry, Nack, Prepare, Promise1, Proposal, Propose } from './messages.ts';

export class Process extends Compaction implements Machine<Json, Entry> {
  start(entries: readonly Entry[]): void {
    for (const entry of entries) this.restore(entry);
    this.seen = this.acceptor.promised;
    for (const vote of this.acceptor.votes.values()) {
      if (!this.learner.has(vote.slot)) this.env.place(vote.command?.id ?? null, { epoch: vote.epoch, slot: vote.slot });
    }
    this.env.setTimer('tick', this.periodMs);
    const begins = this.election.node === this.env.self && (this.election.mode === 'fixed' || entries.length === 0);
    if (begins) this.campaign();
    else this.waitForLeader();
  }

  restore(entry: Entry): void {
    if (entry.type === 'state') this.install(entry);
    else if (entry.type === 'promise') this.acceptor.promised = Math.max(this.acceptor.promised, entry.ballot);
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
    const message = messageFrom(from, json);
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
        return this.onGossip(from, message);
      case 'learn':
        return this.onLearn(from, message);
      case 'learnReply':
        return this.onLearnReply(from, message);
      case 'state':
        return this.onState(from, message);
      case 'fetch':
        return this.onFetch(from, message);
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
    for (const command of batch) {
      const { id, op } = command;
      if (op.type === 'reconfigure') this.reconfigure({ id, op });
      else this.take(command);
    }
  }

  turn(): void {
    const { proposer, learner } = this;
    if (this.election.mode === 'any' && (proposer.queue.length > 0 || proposer.configuration !== null) && !this.backingOff && this.isOut) this.campaign();
    if (proposer.phase === 'established' && !this.proposeAll() && proposer.flights.size === 0 && learner.decidedTo > this.toldTo) this.tellDecided();
    this.acceptor.flush(this.options.learners === 'broadcast' ? [...this.others, this.env.self] : null);
    this.compact();
  }

  /** false: there was nothing. */
  proposeAll(): boolean {
    let some = false;
    for (let more = true; more && this.proposer.phase === 'established';) {
      const { proposed, decided } = this.proposer.take(this.env.now());
      if (proposed.length > 0) this.propose(proposed);
      if (decided.length > 0) this.decide(decided);
      some ||= proposed.length > 0;
      more = decided.length > 0;
    }
    return some;
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
      configurations: this.configurations.placed,
    };
  }

  // Phase 1

  onPrepare(from: NodeId, { ballot, from: slot }: Prepare): void {
    if (this.isOutsider(from, slot - 1)) {
      this.tellHowFar(from);
      return;
    }
    this.seen = Math.max(this.seen, ballot);
    this.stuckTicks = 0;
    if (ballot > this.acceptor.promised) this.yieldTo(ballot);
    // Its candidate asks for one page after the other; it needs the time for all of them.
    else if (ballot === this.acceptor.promised && slot > this.askedFrom && this.detector.leader === null) this.waitForLeader();
    if (ballot >= this.acceptor.promised) this.askedFrom = slot;
    this.acceptor.prepare(from, ballot, slot);
  }

  onPromise(from: NodeId, message: Promise1): void {
    if (message.ballot === this.proposer.ballot && this.proposer.isBehind(message) && this.fetching === null) this.catchUp.ask(from);
    if (!this.proposer.promised(from, message)) return;
    if (from !== this.env.self) this.times.answered(from, this.env.now() - this.preparedMs);
    this.decide(message.votes.filter((vote) => vote.ballot === null));
    if (message.next !== null) this.prepare(from);
    else if (this.proposer.phase === 'preparing' && this.proposer.hasQuorum) this.establish();
  }

  establish(): void {
    this.proposer.establish();
    if (this.election.mode !== 'any') {
      this.detector.lead(this.proposer.ballot, this.others);
      this.toldTo = -1;
    }
    this.prepareLacking();
  }

  onNack({ promised }: Nack): void {
    this.seen = Math.max(this.seen, promised);
    if (promised > this.proposer.ballot) this.lose();
  }

  // Phase 2

  propose(values: readonly Proposal[]): void {
    const { ballot } = this.proposer;
    this.proposedChange(values);
    for (let first = 0; first < values.length;) {
      const members = this.membersAt(values[first]);
      const alike = values.slice(first, first + countThatFits(values, first, this.env.maxMessageBytes));
      const end = alike.findIndex((value) => this.membersAt(value) !== members);
      const page = end < 0 ? alike : alike.slice(0, end);
      first += page.length;
      const to = this.askedOf(members).filter((member) => member !== this.env.self);
      if (to.length > 0) this.env.sendBeforeDurable(to, { type: 'propose', ballot, decidedTo: this.learner.decidedTo, values: page });
      this.acceptor.propose(this.env.self, ballot, page);
    }
    if (this.options.thrifty) return;
    this.toldTo = this.learner.decidedTo;
    this.toldAll = true;
  }

  membersAt(value: Proposal | undefined): readonly NodeId[] {
    return this.configurations.at(value?.slot ?? 0).members;
  }

  /** Thrifty: the quickest phase-2 quorum. */
  askedOf(members: readonly NodeId[]): readonly NodeId[] {
    return this.options.thrifty ? this.quorums.cheapest(this.proposer.ballot, members, (member) => this.times.of(member)) : members;
  }

  onPropose(from: NodeId, { ballot, decidedTo, values }: Propose): void {
    this.heard(from, ballot, decidedTo);
    this.stuckTicks = 0;
    if (ballot > this.acceptor.promised && ballot > this.proposer.ballot) this.lose();
    // What is decided may open the slots to the values.
    if (values.some(({ slot }) => !this.configurations.isOpen(slot, this.learner.decidedTo))) this.decideVotes(ballot, decidedTo);
    if (!this.acceptor.propose(from, ballot, values)) return;
    this.decideVotes(ballot, decidedTo);
    this.catchUp.hears(from, decidedTo);
  }

  onAccept(from: NodeId, message: Accept): void {
    if (message.ballot === this.proposer.ballot) {
      this.detector.answered(from);
      this.noteTime(from, message);
    } else if (this.options.learners === 'broadcast') this.learnFrom(from, message);
    const chosen = this.proposer.accepted(from, message);
    if (chosen.length === 0) return;
    this.duels = 0;
    this.decide(chosen);
  }

  noteTime(from: NodeId, { slots }: Accept): void {
    const flight = from === this.env.self ? undefined : this.proposer.flights.get(slots[0]?.[0] ?? 0);
    if (flight !== undefined) this.times.answered(from, this.env.now() - flight.sentMs);
  }

  // The period: heartbeat, retransmission, gossip

  tick(): void {
    this.env.setTimer('tick', this.periodMs);
    const { phase } = this.proposer;
    const overdueMs = this.env.now() - 1.5 * this.periodMs;
    if (phase === 'preparing' && this.preparedMs <= overdueMs) {
      this.prepareOthers();
    } else if (phase === 'established') this.lead(overdueMs);
    if (this.election.mode === 'any' && this.isMember) {
      if (this.others.length > 0) this.env.send(this.others, { type: 'gossip', decidedTo: this.learner.decidedTo, asks: this.change !== null });
      this.watch();
    }
    this.watchChange();
    this.tickTransfers();
    if (this.fetching === null) this.catchUp.tick();
    this.toldAll = false;
  }

  /** A leader that no phase-2 quorum answers any more leaves the place to one who reaches one. */
  lead(overdueMs: number): void {
    const { members } = this.configurations.at(this.learner.decidedTo + 1);
    const hears = (ballot: number) => this.quorums.phase2(ballot, members, (member) => this.detector.hears(member));
    if (this.isElected && !hears(Infinity)) {
      this.proposer.lose();
      this.follow('no-quorum');
      return;
    }
    if (this.quorums.isEarly(this.proposer.ballot) && this.isAground(this.election.mode === 'any' || hears(this.proposer.ballot))) return;
    if (this.preparedMs <= overdueMs) this.prepareLacking();
    for (const member of this.configurations.members) if (member !== this.env.self) this.resend(member, overdueMs);
    this.proposer.resent(overdueMs, this.env.now());
    const untold = this.toldAll ? this.change?.command.op.add ?? [] : this.others;
    if (this.election.mode === 'any' || untold.length === 0) return;
    this.env.send(untold, this.told('heartbeat'));
    this.heartbeatMs = this.env.now();
    if (!this.toldAll) this.toldTo = this.learner.decidedTo;
  }

  /** All aboard no more: somebody does not answer, and majorities have to do. */
  isAground(hearsAll: boolean): boolean {
    const sinceMs = this.proposer.waitingSinceMs;
    if (hearsAll && (sinceMs === null || this.env.now() - sinceMs < this.options.timeoutMs[0])) return false;
    this.ashore = true;
    this.proposer.lose();
    this.campaign();
    return true;
  }

  /** By timer and one message a period, never on an answer. */
  resend(acceptor: NodeId, overdueMs: number): void {
    const overdue = this.proposer.overdue(acceptor, overdueMs);
    if (overdue.length === 0) return;
    this.times.silent(acceptor);
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
