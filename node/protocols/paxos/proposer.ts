// The proposer: one ballot for every slot. Phase 1 asks what is accepted or decided from the first undecided slot on;
// phase 2 proposes that again, fills with a no-op only a slot that is neither accepted nor decided in any promise, and then
// gives new commands the slots behind. It proposes one value for each (ballot, slot), ever.
//
//   idle ──begin──▶ preparing ──q1 promises──▶ established ──a higher ballot──▶ lost ──begin──▶ …
import type { Command, CommandId, NodeId } from '../../contract.ts';
import { Votes } from '../../kit/quorum.ts';
import type { Learner } from './learner.ts';
import { sameValue } from './messages.ts';
import type { Accept, Promise1, Proposal, Vote } from './messages.ts';

type Flight = { readonly value: Proposal; readonly votes: Votes; sentMs: number };

/** Commands that wait for a slot; beyond it they are refused. */
const MAX_QUEUED = 8192;

export class Proposer {
  readonly learner: Learner;
  readonly q1: number;
  readonly q2: number;
  readonly window: number;
  phase: 'idle' | 'preparing' | 'established' | 'lost' = 'idle';
  ballot = 0;
  /** Where each acceptor's next page of the promise begins; null: complete. Absent: nothing came yet. */
  pages = new Map<NodeId, number | null>();
  /** Of the promises: the latest vote in each slot. */
  found = new Map<number, Vote>();
  /** Found in phase 1 and to be proposed again, in slot order. */
  adopted: Proposal[] = [];
  nextSlot = 1;
  /** Proposed in this ballot and not decided. */
  flights = new Map<number, Flight>();
  queue: Command[] = [];
  /** Own commands in a slot that is not decided, by slot. */
  waiting = new Map<number, Command[]>();
  /** Of all that are queued or waiting. */
  owned = new Set<CommandId>();

  constructor(learner: Learner, limits: { readonly q1: number; readonly q2: number; readonly window: number }) {
    this.learner = learner;
    this.q1 = limits.q1;
    this.q2 = limits.q2;
    this.window = limits.window;
  }

  /** A command of this node's clients. false: no room. A repeated one waits where it stands. */
  offer(command: Command): boolean {
    if (this.owned.has(command.id)) return true;
    const slot = this.learner.index.slots.get(command.id);
    if (slot === undefined) {
      if (this.queue.length >= MAX_QUEUED) return false;
      this.queue.push(command);
      this.owned.add(command.id);
    } else if (!this.learner.has(slot)) this.waitAt(slot, command);
    return true;
  }

  waitAt(slot: number, command: Command): void {
    const others = this.waiting.get(slot);
    if (others === undefined) this.waiting.set(slot, [command]);
    else others.push(command);
    this.owned.add(command.id);
  }

  /** Starts phase 1. */
  begin(ballot: number): void {
    this.phase = 'preparing';
    this.ballot = ballot;
    this.pages.clear();
    this.found.clear();
    this.adopted = [];
    this.flights.clear();
  }

  /** Where to ask this acceptor on, past what is known decided; null: its promise is complete. */
  pageFor(acceptor: NodeId): number | null {
    const page = this.pages.get(acceptor);
    return page === null ? null : Math.max(page ?? 1, this.learner.decidedTo + 1);
  }

