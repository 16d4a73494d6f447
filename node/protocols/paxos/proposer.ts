// The proposer: one ballot for every slot. Phase 1 asks what is accepted or decided from the first undecided slot on;
// phase 2 goes up the slots: it proposes again what phase 1 found, fills with a no-op only a slot that is neither accepted nor
// decided in any promise, and gives new commands the slots behind. It proposes one value for each (ballot, slot), ever, and none
// before a phase-1 quorum of the slot's own configuration has promised.
//
//   idle ──begin──▶ preparing ──phase-1 quorum──▶ established ──a higher ballot──▶ lost ──begin──▶ …
import type { Command, CommandId, NodeId } from '../../contract.ts';
import type { Configuration } from './configurations.ts';
import type { Learner } from './learner.ts';
import { sameValue, valueOf } from './messages.ts';
import type { Accept, Promise1, Proposal } from './messages.ts';
import { Promises } from './promises.ts';
import type { Quorums } from './quorums.ts';

type Flight = { readonly value: Proposal; readonly voters: Set<NodeId>; readonly sinceMs: number; sentMs: number };
/** decided: phase 1 showed it decided. */
type Next = { readonly value: Proposal; readonly decided: boolean };
export type Taken = { readonly proposed: readonly Proposal[]; readonly decided: readonly Proposal[] };

/** Commands that wait for a slot; beyond it they are refused. */
const MAX_QUEUED = 8192;

export class Proposer {
  readonly learner: Learner;
  readonly quorums: Quorums;
  readonly window: number;
  readonly bypass: boolean;
  phase: 'idle' | 'preparing' | 'established' | 'lost' = 'idle';
  ballot = 0;
  promises = new Promises();
  /** The next slot to propose in, in this ballot. */
  nextSlot = 1;
  /** The last slot that phase 1 found something in. */
  top = 0;
  /** Proposed in this ballot and not decided. */
  flights = new Map<number, Flight>();
  queue: Command[] = [];
  /** A configuration to propose before the queue. */
  configuration: Configuration | null = null;
  /** The last slot before a configuration that this ballot proposed, to be filled for it to come into force. */
  fillTo = 0;
  /** The change whose command this ballot has proposed. */
  conducted: CommandId | null = null;
  /** Own commands in a slot that is not decided, by slot. */
  waiting = new Map<number, Command[]>();
  /** Of all that are queued or waiting. */
  owned = new Set<CommandId>();

  constructor(learner: Learner, quorums: Quorums, limits: { readonly window: number; readonly phase1Bypass: boolean }) {
    this.learner = learner;
    this.quorums = quorums;
    this.window = limits.window;
    this.bypass = limits.phase1Bypass;
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
    this.promises.clear();
    this.flights.clear();
    this.fillTo = 0;
    this.conducted = null;
  }

  /** Where to ask this acceptor on, past what is known decided; null: its promise is complete. */
  pageFor(acceptor: NodeId): number | null {
    const page = this.promises.pages.get(acceptor);
    return page === null ? null : Math.max(page ?? 1, this.learner.decidedTo + 1);
  }

  /** Nothing is proposed at or below what an acceptor has forgotten: its state comes first. */
  isBehind({ compactedTo }: Promise1): boolean {
    return compactedTo > this.learner.decidedTo;
  }

  /** true: it continues what came before, without a gap. A partly received promise never counts, and none that begins behind a gap. */
  promised(from: NodeId, promise: Promise1): boolean {
    if (this.isBehind(promise)) return false;
    if (promise.ballot !== this.ballot || !(this.phase === 'preparing' || (this.phase === 'established' && this.lacks(from)))) return false;
    const page = this.pageFor(from);
    if (page === null || promise.from > page || (promise.next !== null && promise.next <= page)) return false;
    const found = this.promises.add(from, promise, this.phase === 'established' ? this.nextSlot : 1);
    if (this.phase === 'established') this.top = Math.max(this.top, found);
    return true;
  }

  /** For the slot that is to be proposed in first. */
  get hasQuorum(): boolean {
    return this.hasPromises(this.learner.configurations.at(this.learner.decidedTo + 1).members);
  }

  hasPromises(members: readonly NodeId[]): boolean {
    return this.quorums.phase1(this.ballot, members, (member) => this.promises.isComplete(member));
  }

  /** Is a promise of this node still missing for some slot? */
  lacks(acceptor: NodeId): boolean {
    return this.learner.configurations.placed.some(({ members }) => members.includes(acceptor) && !this.hasPromises(members));
  }

  /** Ends phase 1. What the promises showed decided is learned before. */
  establish(): void {
    this.phase = 'established';
    this.nextSlot = this.learner.decidedTo + 1;
    this.top = Math.max(this.learner.lastDecided, this.promises.last);
  }

