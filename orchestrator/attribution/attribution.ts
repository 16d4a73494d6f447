// Where the latency of a run's commits goes: the path of each sampled commit (walk.ts), the means of its parts for each client
// region, and one path at each of some percentiles. Only commands that were answered before the first fault, where there is
// one: under a fault the parts would tell of the fault, which the outages do.
import type { AnyProtocol, CommandId, NodeId } from '../../node/contract.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { isIn, measureWindow, type Window } from '../metrics/commands.ts';
import { PARTS, type AttributionRow, type AttributionSummary, type CommitPath, type PartName } from './parts.ts';
import { Trail } from './trail.ts';
import type { Asked } from './served.ts';
import { Walker, type Walk } from './walk.ts';

/** Commits walked of a run, about; and events looked at for them, beyond which no more are. */
const MAX_WALKED = 1_000;
const MAX_LOOKED = 40_000_000;
/** Turns of real nodes, on a busy machine too; with a clock to wait for, no longer than it can be told apart from that wait. */
const REAL_TURN_MS = 50;
const REAL_TURN_BY_CLOCK_MS = 5;
/** A turn takes no time but what rounding leaves. */
const SIMULATED_TURN_MS = 1e-6;
const PERCENTILES = [['p50', 0.5], ['p90', 0.9], ['p99', 0.99]] as const;

type Open = { readonly region: string; readonly intendedMs: number; readonly attempts: { readonly atMs: number; readonly to: NodeId }[] };
type Walked = Walk & { readonly id: CommandId; readonly region: string; readonly intendedMs: number; readonly totalMs: number };

export class Attribution {
  readonly #plan: Plan;
  readonly #window: Window;
  readonly #tick: string | null;
  readonly #trail: Trail;
  readonly #walker: Walker;
  readonly #stride: number;
  readonly #open = new Map<CommandId, Open>();
  readonly #walked: Walked[] = [];
  #arrivals = false;
  #answered = 0;
  #lost = 0;
  #passedOver = 0;

  constructor(plan: Plan, protocol: AnyProtocol) {
    this.#plan = plan;
    this.#window = measureWindow(plan);
    this.#tick = protocol.tick?.(plan.options)?.name ?? null;
    this.#trail = new Trail(plan.load.timeoutMs + 1000);
    this.#walker = new Walker(this.#trail, { turnMs: turnMsOf(plan, this.#tick !== null), byClock: this.#tick !== null });
    this.#stride = Math.max(1, Math.round(((plan.load.ratePerSecond ?? 0) * plan.measureMs) / 1000 / MAX_WALKED));
  }

