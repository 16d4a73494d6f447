// Was it the cluster that was measured, or the load generator and the machine? The generator and the nodes report on
// themselves once a second. The same questions are asked twice: by wide limits, beyond which the run is invalid as a
// measurement, and by narrow ones, beyond which it may be looked at but not become what later runs are compared with.
// A late second now and then is the machine's noise, and in the figures, for latency counts from the intended time.
// A node that is at its end is a bottleneck only at a given rate; in the closed loop that is the purpose.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { measureWindow } from './commands.ts';
import type { Outcome } from './commands.ts';
import { Ranked } from './samples.ts';

type Report = { readonly loopDelayMs: number; readonly cpuPct: number };
/** kind: one reason of a kind is enough. */
type Reason = { readonly kind: string; readonly text: string };

type Limits = {
  /** Lag that matters: this much, or this share of the median commit latency where that is more. */
  readonly lagMs: number;
  readonly lagShare: number;
  /** The same for an event loop, which is late for a moment whenever memory is cleaned up. */
  readonly loopMs: number;
  /** Of the commands. */
  readonly lateShare: number;
  /** Of one core. */
  readonly busyPct: number;
  /** Of the seconds of the measure window. */
  readonly secondsShare: number;
};

const INVALID: Limits = { lagMs: 10, lagShare: 0.1, loopMs: 100, lateShare: 0.05, busyPct: 95, secondsShare: 0.5 };
/** 1 % of the commands: the p99 of the send lag. */
const NO_BASELINE: Limits = { lagMs: 2, lagShare: 0.05, loopMs: 20, lateShare: 0.01, busyPct: 80, secondsShare: 0.1 };

/** What the audit is told of the run. */
export type Audited = {
  readonly population: readonly Outcome[];
  readonly commitP50Ms: number | null;
  /** In the measure window, which lasted windowMs. */
  readonly nodesCpuMs: ReadonlyMap<NodeId, number>;
  readonly windowMs: number;
};

export class Audit {
  readonly #plan: Plan;
  readonly #reports: Report[] = [];
  readonly #sendLagsMs: number[] = [];
  readonly #nodesLoopDelayMs = new Map<NodeId, number[]>();
  #capped = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  observe(event: LabEvent): void {
    const { fromMs, toMs } = measureWindow(this.#plan);
    const counts = event.atMs >= fromMs && event.atMs <= toMs + 1000;
    // In virtual time nobody waits for a processor.
    const real = this.#plan.time === undefined;
    if (event.type === 'generator') {
      this.#capped = Math.max(this.#capped, event.capped);
      if (counts) this.#sendLagsMs.push(event.sendLagMs);
      if (counts && real) this.#reports.push(event);
    } else if (event.type === 'usage' && counts && real) {
      const delays = this.#nodesLoopDelayMs.get(event.node);
      if (delays === undefined) this.#nodesLoopDelayMs.set(event.node, [event.loopDelayMs]);
      else delays.push(event.loopDelayMs);
    }
  }

