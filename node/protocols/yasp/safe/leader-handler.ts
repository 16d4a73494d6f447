// The leader handler: sends read, impose, decide, propose and commit, and waits for gather and ack. It leads one round at a time,
// and says one value for each (round, slot), ever.
//
//   idle ──begin──▶ reading ──a quorum gathered──▶ fetching ──all that is committed is here──▶ imposing ──all chosen──▶ proposing
//
// It proposes nothing at or below the highest commit index gathered: those slots it fetches and commits first, because a
// gather leaves out what its sender has committed. `propose` and `impose` leave before the leader's own acceptance is durable: the round is
// (it was promised before any read left), no other life begins it, and the own ack counts when it is durable. `commit` is a fact.
import type { Command, CommandId, Env, NodeId } from '../../../contract.ts';
import { Votes } from '../../../kit/quorum.ts';
import { madeCommand } from '../data.ts';
import { quorumBelow, quorumOf, timeoutOf } from '../options.ts';
import type { Options } from '../options.ts';
import type { ConsensusHandler } from './consensus-handler.ts';
import type { FollowerHandler } from './follower-handler.ts';
import { pagesOf } from './messages.ts';
import type { Accepted, Ack, Commit, Entry, Fetched, Gather, Message, Value } from './messages.ts';

type Flight = { readonly value: Value; readonly votes: Votes; chosen: boolean; sentMs: number };

const MAX_QUEUED = 8192;

export class LeaderHandler {
  readonly env: Env<Message, Entry, Options>;
  readonly consensus: ConsensusHandler;
  readonly follower: FollowerHandler;
  readonly quorum: number;
  /** Asked first; the others by the next tick. */
  readonly targets: readonly NodeId[];
  phase: 'idle' | 'reading' | 'fetching' | 'imposing' | 'proposing' = 'idle';
  round = -1;
  /** Why the round is over, for the message handler to bump. */
  over: 'round end' | 'timeout' | null = null;
  /** Where each follower's next page begins; null: it has gathered all. Absent: nothing came yet. */
  pages = new Map<NodeId, number | null>();
  /** Of the gathers: each slot's value of the highest round, and each sender's commit index. */
  found = new Map<number, Accepted>();
  commitIndexes = new Map<NodeId, number>();
  /** To impose, in slot order from the end. */
  history: Value[] = [];
  flights = new Map<number, Flight>();
  queue = new Map<CommandId, Command>();
  nextSlot = 1;
  /** Slots that this round has filled. */
  seq = 0;
  /** No new slots: the round's time is over. */
  closing = false;
  told = 0;

  constructor(env: Env<Message, Entry, Options>, consensus: ConsensusHandler, follower: FollowerHandler) {
    this.env = env;
    this.consensus = consensus;
    this.follower = follower;
    this.quorum = quorumOf(env.members.length);
    this.targets = env.options.bcpeers === 'quorum' ? quorumBelow(env.members, env.members.indexOf(env.self)) : env.members;
  }

  get others(): readonly NodeId[] {
    return this.env.members.filter((id) => id !== this.env.self);
  }

  /** The round is durable before any read leaves. */
  begin(round: number): void {
    this.stop();
    this.phase = 'reading';
    this.round = round;
    this.seq = 0;
    this.closing = false;
    this.told = -1;
    this.consensus.promise(round);
    for (const target of this.targets) this.read(target);
    this.wait();
    if (this.env.options.dataSize !== null) this.env.setTimer('round', timeoutOf(this.env.options));
  }

  stop(): void {
    this.phase = 'idle';
    this.over = null;
    this.pages.clear();
    this.found.clear();
    this.commitIndexes.clear();
    this.history = [];
    this.flights.clear();
    this.queue.clear();
    this.env.clearTimer('quorum');
    this.env.clearTimer('round');
  }

  /** For a gather, a fetched history or an ack: each sign of progress begins it anew. */
  wait(): void {
    this.env.setTimer('quorum', timeoutOf(this.env.options));
  }

  offer(command: Command): void {
    if (this.queue.size < MAX_QUEUED && !this.consensus.index.has(command.id)) this.queue.set(command.id, command);
  }

  // Read and gather

  pageFor(follower: NodeId): number | null {
    const page = this.pages.get(follower);
    return page === undefined ? this.consensus.committed + 1 : page;
  }

  read(follower: NodeId): void {
    const from = this.pageFor(follower);
    if (from === null) return;
    const message = { type: 'read', round: this.round, from } as const;
    if (follower === this.env.self) this.follower.onRead(follower, message);
    else this.env.send(follower, message);
  }

  onGather(from: NodeId, gather: Gather): void {
    if (this.phase !== 'reading' || gather.round !== this.round) return;
    const page = this.pageFor(from);
    if (page === null || gather.from > page || (gather.next !== null && gather.next <= page)) return;
    for (const value of gather.values) this.find(value);
    this.commitIndexes.set(from, Math.max(gather.committed, this.commitIndexes.get(from) ?? 0));
    this.pages.set(from, gather.next);
    this.wait();
    if (gather.next !== null) this.read(from);
    else if ([...this.pages.values()].filter((next) => next === null).length >= this.quorum) this.gathered();
  }

  /** Of each slot the value of the highest round. */
  find(value: Accepted): void {
    const known = this.found.get(value.slot);
    if (known === undefined || value.round > known.round) this.found.set(value.slot, value);
  }

  gathered(): void {
    this.phase = 'fetching';
    this.wait();
    this.fetch();
  }

