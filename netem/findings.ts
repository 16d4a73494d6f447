// What is found of one link of a certificate: its figures beside the limits, in words that name the link.
import type { Distribution, Losses } from './achieved.ts';
import { lossBounds } from './binomial.ts';
import type { Breach, CertificateRow } from './certificate.ts';
import type { Link } from './link.ts';
import type { Limits } from './tolerance.ts';

/** Fewer of them say nothing of a loss or a share, nor, during the run, of a minimum. */
export const FEWEST_EVENTS = 10;
export const FEWEST_SAMPLES = 5;
/** A spread is compared from this jitter on; below it the host's own is as large. */
const LEAST_JITTER_MS = 2;
/** Of a standard deviation of netem's draws, which are cut at both ends. */
const SPREADS = { uniform: 1 / Math.sqrt(3), normal: 1, pareto: null } as const;
export const FIGURES = { min: 'minimum', p50: 'median', p95: '95th percentile', p99: '99th percentile' } as const;

/** A row on its way. */
export type Draft = Omit<CertificateRow, 'verdict' | 'during' | 'unverified'> & { readonly unverified: string[]; readonly breaches: Breach[]; delayShown: boolean };

/** What is found of one link. */
export class Findings {
  readonly #draft: Draft;
  readonly #link: Link;

  constructor(draft: Draft, link: Link) {
    this.#draft = draft;
    this.#link = link;
  }

  unverified(text: string): void {
    this.#draft.unverified.push(text);
  }

  delayUnverified(why: string): void {
    this.#draft.delayShown = false;
    this.unverified(`delay: ${why}`);
  }

  breach(figure: string, bars: Breach['bars'], text: string): void {
    const { from, to, trip } = this.#draft;
    this.#draft.breaches.push({ from, to, figure, bars, text: `${from} ${trip === 'round' ? '↔' : '→'} ${to}: ${text}` });
  }

  limits(errorMs: Distribution, limits: Limits, bars: Breach['bars'], spreadMs: number): void {
    const { delayMs } = this.#link;
    for (const [figure, range] of limitsOf(limits)) {
      const got = errorMs[figure];
      // Independent draws of jitter are of the link: of them only the median can be told.
      const drawn = this.#link.order === 'reorder' && this.#link.jitterMs > 0;
      if ((drawn && figure !== 'p50') || (got >= range[0] - spreadMs && got <= range[1] + spreadMs)) continue;
      this.breach(figure, bars, `${FIGURES[figure]} delay ${shown(delayMs + got)} ms, asked ${shown(delayMs)} ms (${within(range)})`);
    }
  }

  spread(sdMs: number): void {
    const { order, jitterMs, distribution } = this.#link;
    const share = SPREADS[distribution];
    if (order === 'keep' || jitterMs < LEAST_JITTER_MS || share === null) return;
    if (sdMs < 0.5 * share * jitterMs || sdMs > 1.7 * share * jitterMs + 1) this.breach('jitter', 'run', `delays spread by ${shown(sdMs)} ms (standard deviation), asked ${shown(share * jitterMs)} ms`);
  }

  losses({ lost, expected, low, high }: Losses): void {
    const { sent } = this.#draft;
    if (expected === 0) {
      if (lost > 0) this.breach('loss', 'run', `${lost} of ${sent} probes were lost, on a link without loss`);
    } else if (lost > high || (lost < low && expected >= FEWEST_EVENTS)) {
      this.breach('loss', 'run', `${lost} of ${sent} probes were lost, asked ${shown(expected)} (${low} … ${high} are within chance)`);
    } else if (expected < FEWEST_EVENTS) this.unverified(`loss: of ${sent} probes only ${shown(expected)} are to be lost`);
  }

  share(what: string, count: number, of: number, share: number): void {
    if (share === 0) return;
    const expected = of * share;
    const [low, high] = lossBounds(of, share, 1);
    if (count > high || (count < low && expected >= FEWEST_EVENTS)) this.breach(what, 'run', `${count} of ${of} probes came ${what}, asked ${shown(expected)} (${low} … ${high} are within chance)`);
    else if (expected < FEWEST_EVENTS) this.unverified(`${what}: of ${of} probes only ${shown(expected)} are to be`);
  }
}

export function limitsOf(limits: Limits): readonly (readonly [keyof typeof FIGURES, readonly [number, number]])[] {
  return Object.entries(limits) as [keyof typeof FIGURES, readonly [number, number]][];
}

export function losesNothing({ lossPct, corruptPct }: Link): boolean {
  return lossPct === 0 && corruptPct === 0;
}

export function shown(ms: number): string {
  return String(Number(ms.toFixed(Math.abs(ms) >= 100 ? 1 : 2)));
}

export function within([low, high]: readonly [number, number]): string {
  if (high === Infinity) return `at least ${low} ms`;
  return Math.abs(low) === high ? `± ${high} ms` : `${low} … +${high} ms`;
}
