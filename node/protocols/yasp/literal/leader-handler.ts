// The leader handler: a loop with a ticker of its own, which works in the rounds that this node leads. It says everything to bcpeers alone:
// itself and the two ranks below it, just one quorum. It counts acks without looking at their sender, and of two gathers
// that differ it takes the later.
import type { Command, Env, Json, NodeId } from '../../../contract.ts';
import { madeCommand } from '../data.ts';
import { quorumBelow, quorumOf } from '../options.ts';
import type { Options } from '../options.ts';
import { Channel } from './channel.ts';
import type { Letter } from './channel.ts';
import type { ConsensusHandler } from './consensus-handler.ts';
import type { Ack, History, Instance } from './messages.ts';

const MAX_QUEUED = 8192;

export class LeaderHandler {
  readonly env: Env<Json, never, Options>;
  readonly consensus: ConsensusHandler;
  readonly quorum: number;
  readonly bcpeers: readonly NodeId[];
  channel = new Channel();
  round = -1;
  seq = 0;
  /** null: for the next tick. 'imposed': for acks of the imposed history. */
  waitsFor: 'gather' | 'imposed' | 'command' | 'ack' | null = null;
  ready = 0;
  gathered = new Map<number, Command>();
  history: readonly (readonly Instance[])[] = [];
  queue: Command[] = [];

  constructor(env: Env<Json, never, Options>, consensus: ConsensusHandler) {
    this.env = env;
    this.consensus = consensus;
    this.quorum = quorumOf(env.members.length);
    this.bcpeers = quorumBelow(env.members, env.members.indexOf(env.self));
  }

  get leader(): NodeId {
    return this.env.members[Math.max(0, this.round) % this.env.members.length] ?? this.env.self;
  }

  tick(): void {
    const cause = this.waitsFor === null ? 'timer' : 'timeout';
    this.round++;
    this.seq = 0;
    this.waitsFor = null;
    this.ready = 0;
    this.gathered.clear();
    if (this.round > 0) this.env.trace('bump', { processor: 'leader', cause, round: this.round });
    for (const { id } of this.queue.splice(0)) this.env.reject(id, 'not-leader', this.leader);
    if (this.leader !== this.env.self) return;
    this.waitsFor = 'gather';
    this.say(this.bcpeers, { type: 'read', part: 0 });
    this.step();
  }

  take(command: Command): void {
    if (this.leader !== this.env.self) this.env.reject(command.id, 'not-leader', this.leader);
    else if (this.queue.length >= MAX_QUEUED) this.env.reject(command.id, 'busy');
    else this.queue.push(command);
    if (this.waitsFor === 'command') this.propose();
  }

  say(to: NodeId | readonly NodeId[], message: { readonly [field: string]: Json }): void {
    this.env.send(to, { ...message, round: this.round, seq: this.seq });
  }

  step(): void {
    while (this.waitsFor !== null && this.waitsFor !== 'command') {
      const letter = this.channel.read(this.round, this.seq);
      if (letter === null) return;
      if (letter === 'mismatch') this.waitsFor = null;
      else this.handle(letter);
    }
  }

  handle({ from, message }: Letter): void {
    if (message.type === 'gather' && this.waitsFor === 'gather') this.onGather(from, message);
    else if (message.type === 'ack' && this.waitsFor === 'imposed') this.onImposed(from, message);
    else if (message.type === 'ack' && this.waitsFor === 'ack' && ++this.ready >= this.quorum) {
      this.say(this.bcpeers, { type: 'commit' });
      this.seq++;
      this.propose();
    }
  }

  onGather(from: NodeId, { part, parts, history }: History): void {
    for (const { slot, command } of history) this.gathered.set(slot, command);
    if (part + 1 < parts) this.say(from, { type: 'read', part: part + 1 });
    else if (++this.ready >= this.quorum) this.impose();
  }

  impose(): void {
    const sorted = [...this.gathered].sort(([a], [b]) => a - b).map(([slot, command]) => ({ slot, command }));
    this.history = this.consensus.parts(sorted);
    this.ready = 0;
    this.waitsFor = 'imposed';
    this.sayHistory(this.bcpeers, 0);
  }

  sayHistory(to: NodeId | readonly NodeId[], part: number): void {
    this.say(to, { type: 'impose', part, parts: this.history.length, history: this.history[part] ?? [] });
  }

  onImposed(from: NodeId, { part }: Ack): void {
    if (part + 1 < this.history.length) this.sayHistory(from, part + 1);
    else if (++this.ready >= this.quorum) {
      this.say(this.bcpeers, { type: 'decide' });
      this.propose();
    }
  }

  /** One slot after another. */
  propose(): void {
    this.waitsFor = null;
    const { interval, dataSize } = this.env.options;
    if (this.seq >= interval) return;
    const command = dataSize === null ? this.queue.shift() : madeCommand(this.env.self, this.round, this.seq, dataSize, this.env);
    if (command === undefined) {
      this.waitsFor = 'command';
      return;
    }
    this.ready = 0;
    this.waitsFor = 'ack';
    this.say(this.bcpeers, { type: 'propose', command });
  }
}
