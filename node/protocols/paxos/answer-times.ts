// How long each acceptor has taken to answer this proposer, of late: thrifty sending asks the quickest.
import type { NodeId } from '../../contract.ts';

/** Of the newest time in the average. */
const WEIGHT = 0.25;

export class AnswerTimes {
  readonly self: NodeId;
  averageMs = new Map<NodeId, number>();

  constructor(self: NodeId) {
    this.self = self;
  }

  answered(from: NodeId, tookMs: number): void {
    const before = this.averageMs.get(from) ?? Infinity;
    this.averageMs.set(from, before === Infinity ? tookMs : before + WEIGHT * (tookMs - before));
  }

  /** It did not answer in time: the others come first until it does. */
  silent(member: NodeId): void {
    this.averageMs.set(member, Infinity);
  }

  /** It is alive, and this far away; what its votes take shows later. */
  alive(from: NodeId, tookMs: number): void {
    if (this.averageMs.get(from) === Infinity) this.averageMs.set(from, tookMs);
  }

  of(member: NodeId): number {
    return member === this.self ? -1 : this.averageMs.get(member) ?? Infinity;
  }
}