  /** A higher ballot is about: this one proposes nothing any more. What it proposed may still be accepted. */
  lose(): void {
    this.phase = 'lost';
    this.promises.clear();
  }

  /** What may be proposed now, within the window, and what need not be. */
  take(nowMs: number): Taken {
    const proposed: Proposal[] = [];
    const decided: Proposal[] = [];
    while (this.flights.size < this.window) {
      const next = this.nextValue();
      if (next === null) break;
      if (next.decided) decided.push(next.value);
      else {
        this.flights.set(next.value.slot, { value: next.value, voters: new Set(), sinceMs: nowMs, sentMs: nowMs });
        proposed.push(next.value);
      }
    }
    return { proposed, decided };
  }

  nextValue(): Next | null {
    const { learner, promises } = this;
    while (this.nextSlot <= this.top && learner.has(this.nextSlot)) promises.forget(this.nextSlot++);
    const slot = this.nextSlot;
    const { members } = learner.configurations.at(slot);
    if (!learner.configurations.isOpen(slot, learner.decidedTo) || !this.hasPromises(members)) return null;
    if (slot > this.top) {
      const value = this.newValue(slot);
      if (value === null) return null;
      this.nextSlot++;
      return { value, decided: false };
    }
    this.nextSlot++;
    const vote = promises.found.get(slot);
    const decided = this.bypass && vote !== undefined && this.quorums.phase2(vote.ballot ?? 0, members, (member) => promises.accepted(slot, vote.ballot ?? 0, member));
    promises.forget(slot);
    if (vote?.command?.op.type === 'reconfigure') this.conducted = vote.command.id;
    if (vote?.configuration !== undefined) this.fillTo = Math.max(this.fillTo, slot + learner.configurations.alpha - 1);
    return { value: vote === undefined ? { slot, epoch: this.ballot, command: null } : valueOf(vote), decided };
  }

  /** For a slot in which phase 1 found nothing. */
  newValue(slot: number): Proposal | null {
    const { latest, alpha } = this.learner.configurations;
    const { change } = latest;
    const epoch = this.ballot;
    if (!latest.settled && change !== null && slot >= latest.slot && this.conducted !== change.id && !this.learner.index.has(change.id)) {
      this.conducted = change.id;
      return { slot, epoch, command: change };
    }
    const { configuration } = this;
    if (configuration !== null) {
      this.configuration = null;
      this.fillTo = slot + alpha - 1;
      return { slot, epoch, command: null, configuration };
    }
    for (let command = this.queue.shift(); command !== undefined; command = this.queue.shift()) {
      // Decided meanwhile, out of another proposer's hands.
      if (!this.owned.has(command.id)) continue;
      const stands = this.learner.index.slots.get(command.id);
      this.waitAt(stands ?? slot, command);
      if (stands === undefined) return { slot, epoch, command };
    }
    const fillTo = latest.settled ? this.fillTo : latest.slot - 1;
    return slot <= fillTo ? { slot, epoch, command: null } : null;
  }

  /** Counts each acceptor once; returns what a phase-2 quorum of the slot's configuration has accepted now. */
  accepted(from: NodeId, accept: Accept): readonly Proposal[] {
    if (accept.ballot !== this.ballot) return [];
    const chosen: Proposal[] = [];
    for (const [first, last] of accept.slots) {
      for (let slot = first; slot <= last; slot++) {
        const flight = this.flights.get(slot);
        if (flight === undefined || flight.voters.has(from)) continue;
        flight.voters.add(from);
        const { members } = this.learner.configurations.at(slot);
        if (this.quorums.phase2(this.ballot, members, (member) => flight.voters.has(member))) chosen.push(flight.value);
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
    return flight === undefined ? value.slot < this.nextSlot || value.slot <= this.top : sameValue(flight.value, value);
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

  /** All own commands that wait in slots up to here: whether they got one of them is not known. */
  returnedTo(slot: number): readonly Command[] {
    const commands: Command[] = [];
    for (const [at, waiting] of this.waiting) {
      if (at > slot) continue;
      commands.push(...waiting);
      this.waiting.delete(at);
    }
    for (const command of commands) this.owned.delete(command.id);
    return commands;
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
    for (const { value, voters, sentMs } of this.flights.values()) {
      if (sentMs <= sentBeforeMs && !voters.has(acceptor) && this.learner.configurations.at(value.slot).members.includes(acceptor)) values.push(value);
    }
    return values;
  }

  resent(sentBeforeMs: number, nowMs: number): void {
    for (const flight of this.flights.values()) if (flight.sentMs <= sentBeforeMs) flight.sentMs = nowMs;
  }

  /** Since when the oldest value has been on its way; null: none is. */
  get waitingSinceMs(): number | null {
    const [oldest] = this.flights.values();
    return oldest?.sinceMs ?? null;
  }
}
