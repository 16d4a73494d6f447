// The follower handler: a loop with a ticker of its own. In each round it waits for read, impose and decide, then for propose and commit
// of each seq; a message of another seq or of a newer round ends its work until the next tick.
import type { Env, Json } from '../../../contract.ts';
import type { Options } from '../options.ts';
import { Channel } from './channel.ts';
import type { Letter } from './channel.ts';
import type { ConsensusHandler } from './consensus-handler.ts';
import type { History, Read } from './messages.ts';

export class FollowerHandler {
  readonly env: Env<Json, never, Options>;
  readonly consensus: ConsensusHandler;
  channel = new Channel();
  round = -1;
  seq = 0;
  /** null: for the next tick. */
  waitsFor: 'read' | 'impose' | 'decide' | 'propose' | 'commit' | null = null;
  imposed: number[] = [];
  parts = 0;

  constructor(env: Env<Json, never, Options>, consensus: ConsensusHandler) {
    this.env = env;
    this.consensus = consensus;
  }

  tick(): void {
    const cause = this.waitsFor === null ? 'timer' : 'timeout';
    this.round++;
    this.seq = 0;
    this.waitsFor = 'read';
    this.imposed = [];
    this.parts = 0;
    if (this.round > 0) this.env.trace('bump', { processor: 'follower', cause, round: this.round });
    this.step();
  }

  /** Reads as long as there is something that it waits for. */
  step(): void {
    while (this.waitsFor !== null) {
      const letter = this.channel.read(this.round, this.seq);
      if (letter === null) return;
      if (letter === 'mismatch') this.waitsFor = null;
      else this.handle(letter);
    }
  }

  handle({ from, message }: Letter): void {
    const { round, seq, consensus } = this;
    const slot = round * this.env.options.interval + seq;
    // A history in parts: those after the first are read while the impose is waited for.
    if (message.type === 'read' && (this.waitsFor === 'read' || this.waitsFor === 'impose')) this.gather(from, message);
    else if (message.type !== this.waitsFor) return;
    else if (message.type === 'impose') this.onImpose(from, message);
    else if (message.type === 'decide') {
      for (const imposed of this.imposed) consensus.commit(imposed);
      this.waitsFor = 'propose';
    } else if (message.type === 'propose') {
      consensus.propose(slot, message.command);
      this.env.send(from, { type: 'ack', round, seq, part: 0 });
      this.waitsFor = 'commit';
    } else if (message.type === 'commit') {
      consensus.commit(slot);
      this.seq++;
      this.waitsFor = this.seq < this.env.options.interval ? 'propose' : null;
    }
  }

  /** What is committed here; what is accepted and not committed is not told. */
  gather(from: string, { part }: Read): void {
    const { round, seq } = this;
    const parts = this.consensus.parts(this.consensus.committed);
    const history = parts[part];
    if (history !== undefined) this.env.send(from, { type: 'gather', round, seq, part, parts: parts.length, history });
    this.waitsFor = 'impose';
  }

  onImpose(from: string, { part, parts, history }: History): void {
    if (part !== this.parts) return;
    this.imposed.push(...this.consensus.merge(history));
    this.parts++;
    this.env.send(from, { type: 'ack', round: this.round, seq: this.seq, part });
    if (this.parts === parts) this.waitsFor = 'decide';
  }
}
