// What the last seconds looked like, for the line that is shown while a run goes. The figures of the run come from its events.
import type { ClientEvent } from '../../kinds.ts';

const WINDOW_MS = 5_000;
/** Of the newest answers; more do not change what is shown. */
const MAX_ANSWERS = 20_000;

export type RecentFigures = { readonly okPerSecond: number; /** Of the ok answers in the window; null: there was none. */ readonly p50Ms: number | null; readonly p99Ms: number | null };

export class Recent {
  readonly #intendedMs = new Map<string, number>();
  #answers: { readonly atMs: number; readonly tookMs: number }[] = [];

  observe(event: ClientEvent, atMs: number): void {
    if (event.type === 'invoke') this.#intendedMs.set(event.command.id, event.intendedMs);
    if (event.type !== 'reply') return;
    const intendedMs = this.#intendedMs.get(event.id);
    this.#intendedMs.delete(event.id);
    if (intendedMs !== undefined && event.reply.outcome === 'ok') this.#answers.push({ atMs, tookMs: atMs - intendedMs });
    if (this.#answers.length > 2 * MAX_ANSWERS) this.#answers = this.#answers.slice(-MAX_ANSWERS);
  }

  figures(nowMs: number): RecentFigures {
    this.#answers = this.#answers.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const sorted = this.#answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
    return { okPerSecond: (1000 * sorted.length) / Math.max(1, Math.min(WINDOW_MS, nowMs)), p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
