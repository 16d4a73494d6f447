// Was it the cluster that was measured, or the load generator? The generator reports on itself once a second; a node that
// uses a whole core at a given rate is a bottleneck too (in the closed loop that is the purpose).
// A late second now and then is the machine's noise, and in the figures, for latency counts from the intended time; what makes
// a run invalid is that more than a twentieth of its commands left late.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { measureWindow } from './commands.ts';
import type { Outcome } from './commands.ts';

type Report = { readonly sendLagMs: number; readonly loopDelayMs: number; readonly cpuPct: number };

/** Lag that matters: this much, or a tenth of the commit latency where that is more. */
const LAG_MS = 10;
const LAG_SHARE = 0.1;
const MAX_LATE_SHARE = 0.05;
/** Of one core. */
const BUSY_PCT = 95;

export class Audit {
  readonly #plan: Plan;
  readonly #reports: Report[] = [];
  #capped = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  observe(event: LabEvent): void {
    if (event.type !== 'generator') return;
    this.#capped = Math.max(this.#capped, event.capped);
    const { fromMs, toMs } = measureWindow(this.#plan);
    if (event.atMs >= fromMs && event.atMs <= toMs + 1000) this.#reports.push(event);
  }

  figures(): { readonly [name: string]: Figure } {
    const most = (of: (report: Report) => number): Figure => ({ value: this.#reports.length === 0 ? null : Math.max(...this.#reports.map(of)), unit: 'ms', bound: '=' });
    return { 'sendLag.max': most(({ sendLagMs }) => sendLagMs), 'loopDelay.max': most(({ loopDelayMs }) => loopDelayMs) };
  }

  /** Why the run is invalid as a measurement. nodesCpuMs: in the window, which lasted windowMs. */
  invalid(population: readonly Outcome[], commitP50Ms: number | null, nodesCpuMs: ReadonlyMap<NodeId, number>, windowMs: number): readonly string[] {
    const reasons: string[] = [];
    if (this.#capped > 0) reasons.push(`${this.#capped} arrivals found no free session (load.maxSessions ${this.#plan.load.maxSessions}): the cluster did not keep up with the rate`);
    const limitMs = Math.max(LAG_MS, LAG_SHARE * (commitP50Ms ?? 0));
    const late = population.filter(({ intendedMs, sentMs }) => sentMs - intendedMs > limitMs).length;
    if (late > MAX_LATE_SHARE * population.length) reasons.push(`the load generator sent ${late} of ${population.length} commands more than ${limitMs.toFixed(0)} ms late`);
    const seconds = this.#reports.length;
    const busy = this.#reports.filter(({ cpuPct }) => cpuPct > BUSY_PCT).length;
    if (seconds > 0 && busy > seconds / 2) reasons.push(`the load generator used a whole core in ${busy} of ${seconds} seconds`);
    if (this.#plan.load.ratePerSecond === null || windowMs <= 0) return reasons;
    for (const [node, cpuMs] of nodesCpuMs) {
      const pct = (100 * cpuMs) / windowMs;
      if (pct > BUSY_PCT) reasons.push(`${node} used ${pct.toFixed(0)} % of a core: the rate is more than it can do here`);
    }
    return reasons;
  }
}
