// The message handler of the safe variant: manages the round and its leader, hands messages to the leader or the follower handler,
// and bumps: the round ends, something waited for does not come (timeout), a round's time is over (timer), or a larger
// round is about. It is the machine; the other processors are its fields.
//
// State                | Durable | Meaning
// consensus.promised   | yes     | highest round promised; no round at or below it is ever begun here again
// consensus.accepted   | yes     | the latest acceptance in each slot
// consensus.committed  | lazily  | written beside each acceptance; the rest is learned again
// round, leader        | no      | the round that this node is in, and who was heard to lead it
// leader handler       | no      | of the round that this node leads: dies with the life, and so does the round
//
// Invariants: a round is begun by one life of one node; a promise and an acceptance are durable before their answer leaves; two quorums
// meet; one value for each (round, slot); either the leader handler is active or the follower handler waits for a leader.
import type { Command, Env, Json, Machine, NodeId, Status } from '../../../contract.ts';
import { timeoutOf } from '../options.ts';
import type { Options } from '../options.ts';
import { ConsensusHandler } from './consensus-handler.ts';
import { FollowerHandler } from './follower-handler.ts';
import { LeaderHandler } from './leader-handler.ts';
import { fits, leaderOf, messageFrom, pageOf, pagesOf } from './messages.ts';
import type { Entry, Fetched, Message, OfLeader } from './messages.ts';

type Cause = 'round end' | 'timeout' | 'timer' | 'larger';

const MAX_PENDING = 20_000;
/** Of a timeout: heartbeats, resends and fetches. */
const TICKS = 4;
/** Ticks after which a command that was forwarded is forwarded again. */
const PATIENCE = 3;

export class SafeMachine implements Machine<Json, Entry> {
  readonly env: Env<Message, Entry, Options>;
  readonly configurations: Status['configurations'];
  readonly consensus: ConsensusHandler;
  readonly follower: FollowerHandler;
  readonly leading: LeaderHandler;
  round = 0;
  leader: NodeId | null = null;
  ticks = 0;
  /** Commands that the present leader was not told yet. */
  unsent: Command[] = [];
  stopped = false;

  constructor(env: Env<Message, Entry, Options>) {
    this.env = env;
    this.configurations = [{ slot: 0, members: env.members }];
    this.consensus = new ConsensusHandler(env);
    this.follower = new FollowerHandler(env, this.consensus);
    this.leading = new LeaderHandler(env, this.consensus, this.follower);
  }

  /** A later life waits first, as a follower: the round that it promised, it may have begun itself. */
  start(entries: readonly Entry[]): void {
    this.consensus.restore(entries);
    this.round = this.consensus.round;
    const { stopAfterMs } = this.env.options;
    if (stopAfterMs !== null) this.env.setTimer('stop', stopAfterMs);
    this.env.setTimer('tick', this.tickMs);
    if (entries.length === 0 && leaderOf(0, this.env.members) === this.env.self) this.leading.begin(0);
    else this.awaitLeader();
  }

  get tickMs(): number {
    return timeoutOf(this.env.options) / TICKS;
  }

  awaitLeader(): void {
    this.env.setTimer('leader', timeoutOf(this.env.options));
  }

  timer(name: string): void {
    if (this.stopped) return;
    if (name === 'tick') this.tick();
    else if (name === 'leader') this.bump('timeout', Math.max(this.round, this.consensus.round) + 1);
    else if (name === 'quorum') this.leading.over = 'timeout';
    else if (name === 'round') this.leading.closing = true;
    else if (name === 'stop') this.stop();
  }

  message(from: NodeId, json: Json): void {
    const message = messageFrom(from, json, this.env.members);
    if (message === null || this.stopped) return;
    switch (message.type) {
      case 'read':
      case 'impose':
      case 'propose':
      case 'decide':
      case 'commit':
        return this.ofLeader(from, message);
      case 'gather':
        return this.leading.onGather(from, message);
      case 'ack':
        return this.leading.onAck(from, message);
      case 'nack':
        return this.onNack(message.promised);
      case 'fetch':
        return this.follower.onFetch(from, message.from);
      case 'fetched':
        return this.onFetched(from, message);
      case 'forward':
        if (this.leading.phase !== 'idle') for (const command of message.commands) this.leading.offer(command);
    }
  }

