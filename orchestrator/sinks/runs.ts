// What is said of a run once: the points from which boards take its figures, its verdict and what it ran on.
import type { LinkMatrix } from '../../netem/link.ts';
import { isViolation } from '../judge.ts';
import type { Plan, Summary } from '../kinds.ts';
import { membersOf } from '../seats.ts';
import type { Emit, Fields } from './points.ts';

/** What the plan does not say; all of it is in the run's folder. */
export type RunFacts = {
  /** The tag: unlike any other run's, and the same whenever the folder is read. */
  readonly run: string;
  /** Unix ms, whole, of the start of the run. */
  readonly startedAtMs: number;
  /** Experiment folder/run folder. */
  readonly folder: string;
  readonly version: string;
  readonly revision: string | null;
  readonly modified: boolean | null;
  readonly machine: string;
};

const MAX_TEXT = 1_000;

export class RunPoints {
  readonly #emit: Emit;
  readonly #plan: Plan;
  readonly #facts: RunFacts;
  readonly #linksLeftOut: number;

  constructor(plan: Plan, facts: RunFacts, linksLeftOut: number, emit: Emit) {
    this.#emit = emit;
    this.#plan = plan;
    this.#facts = facts;
    this.#linksLeftOut = linksLeftOut;
  }

  begin(): void {
    const { warmupMs, measureMs, settleMs } = this.#plan;
    this.#write({ state: 'running', ended: this.#facts.startedAtMs + warmupMs + measureMs + settleMs });
  }

  finish(summary: Summary, lastMs: number): void {
    const { metrics, partial, publishable, baseline, missed, verdicts, certificate } = summary;
    const bounds = Object.entries(metrics).flatMap(([name, { bound }]) => (bound === '=' ? [] : [`${name} ${bound}`]));
    const findings = verdicts.flatMap(({ finding, check }) => (finding === true ? [check] : []));
    this.#write({
      state: partial ? 'partial' : 'finished', ended: this.#facts.startedAtMs + lastMs, ...verdictOf(summary), findings: textOf(findings), publishable,
      baseline_fit: baseline.fit, missed: textOf(missed), network_verdict: certificate?.verdict, bounds: textOf(bounds),
      ...Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value])),
    });
    for (const { region, metrics } of summary.regions) {
      const row = summary.expected.find((each) => each.region === region);
      this.#emit('client_region', { region }, 0, {
        ...Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value])),
        ...(row === undefined ? {} : {
          expected_p50: row.expectedP50Ms, measured_p50: row.measuredP50Ms, ratio: row.measuredP50Ms === null || row.expectedP50Ms === 0 ? null : row.measuredP50Ms / row.expectedP50Ms,
          ks: row.ksDistance, entry: row.entry, leader: row.leader ?? '',
        }),
      });
    }
  }

  #write(fields: Fields): void {
    const { label, runner, protocol, network, shaper, load, repetition, seed, fsyncMs, warmupMs, measureMs } = this.#plan;
    const { folder, version, revision, modified, machine, startedAtMs } = this.#facts;
    const rttMs = medianRttMs(this.#plan);
    const where = `${network.profile}${rttMs === null ? '' : ` ${rttMs.toFixed(rttMs < 10 ? 1 : 0)} ms`}`;
    this.#emit('run', {}, 0, {
      folder, label, title: `${label}, ${where}, ${runner}${repetition > 1 ? ` #${repetition}` : ''}`, protocol_name: protocol, network: network.profile, shaper, workload: load.workload, nodes: membersOf(this.#plan).length, repetition, seed,
      rate: load.ratePerSecond, connections: load.clients.reduce((sum, { count }) => sum + count, 0), rtt_ms: rttMs, fsync_ms: fsyncMs === 'real' ? null : fsyncMs,
      started: startedAtMs, warmup_ms: warmupMs, measure_ms: measureMs, revision, modified, version, machine, links_left_out: this.#linksLeftOut, ...fields,
    });
  }
}

/** The worst that is to be said of it. */
function verdictOf({ verdicts, partial, invalid }: Summary): { readonly verdict: string; readonly because: string } {
  const violated = verdicts.filter(isViolation);
  if (violated.length > 0) return { verdict: 'violated', because: textOf(violated.map(({ check, because }) => `${check}: ${because}`)) };
  if (partial) return { verdict: 'partial', because: 'the run was interrupted' };
  if (invalid.length > 0) return { verdict: 'invalid', because: textOf(invalid) };
  const unknown = verdicts.filter(({ valid }) => valid === 'unknown');
  if (unknown.length > 0) return { verdict: 'unknown', because: textOf(unknown.map(({ check, because }) => `${check}: ${because}`)) };
  return { verdict: 'ok', because: '' };
}

function textOf(parts: readonly string[]): string {
  const text = parts.join('; ').replaceAll(/[\r\n]+/g, ' ');
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

/** Of the pairs of members; null: there is one alone. */
function medianRttMs(plan: Plan): number | null {
  const ids = membersOf(plan);
  const delayMs = (links: LinkMatrix, from: string, to: string) => links[from]?.[to]?.delayMs ?? 0;
  const rtts = ids.flatMap((a, index) => ids.slice(index + 1).map((b) => delayMs(plan.links, a, b) + delayMs(plan.links, b, a))).sort((a, b) => a - b);
  return rtts[Math.floor(rtts.length / 2)] ?? null;
}
