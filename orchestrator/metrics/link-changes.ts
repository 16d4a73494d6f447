// The changes of links by network.schedule, as they came: how late, how many were passed over, and the part of the window in
// which the links were those of its begin. A closed form is of one network: it is told of that part alone.
import type { Figure, LabEvent } from '../kinds.ts';
import { count, type Window } from './commands.ts';

/** Later than the interval of scheduled jitter, a change is not where the plan has it. */
const MAX_LAG_MS = 100;

export class LinkChanges {
  readonly #window: Window;
  #fromMs: number;
  #toMs = Infinity;
  #lagMs: number | null = null;
  #skipped = 0;

  constructor(window: Window) {
    this.#window = window;
    this.#fromMs = window.fromMs;
  }

  observe({ atMs, plannedMs, skipped }: LabEvent & { readonly type: 'scheduled-links' }): void {
    const { fromMs } = this.#window;
    this.#lagMs = Math.max(this.#lagMs ?? 0, atMs - plannedMs);
    this.#skipped += skipped;
    if (plannedMs <= fromMs) this.#fromMs = Math.max(fromMs, atMs);
    // Where steps were passed over on the way into the window, nobody knows which links it began with.
    else this.#toMs = Math.min(this.#toMs, skipped > 0 && this.#toMs === Infinity ? fromMs : plannedMs);
  }

  /** The part of these times in which the links were as they are planned at the begin of the measure window. */
  within({ fromMs, toMs }: Window): Window {
    return { fromMs: Math.max(fromMs, this.#fromMs), toMs: Math.min(toMs, this.#toMs) };
  }

  figures(): { readonly [name: string]: Figure } {
    return { 'linkLag.max': { value: this.#lagMs, unit: 'ms', bound: '=' }, linksSkipped: count(this.#lagMs === null ? null : this.#skipped) };
  }

  /** What bars the run as a baseline. */
  reasons(): readonly string[] {
    return (this.#lagMs ?? 0) > MAX_LAG_MS ? [`the links changed up to ${Math.round(this.#lagMs ?? 0)} ms later than network.schedule says`] : [];
  }
}
