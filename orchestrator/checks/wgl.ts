// Is there an order of these calls that respects real time and that the model allows? The search of Wing and Gong with
// Lowe's memoisation, as in Porcupine: depth first, remembering each (set of calls taken, state) that led nowhere.
// What keeps long histories cheap:
// - A legal call that changes no state (a get, a cas that answered false) is taken at once, without an alternative: any
//   order that takes it later stays legal when it is moved to the front. (A put of the present value is not such a call.)
// - Calls of unknown outcome are optional: they are tried last, only where they change the state, and never right before a
//   call that would lead to the same state without them.
// - Where the slots of calls are known, calls are tried in that order first. A protocol that keeps its claim is then judged
//   without any turning back, however many calls are concurrent; the slots decide only what is tried first.
// - The set of calls taken is written as its highest member and those below it that are missing, which are only the
//   concurrent ones; so a key does not grow with the history.
// Pure code has no clock: the budget is a number of model steps.
import type { CommandId, KeyOperation } from '../../node/contract.ts';
import type { Model } from '../kinds.ts';

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

export type Search = {
  readonly linearizable: boolean | 'unknown';
  readonly steps: number;
  /** How far the best order came, the state there, and the calls of which none could be next. */
  readonly deepest: { readonly taken: number; readonly state: string; readonly stuck: readonly Call[] };
};

/** A doubly linked list of indices below `end`, from which members are taken and put back in reverse order. */
class Links {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  readonly end: number;

  constructor(order: readonly number[], end: number) {
    this.end = end;
    this.next = new Int32Array(end + 1);
    this.previous = new Int32Array(end + 1);
    let last = end;
    for (const index of order) {
      this.next[last] = index;
      this.previous[index] = last;
      last = index;
    }
    this.next[last] = end;
    this.previous[end] = last;
  }

  get first(): number {
    return this.next[this.end] as number;
  }

  after(index: number): number {
    return this.next[index] as number;
  }

  take(index: number): void {
    const { next, previous } = this;
    next[previous[index] as number] = next[index] as number;
    previous[next[index] as number] = previous[index] as number;
  }

  putBack(index: number): void {
    const { next, previous } = this;
    next[previous[index] as number] = index;
    previous[next[index] as number] = index;
  }
}

/** Of a word of the set of open calls; a small integer. */
const WORD_BITS = 30;

/** How a call came to be taken: without an alternative, because its slot is next, or by trying all that may come now. */
type Way = 'free' | 'slot' | 'trial';
/** One call taken. index: of an answered call; the number of answered calls + index: of an open one. The rest: before it was taken. */
type Move<S> = { readonly index: number; readonly way: Way; readonly state: S; readonly key: string; readonly highest: number };

class Searcher<S> {
  readonly #model: Model<S>;
  readonly #maxSteps: number;
  /** The answered ones and then the open ones, each by `from`. */
  readonly #calls: readonly Call[];
  readonly #answered: number;
  readonly #byFrom: Links;
  readonly #byTo: Links;
  readonly #bySlot: Links;
  readonly #openTaken: number[];
  readonly #seen = new Set<string>();
  readonly #moves: Move<S>[] = [];
  #state: S;
  #key: string;
  #highest = -1;
  #steps = 0;
  #deepest: Search['deepest'] = { taken: -1, state: '', stuck: [] };

  constructor(calls: readonly Call[], model: Model<S>, maxSteps: number) {
    this.#model = model;
    this.#maxSteps = maxSteps;
    const sorted = [...calls].sort((a, b) => a.from - b.from);
    const answered = sorted.filter(({ to }) => to !== Infinity);
    this.#answered = answered.length;
    this.#calls = [...answered, ...sorted.filter(({ to }) => to === Infinity)];
    const order = answered.map((_, index) => index);
    this.#byFrom = new Links(order, order.length);
    this.#byTo = new Links([...order].sort((a, b) => this.#call(a).to - this.#call(b).to), order.length);
    const slotted = this.#calls.flatMap(({ slot }, index) => (slot === null ? [] : { slot, index })).sort((a, b) => a.slot - b.slot || a.index - b.index);
    this.#bySlot = new Links(slotted.map(({ index }) => index), calls.length);
    this.#openTaken = Array.from({ length: Math.ceil((calls.length - order.length) / WORD_BITS) }, () => 0);
    this.#state = model.initial;
    this.#key = model.key(model.initial);
  }

  run(): Search {
    /** The move that led nowhere, which was just taken back; null: this configuration was just entered. */
    let failed: Move<S> | null = null;
    for (;;) {
      if (this.#byFrom.first === this.#byFrom.end) return this.#result(true);
      if (this.#steps >= this.#maxSteps) return this.#result('unknown');
      if (this.#advance(failed)) {
        failed = null;
        continue;
      }
      failed = this.#backtrack();
      if (failed === null) return this.#result(false);
    }
  }

  #result(linearizable: Search['linearizable']): Search {
    return { linearizable, steps: this.#steps, deepest: this.#deepest };
  }

  #call(index: number): Call {
    return this.#calls[index] as Call;
  }

  /** Takes the next call that may come now; false when none is left to try here. */
  #advance(failed: Move<S> | null): boolean {
    const deadline = this.#call(this.#byTo.first).to;
    if (failed === null && (this.#takeFree(deadline) || this.#takeBySlot(deadline))) return true;
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
    if (failed === null) this.#noteDeadEnd(deadline);
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
    this.#moves.push({ index, way, state: this.#state, key: this.#key, highest: this.#highest });
    if (this.#call(index).slot !== null) this.#bySlot.take(index);
    if (index >= this.#answered) this.#flipOpen(index);
    else {
      this.#byFrom.take(index);
      this.#byTo.take(index);
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
    if (index >= this.#answered) this.#flipOpen(index);
    else {
      this.#byFrom.putBack(index);
      this.#byTo.putBack(index);
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
    return `${this.#highest};${missing};${this.#openTaken.join(',')};${this.#key}`;
  }

  #noteDeadEnd(deadline: number): void {
    if (this.#moves.length <= this.#deepest.taken) return;
    const stuck: Call[] = [];
    for (let index = this.#byFrom.first; index !== this.#byFrom.end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) stuck.push(this.#call(index));
    this.#deepest = { taken: this.#moves.length, state: this.#key, stuck };
  }
}

/** The calls of one partition of the model. */
export function searchOrder<S>(calls: readonly Call[], model: Model<S>, maxSteps: number): Search {
  return new Searcher(calls, model, maxSteps).run();
}
