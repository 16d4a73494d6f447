// What the page shows of one run, gathered while its events pass by and reduced at the end to what a chart can show, so that
// a page of many runs stays small. Times are ms since the measure window began, as in the experiment file.
import type { AnyProtocol, Expected, NodeId } from '../../../node/contract.ts';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { Commands, measureWindow } from '../../metrics/commands.ts';
import { closedFormOf } from '../../metrics/expected.ts';
import { factsOf } from '../../metrics/facts.ts';
import { blend, mixtureQuantile } from '../../metrics/mixture.ts';
import { type LinkLine, LinkLines } from './links.ts';
import { Roles, type RoleSpan } from './roles.ts';
import { type Bucket, bucketsOf, columnMs, countsOf, outline, type Point } from './series.ts';

export type FaultSpan = { readonly name: string; readonly index: number; readonly nodes: readonly NodeId[]; readonly fromMs: number; readonly toMs: number };
export type Lost = { readonly atMs: number; readonly failed: number; readonly unknown: number };

export type RunRecord = {
  readonly summary: Summary;
  /** What the run was measured on, as environment.json has it. */
  readonly environment: unknown;
  readonly leadership: 'stable' | 'rotating' | 'none';
  readonly spanMs: number;
  /** By intended time. Every sample where there are few, else none: the buckets stand for them. */
  readonly samples: readonly Point[];
  readonly latency: readonly Bucket[];
  /** Commands without an ok, by intended time. */
  readonly lost: readonly Lost[];
  /** Latency at each share of CDF_SHARES; null: it falls on a command without an ok. */
  readonly quantiles: readonly (number | null)[];
  /** The same of the closed form, its client regions in the proportion of the samples; null where there is none. */
  readonly closedForm: readonly number[] | null;
  readonly throughput: { readonly columnMs: number; readonly ok: readonly number[]; readonly offered: readonly number[] };
  readonly faults: readonly FaultSpan[];
  readonly roles: readonly RoleSpan[];
  /** Those that network.schedule changes in the measure window. */
  readonly links: readonly LinkLine[];
  readonly clocks: readonly { readonly node: NodeId; readonly points: readonly Point[] }[];
  /** With a command to decide; null unless leadership rotates. */
  readonly rounds: { readonly all: number; readonly lost: number } | null;
};

const COLUMNS = 360;
const CLOCK_COLUMNS = 120;
const MAX_DOTS = 2_500;

/** Each per cent, and the tail. */
export const CDF_SHARES: readonly number[] = [...Array.from({ length: 99 }, (_, index) => (index + 1) / 100), 0.993, 0.995, 0.997, 0.999, 0.9999, 1];

/** Most of a run's events, and none of them on the page. */
const NEVER_READ = ['sent', 'received', 'arrived', 'placed', 'committed', 'rejected', 'attempt', 'traffic', 'usage', 'trace'] as const;

export class RunRecorder {
  /** Events of these types change nothing here: a reader of a file may pass over their lines. */
  readonly unread: ReadonlySet<LabEvent['type']>;
  readonly #plan: Plan;
  readonly #protocol: AnyProtocol | null;
  readonly #originMs: number;
  readonly #spanMs: number;
  readonly #commands: Commands;
  readonly #roles: Roles;
  readonly #links: LinkLines;
  readonly #leadership: RunRecord['leadership'];
  readonly #okMs: number[] = [];
  readonly #clocks = new Map<NodeId, Point[]>();
  readonly #faults: { name: string; index: number; nodes: readonly NodeId[]; fromMs: number; toMs: number }[] = [];
  readonly #flushMs: number[] = [];
  #lastMs = 0;

  /** protocol: null where the registry does not have it; then there is no closed form. */
  constructor(plan: Plan, protocol: AnyProtocol | null) {
    this.#plan = plan;
    this.#protocol = protocol;
    const { fromMs, toMs } = measureWindow(plan);
    this.#originMs = fromMs;
    this.#spanMs = toMs - fromMs;
    this.#commands = new Commands(plan);
    this.#links = new LinkLines(plan, fromMs);
    this.#roles = new Roles(plan.nodes.map(({ id }) => id));
    this.#leadership = protocol?.leadership?.(plan.options) ?? 'stable';
    this.unread = new Set([...NEVER_READ, ...(plan.fsyncMs === 'real' ? [] : ['durable'] as const)]);
  }

