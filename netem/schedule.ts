// Links that change over time by plan, under whatever faults lay over them: steps at their times, each the whole of what differs
// from the plan's link. Whoever comes late passes over what is past: the newest step of a link counts.
import { PERFECT_LINK } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';

/** link: what differs from the plan's link from then on; null: nothing. atMs: since the run's start. */
export type LinkStep = { readonly atMs: number; readonly link: Partial<Link> | null };
/** Links, one way each, that change together; steps in order of time, one at each time. A link is in one track at most. */
export type LinkTrack = { readonly links: readonly (readonly [from: string, to: string])[]; readonly steps: readonly LinkStep[] };
export type ScheduledLink = readonly [from: string, to: string, link: Link];
/** plannedMs: of the newest step among them. skipped: earlier times whose steps were passed over. */
export type Advance = { readonly plannedMs: number; readonly skipped: number; readonly links: readonly ScheduledLink[] };

type Moment = { readonly atMs: number; readonly track: LinkTrack; readonly step: LinkStep };

/** Goes through the steps of all tracks, forwards only. */
export class LinkSteps {
  readonly #links: LinkMatrix;
  readonly #moments: readonly Moment[];
  #next = 0;

  constructor(links: LinkMatrix, tracks: readonly LinkTrack[]) {
    this.#links = links;
    this.#moments = tracks.flatMap((track) => track.steps.map((step) => ({ atMs: step.atMs, track, step }))).sort((left, right) => left.atMs - right.atMs);
  }

  /** Of the next step; Infinity when there is none. */
  get nextMs(): number {
    return this.#moments[this.#next]?.atMs ?? Infinity;
  }

  /** Everything up to and at this time, at least the next step. */
  advance(toMs: number): Advance {
    const newest = new Map<LinkTrack, LinkStep>();
    let plannedMs = this.nextMs;
    let skipped = 0;
    const untilMs = Math.max(toMs, plannedMs);
    for (; this.nextMs <= untilMs && this.#next < this.#moments.length; this.#next++) {
      const { atMs, track, step } = this.#moments[this.#next] as Moment;
      if (atMs > plannedMs) skipped++;
      plannedMs = atMs;
      newest.set(track, step);
    }
    return { plannedMs, skipped, links: [...newest].flatMap(([track, step]) => track.links.map(([from, to]): ScheduledLink => [from, to, stepped(this.#links, from, to, step)])) };
  }
}

function stepped(links: LinkMatrix, from: string, to: string, { link }: LinkStep): Link {
  const planned = links[from]?.[to] ?? PERFECT_LINK;
  return link === null ? planned : { ...planned, ...link };
}

/** The links as they are at this time. */
export function linksAt(links: LinkMatrix, tracks: readonly LinkTrack[], atMs: number): LinkMatrix {
  const steps = new LinkSteps(links, tracks);
  if (steps.nextMs > atMs) return links;
  const matrix: { [from: string]: { [to: string]: Link } } = {};
  for (const [from, row] of Object.entries(links)) matrix[from] = { ...row };
  for (const [from, to, link] of steps.advance(atMs).links) {
    matrix[from] ??= {};
    matrix[from][to] = link;
  }
  return matrix;
}
