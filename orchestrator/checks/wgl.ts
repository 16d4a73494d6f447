// Is there an order of these calls that respects real time and that the model allows? The search of Wing and Gong with
// Lowe's memoisation, as in Porcupine: depth first, remembering each (set of calls taken, state) that led nowhere.
// What keeps long histories cheap:
// - A legal call that changes no state (a get, a cas that answered false) is taken at once, without an alternative: any
//   order that takes it later stays legal when it is moved to the front. (A put of the present value is not such a call.)
// - Calls of unknown outcome are optional: they are tried last, only where they change the state, and never right before a
//   call that would lead to the same state without them.
// - Where the slots of calls are known, calls are tried in that order first. A protocol that keeps its claim is then judged
//   without any turning back, however many calls are concurrent; the slots decide only what is tried first.
// - An order from which nothing leads to what the next read was told is given up at once (outlook.ts).
// - The set of calls taken is written as its highest member and those below it that are missing, which are only the
//   concurrent ones; so a key does not grow with the history.
// Pure code has no clock: the budget is a number of model steps and of bytes; who has a clock may stop it by that too.
import type { CommandId, KeyOperation } from '../../node/contract.ts';
import type { Model } from '../kinds.ts';
import { Links } from './links.ts';
import { Outlook } from './outlook.ts';

/** from, to: places in the order of all client events. to = Infinity: outcome unknown, may or may not have happened. */
export type Call = {
  readonly id: CommandId;
  readonly op: KeyOperation;
  readonly value: string | null;
  readonly from: number;
  readonly to: number;
  /** Where it was committed; null: not known. */
  readonly slot: number | null;
};

/** What an open call answers if it happened: a cas that compared false changed nothing, so it need not have happened. */
export function answerIfDone(op: KeyOperation): string | null {
  return op.type === 'cas' ? 'true' : null;
}

/** maxBytes: of what is remembered, roughly; default 512 MB. outOfTime: asked now and then. */
export type Limits = { readonly maxSteps: number; readonly maxBytes?: number; readonly outOfTime?: () => boolean };
/** Which of the limits ended a search. */
export type Limit = 'steps' | 'memory' | 'time';

export type Search = {
  readonly linearizable: boolean | 'unknown';
  /** Of an unknown one. */
  readonly limit: Limit | null;
  readonly steps: number;
  /**
   * Where the order was that explains most answers: how many calls it takes (some of unknown outcome may be among them), the
   * state there, the answered calls of which one would have to be next, and none can be. order: in which it takes them; empty for a legal history.
   * doomed: a read whose answer nothing leads to from there any more, whichever of the stuck is next; null: none of them is legal.
   */
  readonly deepest: { readonly taken: number; readonly state: string; readonly stuck: readonly Call[]; readonly order: readonly Call[]; readonly doomed: Call | null };
};

const MAX_BYTES = 512 << 20;
/** Of an entry of a set, beside its text. */
const ENTRY_BYTES = 48;
const ROUNDS_BETWEEN_LOOKS = 1_024;

/** Of a word of the set of open calls; a small integer. */
const WORD_BITS = 30;

/** How a call came to be taken: without an alternative, because its slot is next, or by trying all that may come now. */
type Way = 'free' | 'slot' | 'trial';
/** One call taken. index: of an answered call; the number of answered calls + index: of an open one. The rest: before it was taken. */
type Move<S> = { readonly index: number; readonly way: Way; readonly state: S; readonly key: string; readonly highest: number; readonly before: Move<S> | null };
/** last: of the moves that led there. */
type DeadEnd<S> = { readonly answered: number; readonly taken: number; readonly state: string; readonly stuck: readonly Call[]; readonly doomed: Call | null; readonly last: Move<S> | null };

class Searcher<S> {
  readonly #model: Model<S>;
  readonly #limits: Limits;
  /** The answered ones and then the open ones, each by `from`. */
  readonly #calls: readonly Call[];
  readonly #answered: number;
  readonly #byFrom: Links;
  readonly #byTo: Links;
  readonly #bySlot: Links;
  readonly #outlook: Outlook<S>;
  readonly #openTaken: number[];
  readonly #seen = new Set<string>();
  readonly #moves: Move<S>[] = [];
  #state: S;
  #key: string;
  #highest = -1;
  #steps = 0;
  #bytes = 0;
  #answeredTaken = 0;
  /** Numbers of states, so that a long one is remembered once. */
  readonly #states = new Map<string, number>();
  #deepest: DeadEnd<S> = { answered: -1, taken: 0, state: '', stuck: [], doomed: null, last: null };

