// Exact figures of a population in which some outcomes are not numbers. An unknown outcome is censored: its latency is at
// least the time waited. A failed one ranks above every number. A percentile is the nearest rank; it is exact where it
// comes out the same with every censored outcome at its bound and with all of them beyond every number; else the former
// is a lower bound ('>'), and where even that is a failed outcome the percentile is 'failed'.
import type { Figure } from '../kinds.ts';

export type Population = {
  /** Latencies of ok outcomes. */
  readonly okMs: readonly number[];
  /** Lower bounds of unknown outcomes. */
  readonly censoredMs: readonly number[];
  readonly failed: number;
};

/** Fewer samples than this beyond a percentile make it uncertain. */
const MIN_BEYOND = 10;

/** Sorted once, asked often. */
export class Ranked {
  readonly size: number;
  readonly #ok: readonly number[];
  /** Censored outcomes at their bounds among the ok ones. */
  readonly #lower: readonly number[];
  readonly #failed: number;

  constructor({ okMs, censoredMs, failed }: Population) {
    this.#ok = [...okMs].sort(ascending);
    this.#lower = censoredMs.length === 0 ? this.#ok : [...okMs, ...censoredMs].sort(ascending);
    this.#failed = failed;
    this.size = this.#lower.length + failed;
  }

  percentile(share: number, unit: Figure['unit'] = 'ms'): Figure {
    if (this.size === 0) return { value: null, unit, bound: '=' };
    const rank = nearestRank(share, this.size);
    const uncertain = this.size - rank < MIN_BEYOND ? { uncertain: true } : {};
    return { ...this.#at(rank, unit), ...uncertain };
  }

  max(): Figure {
    return this.size === 0 ? { value: null, unit: 'ms', bound: '=' } : this.#at(this.size, 'ms');
  }

  mean(): Figure {
    if (this.size === 0) return { value: null, unit: 'ms', bound: '=' };
    if (this.#failed > 0) return { value: null, unit: 'ms', bound: 'failed' };
    const value = this.#lower.reduce((sum, each) => sum + each, 0) / this.#lower.length;
    return { value, unit: 'ms', bound: this.#lower.length > this.#ok.length ? '>' : '=' };
  }

  #at(rank: number, unit: Figure['unit']): Figure {
    const lower = this.#lower[rank - 1];
    if (lower === undefined) return { value: null, unit, bound: 'failed' };
    return { value: lower, unit, bound: this.#ok[rank - 1] === lower ? '=' : '>' };
  }
}

/** From 1. The small number keeps 0.9 · 10 from becoming 10. */
function nearestRank(share: number, size: number): number {
  return Math.max(1, Math.ceil(share * size - 1e-9));
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** The value in the middle of the weight. */
export function weightedMedian(items: readonly { readonly value: number; readonly weight: number }[]): number | null {
  const sorted = items.filter(({ weight }) => weight > 0).sort((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= half) return value;
  }
  return null;
}
