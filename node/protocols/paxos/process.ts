// Paxos, multi-decree: Lamport's roles (proposer.ts, acceptor.ts, learner.ts), Howard's flexible quorums, and three
// ways to choose who proposes: `stable` (Multi-Paxos), `fixed`, and `any`. This file joins the roles and holds the failure
// detector, the timers and who may propose.
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
import type { Command, Env, Json, Machine, NodeId, Status } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Acceptor } from './acceptor.ts';
import { CatchUp } from './catch-up.ts';
import { FailureDetector } from './failure-detector.ts';
import { Learner } from './learner.ts';
import { ballotAbove, countThatFits, messageFrom } from './messages.ts';
import type { Accept, Entry, LearnReply, Message, Nack, Prepare, Promise1, Proposal, Propose, Told } from './messages.ts';
import { settledOptions } from './options.ts';
import type { Leader, Options } from './options.ts';
import { Proposer } from './proposer.ts';

/** The back-off doubles so often at most. */
const MAX_DOUBLINGS = 3;

export class Process implements Machine<Json, Entry> {
  readonly env: Env<Message, Entry, Options>;
  readonly number: number;
  readonly others: readonly NodeId[];
  readonly configurations: Status['configurations'];
  readonly election: Leader;
  readonly periodMs: number;
  readonly learner: Learner;
  readonly acceptor: Acceptor;
  readonly proposer: Proposer;
  readonly catchUp: CatchUp;
  readonly detector: FailureDetector;
  /** The highest ballot seen in any message. */
  seen = 0;
  preparedMs = 0;
  /** What the others were told last (a new leader tells in any case), and whether they all were told anything since the last tick. */
  toldTo = 0;
  toldAll = false;
  /** Ticks for which an accepted slot has stayed undecided without a word of a proposer, and the slot before it. */
  stuckTicks = 0;
  stuckAt = 0;
  backingOff = false;
  duels = 0;

  constructor(env: Env<Message, Entry, Options>) {
    this.env = env;
    this.number = env.members.indexOf(env.self);
    this.others = env.members.filter((member) => member !== env.self);
    this.configurations = [{ slot: 0, members: env.members }];
    const options = settledOptions(env.options, env.members.length);
    this.election = options.leader;
    this.periodMs = options.timeoutMs[0] / 3;
    this.learner = new Learner(env, new CommandIndex());
    this.acceptor = new Acceptor(env, this.learner);
    this.proposer = new Proposer(this.learner, options);
    this.catchUp = new CatchUp(env, this.learner);
    this.detector = new FailureDetector(env, options.timeoutMs, this.election.mode === 'fixed' ? this.election.node : null);
  }

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

  // Who may propose

  take(command: Command): void {
    if (this.proposer.owned.has(command.id)) return;
    if (!this.mayTake) this.env.reject(command.id, 'not-leader', this.detector.leader ?? undefined);
    else if (!this.proposer.offer(command)) this.env.reject(command.id, 'busy');
  }

  get mayTake(): boolean {
    const { mode, node } = this.election;
    return mode === 'any' || this.proposer.phase === 'established' || (mode === 'fixed' && node === this.env.self);
  }

  /** Under `any`: something is left to propose, or somebody's slot hangs. */
  get hasWork(): boolean {
    return this.proposer.queue.length > 0 || this.proposer.waiting.size > 0 || this.stuckTicks >= 2;
  }

  /** Holds no ballot and asks for none. */
  get isOut(): boolean {
    return this.proposer.phase === 'idle' || this.proposer.phase === 'lost';
  }

  /** Begins phase 1 in a new ballot, or repeats it in one that nobody has beaten. */
  campaign(): void {
    if (this.proposer.phase !== 'preparing') {
      this.proposer.begin(ballotAbove(Math.max(this.seen, this.acceptor.promised), this.number));
      this.seen = this.proposer.ballot;
      if (this.election.mode === 'stable') this.detector.leader = null;
    }
    // The own promise first: the ballot is durable before any prepare leaves.
    this.prepare(this.env.self);
    for (const member of this.others) this.prepare(member);
    if (this.election.mode === 'stable') this.detector.wait();
  }

  prepare(acceptor: NodeId): void {
    const page = this.proposer.pageFor(acceptor);
    if (page === null) return;
    this.preparedMs = this.env.now();
    if (acceptor === this.env.self) this.acceptor.prepare(acceptor, this.proposer.ballot, page);
    else this.env.send(acceptor, { type: 'prepare', ballot: this.proposer.ballot, from: page });
  }

  /** A higher ballot is about. */
  lose(): void {
    if (this.isOut) return;
    this.proposer.lose();
    if (this.election.mode === 'any') {
      if (this.hasWork) this.backOff();
    } else if (this.election.mode === 'fixed') this.campaign();
    else this.follow('not-leader');
  }

  follow(reason: 'not-leader' | 'no-quorum'): void {
    if (this.detector.leader === this.env.self) this.detector.leader = null;
    this.detector.wait();
    for (const command of this.proposer.drop()) this.env.reject(command.id, reason, this.detector.leader ?? undefined);
  }

  /** Exponential with jitter, so that of two duelling proposers one gets through: the winner needs two round trips. */
  backOff(): void {
    if (this.backingOff) return;
    this.backingOff = true;
    const jitter = this.env.random() * 2 ** Math.min(this.duels++, MAX_DOUBLINGS);
    this.env.setTimer('backOff', (2 + jitter) * this.periodMs);
  }

  // Phase 1

  onPrepare(from: NodeId, { ballot, from: slot }: Prepare): void {
    this.seen = Math.max(this.seen, ballot);
    this.stuckTicks = 0;
    if (ballot > this.acceptor.promised) this.yieldTo(ballot);
    this.acceptor.prepare(from, ballot, slot);
  }

  /** Its candidate gets a timeout to become the leader. */
  yieldTo(ballot: number): void {
    if (ballot > this.proposer.ballot) this.lose();
    if (this.election.mode !== 'stable' || ballot <= this.detector.leaderBallot) return;
    this.detector.leader = null;
    this.detector.wait();
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

  // Learning

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

  /** A proposer with an established ballot is alive. */
  heard(from: NodeId, ballot: number): void {
    this.seen = Math.max(this.seen, ballot);
    if (this.election.mode !== 'stable' || ballot < this.acceptor.promised || ballot < this.detector.leaderBallot || from === this.env.self) return;
    if (ballot > this.proposer.ballot) this.lose();
    this.detector.follow(from, ballot);
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
