// Breadth-first over every choice within the bounds, so that what is found first is as short as it can be. Ends when no state
// within the bounds is left, when a claim is violated, or at a limit; it says which.
import type { Claim } from '../../node/contract.ts';
import { Frontier } from './frontier.ts';
import type { Locals } from './locals.ts';
import type { Violation } from './monitor.ts';
import { Successors } from './successors.ts';
import type { Bounds, Move } from './successors.ts';
import { Visited } from './visited.ts';

/** depth: steps of the longest conversation. */
export type Limits = { readonly depth: number; readonly states: number };
export type Cut = 'depth' | 'states' | 'memory';

/** Moves from the first state on; the last one violates. */
export type Found = Violation & { readonly moves: readonly Move[] };

export type Progress = {
  /** Distinct ones; expanded: those whose successors are all known. */
  readonly states: number;
  readonly expanded: number;
  readonly transitions: number;
  readonly localStates: number;
  /** Machines were run so often; all other steps were known. */
  readonly turns: number;
  readonly depth: number;
  /** Of the tables of global states; the local ones come on top. */
  readonly tableBytes: number;
};

export class Explorer {
  readonly locals: Locals;
  readonly claims: readonly Claim[];
  readonly limits: Limits;
  /** The shortest violation of each claim that is not made; nothing is explored behind one. */
  readonly findings = new Map<string, Found>();
  /** Of a claim that is made, or of the contract. */
  violation: Found | null = null;
  cut: Cut | null = null;
  over = false;
  #transitions = 0;
  #expanded = 0;
  #depth = 0;
  /** The first state of the next level. */
  #levelEnd = 1;
  readonly #successors: Successors;
  readonly #visited = new Visited();
  readonly #frontier = new Frontier();
  readonly #words = new Int32Array(4_096);

  constructor(locals: Locals, bounds: Bounds, claims: readonly Claim[], limits: Limits) {
    this.locals = locals;
    this.claims = claims;
    this.limits = limits;
    this.#successors = new Successors(locals, bounds);
    const violation = this.#successors.first();
    if (violation !== null) this.#found({ ...violation, moves: [] });
    else this.#frontier.push(this.#visited.add(this.#successors.next, this.#successors.length, 0), this.#successors.next, this.#successors.length);
  }

  get progress(): Progress {
    return {
      states: this.#visited.size, expanded: this.#expanded, transitions: this.#transitions, localStates: this.locals.states.length, turns: this.locals.turns,
      depth: this.#depth, tableBytes: this.#visited.bytes + this.#frontier.bytes,
    };
  }

  /** Expands so many states at most; then look at `over`. */
  advance(states: number): void {
    for (let count = 0; count < states && !this.over; count++) {
      if (this.#visited.size >= this.limits.states) this.endFor('states');
      else this.#expand();
    }
  }

  /** Cut short; null: there is nothing left. */
  endFor(cut: Cut | null): void {
    this.over = true;
    this.cut = cut;
  }

  #expand(): void {
    const state = this.#frontier.shift(this.#words);
    if (state === null) {
      this.endFor(null);
      return;
    }
    const { number, length } = state;
    if (number >= this.#levelEnd) {
      this.#depth++;
      this.#levelEnd = this.#visited.size;
    }
    if (this.#depth >= this.limits.depth) {
      this.endFor('depth');
      return;
    }
    const successors = this.#successors;
    successors.each(this.#words, length, (move, violation) => {
      this.#transitions++;
      if (violation !== null) this.#violated(number, move, violation);
      else {
        const next = this.#visited.add(successors.next, successors.length, number);
        if (next >= 0) this.#frontier.push(next, successors.next, successors.length);
      }
    });
    this.#expanded++;
  }

  #violated(number: number, move: Move, violation: Violation): void {
    if (this.violation !== null || this.findings.has(String(violation.claim))) return;
    this.#found({ ...violation, moves: [...this.#movesTo(number), move] });
  }

  #found(found: Found): void {
    if (found.claim !== null && !this.claims.includes(found.claim)) this.findings.set(found.claim, found);
    else {
      this.violation = found;
      this.over = true;
    }
  }

  /** Only the first state is made anew; of each next one the fingerprint tells which of the successors it is. */
  #movesTo(number: number): readonly Move[] {
    const successors = this.#successors;
    successors.first();
    let words = successors.next.slice(0, successors.length);
    const moves: Move[] = [];
    for (const next of this.#visited.pathTo(number).slice(1)) {
      let found: { readonly move: Move; readonly words: Int32Array<ArrayBuffer> } | null = null;
      successors.each(words, words.length, (move, violation) => {
        if (found === null && violation === null && this.#visited.is(next, successors.next, successors.length)) found = { move, words: successors.next.slice(0, successors.length) };
      });
      // Narrowed to never: the callback's assignment is not seen.
      const step = found as { readonly move: Move; readonly words: Int32Array<ArrayBuffer> } | null;
      if (step === null) return moves;
      moves.push(step.move);
      words = step.words;
    }
    return moves;
  }
}