  constructor(calls: readonly Call[], model: Model<S>, limits: Limits) {
    this.#model = model;
    this.#limits = limits;
    const sorted = [...calls].sort((a, b) => a.from - b.from);
    const answered = sorted.filter(({ to }) => to !== Infinity);
    this.#answered = answered.length;
    this.#calls = [...answered, ...sorted.filter(({ to }) => to === Infinity)];
    const order = answered.map((_, index) => index);
    this.#byFrom = new Links(order, order.length);
    this.#byTo = new Links([...order].sort((a, b) => this.#call(a).to - this.#call(b).to), order.length);
    const slotted = this.#calls.flatMap(({ slot }, index) => (slot === null ? [] : { slot, index })).sort((a, b) => a.slot - b.slot || a.index - b.index);
    this.#bySlot = new Links(slotted.map(({ index }) => index), calls.length);
    this.#outlook = new Outlook(this.#calls, model);
    this.#openTaken = Array.from({ length: Math.ceil((calls.length - order.length) / WORD_BITS) }, () => 0);
    this.#state = model.initial;
    this.#key = model.key(model.initial);
  }

  run(): Search {
    /** The move that led nowhere, which was just taken back; null: this configuration was just entered. */
    let failed: Move<S> | null = null;
    for (let round = 1; ; round++) {
      if (this.#byFrom.first === this.#byFrom.end) return this.#result(true);
      const limit = this.#limitReached(round);
      if (limit !== null) return this.#result('unknown', limit);
      if (this.#advance(failed)) {
        failed = null;
        continue;
      }
      failed = this.#backtrack();
      if (failed === null) return this.#result(false);
    }
  }

  #limitReached(round: number): Limit | null {
    const { maxSteps, maxBytes = MAX_BYTES, outOfTime } = this.#limits;
    if (this.#steps >= maxSteps) return 'steps';
    if (this.#bytes >= maxBytes) return 'memory';
    return round % ROUNDS_BETWEEN_LOOKS === 0 && outOfTime?.() === true ? 'time' : null;
  }

  #result(linearizable: Search['linearizable'], limit: Limit | null = null): Search {
    const { taken, state, stuck, doomed, last } = this.#deepest;
    const order: Call[] = [];
    if (linearizable !== true) for (let move = last; move !== null; move = move.before) order.push(this.#call(move.index));
    return { linearizable, limit, steps: this.#steps, deepest: { taken, state, stuck, doomed, order: order.reverse() } };
  }

  #call(index: number): Call {
    return this.#calls[index] as Call;
  }

  /** Takes the next call that may come now; false when none is left to try here. */
  #advance(failed: Move<S> | null): boolean {
    const deadline = this.#call(this.#byTo.first).to;
    if (failed === null) {
      if (this.#takeFree(deadline)) return true;
      const doomed = this.#outlook.contradicts(this.#state);
      if (doomed !== null) {
        this.#noteDeadEnd(deadline, doomed);
        return false;
      }
      if (this.#takeBySlot(deadline)) return true;
    }
    const last = failed?.way === 'trial' ? failed.index : null;
    if (last === null || last < this.#answered) {
      const first = last === null ? this.#byFrom.first : this.#byFrom.after(last);
      for (let index = first; index !== this.#byFrom.end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) {
        if (this.#try(index, 'trial')) return true;
      }
    }
    for (let index = last === null ? this.#answered : Math.max(this.#answered, last + 1); index < this.#calls.length; index++) {
      if (this.#call(index).from > deadline) break;
      if (!this.#isOpenTaken(index) && this.#try(index, 'trial')) return true;
    }
    if (failed === null) this.#noteDeadEnd(deadline, null);
    return false;
  }

  #takeFree(deadline: number): boolean {
    const { end } = this.#byFrom;
    for (let index = this.#byFrom.first; index !== end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) {
      const { op, value } = this.#call(index);
      if (op.type !== 'get' && (op.type !== 'cas' || value !== 'false')) continue;
      const { legal, state } = this.#step(this.#state, op, value);
      if (!legal || this.#model.key(state) !== this.#key) continue;
      this.#take(index, 'free', this.#state, this.#key);
      return true;
    }
    return false;
  }

  /** The answered call of the lowest slot, or an open one below it that does something. */
  #takeBySlot(deadline: number): boolean {
    for (let index = this.#bySlot.first; index !== this.#bySlot.end; index = this.#bySlot.after(index)) {
      if (this.#call(index).from < deadline && this.#try(index, 'slot')) return true;
      if (index < this.#answered) return false;
    }
    return false;
  }

  #step(state: S, op: KeyOperation, value: string | null): { readonly legal: boolean; readonly state: S } {
    this.#steps++;
    return this.#model.step(state, op, value);
  }

  #try(index: number, way: Way): boolean {
    const { op, value } = this.#call(index);
    const { legal, state } = this.#step(this.#state, op, value);
    if (!legal) return false;
    const key = this.#model.key(state);
    if (index >= this.#answered && key === this.#key) return false;
    if (this.#overwrites(op, value, key)) return false;
    this.#take(index, way, state, key);
    const configuration = this.#configuration();
    if (this.#seen.has(configuration)) {
      this.#undo();
      return false;
    }
    this.#seen.add(configuration);
    this.#bytes += configuration.length + ENTRY_BYTES;
    return true;
  }

  /** Was the last call taken an optional one, tried without need, without which this call would lead to the same state? */
  #overwrites(op: KeyOperation, value: string | null, key: string): boolean {
    const last = this.#moves.at(-1);
    if (last === undefined || last.index < this.#answered || last.way === 'slot') return false;
    const without = this.#step(last.state, op, value);
    return without.legal && this.#model.key(without.state) === key;
  }

  #take(index: number, way: Way, state: S, key: string): void {
    this.#moves.push({ index, way, state: this.#state, key: this.#key, highest: this.#highest, before: this.#moves.at(-1) ?? null });
    if (this.#call(index).slot !== null) this.#bySlot.take(index);
    this.#outlook.take(index);
    if (index >= this.#answered) this.#flipOpen(index);
    else {
      this.#byFrom.take(index);
      this.#byTo.take(index);
      this.#answeredTaken++;
      this.#highest = Math.max(this.#highest, index);
    }
    this.#state = state;
    this.#key = key;
  }

  #undo(): Move<S> | null {
    const move = this.#moves.pop();
    if (move === undefined) return null;
    const { index } = move;
    if (this.#call(index).slot !== null) this.#bySlot.putBack(index);
    this.#outlook.putBack(index);
    if (index >= this.#answered) this.#flipOpen(index);
    else {
      this.#byFrom.putBack(index);
      this.#byTo.putBack(index);
      this.#answeredTaken--;
    }
    this.#state = move.state;
    this.#key = move.key;
    this.#highest = move.highest;
    return move;
  }

  /** Back to the last configuration with an alternative: the move made there. */
  #backtrack(): Move<S> | null {
    let move = this.#undo();
    while (move?.way === 'free') move = this.#undo();
    return move;
  }

  #isOpenTaken(index: number): boolean {
    const open = index - this.#answered;
    return (((this.#openTaken[Math.floor(open / WORD_BITS)] as number) >>> open % WORD_BITS) & 1) === 1;
  }

  #flipOpen(index: number): void {
    const open = index - this.#answered;
    const word = Math.floor(open / WORD_BITS);
    this.#openTaken[word] = (this.#openTaken[word] as number) ^ (1 << open % WORD_BITS);
  }

  #configuration(): string {
    let missing = '';
    for (let index = this.#byFrom.first; index < this.#highest; index = this.#byFrom.after(index)) missing += `${index},`;
    return `${this.#highest};${missing};${this.#openTaken.join(',')};${this.#stateNumber()}`;
  }

  #stateNumber(): number {
    const known = this.#states.get(this.#key);
    if (known !== undefined) return known;
    this.#states.set(this.#key, this.#states.size);
    this.#bytes += this.#key.length + ENTRY_BYTES;
    return this.#states.size - 1;
  }

  /**
   * By answered calls: an optional call on the way counts nothing. Unless a read is doomed, none that is stuck in the deepest can
   * be legal, or the search would have been deeper behind it.
   */
  #noteDeadEnd(deadline: number, doomed: Call | null): void {
    if (this.#answeredTaken <= this.#deepest.answered) return;
    const stuck: Call[] = [];
    for (let index = this.#byFrom.first; index !== this.#byFrom.end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) stuck.push(this.#call(index));
    this.#deepest = { answered: this.#answeredTaken, taken: this.#moves.length, state: this.#key, stuck, doomed, last: this.#moves.at(-1) ?? null };
  }
}

/** The calls of one partition of the model. */
export function searchOrder<S>(calls: readonly Call[], model: Model<S>, limits: Limits): Search {
  return new Searcher(calls, model, limits).run();
}
