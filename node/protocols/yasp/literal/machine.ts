// The message handler of the literal variant, the origin's algorithm as it is: hands messages to the leader or the follower handler. Each of
// these counts rounds by a ticker of its own and nobody agrees on them; there are no promises, no ballots, no disk. A node
// that returns begins again at round 0 with an empty log.
//
// State                      | Durable | Meaning
// leading.*, follower.*      | no      | round, seq, what each waits for, and its channel
// consensus.proposing        | no      | proposed and not committed, by slot
// consensus.committed        | no      | the log
//
// The origin's own nack never fires, because its message handler's round stays 0; so there is none here.
import type { Command, Env, Json, Machine, Status } from '../../../contract.ts';
import { timeoutOf } from '../options.ts';
import type { Options } from '../options.ts';
import { ConsensusHandler } from './consensus-handler.ts';
import { FollowerHandler } from './follower-handler.ts';
import { LeaderHandler } from './leader-handler.ts';
import { messageFrom } from './messages.ts';

export class LiteralMachine implements Machine<Json, never> {
  readonly env: Env<Json, never, Options>;
  readonly configurations: Status['configurations'];
  readonly consensus: ConsensusHandler;
  readonly leading: LeaderHandler;
  readonly follower: FollowerHandler;
  startMs = 0;
  stopped = false;

  constructor(env: Env<Json, never, Options>) {
    this.env = env;
    this.configurations = [{ slot: 0, members: env.members }];
    this.consensus = new ConsensusHandler(env);
    this.leading = new LeaderHandler(env, this.consensus);
    this.follower = new FollowerHandler(env, this.consensus);
  }

  start(): void {
    this.startMs = this.env.now();
    this.tick('leader');
    this.tick('follower');
  }

  timer(name: string): void {
    if (!this.stopped && (name === 'leader' || name === 'follower')) this.tick(name);
  }

  /** Every `timeout` from the start on. The end comes before a tick of the same instant. */
  tick(name: 'leader' | 'follower'): void {
    const { stopAfterMs } = this.env.options;
    const sinceMs = this.env.now() - this.startMs;
    if (stopAfterMs !== null && sinceMs >= stopAfterMs) {
      this.stopped = true;
      return;
    }
    const loop = name === 'leader' ? this.leading : this.follower;
    loop.tick();
    const nextMs = Math.min((loop.round + 1) * timeoutOf(this.env.options), stopAfterMs ?? Infinity);
    this.env.setTimer(name, Math.max(0, nextMs - sinceMs));
  }

  message(from: string, json: Json): void {
    const message = messageFrom(from, json, this.env.members);
    if (message === null || this.stopped) return;
    const loop = message.type === 'gather' || message.type === 'ack' ? this.leading : this.follower;
    loop.channel.write({ from, message });
    loop.step();
  }

  commands(batch: readonly Command[]): void {
    for (const command of batch) this.leading.take(command);
  }

  status(): Status {
    const { round, leader } = this.leading;
    const { length } = this.consensus.committed;
    const role = leader === this.env.self ? 'leader' : 'follower';
    return { role, leader, epoch: Math.max(0, round), lastSlot: length, commitSlot: length, configurations: this.configurations };
  }
}
