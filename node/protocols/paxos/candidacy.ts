// Who may propose: which commands a process takes, when it begins a ballot, and what it does when a higher one is about.
import type { Command, NodeId } from '../../contract.ts';
import { BALLOT_STEP, ballotAbove, numberOf } from './messages.ts';
import { FIRST_LATE_BALLOT } from './quorums.ts';
import { State } from './state.ts';

/** The back-off doubles so often at most. */
const MAX_DOUBLINGS = 3;
/** Periods of a fixed back-off. */
const FIXED_PERIODS = 3;

export abstract class Candidacy extends State {
  take(command: Command): void {
    if (this.proposer.owned.has(command.id)) return;
    if (!this.mayTake) this.env.reject(command.id, this.election.mode === 'any' ? 'no-quorum' : 'not-leader', this.detector.leader ?? undefined);
    else if (!this.proposer.offer(command)) this.env.reject(command.id, 'busy');
  }

  /** Begins phase 1 in a new ballot, or repeats it in one that nobody has beaten. */
  campaign(): void {
    if (!this.isMember) {
      this.waitForLeader();
      return;
    }
    if (this.proposer.phase !== 'preparing') {
      this.proposer.begin(this.nextBallot());
      this.seen = this.proposer.ballot;
      if (this.isElected) this.detector.leader = null;
    }
    // The own promise first: the ballot is durable before any prepare leaves.
    this.prepare(this.env.self);
    this.prepareOthers();
    this.waitForLeader();
  }

  nextBallot(): number {
    const above = Math.max(this.seen, this.acceptor.promised);
    const ballot = ballotAbove(above, this.number);
    const early = this.quorums.isEarly(ballot) && !this.ashore;
    return early || !this.options.allAboard ? ballot : ballotAbove(Math.max(above, FIRST_LATE_BALLOT - BALLOT_STEP), this.number);
  }

  /** In an early ballot the own promise suffices. */
  prepareOthers(): void {
    const own = this.configurations.placed.every(({ members }) => members.includes(this.env.self));
    if (own && this.quorums.isEarly(this.proposer.ballot)) return;
    for (const member of this.configurations.members) if (member !== this.env.self) this.prepare(member);
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
    if (this.quorums.isEarly(this.proposer.ballot)) this.ashore = true;
    this.proposer.lose();
    if (this.election.mode === 'any') {
      if (this.hasWork) this.backOff();
    } else if (this.election.mode === 'fixed') this.campaign();
    else this.follow('not-leader');
  }

  follow(reason: 'not-leader' | 'no-quorum'): void {
    if (this.detector.leader === this.env.self) this.detector.leader = null;
    this.waitForLeader();
    for (const command of this.proposer.drop()) this.env.reject(command.id, reason, this.detector.leader ?? undefined);
    this.giveUpChange('not-leader');
  }

  /** Of a change that this node conducts and has not proposed yet. */
  abstract giveUpChange(reason: 'busy' | 'no-quorum' | 'not-leader'): void;

  /** Until this node tries for itself. Under roundRobin the next in order is first, and the one after it a timeout later. */
  waitForLeader(): void {
    if (!this.isElected) return;
    if (this.election.mode === 'stable') {
      this.detector.wait(null);
      return;
    }
    const { members } = this.configurations;
    const last = members.findIndex((member) => numberOf(member) === this.detector.leaderBallot % BALLOT_STEP);
    const own = members.indexOf(this.env.self);
    const after = this.detector.leaderBallot === 0 ? own + 1 : (own - last + members.length) % members.length;
    this.detector.wait(after === 0 ? members.length : after);
  }

  /** So that of two duelling proposers one gets through: the winner needs two round trips. */
  backOff(): void {
    if (this.backingOff) return;
    this.backingOff = true;
    this.env.setTimer('backOff', this.backOffPeriods() * this.periodMs);
  }

  backOffPeriods(): number {
    switch (this.options.backoff) {
      case 'none':
        return 0;
      case 'fixed':
        return FIXED_PERIODS;
      default:
        return 2 + this.env.random() * 2 ** Math.min(this.duels++, MAX_DOUBLINGS);
    }
  }

  /** Its candidate gets a timeout to become the leader. */
  yieldTo(ballot: number): void {
    if (ballot > this.proposer.ballot) this.lose();
    if (!this.isElected || ballot <= this.detector.leaderBallot) return;
    this.detector.leader = null;
    this.waitForLeader();
  }

  /** A proposer with an established ballot is alive. Who has left leads nobody who knows that. */
  heard(from: NodeId, ballot: number, decidedTo: number): void {
    this.seen = Math.max(this.seen, ballot);
    const { members, latest } = this.configurations;
    const left = latest.settled && decidedTo <= this.learner.decidedTo && this.isMember && !members.includes(from);
    if (!this.isElected || left || ballot < this.acceptor.promised || ballot < this.detector.leaderBallot || from === this.env.self) return;
    if (ballot > this.proposer.ballot) this.lose();
    this.detector.follow(from, ballot);
    this.waitForLeader();
  }
}
