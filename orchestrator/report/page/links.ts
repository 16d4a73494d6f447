// What the links of a run were configured to while network.schedule changed them: a line for links that change together, at the
// times at which each state was in force.
import { LinkSteps } from '../../../netem/schedule.ts';
import { PERFECT_LINK } from '../../../netem/link.ts';
import type { Link } from '../../../netem/link.ts';
import type { LabEvent, Plan } from '../../kinds.ts';
import { outline } from './series.ts';

/** Since the begin of the measure window. */
export type LinkPoint = { readonly atMs: number; readonly value: number; readonly link: Link };
/** first: one of its links; count: how many there are. */
export type LinkLine = { readonly first: string; readonly count: number; readonly points: readonly LinkPoint[] };

const COLUMNS = 360;

export class LinkLines {
  readonly #steps: LinkSteps;
  readonly #lines = new Map<string, Omit<LinkLine, 'points'> & { readonly points: LinkPoint[] }>();
  readonly #originMs: number;

  constructor(plan: Pick<Plan, 'links' | 'linkSchedule'>, originMs: number) {
    const tracks = plan.linkSchedule?.tracks ?? [];
    this.#steps = new LinkSteps(plan.links, tracks);
    this.#originMs = originMs;
    for (const { links } of tracks) {
      const [from, to] = links[0] as readonly [string, string];
      this.#lines.set(`${from} ${to}`, { first: `${from} → ${to}`, count: links.length, points: [pointOf(-Infinity, plan.links[from]?.[to] ?? PERFECT_LINK)] });
    }
  }

  observe({ atMs, plannedMs }: LabEvent & { readonly type: 'scheduled-links' }): void {
    if (this.#steps.nextMs > plannedMs) return;
    for (const [from, to, link] of this.#steps.advance(plannedMs).links) this.#lines.get(`${from} ${to}`)?.points.push(pointOf(atMs - this.#originMs, link));
  }

  /** Of the measure window; a line begins with what was there at its begin. */
  finish(spanMs: number): readonly LinkLine[] {
    return [...this.#lines.values()].map(({ points, ...line }) => {
      const before = points.findLast(({ atMs }) => atMs <= 0);
      const inside = points.filter(({ atMs }) => atMs > 0 && atMs < spanMs);
      return { ...line, points: outline([...(before === undefined ? [] : [{ ...before, atMs: 0 }]), ...inside], spanMs, COLUMNS) };
    }).filter(({ points }) => points.length > 1);
  }
}

function pointOf(atMs: number, link: Link): LinkPoint {
  return { atMs, value: link.delayMs, link };
}
