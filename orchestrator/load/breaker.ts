// A circuit breaker: after so many failures in a row nothing is sent to a node for a while; then one attempt tries it, and
// its outcome closes the breaker or opens it again.
import type { BreakerState, Plan } from '../kinds.ts';

type Rule = NonNullable<Plan['load']['breaker']>;

export class Breaker {
  readonly #rule: Rule;
  readonly #changed: (state: BreakerState) => void;
  #state: BreakerState = 'closed';
  #failures = 0;
  /** Open: until the next trial. Half-open: until a trial without an outcome is given up. */
  #untilMs = 0;
  /** When it was last found closed and opened. */
  #openedMs = -Infinity;

  constructor(rule: Rule, changed: (state: BreakerState) => void) {
    this.#rule = rule;
    this.#changed = changed;
  }

  /** From when on an attempt may go; 0: now. */
  get freeAtMs(): number {
    return this.#state === 'closed' ? 0 : this.#untilMs;
  }

  /** An attempt leaves that was allowed. */
  sent(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#untilMs = nowMs + this.#rule.openMs;
    this.#become('half-open');
  }

  /** An attempt that left before the breaker opened changes nothing; a trial may be answered after it was given up. */
  succeeded(sentMs: number): void {
    if (this.#state !== 'closed' && sentMs <= this.#openedMs) return;
    this.#failures = 0;
    this.#become('closed');
  }

  /** While it is open, only attempts that left before can fail; they change nothing. */
  failed(nowMs: number): void {
    if (this.#state === 'open') return;
    this.#failures++;
    if (this.#state === 'closed' && this.#failures < this.#rule.failures) return;
    this.#untilMs = nowMs + this.#rule.openMs;
    if (this.#state === 'closed') this.#openedMs = nowMs;
    this.#become('open');
  }

  #become(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#changed(state);
  }
}
