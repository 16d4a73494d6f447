// What is still to happen, in order of time and, within one instant, of scheduling: a binary heap. The simulator's agenda, and
// that of every real timer of the lab.

export class EventQueue {
  /** Parallel arrays: a heap of objects costs twice the time. */
  readonly #times: number[] = [];
  readonly #sequences: number[] = [];
  readonly #runs: (() => void)[] = [];
  #sequence = 0;

  get length(): number {
    return this.#runs.length;
  }

  /** Infinity when empty. */
  get nextMs(): number {
    return this.#times[0] ?? Infinity;
  }

  push(atMs: number, run: () => void): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const runs = this.#runs;
    let hole = times.length;
    const sequence = this.#sequence++;
    times.push(atMs);
    sequences.push(sequence);
    runs.push(run);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentMs = times[parent]!;
      // Everything in the heap was scheduled earlier.
      if (parentMs <= atMs) break;
      times[hole] = parentMs;
      sequences[hole] = sequences[parent]!;
      runs[hole] = runs[parent]!;
      hole = parent;
    }
    times[hole] = atMs;
    sequences[hole] = sequence;
    runs[hole] = run;
  }

  /** Takes out the next one; undefined when empty. */
  pop(): (() => void) | undefined {
    const times = this.#times;
    const sequences = this.#sequences;
    const runs = this.#runs;
    const first = runs[0];
    const atMs = times.pop();
    const sequence = sequences.pop();
    const run = runs.pop();
    if (atMs === undefined || sequence === undefined || run === undefined) return undefined;
    const size = times.length;
    if (size === 0) return run;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < size && before(times[right]!, sequences[right]!, times[child]!, sequences[child]!)) child = right;
      if (before(atMs, sequence, times[child]!, sequences[child]!)) break;
      times[hole] = times[child]!;
      sequences[hole] = sequences[child]!;
      runs[hole] = runs[child]!;
      hole = child;
    }
    times[hole] = atMs;
    sequences[hole] = sequence;
    runs[hole] = run;
    return first;
  }
}

function before(aMs: number, a: number, bMs: number, b: number): boolean {
  return aMs < bMs || (aMs === bMs && a < b);
}