  figures({ population, nodesCpuMs, windowMs }: Audited): { readonly [name: string]: Figure } {
    const most = (values: readonly number[], unit: Figure['unit']): Figure => ({ value: values.length === 0 ? null : Math.max(...values), unit, bound: '=' });
    const lags = new Ranked({ okMs: population.map(({ intendedMs, sentMs }) => sentMs - intendedMs), censoredMs: [], failed: 0 });
    return {
      'sendLag.p99': lags.percentile(0.99),
      'sendLag.max': most(this.#sendLagsMs, 'ms'),
      'loopDelay.max': most(this.#reports.map(({ loopDelayMs }) => loopDelayMs), 'ms'),
      'generatorCpu.max': most(this.#reports.map(({ cpuPct }) => cpuPct / 100), ''),
      'nodeCpu.max': most(windowMs > 0 ? [...nodesCpuMs.values()].map((cpuMs) => cpuMs / windowMs) : [], ''),
      'nodeLoopDelay.max': most([...this.#nodesLoopDelayMs.values()].flat(), 'ms'),
    };
  }

  /** Why the run is invalid as a measurement, and why it is no baseline; what invalidates is among the latter too. */
  reasons(audited: Audited): { readonly invalid: readonly string[]; readonly noBaseline: readonly string[] } {
    const invalid = this.#bottlenecks(audited, INVALID);
    const kinds = new Set(invalid.map(({ kind }) => kind));
    const narrow = this.#bottlenecks(audited, NO_BASELINE).filter(({ kind }) => !kinds.has(kind));
    return { invalid: invalid.map(({ text }) => text), noBaseline: [...invalid, ...narrow].map(({ text }) => text) };
  }

  #bottlenecks(audited: Audited, limits: Limits): readonly Reason[] {
    const reasons = this.#generator(audited, limits);
    return this.#plan.load.ratePerSecond === null || audited.windowMs <= 0 ? reasons : [...reasons, ...this.#nodes(audited, limits)];
  }

  #generator({ population, commitP50Ms, windowMs }: Audited, limits: Limits): readonly Reason[] {
    const reasons: Reason[] = [];
    if (this.#capped > 0) reasons.push({ kind: 'sessions', text: `${this.#capped} arrivals found no free session (load.maxSessions ${this.#plan.load.maxSessions}): the cluster did not keep up with the rate` });
    if (windowMs > 0 && population.length === 0) reasons.push({ kind: 'nothing', text: 'no command was sent in the measure window' });
    const lagLimitMs = Math.max(limits.lagMs, limits.lagShare * (commitP50Ms ?? 0));
    const late = population.filter(({ intendedMs, sentMs }) => sentMs - intendedMs > lagLimitMs).length;
    if (late > limits.lateShare * population.length) reasons.push({ kind: 'lag', text: `the load generator sent ${late} of ${population.length} commands more than ${lagLimitMs.toFixed(0)} ms late` });
    const seconds = this.#reports.length;
    const often = (count: number) => seconds > 0 && count > limits.secondsShare * seconds;
    const loopLimitMs = Math.max(limits.loopMs, limits.lagShare * (commitP50Ms ?? 0));
    const delayed = this.#reports.filter(({ loopDelayMs }) => loopDelayMs > loopLimitMs).length;
    if (often(delayed)) reasons.push({ kind: 'loop', text: `the load generator's event loop was more than ${loopLimitMs.toFixed(0)} ms late in ${delayed} of ${seconds} seconds` });
    const busy = this.#reports.filter(({ cpuPct }) => cpuPct > limits.busyPct).length;
    if (often(busy)) reasons.push({ kind: 'cpu', text: `the load generator used ${limits === INVALID ? 'a whole core' : `more than ${limits.busyPct} % of a core`} in ${busy} of ${seconds} seconds` });
    return reasons;
  }

  #nodes({ nodesCpuMs, windowMs, commitP50Ms }: Audited, limits: Limits): readonly Reason[] {
    const reasons: Reason[] = [];
    const loopLimitMs = Math.max(limits.loopMs, limits.lagShare * (commitP50Ms ?? 0));
    for (const [node, cpuMs] of nodesCpuMs) {
      const pct = (100 * cpuMs) / windowMs;
      if (pct > limits.busyPct) reasons.push({ kind: `cpu ${node}`, text: `${node} used ${pct.toFixed(0)} % of a core: the rate is more than it can do here` });
    }
    for (const [node, delaysMs] of this.#nodesLoopDelayMs) {
      const late = delaysMs.filter((delayMs) => delayMs > loopLimitMs).length;
      if (late > limits.secondsShare * delaysMs.length) reasons.push({ kind: `loop ${node}`, text: `${node}'s event loop was more than ${loopLimitMs.toFixed(0)} ms late in ${late} of ${delaysMs.length} seconds` });
    }
    return reasons;
  }
}