  /** Of all nodes and of the clients, in order of atMs. */
  observe(event: LabEvent): void {
    if (this.#plan.detail !== 'messages' || event.node === 'lab') return;
    switch (event.type) {
      case 'invoke':
        if (isIn(this.#window, event.intendedMs)) this.#open.set(event.command.id, { region: event.region, intendedMs: event.intendedMs, attempts: [] });
        return;
      case 'attempt':
        this.#open.get(event.id)?.attempts.push({ atMs: event.atMs, to: event.to });
        return;
      case 'reply': {
        const open = this.#open.get(event.id);
        this.#open.delete(event.id);
        if (open !== undefined && event.reply.outcome === 'ok' && this.#answered++ % this.#stride === 0) this.#walk(open, { ...open, id: event.id, at: event.reply.at, repliedMs: event.atMs });
        return;
      }
      case 'arrived':
        this.#arrivals = true;
        this.#trail.observe(event);
        return;
      default:
        if (event.node !== 'load') this.#trail.observe(event);
    }
  }

  #walk({ region }: Open, asked: Asked): void {
    const { id, intendedMs, repliedMs } = asked;
    if (this.#walker.looked > MAX_LOOKED) {
      this.#passedOver++;
      return;
    }
    const walk = this.#walker.walk(asked);
    if (walk === null) this.#lost++;
    else this.#walked.push({ ...walk, id, region, intendedMs, totalMs: repliedMs - intendedMs });
  }

  /** untilMs: when the first fault began, or Infinity. null: messages were only sampled, or the lab that wrote the events did not tell of arrivals. */
  finish(untilMs: number): AttributionSummary | null {
    if (!this.#arrivals) return null;
    if (this.#walked.length === 0) return { because: this.#lost === 0 ? 'no command was answered' : 'the events lack what the path of a commit is made of', tick: this.#tick, rows: [], commits: [] };
    // All that were meant to be sent so long before a fault that even the slowest would have been answered.
    const before = this.#walked.filter(({ intendedMs, totalMs }) => intendedMs + totalMs < untilMs);
    const longestMs = before.reduce((most, { totalMs }) => Math.max(most, totalMs), 0);
    const steady = before.filter(({ intendedMs }) => intendedMs < untilMs - longestMs);
    const walked = steady.length > 0 ? steady : this.#walked;
    const regions = [...new Set(this.#plan.load.clients.map(({ region }) => region))];
    return {
      because: this.#leftOut(),
      tick: this.#tick,
      rows: regions.flatMap((region) => rowsOf(region, walked.filter((each) => each.region === region))),
      commits: pathsOf(walked),
    };
  }

  #leftOut(): string | null {
    const parts = [
      this.#lost === 0 ? [] : [`${this.#lost} of ${this.#lost + this.#walked.length} commits are left out: their events are not complete`],
      this.#passedOver === 0 ? [] : [`the last ${this.#passedOver} commits are left out: too many events lie between their begin and their end`],
    ].flat();
    return parts.length === 0 ? null : parts.join('; ');
  }
}

function turnMsOf({ runner }: Plan, byClock: boolean): number {
  if (runner === 'sim') return SIMULATED_TURN_MS;
  return byClock ? REAL_TURN_BY_CLOCK_MS : REAL_TURN_MS;
}

function rowsOf(region: string, walked: readonly Walked[]): readonly AttributionRow[] {
  if (walked.length === 0) return [];
  const sums = Object.fromEntries(PARTS.map(({ name }) => [name, 0])) as { [part in PartName]: number };
  const closers = new Map<NodeId, number>();
  let totalMs = 0;
  for (const { segments, closedBy, totalMs: own } of walked) {
    totalMs += own;
    for (const { part, fromMs, toMs } of segments) if (part !== null) sums[part] += toMs - fromMs;
    if (closedBy !== null) closers.set(closedBy, (closers.get(closedBy) ?? 0) + 1);
  }
  const known = [...closers.values()].reduce((sum, count) => sum + count, 0);
  // Sums of differences of times are not exact to the last digits.
  const mean = (ms: number) => Math.round((ms / walked.length) * 1e6) / 1e6 + 0;
  const explained = Object.values(sums).reduce((sum, ms) => sum + ms, 0);
  return [{
    region, commits: walked.length, meanMs: mean(totalMs), residualMs: mean(totalMs - explained),
    parts: Object.fromEntries(PARTS.map(({ name }) => [name, mean(sums[name])])) as AttributionRow['parts'],
    closedBy: [...closers].map(([node, count]) => ({ node, share: count / known })).sort((a, b) => b.share - a.share || (a.node < b.node ? -1 : 1)),
  }];
}

/** Nearest rank. */
function pathsOf(walked: readonly Walked[]): readonly CommitPath[] {
  const ranked = [...walked].sort((a, b) => a.totalMs - b.totalMs || (a.id < b.id ? -1 : 1));
  return PERCENTILES.map(([percentile, share]) => {
    const { id, region, totalMs, closedBy, segments, beside } = ranked[Math.max(0, Math.ceil(share * ranked.length - 1e-9) - 1)] as Walked;
    return { percentile, id, region, totalMs, closedBy, segments, beside };
  });
}
