// When a node of a repaired variant is in a round. The clock alone does not bring it there: a clock that jumps ahead by an hour
// would promise 3,600 rounds away and mute its node for an hour. A round is entered, and voted in, only when a majority was heard
// in the round before it or later, within the last two rounds of time; so everybody says `hello` as its clock begins a round,
// which promises nothing. Rounds are entered in ascending order. Safety depends on none of this.
import type { Command, NodeId } from '../../contract.ts';
import { CatchUp } from './catch-up.ts';
import { haveMajorities } from './configurations.ts';
import { Leaders } from './leaders.ts';
import { delayMs } from './options.ts';

/** What a message holds besides its entries, at most: two references, and a configuration with the change that it comes from. */
const ENVELOPE_BYTES = 768;
const MAX_PENDING = 20_000;
const HEARD_ROUNDS = 2;
/** A forward that takes longer than this many rounds is sent all the same. */
const MOST_ROUNDS_AWAY = 16;

export abstract class Rounds extends CatchUp {
  /** As the wall clock says; it can go back. */
  clockRound = -1;
  leaders = new Leaders();
  heard = new Map<NodeId, { readonly round: number; readonly atMs: number }>();
  /** The last round that a node says is decided. */
  told = new Map<NodeId, number>();

  /** This node is in a round that it was not in before. */
  abstract entered(): void;
  abstract collect(round: number, command: Command): void;
  /** What was collected for rounds before this one is of no use any more. */
  abstract forgetBefore(round: number): void;

  get capBytes(): number {
    return Math.min(this.env.options.batchBytes, this.env.maxMessageBytes - ENVELOPE_BYTES);
  }

  /** Who is about to leave is needed until the change is done. */
  get isConcerned(): boolean {
    return this.concerned.some(({ members }) => members.includes(this.env.self));
  }

  leaderOf(round: number): NodeId {
    return this.leaders.of(round, this.members, (id) => this.env.address(id));
  }

  /** The clock is read at every input. */
  tick(): void {
    const { env, times } = this;
    const clockRound = Math.floor(env.wallClock() / times.roundMs);
    if (clockRound !== this.clockRound) {
      this.clockRound = clockRound;
      env.setAlarm('round', (clockRound + 1) * times.roundMs);
      this.forgetFetches();
      this.leaders.forgetBefore(clockRound - 1);
      this.forgetBefore(clockRound);
      env.sendBeforeDurable(this.others, { hello: { round: clockRound, confirmed: this.confirmedRef } });
      if (!this.isConcerned) this.fetch(this.members[clockRound % this.members.length] as NodeId, null);
      this.forward(this.batch(this.pending.values()), clockRound);
    }
    this.#enter();
  }

  #enter(): void {
    const { clockRound, env, times } = this;
    if (clockRound <= this.round || !this.isConcerned || !this.hearsMajority(clockRound)) return;
    this.round = clockRound;
    this.leader = this.leaderOf(clockRound);
    if (this.leader === env.self) env.setAlarm(`propose:${clockRound}`, clockRound * times.roundMs + times.slackMs);
    this.entered();
  }

  hears(from: NodeId, round: number): void {
    const atMs = this.env.now();
    const before = this.heard.get(from);
    if (before === undefined || round >= before.round || atMs - before.atMs > HEARD_ROUNDS * this.times.roundMs) this.heard.set(from, { round, atMs });
  }

  /** Itself included; of any configuration that counts: the newest may be of nodes that are yet to come. */
  hearsMajority(round: number): boolean {
    return this.concerned.some((configuration) => haveMajorities([configuration], (id) => id === this.env.self || this.isHeard(id, round)));
  }

  isHeard(id: NodeId, round: number): boolean {
    const heard = this.heard.get(id);
    return heard !== undefined && heard.round >= round - 1 && heard.atMs >= this.env.now() - HEARD_ROUNDS * this.times.roundMs;
  }

  commands(batch: readonly Command[]): void {
    this.tick();
    const fresh: Command[] = [];
    for (const command of batch) {
      if (this.pending.size >= MAX_PENDING || this.env.sizeOf(command) > this.capBytes) this.env.reject(command.id, 'busy');
      else if (this.empties(command)) this.env.reject(command.id, 'malformed');
      else {
        this.pending.set(command.id, command);
        if (!this.chain.ids.has(command.id)) fresh.push(command);
      }
    }
    this.forward(fresh, this.clockRound + 1);
  }

  /** A change after which nobody would be left. */
  empties({ op }: Command): boolean {
    return op.type === 'reconfigure' && op.add.length === 0 && this.members.every((id) => op.remove.includes(id));
  }

  /** To the leader of the first round, from this one on, that they reach before its Phase One (§1.7); where that is too far for a second try at a round's start, to the next one too. */
  forward(given: readonly Command[], fromRound: number): void {
    const entries = given.filter(({ id }) => !this.chain.ids.has(id));
    if (entries.length === 0) return;
    const { env, times: { roundMs, slackMs } } = this;
    const nowMs = env.wallClock();
    const delay = (leader: NodeId) => delayMs(env.options, env.self, leader);
    let round = fromRound;
    let leader = this.leaderOf(round);
    for (let tries = 0; tries < MOST_ROUNDS_AWAY && nowMs + delay(leader) > round * roundMs + slackMs; tries++) leader = this.leaderOf(++round);
    this.#forwardTo(leader, round, entries);
    if (delay(leader) > slackMs) this.#forwardTo(this.leaderOf(round + 1), round + 1, entries);
  }

  #forwardTo(leader: NodeId, round: number, entries: readonly Command[]): void {
    if (leader === this.env.self) {
      for (const command of entries) this.collect(round, command);
      return;
    }
    for (let rest = entries; rest.length > 0;) {
      const batch = this.batch(rest);
      this.env.sendBeforeDurable(leader, { forward: { round, last_consensus: this.confirmedRef, log_entries: batch } });
      rest = rest.slice(Math.max(1, batch.length));
    }
  }

  /** The first of them that one message can hold, without those that the chain contains. */
  batch(commands: Iterable<Command>, capBytes = this.capBytes): readonly Command[] {
    const batch: Command[] = [];
    let bytes = 0;
    for (const command of commands) {
      if (this.chain.ids.has(command.id)) continue;
      bytes += this.env.sizeOf(command) + 1;
      if (bytes > capBytes + 1) break;
      batch.push(command);
    }
    return batch;
  }
}
