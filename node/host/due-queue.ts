// Callbacks at run times: one heap, one timer that is set to the whole milliseconds left, never a spin. setTimeout truncates
// and counts from the loop's cached time, so it may fire early: the clock is read again, and what is due within EARLY_MS is
// run. That is more than the half of a timer's millisecond, because the way to the receiver adds what is left of it: sent to
// received, the error lies within ±1 ms (bench/shaper.ts) at 4 % of a core, where plain setTimeout is up to 1.9 ms early.

const EARLY_MS = 0.75;
const LONGEST_TIMEOUT_MS = 60_000;

type Due = { readonly atMs: number; readonly order: number; readonly run: () => void };

export class DueQueue {
  readonly #now: () => number;
  readonly #heap: Due[] = [];
  #order = 0;
  #timer: NodeJS.Timeout | null = null;
  #armedForMs = Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  get length(): number {
    return this.#heap.length;
  }

  at(atMs: number, run: () => void): void {
    push(this.#heap, { atMs, order: this.#order++, run });
    if (atMs < this.#armedForMs) this.#arm();
  }

  /** Forgets what is not due yet. */
  stop(): void {
    this.#heap.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const first = this.#heap[0];
    this.#armedForMs = first?.atMs ?? Infinity;
    if (first === undefined) return;
    const leftMs = Math.min(first.atMs - this.#now(), LONGEST_TIMEOUT_MS);
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.floor(leftMs)));
  }

  #fire(): void {
    this.#timer = null;
    this.#armedForMs = -Infinity; // what the callbacks add is armed once, below
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= this.#now() + EARLY_MS; first = this.#heap[0]) {
      pop(this.#heap);
      first.run();
    }
    this.#arm();
  }
}

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Due[], due: Due): void {
  let index = heap.length;
  heap.push(due);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !before(due, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    let child = heap[childIndex];
    if (child === undefined) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && before(right, child)) {
      child = right;
      childIndex++;
    }
    if (!before(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
}
