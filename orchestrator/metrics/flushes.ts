// How long a durable write took, from its start to the answer of the disk: of the flushes that the run kept as events.
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { isIn, measureWindow } from './commands.ts';
import { Ranked } from './samples.ts';

export class Flushes {
  readonly #plan: Plan;
  readonly #allMs: number[] = [];
  readonly #measuredMs: number[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  observe(event: LabEvent): void {
    if (event.type !== 'durable') return;
    if (this.#plan.fsyncMs === 'real') this.#allMs.push(event.tookMs);
    if (isIn(measureWindow(this.#plan), event.atMs)) this.#measuredMs.push(event.tookMs);
  }

  /** What a flush took where the plan says 'real'; else 0: the plan says it. */
  realMs(): number {
    return rankedMs(this.#allMs).percentile(0.5).value ?? 0;
  }

  figures(): { readonly [name: string]: Figure } {
    const flushes = rankedMs(this.#measuredMs);
    return { 'fsync.p50': flushes.percentile(0.5), 'fsync.p99': flushes.percentile(0.99) };
  }
}

function rankedMs(okMs: readonly number[]): Ranked {
  return new Ranked({ okMs, censoredMs: [], failed: 0 });
}
