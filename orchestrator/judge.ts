// Turns the events of a run into its summary: figures, closed form, outages, verdicts, thresholds. It reads events only,
// and does not know whether time was virtual. A violated claim voids the figures; a violation of what the protocol does
// not claim is a finding.
import type { AnyProtocol, Claim } from '../node/contract.ts';
import { Attribution } from './attribution/attribution.ts';
import type { AttributionSummary } from './attribution/parts.ts';
import { EXIT } from './errors.ts';
import type { Check, Figure, LabEvent, Plan, Summary, Verdict, Workload } from './kinds.ts';
import { Audit } from './metrics/audit.ts';
import { Certified, certificateReasons } from './metrics/certified.ts';
import { Commands, count, measureWindow } from './metrics/commands.ts';
import { Commits } from './metrics/commits.ts';
import { Costs } from './metrics/costs.ts';
import { expectedOutageFigure, LeaderCrashes } from './metrics/election-outages.ts';
import { expectedRows, optimumFigures } from './metrics/expected.ts';
import { factsOf } from './metrics/facts.ts';
import { Flushes } from './metrics/flushes.ts';
import { Leaders } from './metrics/leaders.ts';
import { LinkChanges } from './metrics/link-changes.ts';
import { METRICS } from './metrics/names.ts';
import { phaseLockReason } from './metrics/phase-lock.ts';
import { Faults, outagesOf } from './metrics/outages.ts';
import { Retries } from './metrics/retries.ts';
import { regionRows } from './metrics/regions.ts';
import { Rounds } from './metrics/rounds.ts';
import { missedThresholds } from './metrics/thresholds.ts';

export type JudgeRegistry = { readonly protocol: AnyProtocol; readonly workload: Workload; readonly checks: readonly Check[] };

export interface Judge {
  /** In order of atMs. */
  observe(event: LabEvent): void;
  /** partial: the run was interrupted, the figures cover what there was. Asked again, it answers the same. */
  finish(partial: boolean): Summary;
}

