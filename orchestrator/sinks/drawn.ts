// A few answers of each second, drawn evenly whatever the rate: those with the least hash of their id, the same ones in
// every replay.
import type { CommandId } from '../../node/contract.ts';
import { hash32 } from '../../node/kit/random.ts';
import { type Emit, nsOf } from './points.ts';

export type Answer = { readonly atMs: number; readonly region: string; readonly latencyMs: number; readonly serviceMs: number; readonly phaseMs: number | null };

const PER_SECOND = 20;

export class DrawnPoints {
  readonly #emit: Emit;
  /** By hash. */
  #drawn: { readonly hash: number; readonly answer: Answer }[] = [];
  #lastNs = -Infinity;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  observe(id: CommandId, answer: () => Answer): void {
    const hash = hash32(id);
    const full = this.#drawn.length >= PER_SECOND;
    if (full && hash >= (this.#drawn.at(-1)?.hash ?? 0)) return;
    if (full) this.#drawn.pop();
    const place = this.#drawn.findIndex((each) => each.hash > hash);
    this.#drawn.splice(place < 0 ? this.#drawn.length : place, 0, { hash, answer: answer() });
  }

  /** The second is over. Answers of one instant follow each other by a nanosecond. */
  flush(): void {
    const answers = this.#drawn.map(({ answer }) => answer).sort((a, b) => a.atMs - b.atMs);
    for (const { atMs, region, latencyMs, serviceMs, phaseMs } of answers) {
      this.#lastNs = Math.max(nsOf(atMs), this.#lastNs + 1);
      this.#emit('sample', {}, this.#lastNs, { latency_ms: latencyMs, service_ms: serviceMs, phase_ms: phaseMs, region });
    }
    this.#drawn = [];
  }
}
