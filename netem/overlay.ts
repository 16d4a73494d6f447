// What faults lay over the plan's links. An overlay has a name and holds changes (more loss, more delay …) or cuts, each in one
// direction; taking it off takes off its own alone, so that faults may overlap in time. A cut is 100 % loss and wins. The plan's
// links may change below the overlays (schedule.ts).
import { PERFECT_LINK } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';
import type { ScheduledLink } from './schedule.ts';

/** The delay adds to what is there, everything else replaces it. */
export type LinkChange = Partial<Omit<Link, 'delayMs'>> & { readonly addedDelayMs?: number };
/** From, to, one way. */
export type ChangedLink = readonly [from: string, to: string, change: LinkChange];
type Pair = readonly [from: string, to: string];

export class LinkOverlays {
  readonly #plan: { [from: string]: { [to: string]: Link } };
  readonly #cuts = new Map<string, readonly Pair[]>();
  readonly #changes = new Map<string, readonly ChangedLink[]>();
  /** What became of each changed link: the same object until its changes differ. */
  readonly #changed = new Map<string, { readonly text: string; readonly link: Link }>();

  constructor(plan: LinkMatrix) {
    this.#plan = Object.fromEntries(Object.entries(plan).map(([from, row]) => [from, { ...row }]));
  }

  /** What the plan has for these links from now on. */
  schedule(links: readonly ScheduledLink[]): void {
    for (const [from, to, link] of links) (this.#plan[from] ??= {})[to] = link;
  }

  /** They replace what this overlay cut before. null takes the overlay off. */
  cut(overlay: string, pairs: readonly Pair[] | null): void {
    if (pairs === null) this.#cuts.delete(overlay);
    else this.#cuts.set(overlay, pairs);
  }

  /** They replace what this overlay changed before. null takes the overlay off. */
  change(overlay: string, changes: readonly ChangedLink[] | null): void {
    if (changes === null) this.#changes.delete(overlay);
    else this.#changes.set(overlay, changes);
  }

  isCut(from: string, to: string): boolean {
    for (const pairs of this.#cuts.values()) {
      if (pairs.some(([source, target]) => source === from && target === to)) return true;
    }
    return false;
  }

  /** The link without its cuts. The newest overlay's value stands; delays add up. */
  uncut(from: string, to: string): Link {
    const planned = this.#plan[from]?.[to] ?? PERFECT_LINK;
    let link = planned;
    for (const changes of this.#changes.values()) {
      for (const [source, target, { addedDelayMs = 0, ...change }] of changes) {
        if (source === from && target === to) link = { ...link, ...change, delayMs: link.delayMs + addedDelayMs };
      }
    }
    if (link === planned) return planned;
    const key = `${from} ${to}`;
    const text = JSON.stringify(link);
    const known = this.#changed.get(key);
    if (known?.text === text) return known.link;
    this.#changed.set(key, { text, link });
    return link;
  }

  link(from: string, to: string): Link {
    const link = this.uncut(from, to);
    // As in netem, what is duplicated survives one loss: in a cut it must not.
    return this.isCut(from, to) ? { ...link, lossPct: 100, lossBurst: null, duplicatePct: 0 } : link;
  }

  /** Every link of the plan, and what overlays do to links that the plan does not mention. */
  matrix(): LinkMatrix {
    const matrix: { [from: string]: { [to: string]: Link } } = {};
    for (const [from, row] of Object.entries(this.#plan)) matrix[from] = { ...row };
    for (const overlay of [...this.#changes.values(), ...this.#cuts.values()]) {
      for (const [from, to] of overlay) {
        matrix[from] ??= {};
        matrix[from][to] = this.link(from, to);
      }
    }
    return matrix;
  }
}
