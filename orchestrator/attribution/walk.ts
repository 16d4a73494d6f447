// The critical path of one commit, walked back from the answer: what happened at a node is laid to the message that came in
// last, or to the flush that ended, right before it; a message to its sender; until the entry node, where the command arrived.
// No protocol is known here: only what nodes say (arrived, placed, committed), datagrams and flushes.
//
// A message tells of the command only where its sender could know of it: one that left before word of the command had come to
// its sender is passed over. Of a node's line, what lies between cause and effect takes no time but the node's own turn; a
// longer wait is the clock's, where the protocol says that it goes by one, and unexplained otherwise.
import type { NodeId } from '../../node/contract.ts';
import { messagesBeside } from './beside.ts';
import type { Beside, PartName, Segment } from './parts.ts';
import { enteredBefore, servedBy, type Asked } from './served.ts';
import type { Recorded, Trail } from './trail.ts';

/** turnMs: what a turn of a node may take. byClock: the protocol waits by the clock. */
export type Rules = { readonly turnMs: number; readonly byClock: boolean };

export type Walk = { readonly segments: readonly Segment[]; readonly closedBy: NodeId | null; readonly beside: readonly Beside[] };

/** Messages of a path, and records looked at for a lost one. */
const MAX_HOPS = 24;
const MAX_BACK = 2_000;
const INPUTS: ReadonlySet<Recorded['kind']> = new Set(['received', 'durable', 'arrived']);

export class Walker {
  readonly #trail: Trail;
  readonly #rules: Rules;
  /** Records looked at so far: the cost of it all. */
  looked = 0;
  #asked!: Asked;
  #segments: Segment[] = [];
  /** Messages that tell of the command, and those of them that tell that the leader has it. */
  #forwards: Set<Recorded> | null = null;
  #told = new Set<Recorded>();
  #entry!: Recorded;
  #answer!: Recorded;
  #leader: Recorded | null = null;
  #closedBy: NodeId | null = null;

  constructor(trail: Trail, rules: Rules) {
    this.#trail = trail;
    this.#rules = rules;
  }

  /** null: the events lack its begin or its end. */
  walk(asked: Asked): Walk | null {
    const { id, at, intendedMs, repliedMs } = asked;
    this.#asked = asked;
    this.#segments = [];
    this.#closedBy = null;
    const own = this.#trail.ofCommand(id);
    const served = servedBy(this.#trail, asked);
    if (served === null) return null;
    const { answer } = served;
    const first = own.find(({ kind, peer }) => kind === 'arrived' && peer === null) as Recorded;
    this.#leader = own.find(({ kind, slot, epoch, order }) => kind === 'placed' && slot === at.slot && epoch === at.epoch && order > first.order) ?? null;
    const { attempt, entry } = this.#leader === null ? served : enteredBefore(this.#trail, asked, served, this.#leader);
    this.#entry = entry;
    this.#answer = answer;
    this.#forwards = null;
    const taken = this.#leader === null ? null : this.#taken(this.#leader);
    this.#told = taken === null ? this.#ofForward() : this.#toldSince(taken, answer);
    this.#hop('reply', answer.node, 'clients', answer.atMs, repliedMs);
    if (answer !== served.entry) this.#untilEntry(this.#decision(answer));
    this.#hop('client', 'clients', entry.node, attempt.atMs, entry.atMs);
    this.#stay('retry', 'clients', intendedMs, attempt.atMs);
    this.#segments.reverse();
    return { segments: this.#segments, closedBy: this.#closedBy, beside: messagesBeside(this.#trail, this.#told, this.#leader, this.#segments) };
  }

  #hop(part: PartName, from: NodeId | 'clients', to: NodeId | 'clients', fromMs: number, toMs: number, message?: string): void {
    if (toMs > fromMs) this.#segments.push({ part, from, to, fromMs, toMs, ...(message === undefined || message === '' ? {} : { message }) });
  }

  #stay(part: PartName | null, node: NodeId, fromMs: number, toMs: number): void {
    if (toMs > fromMs) this.#segments.push({ part, from: node, to: null, fromMs, toMs });
  }

