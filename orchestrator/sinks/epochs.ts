// When each epoch (round, term, ballot) began, by the first node's word, who led it, and what was committed in it.
import type { LabEvent, Plan } from '../kinds.ts';
import { isIn, measureWindow, type Window } from '../metrics/commands.ts';
import { type Emit, nsOf } from './points.ts';

type Epoch = { readonly epoch: number; readonly beganMs: number; leader: string | null; commits: number };

/** Kept at once; the oldest are written when there are more, and what is committed in them later is not counted. */
const MAX_EPOCHS = 50_000;
/** Of those that were the newest when they began; enough for commands that are still open. */
const RECENT = 256;

export class Epochs {
  readonly #emit: Emit;
  readonly #window: Window;
  readonly #epochs = new Map<number, Epoch>();
  readonly #recentMs: number[] = [];
  #newest = -Infinity;
  #lastSlot = 0;
  #lastNs = -Infinity;

  constructor(plan: Plan, emit: Emit) {
    this.#emit = emit;
    this.#window = measureWindow(plan);
  }

  observe(event: LabEvent): void {
    if (event.type === 'status') {
      const { epoch, role } = event.status;
      const known = this.#epochs.get(epoch) ?? this.#begin(epoch, event.atMs);
      if (known !== null && role === 'leader') known.leader ??= event.node;
    } else if (event.type === 'committed') {
      const { command, at: { slot, epoch } } = event;
      if (slot <= this.#lastSlot) return;
      this.#lastSlot = slot;
      const known = command === null || command.op.type === 'reconfigure' ? undefined : this.#epochs.get(epoch);
      if (known !== undefined) known.commits++;
    }
  }

  /** From the begin of the epoch that was then the newest; null: before the first, or too long ago. */
  sinceBeginMs(atMs: number): number | null {
    const beganMs = this.#recentMs.findLast((each) => each <= atMs);
    return beganMs === undefined ? null : atMs - beganMs;
  }

  finish(): void {
    for (const epoch of this.#epochs.values()) this.#write(epoch);
    this.#epochs.clear();
  }

  /** null: it was written already. */
  #begin(epoch: number, beganMs: number): Epoch | null {
    if (epoch < this.#newest - MAX_EPOCHS) return null;
    const begun: Epoch = { epoch, beganMs, leader: null, commits: 0 };
    this.#epochs.set(epoch, begun);
    if (epoch > this.#newest) {
      this.#newest = epoch;
      this.#recentMs.push(beganMs);
      if (this.#recentMs.length > RECENT) this.#recentMs.shift();
    }
    const [oldest] = this.#epochs.values();
    if (this.#epochs.size > MAX_EPOCHS && oldest !== undefined) {
      this.#epochs.delete(oldest.epoch);
      this.#write(oldest);
    }
    return begun;
  }

  /** Two that began at one instant follow each other by a nanosecond. */
  #write({ epoch, beganMs, leader, commits }: Epoch): void {
    this.#lastNs = Math.max(nsOf(beganMs), this.#lastNs + 1);
    this.#emit('epoch', {}, this.#lastNs, { epoch, leader, commits, decided: Number(commits > 0), measured: Number(isIn(this.#window, beganMs)) });
  }
}
