// Is there an order of these calls that respects real time and that the model allows? The search of Wing and Gong with
// Lowe's memoisation, as in Porcupine: depth first, remembering each (set of calls taken, state) that led nowhere.
// What keeps long histories cheap:
// - A legal call that changes no state (a get, a cas that answered false) is taken at once, without an alternative: any
//   order that takes it later stays legal when it is moved to the front. (A put of the present value is not such a call.)
// - Calls of unknown outcome are optional: they are tried last, only where they change the state, and never right before a
//   call that would lead to the same state without them.
// - The set of calls taken is written as its highest member and those below it that are missing, which are only the
//   concurrent ones; so a key does not grow with the history.
// Pure code has no clock: the budget is a number of model steps.
import type { CommandId, Operation } from '../../node/contract.ts';
import type { Model } from '../kinds.ts';

/** from, to: places in the order of all client events. to = Infinity: outcome unknown, may or may not have happened. */
export type Call = {
  readonly id: CommandId;
  readonly op: Operation;
  readonly value: string | null;
  readonly from: number;
  readonly to: number;
};

export type Search = {
  readonly linearizable: boolean | 'unknown';
  readonly steps: number;
  /** How far the best order came, the state there, and the calls of which none could be next. */
  readonly deepest: { readonly taken: number; readonly state: string; readonly stuck: readonly Call[] };
};

/** A doubly linked list over the indices 0 … n − 1, from which members are taken and put back in reverse order. */
class Links {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  readonly end: number;

  constructor(order: readonly number[]) {
    const { length } = order;
    this.end = length;
    this.next = new Int32Array(length + 1);
    this.previous = new Int32Array(length + 1);
    let last = length;
    for (const index of order) {
      this.next[last] = index;
      this.previous[index] = last;
      last = index;
    }
    this.next[last] = length;
    this.previous[length] = last;
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

/** One call taken. index: of an answered call; −1 − index: of an open one. state, key, highest: before it was taken. */
type Move<S> = { readonly index: number; readonly free: boolean; readonly state: S; readonly key: string; readonly highest: number };

class Searcher<S> {
  readonly #model: Model<S>;
  readonly #maxSteps: number;
  readonly #answered: readonly Call[];
  readonly #open: readonly Call[];
  readonly #byFrom: Links;
  readonly #byTo: Links;
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
    this.#answered = sorted.filter((call) => call.to !== Infinity);
    this.#open = sorted.filter((call) => call.to === Infinity);
    const order = this.#answered.map((_, index) => index);
    this.#byFrom = new Links(order);
    this.#byTo = new Links([...order].sort((a, b) => this.#call(a).to - this.#call(b).to));
    this.#openTaken = Array.from({ length: Math.ceil(this.#open.length / 30) }, () => 0);
    this.#state = model.initial;
    this.#key = model.key(model.initial);
  }

  run(): Search {
    /** Where to go on in this configuration: an answered call, or beyond them −1 − an open one; null: just entered. */
    let resume: number | null = null;
    for (;;) {
      if (this.#byFrom.first === this.#byFrom.end) return this.#result(true);
      if (this.#steps >= this.#maxSteps) return this.#result('unknown');
      if (this.#advance(resume)) {
        resume = null;
        continue;
      }
      const back = this.#backtrack();
      if (back === null) return this.#result(false);
      resume = back;
    }
  }

  #result(linearizable: Search['linearizable']): Search {
    return { linearizable, steps: this.#steps, deepest: this.#deepest };
  }

  #call(index: number): Call {
    return this.#answered[index] as Call;
  }

  /** Takes the next call that may come now; false when none is left to try here. */
  #advance(resume: number | null): boolean {
    const { end } = this.#byFrom;
    const deadline = this.#call(this.#byTo.first).to;
    if (resume === null && this.#takeFree(deadline)) return true;
    if (resume === null || resume >= 0) {
      const first = resume === null ? this.#byFrom.first : this.#byFrom.after(resume);
      for (let index = first; index !== end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) {
        if (this.#tryCall(this.#call(index), index)) return true;
      }
    }
    for (let index = resume !== null && resume < 0 ? -resume : 0; index < this.#open.length; index++) {
      const call = this.#open[index] as Call;
      if (call.from > deadline) break;
      if (!this.#isOpenTaken(index) && this.#tryCall(call, -1 - index)) return true;
    }
    if (resume === null) this.#noteDeadEnd(deadline);
    return false;
  }

  #takeFree(deadline: number): boolean {
    const { end } = this.#byFrom;
    for (let index = this.#byFrom.first; index !== end && this.#call(index).from < deadline; index = this.#byFrom.after(index)) {
      const { op, value } = this.#call(index);
      if (op.type !== 'get' && (op.type !== 'cas' || value !== 'false')) continue;
      const { legal, state } = this.#step(this.#state, op, value);
      if (!legal || this.#model.key(state) !== this.#key) continue;
      this.#take(index, true, this.#state, this.#key);
      return true;
    }
    return false;
  }

  #step(state: S, op: Operation, value: string | null): { readonly legal: boolean; readonly state: S } {
    this.#steps++;
    return this.#model.step(state, op, value);
  }

  #tryCall(call: Call, index: number): boolean {
    const { legal, state } = this.#step(this.#state, call.op, call.value);
    if (!legal) return false;
    const key = this.#model.key(state);
    if (index < 0 && key === this.#key) return false;
    if (this.#overwrites(call, key)) return false;
    this.#take(index, false, state, key);
    const configuration = this.#configuration();
    if (this.#seen.has(configuration)) {
      this.#undo();
      return false;
    }
    this.#seen.add(configuration);
    return true;
  }

  /** Was the last call taken an optional one, without which this call would lead to the same state? */
  #overwrites({ op, value }: Call, key: string): boolean {
    const last = this.#moves.at(-1);
    if (last === undefined || last.index >= 0) return false;
    const without = this.#step(last.state, op, value);
    return without.legal && this.#model.key(without.state) === key;
  }

  #take(index: number, free: boolean, state: S, key: string): void {
    this.#moves.push({ index, free, state: this.#state, key: this.#key, highest: this.#highest });
    if (index < 0) this.#flipOpen(-1 - index);
    else {
      this.#byFrom.take(index);
      this.#byTo.take(index);
      this.#highest = Math.max(this.#highest, index);
    }
    this.#state = state;
    this.#key = key;
  }

  #undo(): Move<S> | undefined {
    const move = this.#moves.pop();
    if (move === undefined) return undefined;
    if (move.index < 0) this.#flipOpen(-1 - move.index);
    else {
      this.#byFrom.putBack(move.index);
      this.#byTo.putBack(move.index);
    }
    this.#state = move.state;
    this.#key = move.key;
    this.#highest = move.highest;
    return move;
  }

  /** Back to the last configuration with an alternative: the call tried there. */
  #backtrack(): number | null {
    for (;;) {
      const move = this.#undo();
      if (move === undefined) return null;
      if (!move.free) return move.index;
    }
  }

  #isOpenTaken(index: number): boolean {
    return (((this.#openTaken[Math.floor(index / 30)] as number) >>> index % 30) & 1) === 1;
  }

  #flipOpen(index: number): void {
    const word = Math.floor(index / 30);
    this.#openTaken[word] = (this.#openTaken[word] as number) ^ (1 << index % 30);
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
