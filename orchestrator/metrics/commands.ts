// What became of each client command. The population is fixed by the intended send time, not by the answer: leaving out
// what never answered would make a bad tail look good.
import type { CommandId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { METRICS } from './names.ts';
import { Ranked } from './samples.ts';

/** endedMs: of the final outcome; the last event's time while there is none. */
export type Outcome = {
  readonly region: string;
  readonly intendedMs: number;
  readonly sentMs: number;
  endedMs: number;
  outcome: 'ok' | 'fail' | 'unknown' | 'open';
  reason: string | null;
};

export type Window = { readonly fromMs: number; readonly toMs: number };

export function measureWindow(plan: Plan): Window {
  return { fromMs: plan.warmupMs, toMs: plan.warmupMs + plan.measureMs };
}

export function isIn(window: Window, atMs: number): boolean {
  return atMs >= window.fromMs && atMs < window.toMs;
}

/** The latencies of some outcomes, counted from their intended or their actual send time. */
export function ranked(outcomes: readonly Outcome[], since: 'intendedMs' | 'sentMs'): Ranked {
  const okMs: number[] = [];
  const censoredMs: number[] = [];
  let failed = 0;
  for (const outcome of outcomes) {
    if (outcome.outcome === 'fail') failed++;
    else (outcome.outcome === 'ok' ? okMs : censoredMs).push(outcome.endedMs - outcome[since]);
  }
  return new Ranked({ okMs, censoredMs, failed });
}

export class Commands {
  /** By first send; sorted by the intended time at the end. */
  readonly population: Outcome[] = [];
  readonly #window: Window;
  readonly #open = new Map<CommandId, Outcome>();
  #okInWindow = 0;

  constructor(plan: Plan) {
    this.#window = measureWindow(plan);
  }

  observe(event: LabEvent): void {
    if (event.type === 'invoke') {
      const { intendedMs, region } = event;
      if (!isIn(this.#window, intendedMs)) return;
      const outcome: Outcome = { region, intendedMs, sentMs: event.atMs, endedMs: event.atMs, outcome: 'open', reason: null };
      this.#open.set(event.command.id, outcome);
      this.population.push(outcome);
    } else if (event.type === 'reply') {
      const { reply } = event;
      if (reply.outcome === 'ok' && isIn(this.#window, event.atMs)) this.#okInWindow++;
      const outcome = this.#open.get(event.id);
      if (outcome === undefined) return;
      this.#open.delete(event.id);
      outcome.endedMs = event.atMs;
      outcome.outcome = reply.outcome;
      outcome.reason = reply.outcome === 'ok' ? null : reply.reason;
    }
  }

  /** Closes what is open (a run that was interrupted): it waited until the last event. */
  finish(lastMs: number): void {
    for (const outcome of this.#open.values()) outcome.endedMs = lastMs;
    this.#open.clear();
    this.population.sort((a, b) => a.intendedMs - b.intendedMs);
  }

  /** seconds: of the window that the run reached. */
  figures(seconds: number): { readonly [name: string]: Figure } {
    const commit = ranked(this.population, 'intendedMs');
    const service = ranked(this.population, 'sentMs');
    const perSecond = (count: number): Figure => ({ value: seconds > 0 ? count / seconds : null, unit: '/s', bound: '=' });
    const errors = Object.fromEntries(METRICS.filter(({ name }) => name.startsWith('errors.')).map(({ name }) => [name, 0]));
    let failures = 0;
    for (const { outcome, reason } of this.population) {
      if (outcome !== 'fail' && outcome !== 'unknown') continue;
      failures++;
      const name = `errors.${outcome}.${reason}`;
      errors[name] = (errors[name] ?? 0) + 1;
    }
    return {
      'commit.p50': commit.percentile(0.5), 'commit.p90': commit.percentile(0.9), 'commit.p99': commit.percentile(0.99),
      'commit.p99.9': commit.percentile(0.999), 'commit.max': commit.max(), 'commit.mean': commit.mean(),
      'service.p50': service.percentile(0.5), 'service.p99': service.percentile(0.99),
      samples: count(commit.size), throughput: perSecond(this.#okInWindow), offered: perSecond(commit.size),
      errors: count(failures),
      ...Object.fromEntries(Object.entries(errors).map(([name, number]) => [name, count(number)])),
    };
  }
}

export function count(value: number | null): Figure {
  return { value, unit: '', bound: '=' };
}
