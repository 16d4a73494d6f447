// When client commands were committed: by the cluster (the first node), where they were placed, and by the last node.
// A slot counts for a node once, however many lives commit it again.
import type { CommandId, NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { membersOf } from '../seats.ts';
import { isIn, measureWindow } from './commands.ts';
import type { Window } from './commands.ts';
import { Ranked } from './samples.ts';

type Placed = { readonly atMs: number; readonly node: NodeId };
type Applying = { readonly placedMs: number; nodes: number };

export class Commits {
  /** Of the first commit of each client command's slot, ascending. */
  readonly timesMs: number[] = [];
  readonly #nodes: number;
  readonly #window: Window;
  readonly #placed = new Map<CommandId, Placed>();
  readonly #applying = new Map<number, Applying>();
  readonly #reached = new Map<NodeId, number>();
  readonly #atLeaderMs: number[] = [];
  readonly #applyMs: number[] = [];
  #lastSlot = 0;

  constructor(plan: Plan) {
    this.#nodes = membersOf(plan).length;
    this.#window = measureWindow(plan);
  }

  observe(event: LabEvent): void {
    if (event.type === 'placed') {
      if (!this.#placed.has(event.id)) this.#placed.set(event.id, { atMs: event.atMs, node: event.node });
      return;
    }
    if (event.type !== 'committed') return;
    const { atMs, node, command, at: { slot } } = event;
    if (slot <= (this.#reached.get(node) ?? 0)) return;
    this.#reached.set(node, slot);
    const first = slot > this.#lastSlot;
    this.#lastSlot = Math.max(slot, this.#lastSlot);
    if (command === null || command.op.type === 'reconfigure') return;
    if (first) this.timesMs.push(atMs);
    const placed = this.#placed.get(command.id);
    if (first && placed !== undefined && isIn(this.#window, placed.atMs)) this.#applying.set(slot, { placedMs: placed.atMs, nodes: 0 });
    if (placed?.node === node) {
      if (isIn(this.#window, placed.atMs)) this.#atLeaderMs.push(atMs - placed.atMs);
      this.#placed.delete(command.id);
    }
    this.#applied(slot, atMs);
  }

  figures(): { readonly [name: string]: Figure } {
    const atLeader = new Ranked({ okMs: this.#atLeaderMs, censoredMs: [], failed: 0 });
    const apply = new Ranked({ okMs: this.#applyMs, censoredMs: [], failed: 0 });
    return {
      'commitAtLeader.p50': atLeader.percentile(0.5), 'commitAtLeader.p99': atLeader.percentile(0.99),
      'apply.p50': apply.percentile(0.5), 'apply.p99': apply.percentile(0.99),
    };
  }

  inWindow(): number {
    return this.timesMs.filter((atMs) => isIn(this.#window, atMs)).length;
  }

  #applied(slot: number, atMs: number): void {
    const applying = this.#applying.get(slot);
    if (applying === undefined || ++applying.nodes < this.#nodes) return;
    this.#applyMs.push(atMs - applying.placedMs);
    this.#applying.delete(slot);
  }
}
