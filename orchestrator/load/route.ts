// Which node a client asks: the nearest, each in turn, or the leader. A node that cannot be reached is passed over for a while.
import type { NodeId } from '../../node/contract.ts';
import type { Plan } from '../kinds.ts';

const SUSPECT_MS = 1_000;

/** The nodes by one-way delay from a region, nearest first; ties in the order of the plan. */
export function nearestFirst(plan: Pick<Plan, 'nodes' | 'links'>, region: string): readonly NodeId[] {
  const delay = (node: NodeId) => plan.links[region]?.[node]?.delayMs ?? 0;
  return plan.nodes.map((node) => node.id).sort((a, b) => delay(a) - delay(b));
}

export class Route {
  readonly #order: readonly NodeId[];
  readonly #target: Plan['load']['target'];
  readonly #suspectUntil = new Map<NodeId, number>();
  #leader: NodeId | null;
  #turn = 0;

  constructor(plan: Plan, region: string) {
    this.#order = nearestFirst(plan, region);
    this.#target = plan.load.target;
    this.#leader = plan.leader;
  }

  /** The node for a command's attempt (0: the first). `last`: the node of its previous attempt. */
  choose(attempt: number, last: NodeId | null, nowMs: number): NodeId {
    const usable = (node: NodeId | null) => node !== null && (this.#suspectUntil.get(node) ?? 0) <= nowMs;
    if (this.#target === 'leader' && this.#leader !== null && usable(this.#leader) && this.#leader !== last) return this.#leader;
    const start = this.#target === 'spread' && attempt === 0 ? this.#turn++ : attempt;
    for (let step = 0; step < this.#order.length; step++) {
      const node = this.#order[(start + step) % this.#order.length] as NodeId;
      if (usable(node) && (attempt === 0 || node !== last)) return node;
    }
    return this.#order[start % this.#order.length] as NodeId;
  }

  leaderIs(node: NodeId): void {
    this.#leader = node;
    this.#suspectUntil.delete(node);
  }

  /** It refused the connection, or an attempt had no answer. */
  unreachable(node: NodeId, nowMs: number): void {
    this.#suspectUntil.set(node, nowMs + SUSPECT_MS);
  }
}
