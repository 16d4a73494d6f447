// The acceptor: what it has promised and accepted. It never goes below its promise, and answers only what is durable:
// each answer is sent after the entry that it speaks of is persisted, and leaves when that is on disk.
import type { Env, NodeId } from '../../contract.ts';
import type { Learner } from './learner.ts';
import { countThatFits, rangesOf, sameValue, valueOf } from './messages.ts';
import type { Entry, Message, Proposal, Vote } from './messages.ts';
import type { Options } from './options.ts';

/** Votes in one page of a promise, before its bytes are counted. */
const PAGE = 1024;

export class Acceptor {
  readonly env: Env<Message, Entry, Options>;
  readonly learner: Learner;
  /** Durable: the highest ballot promised. */
  promised = 0;
  /** Durable: the latest acceptance in each slot. */
  votes = new Map<number, Vote>();
  lastAccepted = 0;
  /** Acceptances of this turn, one message to each proposer. */
  accepts = new Map<NodeId, { readonly ballot: number; readonly slots: number[] }>();

  constructor(env: Env<Message, Entry, Options>, learner: Learner) {
    this.env = env;
    this.learner = learner;
  }

  /** The highest slot that holds anything. */
  get lastSlot(): number {
    return Math.max(this.lastAccepted, this.learner.lastDecided);
  }

  /** Phase 1. The same ballot is promised again: a retransmission must not duel with itself. */
  prepare(proposer: NodeId, ballot: number, from: number): void {
    if (ballot < this.promised) {
      this.refuse(proposer, ballot);
      return;
    }
    if (ballot > this.promised) {
      this.promised = ballot;
      this.env.persist({ type: 'promise', ballot });
    }
    this.env.send(proposer, this.promise(ballot, from));
  }

  /** Phase 2. false: refused. */
  propose(proposer: NodeId, ballot: number, values: readonly Proposal[]): boolean {
    if (ballot < this.promised) {
      this.refuse(proposer, ballot);
      return false;
    }
    const { configurations, decidedTo } = this.learner;
    // What is further ahead than α, or in a configuration whose beginnings are not known here, is dropped: the node catches up first.
    const near = values.filter(({ slot }) => configurations.isOpen(slot, decidedTo));
    const fresh = near.filter((value) => this.votes.get(value.slot)?.ballot !== ballot);
    if (fresh.length > 0) {
      this.promised = ballot;
      for (const value of fresh) {
        this.store(ballot, value);
        this.env.place(value.command?.id ?? null, { epoch: value.epoch, slot: value.slot });
      }
      this.env.persist({ type: 'accept', ballot, decidedTo, values: fresh });
    }
    let accepts = this.accepts.get(proposer);
    if (accepts?.ballot !== ballot) {
      accepts = { ballot, slots: [] };
      this.accepts.set(proposer, accepts);
    }
    for (const value of near) accepts.slots.push(value.slot);
    return true;
  }

  /** Answers the proposals of this turn: to the proposer, or to all learners. */
  flush(learners: readonly NodeId[] | null): void {
    for (const [proposer, { ballot, slots }] of this.accepts) {
      if (slots.length > 0) this.env.send(learners === null ? proposer : withOne(learners, proposer), { type: 'accept', ballot, slots: rangesOf(slots) });
    }
    this.accepts.clear();
  }

  /** From this life or an earlier one. */
  store(ballot: number, value: Proposal): void {
    const { slot } = value;
    this.stands(value);
    this.votes.set(slot, { ballot, ...valueOf(value) });
    if (slot > this.lastAccepted) this.lastAccepted = slot;
  }

  /** The index says where each command stands now: a vote or a decision replaces what the slot held. */
  stands({ slot, command }: Proposal): void {
    if (slot <= this.learner.decidedTo) return;
    this.learner.index.remove(this.votes.get(slot)?.command ?? null, slot);
    this.learner.index.add(command, slot);
  }

  /** Does the latest vote in this slot hold this value? */
  holds(value: Proposal): boolean {
    const vote = this.votes.get(value.slot);
    return vote !== undefined && sameValue(vote, value);
  }

  forget(upTo: number): void {
    for (const slot of this.votes.keys()) if (slot <= upTo) this.votes.delete(slot);
  }

  refuse(proposer: NodeId, ballot: number): void {
    this.env.send(proposer, { type: 'nack', ballot, promised: this.promised });
  }

  /** One page of what is accepted or decided from a slot on. */
  promise(ballot: number, from: number): Message {
    const votes: Vote[] = [];
    const { compactedTo } = this.learner;
    let slot = Math.max(from, compactedTo + 1);
    for (; slot <= this.lastSlot && votes.length < PAGE; slot++) {
      const decided = this.learner.decided.get(slot);
      const vote = decided === undefined ? this.votes.get(slot) : { ...decided, ballot: null };
      if (vote !== undefined) votes.push(vote);
    }
    const count = votes.length === 0 ? 0 : countThatFits(votes, 0, this.env.maxMessageBytes);
    const next = votes[count]?.slot ?? (slot <= this.lastSlot ? slot : null);
    return { type: 'promise', ballot, from, next, compactedTo, votes: votes.slice(0, count) };
  }
}

function withOne(ids: readonly NodeId[], one: NodeId): readonly NodeId[] {
  return ids.includes(one) ? ids : [...ids, one];
}
