// The consensus handler: takes what is proposed and what is committed, and writes the log. It is the acceptor and the learner of
// Paxos: never below what it promised, and nothing is answered before it is durable, because answers are sent after the
// entry is persisted. Commits are contiguous, and a value is committed only as accepted in the round of the leader that says so,
// or as fetched from one who had committed it.
import type { Command, CommandId, Env } from '../../../contract.ts';
import { CommandIndex } from '../../../kit/command-index.ts';
import { traceInstance } from '../data.ts';
import type { Options } from '../options.ts';
import { pageOf } from './messages.ts';
import type { Accepted, Entry, Fetched, Gather, Message, Value } from './messages.ts';

/** A proposal further ahead than this of all that is known here is dropped: the node catches up first. Bounds every scan of slots. */
const HORIZON = 65_536;
const PAGE = 1024;
/** The round of a value that was fetched: it is committed, and never gathered. */
const FETCHED = -1;

export class ConsensusHandler {
  readonly env: Env<Message, Entry, Options>;
  /** Durable: the highest round promised, and so every round that this node began. */
  promised = -1;
  /** The largest round that a leader or a fetched value was heard of; what is committed here was decided in none above it. */
  heard = -1;
  /** Durable: the latest acceptance in each slot; of a committed slot its value. */
  accepted = new Map<number, Accepted>();
  lastSlot = 0;
  committed = 0;
  /** Where each command stands in the log. */
  index = new CommandIndex();
  /** Commands of this node's clients that are not committed, and the tick in which they came. */
  pending = new Map<CommandId, { readonly command: Command; readonly since: number }>();

  constructor(env: Env<Message, Entry, Options>) {
    this.env = env;
  }

  restore(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type === 'learned') this.heard = Math.max(this.heard, entry.round);
      else this.promised = Math.max(this.promised, entry.round);
      if (entry.type === 'promise') continue;
      while (this.committed < entry.committed && this.accepted.has(this.committed + 1)) this.advance();
      for (const value of entry.values) {
        this.store(entry.type === 'accept' ? entry.round : FETCHED, value);
        if (entry.type === 'learned' && value.slot === this.committed + 1) this.advance();
      }
    }
    for (const { slot, epoch, command } of this.accepted.values()) this.env.place(command?.id ?? null, { epoch, slot });
  }

  /** The largest round that this node knows of. */
  get round(): number {
    return Math.max(0, this.promised, this.heard);
  }

  promise(round: number): void {
    if (round <= this.promised) return;
    this.promised = round;
    this.env.persist({ type: 'promise', round });
  }

  /** Returns the slots to acknowledge, those that are committed here too. The round is none below what is promised. */
  accept(round: number, values: readonly Value[]): readonly number[] {
    const horizon = this.lastSlot + HORIZON;
    const near = values.filter((value) => value.slot <= horizon);
    const fresh = near.filter(({ slot }) => slot > this.committed && this.accepted.get(slot)?.round !== round);
    if (fresh.length === 0) this.promise(round);
    else {
      this.promised = round;
      this.env.persist({ type: 'accept', round, committed: this.committed, values: fresh.map(({ slot, epoch, command }) => ({ slot, epoch, command })) });
      for (const value of fresh) {
        this.store(round, value);
        this.env.place(value.command?.id ?? null, { epoch: value.epoch, slot: value.slot });
        if (this.env.options.dataSize !== null) traceInstance(this.env, 'generate', value.command, value.slot);
      }
    }
    return near.map(({ slot }) => slot);
  }

  store(round: number, { slot, epoch, command }: Value): void {
    this.index.remove(this.accepted.get(slot)?.command ?? null, slot);
    this.accepted.set(slot, { slot, epoch, command, round });
    this.index.add(command, slot);
    if (slot > this.lastSlot) this.lastSlot = slot;
  }

  /** The leader of this round has committed so far. */
  commit(round: number, committed: number): void {
    while (this.committed < committed && this.accepted.get(this.committed + 1)?.round === round) this.advance();
  }

  /** Decided values, from one who had committed them. false: nothing of it follows here. */
  learn({ round, values }: Fetched): boolean {
    let next = this.committed;
    const fresh = values.filter(({ slot }) => slot === next + 1 && ++next > 0);
    if (fresh.length === 0) return false;
    this.heard = Math.max(this.heard, round);
    this.env.persist({ type: 'learned', round: this.heard, committed: this.committed, values: fresh });
    for (const value of fresh) {
      this.store(FETCHED, value);
      if (this.env.options.dataSize !== null) traceInstance(this.env, 'generate', value.command, value.slot);
      this.advance();
    }
    return true;
  }

  advance(): void {
    const value = this.accepted.get(this.committed + 1);
    if (value === undefined) return;
    const { slot, epoch, command } = value;
    this.committed = slot;
    if (command !== null) this.pending.delete(command.id);
    this.env.commit(command, { epoch, slot });
    if (this.env.options.dataSize !== null) traceInstance(this.env, 'commit', command, slot);
  }

  /** What is accepted above the commit index, one page of it. */
  gather(round: number, from: number): Gather {
    const found: Accepted[] = [];
    let slot = Math.max(from, this.committed + 1);
    for (; slot <= this.lastSlot && found.length < PAGE; slot++) {
      const value = this.accepted.get(slot);
      if (value !== undefined) found.push(value);
    }
    const values = found.length === 0 ? found : pageOf(found, this.env.maxMessageBytes);
    const next = found[values.length]?.slot ?? (slot <= this.lastSlot ? slot : null);
    return { type: 'gather', round, from, next, committed: this.committed, values };
  }

  /** What is committed from a slot on, as much as one message holds. */
  history(from: number): readonly Value[] {
    const values: Value[] = [];
    for (let slot = from; slot <= this.committed && values.length < PAGE; slot++) {
      const value = this.accepted.get(slot);
      if (value !== undefined) values.push({ slot, epoch: value.epoch, command: value.command });
    }
    return values.length === 0 ? values : pageOf(values, this.env.maxMessageBytes);
  }
}
