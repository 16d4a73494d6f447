// Callbacks at run times: one heap, one timer, never early. A setTimeout may fire a millisecond early, so the clock is
// read again; the last fraction of a millisecond is passed in turns of the event loop, not asleep.

type Entry = { readonly atMs: number; readonly sequence: number; readonly run: () => void };

const SPIN_BELOW_MS = 0.4;

export class Timers {
  readonly now: () => number;
  heap: Entry[] = [];
  sequence = 0;
  timer: NodeJS.Timeout | null = null;
  armedForMs = Infinity;
  spinning = false;
  stopped = false;

  constructor(now: () => number) {
    this.now = now;
  }

  at(atMs: number, run: () => void): void {
    push(this.heap, { atMs, sequence: this.sequence++, run });
    if (atMs < this.armedForMs) this.#arm();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  #arm(): void {
    const first = this.heap[0];
    if (first === undefined || this.stopped) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.armedForMs = first.atMs;
    const leftMs = first.atMs - this.now();
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
    while (!this.stopped) {
      const first = this.heap[0];
      if (first === undefined || first.atMs > this.now()) break;
      pop(this.heap);
      first.run();
    }
    this.armedForMs = Infinity;
    this.#arm();
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !before(entry, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
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
