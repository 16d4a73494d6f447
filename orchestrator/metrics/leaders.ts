// Who led when, by the nodes' own word: the latest node to take the role `leader`, until it gives it up.
import type { NodeId } from '../../node/contract.ts';
import type { LabEvent } from '../kinds.ts';
import { isIn } from './commands.ts';
import type { Window } from './commands.ts';

type Reign = { readonly fromMs: number; readonly node: NodeId | null; readonly epoch: number };

export class Leaders {
  readonly #reigns: Reign[] = [];
  readonly #news: { readonly atMs: number; readonly node: NodeId }[] = [];

  observe(event: LabEvent): void {
    if (event.type !== 'status') return;
    const { role, epoch } = event.status;
    this.#news.push({ atMs: event.atMs, node: event.node });
    const last = this.#reigns.at(-1);
    if (role === 'leader') {
      if (last?.node !== event.node || last.epoch !== epoch) this.#reigns.push({ fromMs: event.atMs, node: event.node, epoch });
    } else if (last?.node === event.node) this.#reigns.push({ fromMs: event.atMs, node: null, epoch });
  }

  /** New epochs that a node began to lead in the window. */
  changes(window: Window): number {
    return this.#reigns.filter(({ fromMs, node }) => node !== null && isIn(window, fromMs)).length;
  }

  /** null: nobody. */
  at(atMs: number): NodeId | null {
    return this.#reigns.findLast(({ fromMs }) => fromMs <= atMs)?.node ?? null;
  }

  /** When one of the other nodes first became something else between these times; null: none did. */
  noticed(others: readonly NodeId[], fromMs: number, toMs: number): number | null {
    return this.#news.find(({ atMs, node }) => atMs > fromMs && atMs <= toMs && !others.includes(node))?.atMs ?? null;
  }

  /** When the last reign that began between these times began; null: none did. */
  begun(fromMs: number, toMs: number): number | null {
    return this.#reigns.findLast((reign) => reign.node !== null && reign.fromMs > fromMs && reign.fromMs <= toMs)?.fromMs ?? null;
  }

  /** The one node that led the whole window; null where there is none. */
  throughout(window: Window): NodeId | null {
    const before = this.at(window.fromMs);
    const changed = this.#reigns.some(({ fromMs, node }) => fromMs > window.fromMs && fromMs < window.toMs && node !== before);
    return changed ? null : before;
  }
}
