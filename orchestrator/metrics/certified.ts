// The certificate of a run's network, from its events, and what follows from it: what makes the run invalid, what bars it as
// a baseline, and the network that the closed form is told of.
import { type Breach, type Certificate, Certifying } from '../../netem/certificate.ts';
import type { LabEvent, Plan, Summary } from '../kinds.ts';

/** Links that are named; the others are counted. */
const MAX_REASONS = 5;

export class Certified {
  readonly #certifying: Certifying;

  constructor(plan: Pick<Plan, 'links' | 'seed' | 'shaper' | 'time'>) {
    this.#certifying = new Certifying({ links: plan.links, seed: plan.seed, shaper: plan.shaper, time: plan.time ?? 'real' });
  }

  observe(event: LabEvent & { readonly type: 'certificate' | 'counters' }): void {
    if (event.type === 'counters') this.#certifying.counted(event.links);
    else this.#certifying[event.phase](event);
  }

  /** null: the events hold none, as those of earlier labs. */
  finish(): Certificate | null {
    return this.#certifying.finish();
  }
}

export function certificateReasons(certificate: Certificate | null): { readonly invalid: readonly string[]; readonly noBaseline: readonly string[] } {
  const of = (bars: Breach['bars']) => certificate?.breaches.filter((breach) => breach.bars === bars) ?? [];
  return {
    invalid: reasons('the network is not as configured', of('run'), MAX_REASONS),
    noBaseline: reasons('the host is too busy to keep the links exactly', of('baseline'), 1),
  };
}

function reasons(what: string, breaches: readonly Breach[], most: number): readonly string[] {
  // One for each link: its first figure names it.
  const links = [...new Map(breaches.toReversed().map((breach) => [`${breach.from} ${breach.to}`, breach])).values()].toReversed();
  const left = links.length - most;
  return links.slice(0, most).map(({ text }, index) => `${what}: ${text}${left > 0 && index === most - 1 ? `, and ${left} more ${left === 1 ? 'link' : 'links'}` : ''}`);
}

/** Of several runs, the worst; null: there is none, or time is the simulator's, whose links are exact. */
export function networkOf(runs: readonly Summary[]): { readonly verdict: Certificate['verdict']; readonly worstMs: number | null } | null {
  const certificates = runs.flatMap(({ plan, certificate }) => (certificate === undefined || plan.shaper === 'sim' ? [] : [certificate]));
  if (certificates.length === 0) return null;
  const has = (wanted: Certificate['verdict']) => certificates.some(({ verdict }) => verdict === wanted);
  const medians = certificates.flatMap(({ worstMs }) => worstMs ?? []);
  return { verdict: has('out') ? 'out' : has('unverified') ? 'unverified' : 'ok', worstMs: medians.length === 0 ? null : Math.max(...medians) };
}

/** Added to the configured delay of each way, in ms: before the run, while it was idle. Virtual links are exact. */
export function idleErrorMs(certificate: Certificate | null, shaper: string): (from: string, to: string) => number {
  const errors = new Map<string, number>();
  if (certificate !== null && shaper !== 'sim') {
    for (const { from, to, trip, errorMs } of certificate.rows) {
      if (errorMs === null) continue;
      errors.set(`${from} ${to}`, trip === 'round' ? errorMs.p50 / 2 : errorMs.p50);
      if (trip === 'round') errors.set(`${to} ${from}`, errorMs.p50 / 2);
    }
  }
  return (from, to) => errors.get(`${from} ${to}`) ?? 0;
}
