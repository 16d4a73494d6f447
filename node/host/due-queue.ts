// Callbacks at run times: one heap, one timer that is set to the whole milliseconds left, never a spin. setTimeout truncates
// and counts from the loop's cached time, so it may fire early: the clock is read again, and what is due within EARLY_MS is
// run. What follows takes its time too: LEAD_MS is the median of the way from here into the receiver (bench/shaper.ts), so
// that the errors, sent to received, lie on both sides of zero.
import { EventQueue } from '../kit/event-queue.ts';

const EARLY_MS = 0.75;
const LEAD_MS = 0.3;
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
    const leftMs = Math.min(this.#armedForMs - LEAD_MS - this.#now(), LONGEST_TIMEOUT_MS);
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.floor(leftMs)));
  }

  #fire(): void {
    this.#timer = null;
    this.#armedForMs = -Infinity; // what the callbacks add is armed once, below
    while (this.#queue.nextMs - LEAD_MS <= this.#now() + EARLY_MS) this.#queue.pop()?.();
    this.#arm();
  }
}
