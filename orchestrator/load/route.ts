// Which node a client asks: the nearest, each in turn, or the leader. A node that cannot be reached is passed over for a
// while; one whose circuit breaker is open is not asked at all.
import type { NodeId } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { BreakerState, Plan } from '../kinds.ts';
import { membersOf } from '../seats.ts';
import { Breaker } from './breaker.ts';

const SUSPECT_MS = 1_000;

/** The nodes by one-way delay from a region, nearest first; ties in the order of the plan. */
export function nearestFirst(plan: Pick<Plan, 'nodes' | 'links'>, region: string): readonly NodeId[] {
  const delay = (node: NodeId) => plan.links[region]?.[node]?.delayMs ?? 0;
  return plan.nodes.map((node) => node.id).sort((a, b) => delay(a) - delay(b));
}

/** null: no answer in time. A refusal that only points elsewhere is an answer of a node that works. */
function isFailure(reply: Reply | null): boolean {
  if (reply === null || reply.outcome === 'unknown') return true;
  return reply.outcome === 'fail' && (reply.reason === 'busy' || reply.reason === 'no-quorum');
}

export class Route {
  /** Every node of the plan, and those that are members as far as the clients know. */
  readonly #nearest: readonly NodeId[];
  #order: readonly NodeId[];
  readonly #target: Plan['load']['target'];
  readonly #suspectUntil = new Map<NodeId, number>();
  /** Empty where the plan has none. */
  readonly #breakers = new Map<NodeId, Breaker>();
  #leader: NodeId | null;
  #turn = 0;

  constructor(plan: Plan, region: string, breakerChanged: (to: NodeId, state: BreakerState) => void) {
    this.#nearest = nearestFirst(plan, region);
    const members = membersOf(plan);
    this.#order = this.#nearest.filter((node) => members.includes(node));
    this.#target = plan.load.target;
    this.#leader = plan.leader;
    const { breaker } = plan.load;
    if (breaker !== null) for (const node of this.#nearest) this.#breakers.set(node, new Breaker(breaker, (state) => breakerChanged(node, state)));
  }

  /** The node for a command's attempt (0: the first); null: no breaker lets it through. `last`: the node of its previous attempt. */
  choose(attempt: number, last: NodeId | null, nowMs: number): NodeId | null {
    const usable = (node: NodeId | null) => node !== null && (this.#suspectUntil.get(node) ?? 0) <= nowMs && this.allows(node, nowMs);
    if (this.#target === 'leader' && this.#leader !== null && usable(this.#leader) && this.#leader !== last) return this.#leader;
    const start = this.#target === 'spread' && attempt === 0 ? this.#turn++ : attempt;
    const inTurn = this.#order.map((_, step) => this.#order[(start + step) % this.#order.length] as NodeId);
    return inTurn.find((node) => usable(node) && (attempt === 0 || node !== last)) ?? inTurn.find((node) => this.allows(node, nowMs)) ?? null;
  }

  allows(node: NodeId, nowMs: number): boolean {
    return (this.#breakers.get(node)?.freeAtMs ?? 0) <= nowMs;
  }

  /** When the first breaker lets an attempt through again. */
  freeAtMs(): number {
    return Math.min(...this.#order.map((node) => this.#breakers.get(node)?.freeAtMs ?? 0));
  }

  /** The membership has changed: they are asked from now on, and nobody else. */
  membersAre(members: readonly NodeId[]): void {
    this.#order = this.#nearest.filter((node) => members.includes(node));
    if (this.#leader !== null && !members.includes(this.#leader)) this.#leader = null;
  }

  leaderIs(node: NodeId): void {
    this.#leader = node;
    this.#suspectUntil.delete(node);
  }

  sent(node: NodeId, nowMs: number): void {
    this.#breakers.get(node)?.sent(nowMs);
  }

  /** reply: null when an attempt had no answer in time. sentMs: when it left. */
  answered(node: NodeId, reply: Reply | null, sentMs: number, nowMs: number): void {
    if (reply === null || (reply.outcome === 'unknown' && reply.reason === 'connection')) this.#suspectUntil.set(node, nowMs + SUSPECT_MS);
    const breaker = this.#breakers.get(node);
    if (isFailure(reply)) breaker?.failed(nowMs);
    else breaker?.succeeded(sentMs);
  }
}
