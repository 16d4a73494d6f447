// What a server of a repaired variant keeps, and how it changes. Each durable entry is one write, so that a crash keeps all of it
// or nothing: what is accepted, and the promise that goes with it, are never apart.
//
// State          | Durable | Meaning
// promised       | yes     | the highest ballot (round, leader) promised to anybody; nothing below it is voted for
// chain          | yes     | the last accepted ProtoConsensus with all before it (ack: the stored ones); what is undecided can be replaced
// confirmed      | yes     | how many of them are decided; these are never replaced
// lastProposed   | yes     | ack: the last round that this server proposed in
// pending        | no      | commands submitted here and not seen decided; sent again at the start of each round
import { assert } from '../../assert.ts';
import type { Command, CommandId, Env, Json, NodeId, Status } from '../../contract.ts';
import { Chain } from './chain.ts';
import type { Consensus, Ref } from './chain.ts';
import { Configurations, namesOf } from './configurations.ts';
import type { Placed } from './configurations.ts';
import { ballotOf, isBelow, NO_BALLOT } from './messages.ts';
import type { Ballot, Head, Message } from './messages.ts';
import { timesOf } from './options.ts';
import type { Options, Times } from './options.ts';

export type DiskEntry =
  | { readonly promised: Ballot; readonly proposed?: number }
  /** keep: so many of the present chain stay, and these follow them. */
  | { readonly keep: number; readonly consensuses: readonly Consensus[]; readonly promised: Ballot }
  | { readonly confirmed: Ref };

export abstract class State {
  readonly env: Env<Json, DiskEntry, Options>;
  readonly times: Times;
  chain = new Chain();
  configurations: Configurations;
  promised: Ballot = NO_BALLOT;
  lastProposed = 0;
  confirmed = 0;
  commitSlot = 0;
  pending = new Map<CommandId, Command>();
  /** The round that this node is in, and who leads it; null: not in any yet. */
  round = 0;
  leader: NodeId | null = null;

  constructor(env: Env<Json, DiskEntry, Options>) {
    this.env = env;
    this.times = timesOf(env.options);
    this.configurations = new Configurations(env.members);
  }

  restore(entries: readonly DiskEntry[]): void {
    let confirmed = 0;
    for (const entry of entries) {
      if ('confirmed' in entry) confirmed = Math.max(confirmed, this.chain.lengths.get(entry.confirmed.hash) ?? 0);
      else {
        this.promise(entry.promised);
        if ('keep' in entry) this.#replace(entry.keep, entry.consensuses);
        else this.lastProposed = Math.max(this.lastProposed, entry.proposed ?? 0);
      }
    }
    this.#commitTo(confirmed);
  }

  get head(): Head {
    const last = this.chain.consensuses.at(-1);
    return { round: this.chain.head.round, leader: last?.leader ?? '', hash: this.chain.head.hash };
  }

  get confirmedRef(): Ref {
    return this.chain.refAt(this.confirmed);
  }

  promise(ballot: Ballot): void {
    if (isBelow(this.promised, ballot)) this.promised = ballotOf(ballot);
  }

  /** After the first `keep` of the chain; in one write with the promise, which never lies below what is accepted. */
  accept(keep: number, consensuses: readonly Consensus[]): void {
    assert(keep >= this.confirmed, `${this.env.self} would replace the decided consensus ${keep + 1}`);
    this.promise(consensuses.at(-1) ?? NO_BALLOT);
    this.#replace(keep, consensuses);
    this.env.persist({ keep, consensuses, promised: this.promised });
    let slot = this.chain.slots;
    for (const { round, log_entries: entries, configuration } of consensuses.toReversed()) {
      for (const { id } of entries.toReversed()) this.env.place(id, { epoch: round, slot: slot-- });
      if (configuration !== undefined) this.env.place(null, { epoch: round, slot: slot-- });
    }
  }

  #replace(keep: number, consensuses: readonly Consensus[]): void {
    this.chain.truncate(keep);
    this.configurations.truncate(keep);
    for (const consensus of consensuses) {
      this.chain.append(consensus);
      this.configurations.append(consensus, this.chain.length, this.chain.slots);
    }
  }

  /** These and all before them are decided. */
  confirmTo(length: number): void {
    if (length <= this.confirmed) return;
    this.#commitTo(length);
    this.env.persist({ confirmed: this.confirmedRef });
  }

  #commitTo(length: number): void {
    const decided = this.chain.consensuses.slice(this.confirmed, length);
    this.confirmed = Math.max(this.confirmed, length);
    for (const { round, log_entries: entries, configuration } of decided) {
      if (configuration !== undefined) this.env.commit(null, { epoch: round, slot: ++this.commitSlot });
      for (const command of entries) {
        this.pending.delete(command.id);
        this.env.commit(command, { epoch: round, slot: ++this.commitSlot });
      }
    }
  }

  /** How far the leader of the consensus at this length knew its chain to be decided; 0 for the empty chain. */
  markAt(length: number): number {
    const mark = this.chain.consensuses[length - 1]?.confirmed;
    return mark === undefined ? 0 : this.chain.lengths.get(mark.hash) ?? 0;
  }

  /** J of the consensus at this length: who must have reported to its successor's leader, and voted for itself. */
  jointAt(length: number): readonly Placed[] {
    return this.configurations.inForce(this.markAt(length), length);
  }

  /** As far as this node knows. */
  get inForce(): readonly Placed[] {
    return this.configurations.inForce(this.confirmed, this.chain.length);
  }

  get members(): readonly NodeId[] {
    return this.configurations.newest.members;
  }

  /** Whom what comes next needs: also of configurations that are known to be replaced, but not yet in the chain's own last mark. */
  get concerned(): readonly Placed[] {
    return this.jointAt(this.chain.length);
  }

  get others(): readonly NodeId[] {
    return namesOf(this.concerned).filter((id) => id !== this.env.self);
  }

  say(to: NodeId | readonly NodeId[], message: Message): void {
    this.env.send(to, message);
  }

  status(): Status {
    const { leader, round, commitSlot, env } = this;
    const configurations = this.inForce.map(({ slot, members }) => ({ slot, members }));
    return { role: leader === env.self ? 'leader' : 'follower', leader, epoch: round, lastSlot: this.chain.slots, commitSlot, configurations };
  }
}
