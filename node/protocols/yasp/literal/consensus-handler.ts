// The consensus handler: takes what is proposed and what is committed, and writes the log. Nothing is on a disk. The contract's slots
// have no gaps, the origin's have: a commit takes the next slot of this node, and its place in the origin's order is in the log line.
import type { Command, Env, Json } from '../../../contract.ts';
import { traceInstance } from '../data.ts';
import type { Options } from '../options.ts';
import { utf8Bytes } from '../../../wire.ts';
import type { Instance } from './messages.ts';

/** Room for the fields around a history. */
const ENVELOPE_BYTES = 512;

export class ConsensusHandler {
  readonly env: Env<Json, never, Options>;
  proposing = new Map<number, Command>();
  /** In order of commit. */
  committed: Instance[] = [];
  committedSlots = new Set<number>();

  constructor(env: Env<Json, never, Options>) {
    this.env = env;
  }

  propose(slot: number, command: Command): void {
    this.proposing.set(slot, command);
    if (this.env.options.dataSize !== null) traceInstance(this.env, 'generate', command, slot);
  }

  /** Of an imposed history what is not committed here: these slots are committed when the leader decides. */
  merge(history: readonly Instance[]): readonly number[] {
    const fresh = history.filter(({ slot }) => !this.committedSlots.has(slot));
    for (const { slot, command } of fresh) this.propose(slot, command);
    return fresh.map(({ slot }) => slot);
  }

  commit(slot: number): void {
    const command = this.proposing.get(slot);
    if (command === undefined) return;
    this.proposing.delete(slot);
    this.committedSlots.add(slot);
    this.env.commit(command, { epoch: Math.floor(slot / this.env.options.interval), slot: this.committed.push({ slot, command }) });
    if (this.env.options.dataSize !== null) traceInstance(this.env, 'commit', command, slot);
  }

  /** As many instances as a message holds in each part; one part at least. */
  parts(history: readonly Instance[]): readonly (readonly Instance[])[] {
    const parts: Instance[][] = [[]];
    let room = this.env.maxMessageBytes - ENVELOPE_BYTES;
    for (const instance of history) {
      const bytes = utf8Bytes(JSON.stringify(instance)) + 1;
      if (bytes > room && parts.at(-1)?.length !== 0) {
        parts.push([]);
        room = this.env.maxMessageBytes - ENVELOPE_BYTES;
      }
      room -= bytes;
      parts.at(-1)?.push(instance);
    }
    return parts;
  }
}