  /** true: it continues what came before, without a gap. A partly received promise never counts. */
  promised(from: NodeId, promise: Promise1): boolean {
    if (this.phase !== 'preparing' || promise.ballot !== this.ballot) return false;
    const page = this.pageFor(from);
    if (page === null || promise.from > page || (promise.next !== null && promise.next <= page)) return false;
    for (const vote of promise.votes) {
      const known = this.found.get(vote.slot);
      if (known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)) this.found.set(vote.slot, vote);
    }
    this.pages.set(from, promise.next);
    return true;
  }

  get hasQuorum(): boolean {
    let complete = 0;
    for (const page of this.pages.values()) if (page === null) complete++;
    return complete >= this.q1;
  }

  /** Ends phase 1. What the promises showed decided is learned before. */
  establish(): void {
    this.phase = 'established';
    let top = this.learner.lastDecided;
    for (const slot of this.found.keys()) top = Math.max(top, slot);
    for (let slot = this.learner.decidedTo + 1; slot <= top; slot++) {
      if (this.learner.has(slot)) continue;
      const vote = this.found.get(slot);
      if (vote === undefined) this.adopted.push({ slot, epoch: this.ballot, command: null });
      else this.adopted.push({ slot, epoch: vote.epoch, command: vote.command });
    }
    this.adopted.reverse();
    this.nextSlot = top + 1;
    this.found.clear();
  }

  /** A higher ballot is about: this one proposes nothing any more. What it proposed may still be accepted. */
  lose(): void {
    this.phase = 'lost';
    this.found.clear();
    this.adopted = [];
  }

  /** What may be proposed now, within the window. */
  take(nowMs: number): readonly Proposal[] {
    const values: Proposal[] = [];
    while (this.flights.size < this.window) {
      const value = this.nextValue();
      if (value === null) break;
      this.flights.set(value.slot, { value, votes: new Votes(this.q2), sentMs: nowMs });
      values.push(value);
    }
    return values;
  }

  nextValue(): Proposal | null {
    for (let value = this.adopted.pop(); value !== undefined; value = this.adopted.pop()) {
      if (!this.learner.has(value.slot)) return value;
    }
    for (let command = this.queue.shift(); command !== undefined; command = this.queue.shift()) {
      // Decided meanwhile, out of another proposer's hands.
      if (!this.owned.has(command.id)) continue;
      const stands = this.learner.index.slots.get(command.id);
      const slot = stands ?? this.nextSlot++;
      this.waitAt(slot, command);
      if (stands === undefined) return { slot, epoch: this.ballot, command };
    }
    return null;
  }

  /** Counts each acceptor once; returns what q2 of them have accepted now. */
  accepted(from: NodeId, accept: Accept): readonly Proposal[] {
    if (accept.ballot !== this.ballot) return [];
    const chosen: Proposal[] = [];
    for (const [first, last] of accept.slots) {
      for (let slot = first; slot <= last; slot++) {
        const flight = this.flights.get(slot);
        if (flight?.votes.add(from) === true) chosen.push(flight.value);
      }
    }
    return chosen;
  }

  /**
   * A slot is decided. false: not as this ballot would have it, so a higher ballot decided it: lost, and the ballot must not
   * be named beside a decided slot again, or a learner would take its own vote of this ballot for the decision.
   */
  settle(value: Proposal): boolean {
    const flight = this.flights.get(value.slot);
    this.flights.delete(value.slot);
    if (this.phase !== 'established') return true;
    return flight === undefined ? value.slot < this.nextSlot : sameValue(flight.value, value);
  }

  /** Own commands that waited for this slot, and did not get it. */
  returned(value: Proposal): readonly Command[] {
    const commands = this.waiting.get(value.slot);
    if (value.command !== null) this.owned.delete(value.command.id);
    if (commands === undefined) return [];
    this.waiting.delete(value.slot);
    const others = commands.filter((command) => this.owned.has(command.id));
    for (const command of others) this.owned.delete(command.id);
    return others;
  }

  /** Takes the queue away. */
  drop(): readonly Command[] {
    const commands = this.queue;
    this.queue = [];
    for (const command of commands) this.owned.delete(command.id);
    return commands;
  }

  /** What this acceptor has not accepted though it was sent before a time, oldest first. */
  overdue(acceptor: NodeId, sentBeforeMs: number): readonly Proposal[] {
    const values: Proposal[] = [];
    for (const { value, votes, sentMs } of this.flights.values()) {
      if (sentMs <= sentBeforeMs && !votes.voters.has(acceptor)) values.push(value);
    }
    return values;
  }

  resent(sentBeforeMs: number, nowMs: number): void {
    for (const flight of this.flights.values()) if (flight.sentMs <= sentBeforeMs) flight.sentMs = nowMs;
  }
}