const ALL_CLAIMS: readonly Claim[] = ['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];

export function judge(plan: Plan, registry: JudgeRegistry): Judge {
  const checks = registry.checks.map((check) => check.begin(plan, registry.workload.model));
  const measurement = new Measurement(plan, registry.protocol);
  const claims = registry.protocol.claims?.(plan.options) ?? ALL_CLAIMS;
  let summary: Summary | null = null;
  return {
    observe(event) {
      for (const check of checks) check.observe(event);
      measurement.observe(event);
    },
    finish(partial) {
      if (summary !== null) return summary;
      const verdicts = checks.map((check): Verdict => {
        const verdict = check.finish();
        const unclaimed = verdict.valid === false && verdict.claim !== null && !claims.includes(verdict.claim);
        return unclaimed ? { ...verdict, finding: true } : verdict;
      });
      const { metrics, regions, expected, outages, attribution, certificate, invalid, noBaseline } = measurement.finish(partial);
      summary = {
        version: 1, plan, partial, publishable: !partial && invalid.length === 0 && !verdicts.some(isViolation),
        invalid, baseline: baselineOf(partial, verdicts, noBaseline), metrics, regions, expected, outages, ...(attribution === null ? {} : { attribution }),
        ...(certificate === undefined ? {} : { certificate }), verdicts, missed: missedThresholds(plan.thresholds, metrics),
      };
      return summary;
    },
  };
}

/** A number whose verdict is not green is nothing to compare with; nor is one that tells of the machine. */
function baselineOf(partial: boolean, verdicts: readonly Verdict[], bottlenecks: readonly string[]): Summary['baseline'] {
  const because = [
    ...(partial ? ['the run was interrupted'] : []),
    ...verdicts.filter(isViolation).map(({ check }) => `${check} is violated`),
    ...verdicts.filter(({ valid }) => valid === 'unknown').map(({ check }) => `${check} is not decided`),
    ...bottlenecks,
  ];
  return { fit: because.length === 0, because };
}

/** A claim is violated, or what every run must keep. */
export function isViolation(verdict: Verdict): boolean {
  return verdict.valid === false && verdict.finding !== true;
}

/** Of all runs together: 1 where a claim is violated; else 2 where a threshold is missed or a run is invalid. */
export function exitCodeOf(summaries: readonly Summary[]): 0 | 1 | 2 {
  if (summaries.some(({ verdicts }) => verdicts.some(isViolation))) return EXIT.claimViolated;
  return summaries.some(({ missed, invalid }) => missed.length > 0 || invalid.length > 0) ? EXIT.missed : EXIT.ok;
}

class Measurement {
  readonly #plan: Plan;
  readonly #protocol: AnyProtocol;
  readonly #attribution: Attribution;
  readonly #commands: Commands;
  readonly #commits: Commits;
  readonly #costs: Costs;
  readonly #audit: Audit;
  readonly #retries: Retries;
  readonly #rounds: Rounds;
  readonly #leaders = new Leaders();
  readonly #faults = new Faults();
  readonly #crashes = new LeaderCrashes();
  readonly #linkChanges: LinkChanges;
  readonly #flushes: Flushes;
  readonly #certified: Certified;
  #clockErrorMs: number | null = null;
  #lastMs = 0;

  constructor(plan: Plan, protocol: AnyProtocol) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#attribution = new Attribution(plan, protocol);
    this.#commands = new Commands(plan);
    this.#linkChanges = new LinkChanges(measureWindow(plan));
    this.#commits = new Commits(plan);
    this.#costs = new Costs(plan);
    this.#flushes = new Flushes(plan);
    this.#certified = new Certified(plan);
    this.#audit = new Audit(plan);
    this.#retries = new Retries(plan);
    this.#rounds = new Rounds(plan);
  }

  observe(event: LabEvent): void {
    this.#lastMs = event.atMs;
    this.#attribution.observe(event);
    switch (event.type) {
      case 'sent':
      case 'received':
      case 'arrived':
      case 'trace':
      case 'rejected':
        return;
      case 'action':
        return this.#crashes.observe(event);
      case 'scheduled-links':
        return this.#linkChanges.observe(event);
      case 'attempt':
        this.#rounds.observe(event);
        return this.#retries.observe(event);
      case 'back-off':
      case 'breaker':
        return this.#retries.observe(event);
      case 'invoke':
      case 'reply':
        this.#retries.observe(event);
        this.#rounds.observe(event);
        return this.#commands.observe(event);
      case 'committed':
        this.#rounds.observe(event);
        return this.#commits.observe(event);
      case 'placed':
        return this.#commits.observe(event);
      case 'status':
        this.#rounds.observe(event);
        this.#leaders.observe(event);
        return this.#costs.observe(event);
      case 'traffic':
        return this.#costs.observe(event);
      case 'usage':
        this.#audit.observe(event);
        return this.#costs.observe(event);
      case 'generator':
        return this.#audit.observe(event);
      case 'fault':
        return this.#faults.observe(event);
      case 'durable':
        return this.#flushes.observe(event);
      case 'certificate':
      case 'counters':
        return this.#certified.observe(event);
      case 'clock':
        this.#clockErrorMs = Math.max(this.#clockErrorMs ?? 0, Math.abs(event.errorMs));
    }
  }

  finish(partial: boolean): Pick<Summary, 'metrics' | 'regions' | 'expected' | 'outages' | 'certificate' | 'invalid'> & { readonly attribution: AttributionSummary | null; readonly noBaseline: readonly string[] } {
    const plan = this.#plan;
    const planned = measureWindow(plan);
    const window = partial ? { fromMs: planned.fromMs, toMs: Math.max(planned.fromMs, Math.min(planned.toMs, this.#lastMs)) } : planned;
    const windowMs = window.toMs - window.fromMs;
    this.#commands.finish(this.#lastMs);
    const { population } = this.#commands;
    const steady = this.#linkChanges.within(this.#faults.before(window));
    const certificate = this.#certified.finish();
    const facts = factsOf(plan, this.#flushes.realMs(), certificate);
    const expected = expectedRows({
      plan, protocol: this.#protocol, facts, leader: this.#leaders.throughout(steady), population, steady,
    });
    const leadership = this.#protocol.leadership?.(plan.options) ?? 'stable';
    const stable = leadership === 'stable';
    const outages = outagesOf(this.#faults, stable ? this.#leaders : null, this.#commits.timesMs, population, window);
    const rows = stable ? this.#crashes.beside(outages.rows, { plan, protocol: this.#protocol, facts, leaders: this.#leaders }) : outages.rows;
    const commands = this.#commands.figures(windowMs / 1000);
    const audited = { population, commitP50Ms: commands['commit.p50']?.value ?? null, nodesCpuMs: this.#costs.cpuMs(), windowMs };
    const { invalid, noBaseline } = this.#audit.reasons(audited);
    const network = certificateReasons(certificate);
    const tick = this.#protocol.tick?.(plan.options) ?? null;
    const locked = tick === null ? null : phaseLockReason(population.filter(({ intendedMs }) => intendedMs < steady.toMs), tick, plan.load.ratePerSecond === null);
    const metrics: { readonly [name: string]: Figure } = {
      ...commands, ...this.#commits.figures(), ...this.#costs.figures(this.#commits.inWindow()), ...this.#flushes.figures(), ...outages.figures, 'outage.expected': expectedOutageFigure(rows),
      ...optimumFigures(expected), ...this.#linkChanges.figures(), ...this.#audit.figures(audited), ...this.#retries.figures(), ...this.#rounds.figures(leadership === 'rotating'), leaderChanges: count(stable ? this.#leaders.changes(window) : null),
      'clockError.max': { value: this.#clockErrorMs, unit: 'ms', bound: '=' },
    };
    return {
      metrics: Object.fromEntries(METRICS.map(({ name, unit }) => [name, metrics[name] ?? { value: null, unit, bound: '=' }])),
      regions: regionRows(plan, population), expected, outages: rows, attribution: this.#attribution.finish(Math.min(Infinity, ...this.#faults.spans.map(({ beginMs }) => beginMs))), ...(certificate === null ? {} : { certificate }),
      invalid: [...network.invalid, ...invalid], noBaseline: [...network.invalid, ...network.noBaseline, ...this.#linkChanges.reasons(), ...noBaseline, ...(locked === null ? [] : [locked])],
    };
  }
}
