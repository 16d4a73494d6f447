// Quorums as functions of a configuration's size: who has decided, how far, and the moment at which a vote is won.
import type { NodeId } from '../contract.ts';

/** Any two of them have a member in common. */
export function majorityOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The highest slot that `quorum` members hold, given how far each of them does; 0 when they are too few. Sorts `held`. */
export function quorumSlot(held: number[], quorum: number): number {
  return held.sort((a, b) => b - a)[quorum - 1] ?? 0;
}

/** Counts voters, each once. */
export class Votes {
  readonly quorum: number;
  voters = new Set<NodeId>();

  constructor(quorum: number) {
    this.quorum = quorum;
  }

  /** True exactly once: for the vote that completes the quorum. */
  add(voter: NodeId): boolean {
    if (this.voters.has(voter)) return false;
    this.voters.add(voter);
    return this.voters.size === this.quorum;
  }
}