  /** In order of atMs. */
  observe(event: LabEvent): void {
    const { atMs } = event;
    this.#lastMs = atMs;
    switch (event.type) {
      case 'invoke':
        return this.#commands.observe(event);
      case 'reply':
        if (event.reply.outcome === 'ok') this.#okMs.push(atMs - this.#originMs);
        return this.#commands.observe(event);
      case 'status':
        return this.#roles.observe(event);
      case 'action':
        return this.#roles.observe(event);
      case 'fault':
        return this.#fault(event);
      case 'scheduled-links':
        return this.#links.observe(event);
      case 'clock':
        return this.#clock(event.node, { atMs: atMs - this.#originMs, value: event.errorMs });
      case 'durable':
        if (this.#plan.fsyncMs === 'real') this.#flushMs.push(event.tookMs);
    }
  }

  finish(summary: Summary, environment: unknown): RunRecord {
    this.#commands.finish(this.#lastMs);
    const { population } = this.#commands;
    const points = population.filter(({ outcome }) => outcome === 'ok').map(({ intendedMs, endedMs }) => ({ atMs: intendedMs - this.#originMs, value: endedMs - intendedMs }));
    const width = columnMs(this.#spanMs, COLUMNS);
    const columns = Math.max(1, Math.ceil(this.#spanMs / width));
    const inWindow = (timesMs: readonly number[]) => countsOf(timesMs.filter((atMs) => atMs >= 0 && atMs < this.#spanMs), columns * width, columns);
    const leadership = this.#leadership;
    return {
      summary, environment, leadership, spanMs: this.#spanMs,
      samples: points.length <= MAX_DOTS ? points : [],
      latency: bucketsOf(points, this.#spanMs, COLUMNS),
      lost: this.#lost(),
      quantiles: quantilesOf(points.map(({ value }) => value), population.length),
      closedForm: this.#closedForm(summary),
      throughput: { columnMs: width, ok: inWindow(this.#okMs), offered: inWindow(population.map(({ intendedMs }) => intendedMs - this.#originMs)) },
      faults: this.#faults.map((fault) => ({ ...fault, toMs: Math.min(fault.toMs, this.#spanMs) })).filter(({ fromMs, toMs }) => toMs >= 0 && fromMs <= this.#spanMs),
      roles: this.#roles.finish(this.#originMs, this.#originMs + this.#spanMs),
      links: this.#links.finish(this.#spanMs),
      clocks: [...this.#clocks.entries()].map(([node, all]) => ({ node, points: outline(all, this.#spanMs, CLOCK_COLUMNS) })),
      rounds: roundsOf(summary),
    };
  }

  #fault(event: LabEvent & { readonly type: 'fault' }): void {
    const atMs = event.atMs - this.#originMs;
    if (event.phase === 'begin') {
      this.#faults.push({ name: event.name, index: event.index, nodes: event.nodes, fromMs: atMs, toMs: Infinity });
      return;
    }
    const span = this.#faults.findLast(({ index }) => index === event.index);
    if (span !== undefined) span.toMs = atMs;
  }

  #clock(node: NodeId, point: Point): void {
    if (point.atMs < 0 || point.atMs > this.#spanMs) return;
    const points = this.#clocks.get(node);
    if (points === undefined) this.#clocks.set(node, [point]);
    else points.push(point);
  }

  #lost(): readonly Lost[] {
    const of = (wanted: readonly string[]) => this.#commands.population.filter(({ outcome }) => wanted.includes(outcome)).map(({ intendedMs }) => intendedMs - this.#originMs);
    const failed = countsOf(of(['fail']), this.#spanMs, COLUMNS);
    const unknown = countsOf(of(['unknown', 'open']), this.#spanMs, COLUMNS);
    return failed.map((count, column) => ({ atMs: ((column + 0.5) * this.#spanMs) / COLUMNS, failed: count, unknown: unknown[column] as number }))
      .filter((bucket) => bucket.failed + bucket.unknown > 0);
  }

  /** Null unless it gives the very figures that the summary has: a page shows no closed form but the one that was judged by. */
  #closedForm({ expected: rows, certificate }: Summary): readonly number[] | null {
    const protocol = this.#protocol;
    const samples = rows.reduce((sum, row) => sum + row.samples, 0);
    if (protocol === null || samples === 0) return null;
    const flushesMs = this.#flushMs.sort((a, b) => a - b);
    const facts = factsOf(this.#plan, flushesMs[Math.max(0, Math.ceil(flushesMs.length / 2) - 1)] ?? 0, certificate);
    const parts: { readonly share: number; readonly expected: Expected }[] = [];
    for (const row of rows) {
      const expected = closedFormOf({ plan: this.#plan, protocol, facts }, row);
      if (expected === null || Math.abs(mixtureQuantile(expected, 0.5) - row.expectedP50Ms) > 0.01) return null;
      parts.push({ share: row.samples / samples, expected });
    }
    const mixture = blend(parts);
    return CDF_SHARES.map((share) => mixtureQuantile(mixture, share));
  }
}

function roundsOf({ metrics }: Summary): RunRecord['rounds'] {
  const [all, share] = [metrics['rounds']?.value ?? null, metrics['rounds.yield']?.value ?? null];
  return all === null || share === null ? null : { all, lost: Math.round(all * (1 - share / 100)) };
}

/** Nearest rank among all commands of the population: those without an ok rank above every number. */
function quantilesOf(okMs: readonly number[], all: number): readonly (number | null)[] {
  const sorted = [...okMs].sort((a, b) => a - b);
  return CDF_SHARES.map((share) => sorted[Math.max(1, Math.ceil(share * all - 1e-9)) - 1] ?? null);
}
