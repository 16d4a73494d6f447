// `literal`: STICK as its document is written, and no more. It can fork, and the lab shows it.
//
// Message                          | From → to                 | Used when
// forward {round, entries}         | any → leader of `round`   | `round` is the present or the next one; kept until its Phase One
// protoconsensus {round, …}        | leader → others           | present round, sender leads it
// vote {round, voter}              | other → leader            | present round
// consensus {round, …}             | leader → others           | present round, sender leads it; stored when it continues the chain
// fetch {round, from}              | who is behind → who is not | present round
// catchup {round, consensuses}     | answer                    | present round; stored as far as it continues the chain
//
// State                  | Durable | Meaning
// chain                  | yes     | the consensuses stored here, each naming the hash of the one before
// pending                | no      | commands submitted here and not seen confirmed; sent again at the start of each round
// collected              | no      | what was forwarded to this node, by the round that it leads
// proposal, votes        | no      | of the round that this node leads
// votedRound, candidate  | no      | the last round voted in; a ProtoConsensus that waits for catch-up
//
// Invariants: rounds are entered in ascending order within a life, so a clock that is stepped back repeats none; a node
// votes at most once in a round; a consensus is stored only on top of the one that it names.
// One entry of a consensus is one slot; its epoch is the round. Differs from the seed in: docs/protocols/stick.md.
import type { Command, CommandId, Env, Json, Machine, NodeId, Status } from '../../contract.ts';
import { commandsOf, fieldsOf, listOf } from '../../kit/shape.ts';
import type { Fields } from '../../kit/shape.ts';
import { Chain, consensusOf, refOf } from './chain.ts';
import type { Consensus, Ref } from './chain.ts';
import { Leaders } from './leaders.ts';
import { delayMs, timesOf } from './options.ts';
import type { Options, Times } from './options.ts';

type Message =
  | { readonly protoconsensus: Consensus }
  | { readonly vote: { readonly round: number; readonly voter: string } }
  | { readonly consensus: Consensus }
  | { readonly forward: { readonly round: number; readonly last_consensus: Ref; readonly log_entries: readonly Command[] } }
  | { readonly fetch: { readonly round: number; readonly from: Ref } }
  | { readonly catchup: { readonly round: number; readonly consensuses: readonly Consensus[] } };

/** What a message holds besides its entries, at most. */
const ENVELOPE_BYTES = 512;
const MAX_PENDING = 20_000;
const MAX_COLLECTED = 20_000;

export class Literal implements Machine<Json, Consensus> {
  readonly env: Env<Json, Consensus, Options>;
  readonly others: readonly NodeId[];
  readonly configurations: Status['configurations'];
  readonly capBytes: number;
  readonly times: Times;
  round = 0;
  leader: NodeId | null = null;
  leaders = new Leaders();
  chain = new Chain();
  /** Consensuses and entries that are committed: all that are stored, but for this node's own until it is durable. */
  committed = 0;
  commitSlot = 0;
  pending = new Map<CommandId, Command>();
  collected = new Map<number, Map<CommandId, Command>>();
  due: 'propose' | 'count' | null = null;
  proposal: Consensus | null = null;
  votes = new Set<NodeId>();
  votedRound = 0;
  candidate: Consensus | null = null;
  /** From where on the rest was asked for in this round. */
  asked: Ref | null = null;

  constructor(env: Env<Json, Consensus, Options>) {
    this.env = env;
    this.others = env.members.filter((id) => id !== env.self);
    this.configurations = [{ slot: 0, members: env.members }];
    this.times = timesOf(env.options);
    this.capBytes = Math.min(env.options.batchBytes, env.maxMessageBytes - ENVELOPE_BYTES);
  }

  start(entries: readonly Consensus[]): void {
    for (const consensus of entries) this.chain.append(consensus);
    this.#commit();
    this.#enter();
  }

  timer(name: string): void {
    this.#enter();
    if (name === 'round') this.env.setAlarm('round', (this.round + 1) * this.times.roundMs);
    else if (name === `propose:${this.round}`) this.due = 'propose';
    else if (name === `count:${this.round}`) this.due = 'count';
  }

  /** After the last input, so that what arrives at the very instant of a phase belongs to it. */
  turn(): void {
    const { due } = this;
    this.due = null;
    if (due === 'propose') this.#propose();
    else if (due === 'count') this.#count();
  }