  /** Every slot that somebody has committed, first. */
  fetch(): void {
    const { committed } = this.consensus;
    const ahead = [...this.commitIndexes].filter(([, index]) => index > committed).map(([id]) => id);
    const from = ahead[Math.floor(this.env.random() * ahead.length)];
    if (from === undefined) this.impose();
    else this.follower.ask(from);
  }

  onFetched(fetched: Fetched): void {
    if (!this.consensus.learn(fetched)) return;
    this.wait();
    this.fetch();
  }

  // Impose and decide

  impose(): void {
    const { accepted, committed, lastSlot } = this.consensus;
    for (let slot = committed + 1; slot <= lastSlot; slot++) {
      const own = accepted.get(slot);
      if (own !== undefined) this.find(own);
    }
    let top = committed;
    for (const slot of this.found.keys()) top = Math.max(top, slot);
    for (let slot = top; slot > committed; slot--) {
      const value = this.found.get(slot);
      this.history.push({ slot, epoch: value?.epoch ?? this.round, command: value?.command ?? null });
    }
    this.found.clear();
    this.nextSlot = top + 1;
    this.phase = 'imposing';
  }

  // Propose and commit

  /** Once a turn. */
  step(): void {
    if (this.phase === 'idle') return;
    if (this.phase === 'imposing') {
      this.send('impose', this.taken(() => this.history.pop() ?? null));
      if (this.flights.size === 0 && this.history.length === 0) {
        this.phase = 'proposing';
        this.tell('decide', false);
      }
    }
    if (this.phase === 'proposing') {
      this.send('propose', this.taken(() => this.nextValue()));
      if (this.flights.size === 0) this.rest();
    }
    if (this.over === 'round end') this.tell('commit', true);
    else if (this.told >= 0 && this.consensus.committed > this.told) this.tell('commit', false);
  }

  /** Nothing is in flight. */
  rest(): void {
    this.env.clearTimer('quorum');
    const { interval, dataSize } = this.env.options;
    const isFull = interval > 0 && this.seq >= interval && dataSize === null;
    if (isFull || this.closing) this.over = 'round end';
  }

  taken(next: () => Value | null): readonly Value[] {
    const values: Value[] = [];
    while (this.flights.size < this.env.options.window) {
      const value = next();
      if (value === null) break;
      this.flights.set(value.slot, { value, votes: new Votes(this.quorum), chosen: false, sentMs: this.env.now() });
      values.push(value);
    }
    return values;
  }

  nextValue(): Value | null {
    const command = this.nextCommand();
    if (command === null) return null;
    this.seq++;
    return { slot: this.nextSlot++, epoch: this.round, command };
  }

  nextCommand(): Command | null {
    const { interval, dataSize } = this.env.options;
    if (this.closing || (interval > 0 && this.seq >= interval)) return null;
    for (const [id, command] of this.queue) {
      this.queue.delete(id);
      if (!this.consensus.index.has(id)) return command;
    }
    return dataSize === null ? null : madeCommand(this.env.self, this.round, this.seq, dataSize, this.env);
  }

  send(type: 'impose' | 'propose', values: readonly Value[]): void {
    if (values.length === 0) return;
    const { committed } = this.consensus;
    const targets = this.targets.filter((id) => id !== this.env.self);
    for (const page of pagesOf(values, this.env.maxMessageBytes)) {
      const message = { type, round: this.round, committed, values: page } as const;
      if (targets.length > 0) this.env.sendBeforeDurable(targets, message);
      this.follower.onPropose(this.env.self, message);
    }
    if (this.flights.size === values.length) this.wait();
  }

  onAck(from: NodeId, { round, slots }: Ack): void {
    if (round !== this.round || this.phase === 'idle') return;
    for (const slot of slots) {
      const flight = this.flights.get(slot);
      if (flight?.votes.add(from) === true) flight.chosen = true;
    }
    for (let slot = this.consensus.committed + 1; this.flights.get(slot)?.chosen === true; slot++) {
      this.consensus.commit(round, slot);
      this.flights.delete(slot);
      this.wait();
    }
  }

  tell(type: Commit['type'], ends: boolean): void {
    const { committed } = this.consensus;
    this.told = committed;
    if (this.others.length > 0) this.env.sendBeforeDurable(this.others, { type, round: this.round, committed, ends });
  }

  /** The period: a sign of life, and again to everybody what was not answered. */
  tick(overdueMs: number): void {
    if (this.phase === 'idle') return;
    this.env.sendBeforeDurable(this.others, { type: 'commit', round: this.round, committed: this.consensus.committed, ends: false });
    if (this.phase === 'reading') for (const follower of this.others) this.read(follower);
    else if (this.phase === 'fetching') this.fetch();
    const overdue = [...this.flights.values()].filter(({ sentMs }) => sentMs <= overdueMs);
    for (const follower of this.others) this.resend(follower, overdue);
    for (const flight of overdue) flight.sentMs = this.env.now();
  }

  resend(follower: NodeId, overdue: readonly Flight[]): void {
    const values = overdue.filter(({ votes }) => !votes.voters.has(follower)).map(({ value }) => value);
    const [page] = pagesOf(values, this.env.maxMessageBytes);
    const type = this.phase === 'imposing' ? 'impose' : 'propose';
    if (page !== undefined) this.env.sendBeforeDurable(follower, { type, round: this.round, committed: this.consensus.committed, values: page });
  }
}
