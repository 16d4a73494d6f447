// Callbacks at run times: one heap, one timer, never early. A setTimeout may fire a millisecond early or late, so the last
// one or two milliseconds are slept in a thread, and the clock is read again.
import { EventQueue } from '../../../node/kit/event-queue.ts';
import { Sleeper } from './sleeper.ts';

/** Shorter waits are left to the thread. */
const COARSE_FROM_MS = 2;
/** A day and more would overflow setTimeout; a run is shorter, but the re-check makes any cap right. */
const LONGEST_TIMEOUT_MS = 60_000;

export class Timers {
  readonly now: () => number;
  readonly #queue = new EventQueue();
  readonly #sleeper = new Sleeper(() => this.#fire());
  #timer: NodeJS.Timeout | null = null;
  #armedForMs = Infinity;
  #stopped = false;

  constructor(now: () => number) {
    this.now = now;
  }

  at(atMs: number, run: () => void): void {
    this.#queue.push(atMs, run);
    if (atMs < this.#armedForMs) this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sleeper.stop();
  }

  #arm(): void {
    if (this.#queue.length === 0 || this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#armedForMs = this.#queue.nextMs;
    const leftMs = this.#armedForMs - this.now();
    if (leftMs <= 0) setImmediate(() => this.#fire());
    else if (leftMs < COARSE_FROM_MS) this.#sleeper.wakeAfter(leftMs);
    else this.#timer = setTimeout(() => this.#fire(), Math.min(Math.floor(leftMs) - 1, LONGEST_TIMEOUT_MS));
  }

  #fire(): void {
    this.#timer = null;
    this.#armedForMs = -Infinity; // what the callbacks add is armed once, below
    while (!this.#stopped && this.#queue.nextMs <= this.now()) this.#queue.pop()?.();
    this.#armedForMs = Infinity;
    this.#arm();
  }
}
