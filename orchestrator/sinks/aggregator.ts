// The events of one run, in order, made into points as they pass: whatever the length of the run, it holds a second of it,
// what is open, and a few words of each fault and epoch. Pure: the same events give the same points, in the run and whenever
// they are replayed.
import type { LabEvent, Plan, Summary } from '../kinds.ts';
import { Epochs } from './epochs.ts';
import { FaultPoints } from './faults.ts';
import { LinkPoints } from './links.ts';
import { COMMON_TAGS } from './measurements.ts';
import { NodePoints } from './nodes.ts';
import { type Emit, Moment, nsOf, type Point, toPoints } from './points.ts';
import { type RunFacts, RunPoints } from './runs.ts';
import { SecondPoints } from './seconds.ts';

/** Of every point of the run. */
export function commonTags(plan: Plan, { run }: RunFacts): { readonly [tag in typeof COMMON_TAGS[number]]: string } {
  return { run, experiment: plan.experiment, protocol: plan.label, runner: plan.runner };
}

export class Aggregator {
  readonly #live: boolean;
  readonly #moment: Moment;
  readonly #emit: Emit;
  readonly #seconds: SecondPoints;
  readonly #nodes: NodePoints;
  readonly #links: LinkPoints;
  readonly #faults: FaultPoints;
  readonly #epochs: Epochs;
  readonly #runs: RunPoints;
  #begun = false;
  #lastMs = 0;

  /** live: what is known while the run goes, at once; such points may be written again, with more, when it has ended. */
  constructor(plan: Plan, facts: RunFacts, live: boolean, point: (point: Point) => void) {
    this.#live = live;
    this.#emit = toPoints(point);
    this.#moment = new Moment(this.#emit);
    this.#epochs = new Epochs(plan, this.#emit);
    this.#seconds = new SecondPoints(plan, this.#emit, (atMs) => this.#epochs.sinceBeginMs(atMs));
    this.#nodes = new NodePoints(plan, this.#moment.emit);
    this.#links = new LinkPoints(plan, this.#moment.emit);
    this.#faults = new FaultPoints(this.#emit, facts.startedAtMs, live);
    this.#runs = new RunPoints(plan, facts, this.#links.leftOut, this.#emit);
  }

  /** In order of atMs. */
  observe(event: LabEvent): void {
    const { atMs } = event;
    this.#lastMs = atMs;
    if (!this.#begun && atMs >= 0) this.#begin();
    switch (event.type) {
      case 'invoke':
      case 'reply':
        this.#seconds.observe(event);
        return;
      case 'status':
      case 'committed':
      case 'action':
      case 'clock':
      case 'traffic':
      case 'usage': {
        this.#seconds.observe(event);
        this.#epochs.observe(event);
        const spent = this.#nodes.observe(event);
        if (spent !== null) this.#seconds.spent(spent);
        return;
      }
      case 'certificate':
      case 'counters':
      case 'scheduled-links':
        this.#links.observe(event);
        return;
      case 'fault':
        this.#faults.observe(event);
        return;
      case 'generator':
        this.#moment.emit('generator', {}, nsOf(atMs), { send_lag_ms: event.sendLagMs, loop_delay_ms: event.loopDelayMs, cpu_pct: event.cpuPct, sessions: event.sessions, capped: event.capped });
    }
  }

  /** The run is over; nothing more is observed. */
  finish(summary: Summary): void {
    if (!this.#begun) this.#begin();
    this.#moment.flush();
    this.#seconds.finish();
    this.#epochs.finish();
    this.#faults.finish(summary.outages);
    this.#runs.finish(summary, this.#lastMs);
  }

  #begin(): void {
    this.#begun = true;
    this.#links.begin();
    if (this.#live) this.#runs.begin();
  }
}
