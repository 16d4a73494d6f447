// What clients were answered in each second, region by region and all together: counts, exact percentiles, a histogram, and
// what the nodes spent meanwhile. Holds one second and the commands that are open.
import type { CommandId } from '../../node/contract.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { Ranked } from '../metrics/samples.ts';
import { DrawnPoints } from './drawn.ts';
import { ALL_REGIONS, kindField, LATENCY_BOUNDS_MS, latencyField } from './measurements.ts';
import type { Spent } from './nodes.ts';
import { type Emit, nsOf } from './points.ts';

type Open = { readonly region: string; readonly intendedMs: number; readonly sentMs: number };

class Second {
  sent = 0;
  readonly okMs: number[] = [];
  /** Of unknown outcomes: waited until then. */
  readonly censoredMs: number[] = [];
  failed = 0;
  readonly kinds = new Map<string, number>();

  get empty(): boolean {
    return this.sent + this.okMs.length + this.censoredMs.length + this.failed === 0;
  }

  ended(reply: Extract<LabEvent, { type: 'reply' }>['reply'], latencyMs: number): void {
    if (reply.outcome === 'ok') {
      this.okMs.push(latencyMs);
      return;
    }
    if (reply.outcome === 'fail') this.failed++;
    else this.censoredMs.push(latencyMs);
    const kind = kindField(reply.outcome, reply.reason);
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }
}

export class SecondPoints {
  readonly #emit: Emit;
  readonly #drawn: DrawnPoints;
  readonly #phaseMs: (atMs: number) => number | null;
  readonly #regions: readonly string[];
  readonly #open = new Map<CommandId, Open>();
  /** In order of their first send. */
  readonly #waiting = new Map<string, Set<CommandId>>();
  #second = Number.NaN;
  #now = new Map<string, Second>();
  #spent = { reported: false, messages: 0, bytes: 0, fsyncs: 0, cpuMs: null as number | null };

  /** phaseMs: since the begin of the epoch that was then the newest. */
  constructor(plan: Plan, emit: Emit, phaseMs: (atMs: number) => number | null) {
    this.#emit = emit;
    this.#drawn = new DrawnPoints(emit);
    this.#phaseMs = phaseMs;
    this.#regions = [...new Set(plan.load.clients.map(({ region }) => region))];
    for (const region of this.#regions) this.#waiting.set(region, new Set());
  }

  /** Every event, for its time. */
  observe(event: LabEvent): void {
    this.#advance(Math.floor(event.atMs / 1000));
    if (event.type === 'invoke') {
      const { region, intendedMs, atMs, command: { id } } = event;
      this.#open.set(id, { region, intendedMs, sentMs: atMs });
      this.#waiting.get(region)?.add(id);
      for (const each of this.#both(region)) each.sent++;
    } else if (event.type === 'reply') this.#ended(event);
  }

  spent({ messages, bytes, fsyncs, cpuMs }: Spent): void {
    const spent = this.#spent;
    spent.reported = true;
    spent.messages += messages;
    spent.bytes += bytes;
    spent.fsyncs += fsyncs;
    if (cpuMs !== null) spent.cpuMs = (spent.cpuMs ?? 0) + cpuMs;
  }

  finish(): void {
    this.#close();
  }

  #ended({ id, reply, atMs }: Extract<LabEvent, { type: 'reply' }>): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    const { region, intendedMs, sentMs } = open;
    this.#open.delete(id);
    this.#waiting.get(region)?.delete(id);
    const latencyMs = atMs - intendedMs;
    for (const each of this.#both(region)) each.ended(reply, latencyMs);
    if (reply.outcome === 'ok') this.#drawn.observe(id, () => ({ atMs, region, latencyMs, serviceMs: atMs - sentMs, phaseMs: this.#phaseMs(intendedMs) }));
  }

  #advance(second: number): void {
    if (second === this.#second) return;
    // A long silence of everybody has no points, and no second of it is looked at.
    while (this.#second < second && (this.#open.size > 0 || this.#now.size > 0 || this.#spent.reported)) {
      this.#close();
      this.#second++;
    }
    this.#second = second;
  }

  #close(): void {
    const atNs = nsOf(this.#second * 1000);
    for (const region of [...this.#regions, ALL_REGIONS]) this.#write(region, atNs);
    const { reported, ...spent } = this.#spent;
    if (reported) this.#emit('cost', {}, atNs, { ok: this.#now.get(ALL_REGIONS)?.okMs.length ?? 0, messages: spent.messages, bytes: spent.bytes, fsyncs: spent.fsyncs, cpu_ms: spent.cpuMs });
    this.#spent = { reported: false, messages: 0, bytes: 0, fsyncs: 0, cpuMs: null };
    this.#drawn.flush();
    this.#now = new Map();
  }

  #write(region: string, atNs: number): void {
    const second = this.#now.get(region) ?? new Second();
    const oldest = this.#oldest(region);
    if (second.empty && oldest === undefined) return;
    const { sent, okMs, censoredMs, failed, kinds } = second;
    const waited = oldest !== undefined && oldest.sentMs <= this.#second * 1000;
    const ranked = new Ranked({ okMs, censoredMs, failed });
    const at = (share: number) => ranked.percentile(share).value;
    this.#emit('commits', { region }, atNs, {
      sent, ok: okMs.length, failed, unknown: censoredMs.length, ...Object.fromEntries(kinds), unavailable: Number(okMs.length === 0 && waited),
      p50: at(0.5), p90: at(0.9), p99: at(0.99), p99_9: at(0.999), max: ranked.max().value,
    });
    if (okMs.length > 0) this.#emit('latency', { region }, atNs, histogramOf(okMs));
  }

  #oldest(region: string): Open | undefined {
    const [id] = region === ALL_REGIONS ? this.#open.keys() : this.#waiting.get(region) ?? [];
    return id === undefined ? undefined : this.#open.get(id);
  }

  #both(region: string): readonly Second[] {
    return [region, ALL_REGIONS].map((each) => {
      let second = this.#now.get(each);
      if (second === undefined) this.#now.set(each, second = new Second());
      return second;
    });
  }
}

function histogramOf(latenciesMs: readonly number[]): { readonly [field: string]: number } {
  const counts: { [field: string]: number } = {};
  for (const latencyMs of latenciesMs) {
    const field = latencyField(boundOf(latencyMs));
    counts[field] = (counts[field] ?? 0) + 1;
  }
  return counts;
}

/** The least bound that is not below. */
function boundOf(latencyMs: number): number {
  let from = 0;
  let to = LATENCY_BOUNDS_MS.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((LATENCY_BOUNDS_MS[middle] as number) < latencyMs) from = middle + 1;
    else to = middle;
  }
  return LATENCY_BOUNDS_MS[from] ?? Infinity;
}