  commands(batch: readonly Command[]): void {
    for (const command of batch) {
      const { pending, index } = this.consensus;
      if (index.has(command.id) && pending.has(command.id)) continue;
      if (!fits(command, this.env.maxMessageBytes)) this.env.reject(command.id, 'malformed');
      else if (this.stopped || (pending.size >= MAX_PENDING && !pending.has(command.id))) this.env.reject(command.id, 'busy');
      else {
        pending.set(command.id, { command, since: this.ticks });
        this.unsent.push(command);
      }
    }
  }

  /** Everything of a turn leaves together. */
  turn(): void {
    if (this.stopped) return;
    this.forward();
    this.leading.step();
    const { over } = this.leading;
    if (over !== null) this.bump(this.leading.closing && over === 'round end' ? 'timer' : over, this.round + 1);
    this.follower.flush();
  }

  status(): Status {
    const { consensus, leading, configurations } = this;
    const role = leading.phase === 'idle' ? 'follower' : leading.phase === 'proposing' ? 'leader' : 'candidate';
    const leader = role === 'follower' ? this.leader : role === 'leader' ? this.env.self : null;
    return { role, leader, epoch: role === 'follower' ? consensus.round : this.round, lastSlot: consensus.lastSlot, commitSlot: consensus.committed, configurations };
  }

  // Rounds

  bump(cause: Cause, round: number): void {
    this.env.trace('bump', { cause, round });
    this.leading.stop();
    this.round = round;
    this.leader = null;
    this.unsent = [];
    if (leaderOf(round, this.env.members) === this.env.self) {
      this.env.clearTimer('leader');
      this.leading.begin(round);
      this.offerPending();
    } else this.awaitLeader();
  }

  offerPending(): void {
    this.unsent = [...this.consensus.pending.values()].map(({ command }) => command);
  }

  /** What the leader of a round says: below the promise it is refused, and it learns of the larger round. */
  ofLeader(from: NodeId, message: OfLeader): void {
    const { round } = message;
    if (round < this.consensus.promised) {
      this.env.send(from, { type: 'nack', promised: this.consensus.promised });
      return;
    }
    // Of this node's own earlier life.
    if (from === this.env.self) return;
    this.heard(from, round);
    switch (message.type) {
      case 'read':
        return this.follower.onRead(from, message);
      case 'impose':
      case 'propose':
        return this.follower.onPropose(from, message);
      case 'decide':
      case 'commit':
        this.follower.onCommit(from, message);
        if (message.ends) this.bump('round end', round + 1);
    }
  }

  /** A counter that ran ahead by timeouts alone comes back: nobody was promised anything there. */
  heard(from: NodeId, round: number): void {
    if (round > this.round) this.bump('larger', round);
    this.round = round;
    this.consensus.heard = Math.max(this.consensus.heard, round);
    if (this.leader !== from) {
      this.leader = from;
      this.offerPending();
    }
    this.awaitLeader();
  }

  onNack(promised: number): void {
    if (promised <= this.round) return;
    const own = leaderOf(promised, this.env.members) === this.env.self;
    this.bump('larger', own ? promised + 1 : promised);
  }

  /** A leader that proposes knows everything that is committed, and takes nothing from others: what it said in its round stands. */
  onFetched(from: NodeId, fetched: Fetched): void {
    if (this.leading.phase === 'fetching' && fetched.round <= this.round) this.leading.onFetched(fetched);
    else if (this.leading.phase === 'idle') this.follower.onFetched(from, fetched);
    else this.onNack(fetched.round);
  }

  // Commands of clients

  forward(): void {
    if (this.unsent.length === 0) return;
    if (this.leading.phase !== 'idle') {
      for (const command of this.unsent) this.leading.offer(command);
      this.unsent = [];
    } else if (this.leader !== null) {
      for (const commands of pagesOf(this.unsent, this.env.maxMessageBytes)) this.env.send(this.leader, { type: 'forward', commands });
      this.unsent = [];
    }
  }

  tick(): void {
    this.env.setTimer('tick', this.tickMs);
    this.ticks++;
    this.leading.tick(this.env.now() - 1.5 * this.tickMs);
    if (this.leading.phase === 'idle') this.follower.tick();
    const late = [...this.consensus.pending.values()].filter(({ since }) => this.ticks - since >= PATIENCE).map(({ command }) => command);
    if (late.length > 0 && this.unsent.length === 0) this.unsent = [...pageOf(late, this.env.maxMessageBytes)];
  }

  stop(): void {
    this.stopped = true;
    this.leading.stop();
    for (const name of ['leader', 'tick']) this.env.clearTimer(name);
  }
}
