// The learner: knows which values are decided and commits them in slot order. A decision never changes, and what is
// committed is a prefix without gaps.
import type { Env } from '../../contract.ts';
import type { CommandIndex } from '../../kit/command-index.ts';
import type { Configurations } from './configurations.ts';
import { valueOf } from './messages.ts';
import type { Entry, Message, Proposal } from './messages.ts';
import type { Options } from './options.ts';

export class Learner {
  readonly env: Env<Message, Entry, Options>;
  /** Where a command stands that is accepted or decided, and not yet committed: a retry finds it here. */
  readonly index: CommandIndex;
  readonly configurations: Configurations;
  /** Decided values by slot. */
  decided = new Map<number, Proposal>();
  /** Every slot up to here is decided, and committed. */
  decidedTo = 0;
  /** The highest decided slot, gaps or not. */
  lastDecided = 0;
  /** Slots up to here are forgotten. */
  compactedTo = 0;

  constructor(env: Env<Message, Entry, Options>, index: CommandIndex, configurations: Configurations) {
    this.env = env;
    this.index = index;
    this.configurations = configurations;
  }

  has(slot: number): boolean {
    return slot <= this.decidedTo || this.decided.has(slot);
  }

  /** false: known already, and the first decision stands. */
  learn(value: Proposal): boolean {
    if (this.has(value.slot)) return false;
    this.decided.set(value.slot, valueOf(value));
    if (value.slot > this.lastDecided) this.lastDecided = value.slot;
    return true;
  }

  /** Commits what has become contiguous. */
  advance(): void {
    for (let next = this.decided.get(this.decidedTo + 1); next !== undefined; next = this.decided.get(this.decidedTo + 1)) {
      this.decidedTo++;
      this.index.remove(next.command, next.slot);
      this.configurations.decided(next);
      this.env.commit(next.command, { epoch: next.epoch, slot: next.slot });
    }
  }

  forget(upTo: number): void {
    for (let slot = this.compactedTo + 1; slot <= upTo; slot++) this.decided.delete(slot);
    this.compactedTo = Math.max(this.compactedTo, upTo);
  }

  /** A state that holds all up to a slot is in place. */
  install(upTo: number): void {
    for (const slot of this.decided.keys()) if (slot <= upTo) this.decided.delete(slot);
    for (const [id, slot] of this.index.slots) if (slot <= upTo) this.index.slots.delete(id);
    this.compactedTo = upTo;
    this.decidedTo = upTo;
    this.lastDecided = Math.max(this.lastDecided, upTo);
  }

  /** Decided values from a slot on, without a gap, as many as one message holds. */
  valuesFrom(first: number, limit: number): readonly Proposal[] {
    const values: Proposal[] = [];
    for (let slot = first; slot <= this.decidedTo && values.length < limit; slot++) {
      const value = this.decided.get(slot);
      if (value === undefined) break;
      values.push(value);
    }
    return values;
  }
}
