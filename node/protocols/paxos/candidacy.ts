// Who may propose: which commands a process takes, when it begins a ballot, and what it does when a higher one is about.
import type { Command, NodeId } from '../../contract.ts';
import { ballotAbove } from './messages.ts';
import { State } from './state.ts';

/** The back-off doubles so often at most. */
const MAX_DOUBLINGS = 3;

export abstract class Candidacy extends State {
  take(command: Command): void {
    if (this.proposer.owned.has(command.id)) return;
    if (!this.mayTake) this.env.reject(command.id, 'not-leader', this.detector.leader ?? undefined);
    else if (!this.proposer.offer(command)) this.env.reject(command.id, 'busy');
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

  /** Its candidate gets a timeout to become the leader. */
  yieldTo(ballot: number): void {
    if (ballot > this.proposer.ballot) this.lose();
    if (this.election.mode !== 'stable' || ballot <= this.detector.leaderBallot) return;
    this.detector.leader = null;
    this.detector.wait();
  }

  /** A proposer with an established ballot is alive. */
  heard(from: NodeId, ballot: number): void {
    this.seen = Math.max(this.seen, ballot);
    if (this.election.mode !== 'stable' || ballot < this.acceptor.promised || ballot < this.detector.leaderBallot || from === this.env.self) return;
    if (ballot > this.proposer.ballot) this.lose();
    this.detector.follow(from, ballot);
  }
}