  commands(batch: readonly Command[]): void {
    this.#enter();
    const fresh: Command[] = [];
    for (const command of batch) {
      if (this.chain.ids.has(command.id)) continue;
      if (command.op.type === 'reconfigure') this.env.reject(command.id, 'malformed');
      else if (this.pending.size >= MAX_PENDING || this.env.sizeOf(command) > this.capBytes) this.env.reject(command.id, 'busy');
      else {
        this.pending.set(command.id, command);
        fresh.push(command);
      }
    }
    this.#forward(fresh, this.round + 1);
  }

  message(from: NodeId, message: Json): void {
    this.#enter();
    if (from === this.env.self) {
      this.#commit();
      return;
    }
    const fields = fieldsOf(message);
    const proto = consensusOf(fields?.['protoconsensus']);
    if (proto !== null && this.#isFromLeader(from, proto)) {
      this.candidate = proto;
      this.#vote();
    }
    const consensus = consensusOf(fields?.['consensus']);
    if (consensus !== null && this.#isFromLeader(from, consensus)) this.#consensus(consensus);
    const vote = fieldsOf(fields?.['vote']);
    if (vote !== null && vote['round'] === this.round && vote['voter'] === this.env.address(from)) this.votes.add(from);
    this.#forwarded(fieldsOf(fields?.['forward']));
    this.#fetched(from, fieldsOf(fields?.['fetch']));
    this.#caughtUp(fieldsOf(fields?.['catchup']));
  }

  status(): Status {
    const { leader, round, commitSlot, configurations } = this;
    return { role: leader === this.env.self ? 'leader' : 'follower', leader, epoch: round, lastSlot: this.chain.slots, commitSlot, configurations };
  }

  /** The round is read from the clock at every input; a clock that was stepped back is waited for. */
  #enter(): void {
    const { env, times } = this;
    const round = Math.floor(env.wallClock() / times.roundMs);
    if (round <= this.round) return;
    this.round = round;
    this.leader = this.#leaderOf(round);
    this.due = null;
    this.proposal = null;
    this.candidate = null;
    this.votes.clear();
    this.asked = null;
    for (const old of this.collected.keys()) if (old < round) this.collected.delete(old);
    this.leaders.forgetBefore(round);
    env.setAlarm('round', (round + 1) * times.roundMs);
    if (this.leader === env.self) env.setAlarm(`propose:${round}`, round * times.roundMs + times.slackMs);
    this.#forward(this.#batch(this.pending.values()), round);
  }

  /** To the leader of the first round, from this one on, that they reach before its Phase One (§1.7). */
  #forward(entries: readonly Command[], fromRound: number): void {
    if (entries.length === 0) return;
    const { env } = this;
    const { roundMs, slackMs } = this.times;
    const nowMs = env.wallClock();
    let round = fromRound;
    let leader = this.#leaderOf(round);
    while (nowMs + this.#delayMs(leader) > round * roundMs + slackMs) leader = this.#leaderOf(++round);
    if (leader === env.self) {
      for (const command of entries) this.#collect(round, command);
      return;
    }
    let rest = entries;
    while (rest.length > 0) {
      const batch = this.#batch(rest);
      this.#say(leader, { forward: { round, last_consensus: this.chain.head, log_entries: batch } });
      rest = rest.slice(batch.length);
    }
  }

  #forwarded(forward: Fields | null): void {
    const round = forward?.['round'];
    const entries = commandsOf(forward?.['log_entries']);
    if (entries === null || (round !== this.round && round !== this.round + 1)) return;
    if (this.#leaderOf(round) !== this.env.self) return;
    for (const command of entries) if (!this.chain.ids.has(command.id)) this.#collect(round, command);
  }