  /** Most commands arrive at their leader by name: this is seldom needed. */
  #ofForward(): Set<Recorded> {
    this.#forwards ??= this.#toldSince(this.#entry, this.#answer);
    return this.#forwards;
  }

  /** Every message until the answer whose sender knew, before it sent, what this record's node knew. */
  #toldSince(begin: Recorded, answer: Recorded): Set<Recorded> {
    const since = new Map<NodeId, number>([[begin.node, begin.order]]);
    const told = new Set<Recorded>();
    for (const record of this.#trail.between(begin, answer)) {
      this.looked++;
      if (record.kind !== 'received') continue;
      const sent = record.other;
      if (sent === null || sent.order < (since.get(sent.node) ?? Infinity)) continue;
      if (!since.has(record.node)) since.set(record.node, record.order);
      // What only brings another command says nothing of this one.
      const after = this.#trail.after(record);
      if (after?.kind !== 'arrived' || after.peer !== record.peer || after.id === this.#asked.id) told.add(record);
    }
    return told;
  }

  /** Back to the commit that nobody told its node of, and through what closed its quorum; returns what has to be led back to the arrival. */
  #decision(answer: Recorded): Recorded {
    let effect = answer;
    if (answer.kind === 'received') {
      const sent = answer.other as Recorded;
      this.#hop('reply', sent.node, answer.node, sent.atMs, answer.atMs, sent.name ?? '');
      effect = this.#trail.commitsOf(this.#asked.at.slot).find(({ node }) => node === sent.node) as Recorded;
      this.#stay('reply', sent.node, effect.atMs, sent.atMs);
    }
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const cause = this.#causeOf(effect);
      if (cause === null) return effect;
      this.#between(cause, effect, 'apply');
      if (cause.kind === 'durable') return this.#flushed(cause, effect);
      if (cause.kind === 'placed') return cause === this.#leader ? cause : this.#follower(cause);
      const sent = cause.other as Recorded;
      const decided = this.#trail.commitsOf(this.#asked.at.slot).find(({ node, order }) => node === sent.node && order < sent.order);
      if (decided === undefined) return this.#votes(sent, cause, effect.node);
      this.#hop('reply', sent.node, cause.node, sent.atMs, cause.atMs, sent.name ?? '');
      this.#stay('apply', sent.node, decided.atMs, sent.atMs);
      effect = decided;
    }
    return effect;
  }

  /**
   * The last input before an effect that can have brought it about: a message that tells of the command, or a flush that covers it.
   * Where the node waited by the clock: what was placed there. null: none is known.
   */
  #causeOf(effect: Recorded): Recorded | null {
    const placed = this.#placedAt(effect);
    for (let at = this.#trail.before(effect); at !== null && at.order >= this.#entry.order; at = this.#trail.before(at)) {
      this.looked++;
      const cause = (at === placed && at === this.#leader) || (at.kind === 'received' && this.#told.has(at)) || (at.kind === 'durable' && placed !== null && placed.atMs <= at.atMs - at.tookMs + this.#rules.turnMs);
      if (!cause) continue;
      if (this.#rules.byClock && placed !== null && effect.atMs - at.atMs > this.#rules.turnMs) return placed;
      return at;
    }
    return null;
  }

  /** The commit waited for a flush of its own node. */
  #flushed(durable: Recorded, effect: Recorded): Recorded {
    const placed = this.#placedAt(effect) as Recorded;
    const leads = placed === this.#leader;
    this.#closedBy = durable.node;
    this.#flush(durable, placed.atMs, leads);
    return leads ? placed : this.#follower(placed);
  }

  /** A flush and the wait before it, back to a time at its node. */
  #flush(durable: Recorded, sinceMs: number, leads: boolean): void {
    const beganMs = Math.max(sinceMs, durable.atMs - durable.tookMs);
    this.#stay(leads ? 'leader-fsync' : 'follower-fsync', durable.node, beganMs, durable.atMs);
    this.#stay(leads ? 'queue' : 'follower-queue', durable.node, sinceMs, beganMs);
  }

  /** Back from the message that closed the quorum, from node to node, to where the command was placed first. */
  #votes(closing: Recorded, arrival: Recorded, decider: NodeId): Recorded {
    let sent = closing;
    let received = arrival;
    let last = true;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const leads = sent.node === (this.#leader ?? this.#entry).node && (this.#leader?.atMs ?? 0) <= sent.atMs;
      if (last) this.#closedBy = sent.node;
      this.#hop(last && !leads && decider === arrival.node ? 'network-back' : 'network-out', sent.node, received.node, sent.atMs, received.atMs, sent.name ?? '');
      last = false;
      if (leads) return this.#left(sent);
      const begin = this.#entered(sent);
      if (begin === null) return sent;
      received = begin;
      sent = begin.other as Recorded;
    }
    return sent;
  }

  /** From a follower's message back to the one that told it of the command; null: none is known. */
  #entered(sent: Recorded): Recorded | null {
    const durable = this.#releasedBy(sent);
    const placed = this.#placedAt(sent);
    const anchor = placed ?? this.#likeliest(sent, durable);
    const begin = anchor?.kind === 'placed' ? this.#causeOf(anchor) : anchor;
    if (begin === null || begin.kind !== 'received') return null;
    if (durable === null || durable.order < begin.order) this.#between(begin, sent, 'follower-queue');
    else {
      this.#stay('follower-queue', sent.node, durable.atMs, sent.atMs);
      this.#flush(durable, begin.atMs, false);
    }
    return begin;
  }

  /** What was placed at a follower, back to the leader. */
  #follower(placed: Recorded): Recorded {
    const begin = this.#causeOf(placed);
    if (begin === null || begin.kind !== 'received') return placed;
    this.#between(begin, placed, 'follower-queue');
    return this.#votes(begin.other as Recorded, begin, placed.node);
  }

  /** Where nothing was placed: the first message of the kind of the last one before the flush, or else before the answer. */
  #likeliest(sent: Recorded, durable: Recorded | null): Recorded | null {
    const untilMs = durable === null ? sent.atMs : durable.atMs - durable.tookMs + this.#rules.turnMs;
    const told = [...this.#told].filter(({ node, order, atMs }) => node === sent.node && order < sent.order && atMs <= untilMs);
    const name = told.at(-1)?.other?.name;
    return told.find((record) => record.other?.name === name) ?? null;
  }

  /** From the leader's message back to the placing. */
  #left(sent: Recorded): Recorded {
    const placed = this.#leader;
    if (placed === null || placed.order > sent.order) return sent;
    const durable = this.#releasedBy(sent);
    if (durable !== null && durable.atMs - durable.tookMs >= placed.atMs - this.#rules.turnMs) {
      this.#stay('queue', sent.node, durable.atMs, sent.atMs);
      this.#flush(durable, placed.atMs, true);
      return placed;
    }
    const lostMs = this.#lostBefore(sent, placed);
    if (lostMs !== null) this.#stay('resend', sent.node, lostMs, sent.atMs);
    if (lostMs === null) this.#between(placed, sent, 'queue');
    else this.#stay('queue', sent.node, placed.atMs, lostMs);
    return placed;
  }

  /** Of a message that left long after the placing: since when one of its name to the same node was lost before it, in ms; null: none was. */
  #lostBefore(sent: Recorded, placed: Recorded): number | null {
    if (sent.atMs - placed.atMs <= this.#rules.turnMs) return null;
    let at = this.#trail.before(sent);
    for (let looked = 0; at !== null && looked < MAX_BACK; looked++, at = this.#trail.before(at)) {
      if (at.kind === 'sent' && at.peer === sent.peer && at.name === sent.name && at.atMs < sent.atMs && at.other === null) return Math.max(at.atMs, placed.atMs);
    }
    return null;
  }

  /** When the command came to the node of its placing. */
  #taken({ node, order }: Recorded): Recorded | null {
    if (node === this.#entry.node) return this.#entry;
    const arrived = this.#trail.ofCommand(this.#asked.id).find((record) => record.kind === 'arrived' && record.node === node && record.peer === this.#entry.node && record.order <= order && record.order > this.#entry.order);
    return arrived ?? this.#firstTold(node, order);
  }

  /** From the placing at the leader, or from how far the way back led, to the arrival at the entry node. */
  #untilEntry(begin: Recorded): void {
    const entry = this.#entry;
    const leads = begin.node === (this.#leader ?? entry).node;
    const taken = leads ? this.#taken(begin) : null;
    if (taken === entry) return this.#between(entry, begin, 'queue');
    const received = taken?.kind === 'arrived' ? this.#frameOf(taken) : taken;
    const sent = received === null ? null : received.other;
    if (taken === null || received === null || sent === null) return this.#stay(null, begin.node, entry.atMs, begin.atMs);
    this.#between(taken, begin, 'queue');
    this.#stay('queue', begin.node, received.atMs, taken.atMs);
    this.#hop('forward', sent.node, received.node, sent.atMs, received.atMs, sent.name ?? '');
    if (sent.node === entry.node) this.#between(entry, sent, 'queue');
    else this.#stay('forward', sent.node, entry.atMs, sent.atMs);
  }

  /** The datagram right before an arrival. */
  #frameOf(arrived: Recorded): Recorded | null {
    const before = this.#trail.before(arrived);
    return before !== null && before.kind === 'received' && before.peer === arrived.peer ? before : null;
  }

  /** The first message from the entry node, else from anybody, that tells of the command. */
  #firstTold(at: NodeId, before: number): Recorded | null {
    const told = [...this.#ofForward()].filter(({ node, order }) => node === at && order < before);
    return told.find(({ peer }) => peer === this.#entry.node) ?? told[0] ?? null;
  }

  #placedAt({ node, order }: Recorded): Recorded | null {
    const { id, at } = this.#asked;
    return this.#trail.ofCommand(id).find((record) => record.kind === 'placed' && record.node === node && record.slot === at.slot && record.epoch === at.epoch && record.order <= order) ?? null;
  }

  /** The flush that let this message go; null: it waited for none. */
  #releasedBy(sent: Recorded): Recorded | null {
    let at = this.#trail.before(sent);
    while (at !== null && at.kind === 'sent') at = this.#trail.before(at);
    return at !== null && at.kind === 'durable' && sent.atMs - at.atMs <= this.#rules.turnMs ? at : null;
  }

  /** Of its node; itself where none is kept. */
  #lastInput(effect: Recorded): Recorded {
    for (let at = this.#trail.before(effect); at !== null; at = this.#trail.before(at)) if (INPUTS.has(at.kind)) return at;
    return effect;
  }

  /** Time at one node, from a cause to its effect. */
  #between(cause: Recorded, effect: Recorded, part: PartName): void {
    if (effect.atMs <= cause.atMs) return;
    const { byClock, turnMs } = this.#rules;
    const whole = cause.missing === effect.missing;
    // Who goes by the clock does not answer what came in meanwhile.
    const waitedMs = effect.atMs - (byClock ? cause : this.#lastInput(effect)).atMs;
    this.#stay(!whole ? null : waitedMs <= turnMs ? part : byClock ? 'wait' : null, effect.node, cause.atMs, effect.atMs);
  }
}
