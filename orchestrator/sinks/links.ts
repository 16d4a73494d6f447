// What each link was asked to do, and what its probes and its queue say that it did.
import { distributionOf } from '../../netem/achieved.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { Link } from '../../netem/link.ts';
import { LinkSteps, linksAt } from '../../netem/schedule.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { type Emit, nsOf } from './points.ts';

/** Rows of the matrix whose links are written: their number is squared. */
const MAX_ROWS = 32;

export class LinkPoints {
  readonly #emit: Emit;
  readonly #plan: Plan;
  readonly #rows: ReadonlySet<string>;
  readonly #steps: LinkSteps;
  /** Of the nodes. */
  readonly #pairs: readonly (readonly [from: string, to: string])[];
  /** Of these, how many have no points. */
  readonly leftOut: number;

  constructor(plan: Plan, emit: Emit) {
    this.#emit = emit;
    this.#plan = plan;
    const ids = plan.nodes.map(({ id }) => id);
    const rows = [...ids, ...plan.load.clients.map(({ region }) => region)].slice(0, MAX_ROWS);
    this.#rows = new Set(rows);
    this.#pairs = ids.flatMap((from) => ids.flatMap((to) => (from === to ? [] : [[from, to] as const])));
    this.leftOut = this.#pairs.filter(([from, to]) => !this.#writes(from, to)).length;
    this.#steps = new LinkSteps(plan.links, plan.linkSchedule?.tracks ?? []);
  }

  /** As the run begins. */
  begin(): void {
    const links = linksAt(this.#plan.links, this.#plan.linkSchedule?.tracks ?? [], 0);
    for (const [from, to] of this.#pairs) this.#configured(from, to, 0, links[from]?.[to] ?? PERFECT_LINK);
  }

  observe(event: LabEvent): void {
    if (event.type === 'scheduled-links') {
      for (const [from, to, link] of this.#steps.advance(event.plannedMs).links) if (this.#ofNodes(from, to)) this.#configured(from, to, event.atMs, link);
    } else if (event.type === 'counters') {
      for (const { from, to, packets, drops } of event.links) this.#write(from, to, event.atMs, { packets, drops });
    } else if (event.type === 'certificate') this.#probed(event);
  }

  #probed({ atMs, from, to, trip, sent, samples }: LabEvent & { readonly type: 'certificate' }): void {
    const first = new Map(samples.toReversed().map(([sequence, , delayMs]) => [sequence, delayMs]));
    const achieved = distributionOf([...first.values()]);
    const link = this.#plan.links[from]?.[to];
    this.#write(from, to, atMs, {
      achieved_ms: achieved?.p50, achieved_p95_ms: achieved?.p95, probes: sent, achieved_loss_pct: sent === 0 ? null : (100 * (sent - first.size)) / sent,
      ...(trip === 'round' && link !== undefined ? { configured_ms: link.delayMs + (this.#plan.links[to]?.[from]?.delayMs ?? 0) } : {}),
    });
  }

  #configured(from: string, to: string, atMs: number, { delayMs, lossPct }: Link): void {
    this.#write(from, to, atMs, { configured_ms: delayMs, configured_loss_pct: lossPct });
  }

  /** A client's is probed both ways at once: what is asked of one way is not comparable. */
  #ofNodes(from: string, to: string): boolean {
    return this.#pairs.some(([a, b]) => a === from && b === to);
  }

  #write(from: string, to: string, atMs: number, fields: Parameters<Emit>[3]): void {
    if (this.#writes(from, to)) this.#emit('link', { node: from, peer: to }, nsOf(atMs), fields);
  }

  #writes(from: string, to: string): boolean {
    return this.#rows.has(from) && this.#rows.has(to);
  }
}
