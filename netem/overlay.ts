// Cuts over the plan's links. A cut is 100 % loss in one direction; it belongs to a named overlay, and healing an overlay
// takes off its own cuts only, so that partitions may overlap in time.
import { PERFECT_LINK } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';

export class LinkOverlays {
  readonly #plan: LinkMatrix;
  readonly #overlays = new Map<string, readonly (readonly [string, string])[]>();

  constructor(plan: LinkMatrix) {
    this.#plan = plan;
  }

  /** pairs: from and to, one way each; they replace what this overlay cut before. null takes the overlay off. */
  cut(overlay: string, pairs: readonly (readonly [string, string])[] | null): void {
    if (pairs === null) this.#overlays.delete(overlay);
    else this.#overlays.set(overlay, pairs);
  }

  isCut(from: string, to: string): boolean {
    for (const pairs of this.#overlays.values()) {
      if (pairs.some(([source, target]) => source === from && target === to)) return true;
    }
    return false;
  }

  link(from: string, to: string): Link {
    const planned = this.#plan[from]?.[to] ?? PERFECT_LINK;
    return this.isCut(from, to) ? cutOff(planned) : planned;
  }

  /** Every link of the plan, and the cuts on links that the plan does not mention. */
  matrix(): LinkMatrix {
    const matrix: { [from: string]: { [to: string]: Link } } = {};
    for (const [from, row] of Object.entries(this.#plan)) matrix[from] = { ...row };
    for (const pairs of this.#overlays.values()) {
      for (const [from, to] of pairs) {
        matrix[from] ??= {};
        matrix[from][to] = cutOff(this.#plan[from]?.[to] ?? PERFECT_LINK);
      }
    }
    return matrix;
  }
}

function cutOff(link: Link): Link {
  return { ...link, lossPct: 100, lossBurst: null };
}