  #collect(round: number, command: Command): void {
    let entries = this.collected.get(round);
    if (entries === undefined) this.collected.set(round, entries = new Map());
    if (entries.size < MAX_COLLECTED && this.env.sizeOf(command) <= this.capBytes) entries.set(command.id, command);
  }

  /** The first of them that one message can hold, without those stored meanwhile. */
  #batch(commands: Iterable<Command>): readonly Command[] {
    const batch: Command[] = [];
    let bytes = 0;
    for (const command of commands) {
      if (this.chain.ids.has(command.id)) continue;
      bytes += this.env.sizeOf(command) + 1;
      if (bytes > this.capBytes + 1) break;
      batch.push(command);
    }
    return batch;
  }

  /** Phase One. Without entries there is no consensus this round. */
  #propose(): void {
    const { env, round, times } = this;
    const entries = this.#batch(this.collected.get(round)?.values() ?? []);
    if (entries.length === 0 || this.votedRound === round) return;
    this.proposal = { round, leader: env.address(env.self), last_consensus: this.chain.head, log_entries: entries };
    this.votedRound = round;
    this.votes.add(env.self);
    for (const [index, command] of entries.entries()) env.place(command.id, { epoch: round, slot: this.chain.slots + 1 + index });
    this.#say(this.others, { protoconsensus: this.proposal });
    env.setAlarm(`count:${round}`, round * times.roundMs + times.countMs);
  }

  /** Votes for the candidate if its last consensus is also this node's; if it is a later one, catches up first. */
  #vote(): void {
    const { candidate, env, leader } = this;
    if (candidate === null || leader === null || this.votedRound === this.round) return;
    if (!this.chain.continuedBy(candidate)) {
      this.#catchUp(candidate.last_consensus);
      return;
    }
    this.votedRound = this.round;
    this.#say(leader, { vote: { round: this.round, voter: env.address(env.self) } });
  }

  /** Phase Two. The Consensus leaves, and this node commits it, once it is durable here: nobody confirms what no disk holds. */
  #count(): void {
    const { env, proposal } = this;
    if (proposal === null || !this.chain.continuedBy(proposal)) return;
    if (this.votes.size <= env.members.length / 2) {
      env.trace('no majority', { round: proposal.round, votes: this.votes.size });
      return;
    }
    this.proposal = null;
    this.#store(proposal);
    this.#say([...this.others, env.self], { consensus: proposal });
  }

  #consensus(consensus: Consensus): void {
    if (this.chain.continuedBy(consensus)) {
      this.#store(consensus);
      this.#commit();
    } else this.#catchUp(consensus.last_consensus);
  }

  #store(consensus: Consensus): void {
    this.env.persist(consensus);
    this.chain.append(consensus);
  }

  /** Everything that is stored. The seed has no undo: a node that stored a consensus which no majority continues stays on it. */
  #commit(): void {
    for (const { round, log_entries: entries } of this.chain.consensuses.slice(this.committed)) {
      for (const command of entries) {
        this.pending.delete(command.id);
        this.env.commit(command, { epoch: round, slot: ++this.commitSlot });
      }
    }
    this.committed = this.chain.consensuses.length;
  }

  /** From the leader of this round, once per head: a lost answer is made good in the next round. */
  #catchUp(newer: Ref): void {
    const { leader, round, chain: { head } } = this;
    if (leader === null || newer.round <= head.round || this.asked === head) return;
    this.asked = head;
    this.#say(leader, { fetch: { round, from: head } });
  }

  /** Answers with what follows in this chain, as much as one message holds; not at all when this chain lacks `from`. */
  #fetched(from: NodeId, fetch: Fields | null): void {
    const last = refOf(fetch?.['from']);
    if (last === null || fetch?.['round'] !== this.round) return;
    const consensuses: Consensus[] = [];
    let bytes = 0;
    for (const consensus of this.chain.after(last, this.committed)) {
      bytes += this.env.sizeOf(consensus) + 1;
      if (bytes > this.env.maxMessageBytes - ENVELOPE_BYTES / 4) break;
      consensuses.push(consensus);
    }
    if (consensuses.length > 0) this.#say(from, { catchup: { round: this.round, consensuses } });
  }

  #caughtUp(catchup: Fields | null): void {
    if (catchup?.['round'] !== this.round) return;
    const before = this.chain.head;
    for (const consensus of listOf(catchup['consensuses'], consensusOf) ?? []) {
      if (this.chain.continuedBy(consensus)) this.#store(consensus);
    }
    if (this.chain.head === before) return;
    this.#commit();
    this.#vote();
  }

  /** V1 and V2: of the present round, by its leader. */
  #isFromLeader(from: NodeId, { round, leader }: Consensus): boolean {
    return round === this.round && from === this.leader && leader === this.env.address(from);
  }

  #say(to: NodeId | readonly NodeId[], message: Message): void {
    this.env.send(to, message);
  }

  #leaderOf(round: number): NodeId {
    return this.leaders.of(round, this.env.members, (id) => this.env.address(id));
  }

  #delayMs(to: NodeId): number {
    return delayMs(this.env.options, this.env.self, to);
  }
}
