// Callbacks at run times: one heap, one timer that is set to the whole milliseconds left, never a spin. setTimeout truncates
// and counts from the loop's cached time, so it may fire early: the clock is read again, and what is due within EARLY_MS is
// run. That is more than the half of a timer's millisecond, because the way to the receiver adds what is left of it: sent to
// received, the error lies within ±1 ms (bench/shaper.ts) at 4 % of a core, where plain setTimeout is up to 1.9 ms early.
import { EventQueue } from '../kit/event-queue.ts';

const EARLY_MS = 0.75;
const LONGEST_TIMEOUT_MS = 60_000;

export class DueQueue {
  readonly #now: () => number;
  #queue = new EventQueue();
  #timer: NodeJS.Timeout | null = null;
  #armedForMs = Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  get length(): number {
    return this.#queue.length;
  }

  at(atMs: number, run: () => void): void {
    this.#queue.push(atMs, run);
    if (atMs < this.#armedForMs) this.#arm();
  }

  /** Forgets what is not due yet. */
  stop(): void {
    this.#queue = new EventQueue();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#armedForMs = this.#queue.nextMs;
    if (this.#queue.length === 0) return;
    const leftMs = Math.min(this.#armedForMs - this.#now(), LONGEST_TIMEOUT_MS);
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.floor(leftMs)));
  }

  #fire(): void {
    this.#timer = null;
    this.#armedForMs = -Infinity; // what the callbacks add is armed once, below
    while (this.#queue.nextMs <= this.#now() + EARLY_MS) this.#queue.pop()?.();
    this.#arm();
  }
}
