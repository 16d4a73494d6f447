// What a leader of a repaired variant proposes: the entries forwarded to it, and at most one change of membership. It proposes
// nothing when it has nothing to say, but as long as the end of its chain is not known to be decided it sends an empty
// ProtoConsensus in its rounds until one is: else the last write before a quiet time could stay undecided for ever (H13).
//
// A change takes two entries. The configuration is in force from the first on, beside those before it; the second, the command
// itself, is proposed once that is decided, by whoever leads then. Its commit says that a majority of the new members has
// accepted a chain that needs nobody else.
import type { Command, CommandId, Json, NodeId, Reconfigure } from '../../contract.ts';
import type { Configuration, Consensus } from './chain.ts';
import { leaderOf } from './leaders.ts';
import { catchupOf, fetchOf, forwardOf, helloOf } from './messages.ts';
import { Rounds } from './rounds.ts';
import type { DiskEntry } from './state.ts';

const MAX_COLLECTED = 20_000;
/** A forward may be this many rounds early: sent before its round, and for the one after where that is far away. */
export const EARLY_ROUNDS = 2;
/** Who is to join must know what was decided so many rounds ago. */
const JOIN_ROUNDS = 4;

export abstract class Leading extends Rounds {
  /** What was forwarded to this node, by the round that it leads. */
  collected = new Map<number, Map<CommandId, Command>>();
  /** The round in which Phase One, or Phase Two, has begun for this node as its leader. */
  phaseOne = 0;
  phaseTwo = 0;

  start(entries: readonly DiskEntry[]): void {
    this.restore(entries);
    this.tick();
  }

  timer(name: string): void {
    this.tick();
    if (name === `propose:${this.round}`) this.phaseOne = this.round;
    else if (name === `count:${this.round}`) this.phaseTwo = this.round;
  }

  collect(round: number, command: Command): void {
    let entries = this.collected.get(round);
    if (entries === undefined) this.collected.set(round, entries = new Map());
    if (entries.size < MAX_COLLECTED && this.env.sizeOf(command) <= this.capBytes) entries.set(command.id, command);
  }

  override forgetBefore(round: number): void {
    for (const old of this.collected.keys()) if (old < round) this.collected.delete(old);
  }

  /** What both repaired variants do alike. */
  common(from: NodeId, message: Json): void {
    const hello = helloOf(message);
    if (hello !== null) {
      this.hears(from, hello.round);
      this.told.set(from, hello.confirmed.round);
    }
    this.tick();
    if (hello !== null) this.decided(from, hello.confirmed);
    const forward = forwardOf(message);
    if (forward !== null) this.#forwarded(forward);
    const fetch = fetchOf(message);
    if (fetch !== null) this.fetched(from, fetch);
    const catchup = catchupOf(message);
    if (catchup !== null) this.caughtUp(from, catchup);
  }

  #forwarded(forward: { readonly round: number; readonly commands: readonly Command[] }): void {
    if (forward.round < this.clockRound || forward.round > this.clockRound + EARLY_ROUNDS) return;
    for (const command of forward.commands) this.collect(forward.round, command);
  }

  /** On top of the chain; null: there is nothing to say. */
  proposal(): Consensus | null {
    const { chain, confirmed, env, round } = this;
    const collected = [...(this.collected.get(round)?.values() ?? [])];
    const settled = this.#settled();
    const configuration = settled === null ? this.#configuration(collected) : null;
    const ordinary = collected.filter(({ id, op }) => id !== settled?.id && (op.type !== 'reconfigure' || (configuration === null && this.#changesNothing(op))));
    const changeBytes = configuration === null ? 0 : env.sizeOf(configuration);
    const entries = this.batch([...(settled === null ? [] : [settled]), ...ordinary], this.capBytes - changeBytes);
    if (entries.length === 0 && configuration === null && chain.length === confirmed) return null;
    const proposal = { round, leader: env.address(env.self), last_consensus: chain.head, log_entries: entries, confirmed: this.confirmedRef };
    return configuration === null ? proposal : { ...proposal, configuration };
  }

  /** The command of a change whose configuration is decided, and which is itself not in the chain yet. */
  #settled(): Command | null {
    const { change, length } = this.configurations.newest;
    return change === null || length > this.confirmed || this.chain.ids.has(change.id) ? null : change;
  }

  /** One change at a time: not before the one before is settled and decided. */
  #configuration(collected: readonly Command[]): Configuration | null {
    const { change, length } = this.configurations.newest;
    if (length > this.confirmed || (change !== null && !this.chain.ids.has(change.id))) return null;
    for (const { id, op } of collected) {
      if (op.type !== 'reconfigure' || this.chain.ids.has(id) || this.#changesNothing(op)) continue;
      const members = this.#after(op);
      const configuration: Configuration = { members, change: { id, op } };
      if (members.length > 0 && this.env.sizeOf(configuration) < this.capBytes / 2 && op.add.every((node) => this.#isReady(node)) && this.#keepsLeaders(members)) return configuration;
    }
    return null;
  }

  /** It is there, and has caught up: it may be needed from now on. */
  #isReady(node: NodeId): boolean {
    const knows = this.told.get(node) ?? 0;
    return node === this.env.self || (this.isHeard(node, this.round) && this.chain.consensuses.slice(0, this.confirmed).every(({ round }) => round <= knows || round >= this.round - JOIN_ROUNDS));
  }

  #after({ add, remove }: Reconfigure): readonly NodeId[] {
    const { members } = this;
    return [...members.filter((id) => !remove.includes(id)), ...add.filter((id) => !members.includes(id))];
  }

  /** Done already, by another command: it is an entry like any other. */
  #changesNothing({ add, remove }: Reconfigure): boolean {
    return this.#isSettled() && add.every((id) => this.members.includes(id)) && !remove.some((id) => this.members.includes(id));
  }

  #isSettled(): boolean {
    const { change, length } = this.configurations.newest;
    return length <= this.confirmed && (change === null || this.chain.ids.has(change.id));
  }

  /** The seed's rule: a change is taken up when it "does not change the order of leaders in the near future". */
  #keepsLeaders(members: readonly NodeId[]): boolean {
    const { env, round } = this;
    for (let next = round + 1; next <= round + env.options.keepLeaders; next++) {
      if (leaderOf(next, members, (id) => env.address(id)) !== this.leaderOf(next)) return false;
    }
    return true;
  }
}
