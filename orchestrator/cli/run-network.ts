// The links of one run: what the plan and its faults make of them, applied one state after the other, and which of them were
// never anything but what the plan says.
import type { NodeId } from '../../node/contract.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { LinkOverlays } from '../../netem/overlay.ts';
import type { LinkControl, LinkCounters, Site } from '../../netem/shaper.ts';
import type { Plan } from '../kinds.ts';

export class RunNetwork {
  readonly overlays: LinkOverlays;
  /** How often links were applied. */
  changes = 0;
  readonly #plan: Plan;
  readonly #control: LinkControl;
  /** By 'from to'. */
  readonly #changed = new Set<string>();
  #applied = Promise.resolve();

  constructor(plan: Plan, control: LinkControl) {
    this.overlays = new LinkOverlays(plan.links);
    this.#plan = plan;
    this.#control = control;
  }

  /** One after the other, so that an older matrix cannot overtake a newer one. */
  apply(sites: readonly Site[]): Promise<void> {
    this.changes++;
    this.#applied = this.#applied.then(() => {
      const matrix = this.overlays.matrix();
      for (const [from, row] of Object.entries(matrix)) for (const to of Object.keys(row)) if (!this.isAsPlanned(from, to)) this.#changed.add(`${from} ${to}`);
      return this.#control.apply(matrix, sites);
    });
    return this.#applied;
  }

  /** Now. */
  isAsPlanned(from: NodeId, to: NodeId): boolean {
    return this.overlays.link(from, to) === (this.#plan.links[from]?.[to] ?? PERFECT_LINK);
  }

  /** What a kernel has counted of the links to which nothing was ever done; null: none counts. */
  async counters(sites: readonly Site[]): Promise<readonly LinkCounters[] | null> {
    const counted = await this.#control.counters?.(sites);
    return counted?.filter(({ from, to }) => !this.#changed.has(`${from} ${to}`)) ?? null;
  }

  close(): Promise<void> {
    return this.#control.close();
  }
}
