// Who leads under `stable` and `roundRobin`, and whether it is alive: a randomized timeout on the leader's messages, and on the leader's side
// whether a phase-2 quorum still answers. A wrong guess costs a phase 1, never safety.
import type { Env, NodeId } from '../../contract.ts';
import type { Entry, Message } from './messages.ts';
import type { Options } from './options.ts';

export class FailureDetector {
  readonly env: Env<Message, Entry, Options>;
  readonly timeoutMs: readonly [number, number];
  leader: NodeId | null;
  /** The highest ballot in which a leader was heard. */
  leaderBallot = 0;
  /** When each other acceptor last answered this node's ballot. */
  answeredMs = new Map<NodeId, number>();

  constructor(env: Env<Message, Entry, Options>, timeoutMs: readonly [number, number], leader: NodeId | null) {
    this.env = env;
    this.timeoutMs = timeoutMs;
    this.leader = leader;
  }

  /** Waits anew before this node tries for itself. turns: its place in the order of those who take over; null: nobody's turn. */
  wait(turns: number | null): void {
    const [shortest, longest] = this.timeoutMs;
    this.env.setTimer('election', turns === null ? shortest + this.env.random() * (longest - shortest) : turns * shortest);
  }

  follow(leader: NodeId, ballot: number): void {
    this.leader = leader;
    this.leaderBallot = ballot;
  }

  /** This node leads: nobody watches it but itself. */
  lead(ballot: number, others: readonly NodeId[]): void {
    this.leader = this.env.self;
    this.leaderBallot = ballot;
    this.env.clearTimer('election');
    const nowMs = this.env.now();
    for (const member of others) this.answeredMs.set(member, nowMs);
  }

  answered(from: NodeId): void {
    if (from !== this.env.self) this.answeredMs.set(from, this.env.now());
  }

  /** Did it answer within the longest timeout? This node does. */
  hears(member: NodeId): boolean {
    return member === this.env.self || (this.answeredMs.get(member) ?? -Infinity) >= this.env.now() - this.timeoutMs[1];
  }
}
