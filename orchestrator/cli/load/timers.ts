// Callbacks at run times: one heap, one timer, never early. A setTimeout may fire a millisecond early, so the clock is
// read again; the last fraction of a millisecond is passed in turns of the event loop, not asleep.
import { EventQueue } from '../../../node/kit/event-queue.ts';

const SPIN_BELOW_MS = 0.4;

export class Timers {
  readonly now: () => number;
  readonly queue = new EventQueue();
  timer: NodeJS.Timeout | null = null;
  armedForMs = Infinity;
  spinning = false;
  stopped = false;

  constructor(now: () => number) {
    this.now = now;
  }

  at(atMs: number, run: () => void): void {
    this.queue.push(atMs, run);
    if (atMs < this.armedForMs) this.#arm();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  #arm(): void {
    if (this.queue.length === 0 || this.stopped) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.armedForMs = this.queue.nextMs;
    const leftMs = this.armedForMs - this.now();
    if (leftMs > SPIN_BELOW_MS) {
      // A day and more would overflow setTimeout; a run is shorter, but the re-check makes any cap right.
      this.timer = setTimeout(() => this.#fire(), Math.min(Math.max(1, Math.floor(leftMs)), 60_000));
    } else if (!this.spinning) {
      this.spinning = true;
      setImmediate(() => {
        this.spinning = false;
        this.#fire();
      });
    }
  }

  #fire(): void {
    this.timer = null;
    this.armedForMs = -Infinity; // what the callbacks add is armed once, below
    while (!this.stopped && this.queue.nextMs <= this.now()) this.queue.pop()?.();
    this.armedForMs = Infinity;
    this.#arm();
  }
}
