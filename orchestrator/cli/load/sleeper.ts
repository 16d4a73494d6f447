// Wakes the event loop after a part of a millisecond, which no timer of Node.js can, without spinning: a thread sleeps for
// it. Where time stands still while anything computes (netem/kernel), a loop that spins would hardly end.
import { Worker } from 'node:worker_threads';
import { modulePath } from '../tree.ts';

/** In the shared memory: which order the thread is to follow, which it has followed, and until when it sleeps. */
export const ORDER = 0;
export const FOLLOWED = 1;
export const CELLS = 2;

/** Of every thread of the process, ms. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Sleeper {
  readonly #wake: () => void;
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #untilMs: Float64Array;
  readonly #thread: Worker;
  #awake = false;
  #listening = false;
  #stopped = false;

  /** wake: may come early, when an order was replaced while it was followed. */
  constructor(wake: () => void) {
    this.#wake = wake;
    const shared = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(shared, 0, CELLS);
    this.#untilMs = new Float64Array(shared, CELLS * Int32Array.BYTES_PER_ELEMENT, 1);
    this.#thread = new Worker(modulePath('orchestrator/cli/load/sleeping-thread.ts'), { workerData: shared });
    this.#thread.once('online', () => { this.#awake = true; });
    this.#thread.unref();
  }

  /** Instead of what was asked before. */
  wakeAfter(ms: number): void {
    if (!this.#awake) {
      setTimeout(this.#wake, Math.ceil(ms));
      return;
    }
    const followed = Atomics.load(this.#cells, FOLLOWED);
    this.#untilMs[0] = clockMs() + ms;
    Atomics.add(this.#cells, ORDER, 1);
    Atomics.notify(this.#cells, ORDER);
    if (this.#listening) return;
    this.#listening = true;
    // A process with nothing else to do waits for it.
    this.#thread.ref();
    const { value } = Atomics.waitAsync(this.#cells, FOLLOWED, followed);
    void Promise.resolve(value).then(() => {
      this.#listening = false;
      this.#thread.unref();
      if (!this.#stopped) this.#wake();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread.terminate();
  }
}
