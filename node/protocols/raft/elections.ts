// Elections (paper §5.2, §5.4.1; dissertation §9.6): who campaigns, who votes, and what a vote counts for. Votes are counted
// by the configurations in force: between two of them (§4.3) a majority of each is needed.
import type { NodeId } from '../../contract.ts';
import type { Message, RequestVote, RequestVoteReply } from './messages.ts';
import { State } from './state.ts';

/** Rounding of a clock: a timer that fires so little before its time has reached it. */
const CLOCK_GRAIN_MS = 0.01;
/** To let in what has arrived already. */
const LOOK_MS = 1;

export abstract class Elections extends State {
  abstract lead(): void;
  /** What was being done as the leader ends. */
  abstract leadNoLonger(): void;

  /** The timer is set once and looks at the clock when it fires: to move it at every message would cost more than the message. */
  waitForLeader(): void {
    const [least, most] = this.timeoutMs;
    this.electionTimeoutMs = this.eager && this.role === (this.env.options.preVote ? 'pre-candidate' : 'candidate') ? this.heartbeatMs : least + this.env.random() * (most - least);
    this.waitingSinceMs = this.env.now();
    this.env.setTimer('election', this.electionTimeoutMs);
  }

  electionTimer(): void {
    const leftMs = this.waitingSinceMs + this.electionTimeoutMs - this.env.now();
    if (leftMs > CLOCK_GRAIN_MS) this.env.setTimer('election', leftMs);
    else if (leftMs >= -this.heartbeatMs) this.stand();
    else {
      // This process stood still: what a leader sent meanwhile waits in the socket, and comes before the timer fires again.
      this.waitingSinceMs += LOOK_MS - leftMs;
      this.env.setTimer('election', LOOK_MS);
    }
  }

  stand(): void {
    this.becomeFollower(this.currentTerm, null);
    if (!this.configurations.mayCampaign(this.env.self, this.commitIndex)) {
      this.waitForLeader();
      return;
    }
    if (this.env.options.preVote) this.preVote();
    else this.campaign();
  }

  /** Asks whether it could be elected, and changes no term by that: a node that was cut off does not disturb a leader. */
  preVote(): void {
    this.role = 'pre-candidate';
    this.votes.clear();
    this.waitForLeader();
    this.env.send(this.peers, this.voteRequest('preVote', this.currentTerm + 1));
    if (this.isWonWith(this.env.self)) this.campaign();
  }

  campaign(): void {
    this.saveTerm(this.currentTerm + 1, this.env.self);
    this.role = 'candidate';
    this.votes.clear();
    this.waitForLeader();
    this.env.send(this.peers, this.voteRequest('requestVote', this.currentTerm));
    this.env.send(this.env.self, { type: 'requestVoteReply', term: this.currentTerm, voteGranted: true });
  }

  isWonWith(voter: NodeId): boolean {
    this.votes.add(voter);
    return this.configurations.hasQuorum((id) => this.votes.has(id));
  }

  voteRequest(type: RequestVote['type'], term: number): Message {
    return { type, term, lastLogIndex: this.log.lastIndex, lastLogTerm: this.log.lastTerm };
  }

  requestVote(from: NodeId, request: RequestVote): void {
    const { type, term } = request;
    const upToDate = request.lastLogTerm > this.log.lastTerm
      || (request.lastLogTerm === this.log.lastTerm && request.lastLogIndex >= this.log.lastIndex);
    if (type === 'preVote') {
      const voteGranted = upToDate && term > this.currentTerm && !this.hearsLeader();
      this.env.send(from, { type: 'preVoteReply', term: voteGranted ? term : this.currentTerm, voteGranted });
      return;
    }
    // Who was removed may not know it: it is no candidate while there is a leader (dissertation §4.2.3).
    if (this.hearsLeader() && !this.configurations.includes(from)) return;
    const free = term > this.currentTerm
      || (term === this.currentTerm && this.leader === null && (this.votedFor === null || this.votedFor === from));
    const voteGranted = upToDate && free;
    if (term > this.currentTerm) this.becomeFollower(term, null, voteGranted ? from : null);
    else if (voteGranted && this.votedFor === null) this.saveTerm(term, from);
    if (voteGranted) this.waitingSinceMs = this.env.now();
    this.env.send(from, { type: 'requestVoteReply', term: this.currentTerm, voteGranted });
  }

  /** Within the least election timeout: nobody can have been elected behind the leader's back. */
  hearsLeader(): boolean {
    return this.role === 'leader' || (this.heardLeaderMs !== null && this.env.now() - this.heardLeaderMs < this.timeoutMs[0]);
  }

  requestVoteReply(from: NodeId, { type, term, voteGranted }: RequestVoteReply): void {
    if (type === 'preVoteReply' && voteGranted) {
      if (this.role === 'pre-candidate' && term === this.currentTerm + 1 && this.isWonWith(from)) this.campaign();
    } else if (term > this.currentTerm) this.becomeFollower(term, null);
    else if (voteGranted && this.role === 'candidate' && term === this.currentTerm && this.isWonWith(from)) this.lead();
  }

  /** A vote counts for its term: within the same term it is kept, whoever leads. */
  becomeFollower(term: number, leader: NodeId | null, votedFor: NodeId | null = null): void {
    if (term > this.currentTerm) this.saveTerm(term, votedFor);
    if (this.role === 'leader') {
      this.env.clearTimer('heartbeat');
      this.leadNoLonger();
      this.progress.clear();
      this.uncommitted.clear();
      this.waitForLeader();
    }
    this.role = 'follower';
    this.leader = leader;
    this.matched = false;
    this.early.clear();
    this.verifiedIndex = null;
  }
}
