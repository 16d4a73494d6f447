// Was it the cluster that was measured, or the load generator? The generator reports on itself once a second; a node that
// uses a whole core at a given rate is a bottleneck too (in the closed loop that is the purpose).
// One late second is the machine's noise: latency counts from the intended time, so it is in the figures; what makes a run
// invalid is lag in more than a tenth of the seconds.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { measureWindow } from './commands.ts';

type Report = { readonly sendLagMs: number; readonly loopDelayMs: number; readonly cpuPct: number };

/** Lag that matters: this much, or a tenth of the commit latency where that is more. */
const LAG_MS = 10;
const LAG_SHARE = 0.1;
const LATE_SECONDS_SHARE = 0.1;
const MIN_LATE_SECONDS = 2;
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
  invalid(commitP50Ms: number | null, nodesCpuMs: ReadonlyMap<NodeId, number>, windowMs: number): readonly string[] {
    const reasons: string[] = [];
    if (this.#capped > 0) reasons.push(`${this.#capped} arrivals found no free session (load.maxSessions ${this.#plan.load.maxSessions}): the cluster did not keep up with the rate`);
    const limitMs = Math.max(LAG_MS, LAG_SHARE * (commitP50Ms ?? 0));
    const late = (of: (report: Report) => number) => this.#reports.filter((report) => of(report) > limitMs).length;
    const seconds = this.#reports.length;
    const tooMany = (count: number) => count >= MIN_LATE_SECONDS && count > LATE_SECONDS_SHARE * seconds;
    const lagging = late(({ sendLagMs }) => sendLagMs);
    const stalled = late(({ loopDelayMs }) => loopDelayMs);
    if (tooMany(lagging)) reasons.push(`the load generator sent more than ${limitMs.toFixed(0)} ms late in ${lagging} of ${seconds} seconds`);
    else if (tooMany(stalled)) reasons.push(`the load generator's event loop stood still for more than ${limitMs.toFixed(0)} ms in ${stalled} of ${seconds} seconds`);
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
