// Which nodes an action means, from what the nodes report at that moment. A selector is bound once per fault: the restart
// that follows a crash restarts the node that was crashed, not the new leader.
import type { NodeId, Status } from '../node/contract.ts';
import type { DiskKept } from '../node/disk-fault.ts';
import type { ChangedLink } from '../netem/overlay.ts';
import type { Action, LimitChange, Plan, Selector, Side } from './kinds.ts';
import { membersAfter, membersOf } from './seats.ts';
import type { Change } from './seats.ts';

export type View = ReadonlyMap<NodeId, { readonly status: Status | null; readonly up: boolean }>;
type Pairs = readonly (readonly [NodeId, NodeId])[];

/** An action with its nodes; none when a selector fits no node at that moment. pairs, links null: the overlay comes off. */
export type ResolvedAction =
  | { readonly type: 'crash'; readonly nodes: readonly NodeId[]; readonly disk: DiskKept }
  | { readonly type: 'stop'; readonly nodes: readonly NodeId[]; readonly graceMs: number }
  | { readonly type: 'limit'; readonly nodes: readonly NodeId[] } & LimitChange
  | { readonly type: 'start' | 'restart' | 'pause' | 'resume' | 'detach' | 'attach'; readonly nodes: readonly NodeId[] }
  | { readonly type: 'cut'; readonly overlay: string; readonly nodes: readonly NodeId[]; readonly pairs: Pairs | null }
  | { readonly type: 'links'; readonly overlay: string; readonly nodes: readonly NodeId[]; readonly links: readonly ChangedLink[] | null }
  | { readonly type: 'clock'; readonly nodes: readonly NodeId[]; readonly change: Extract<Action, { type: 'clock' }>['change'] }
  | { readonly type: 'disk'; readonly nodes: readonly NodeId[]; readonly change: Extract<Action, { type: 'disk' }>['change'] }
  /** Nobody is added or removed where one of its selectors fits no node. */
  | { readonly type: 'reconfigure'; readonly nodes: readonly NodeId[]; readonly add: readonly NodeId[]; readonly remove: readonly NodeId[] }
  | { readonly type: 'load'; readonly nodes: readonly NodeId[]; readonly factor: number };

/** The nodes of an action; of a cut, those that its selectors name. */
export function nodesOf(action: ResolvedAction): readonly NodeId[] {
  return action.nodes;
}

/** The node that most nodes name as leader, the newest epoch first; it must be up itself. */
export function leaderOf(view: View): NodeId | null {
  const votes = new Map<number, Map<NodeId, number>>();
  for (const { status, up } of view.values()) {
    if (!up || status === null || status.leader === null || view.get(status.leader)?.up !== true) continue;
    const epoch = votes.get(status.epoch) ?? new Map<NodeId, number>();
    votes.set(status.epoch, epoch.set(status.leader, (epoch.get(status.leader) ?? 0) + 1));
  }
  if (votes.size === 0) return null;
  const newest = [...(votes.get(Math.max(...votes.keys())) ?? [])];
  return newest.sort(([left, leftVotes], [right, rightVotes]) => rightVotes - leftVotes || (left < right ? -1 : 1))[0]?.[0] ?? null;
}

export class Resolver {
  readonly #plan: Plan;
  readonly #random: () => number;
  /** Who is a member, as far as was done by these actions, and the spares that are spoken for. */
  #members: readonly NodeId[];
  readonly #changes: Change[] = [];
  readonly #taken = new Set<NodeId>();
  readonly #bound = new Map<string, readonly NodeId[]>();
  /** The nodes of each overlay that is on. */
  readonly #overlaid = new Map<string, readonly NodeId[]>();

  constructor(plan: Plan, random: () => number) {
    this.#plan = plan;
    this.#random = random;
    this.#members = membersOf(plan);
  }

  get members(): readonly NodeId[] {
    return this.#members;
  }

  /** The fault means this node by `any`. */
  bind(index: number, node: NodeId): void {
    this.#bound.set(`${index} any`, [node]);
  }

  /** A change of membership was answered with ok. */
  changed(change: Change): void {
    this.#changes.push(change);
    this.#members = membersAfter(membersOf(this.#plan), this.#changes);
  }

  resolve(entry: Plan['schedule'][number], view: View): ResolvedAction {
    const { action, fault: { index } } = entry;
    switch (action.type) {
      case 'cut': {
        const { nodes, pairs } = this.#sides(action.overlay, action.cuts, index, view);
        return { type: 'cut', overlay: action.overlay, nodes, pairs: pairs?.map(([from, to]) => [from, to]) ?? null };
      }
      case 'links': {
        const { nodes, pairs } = this.#sides(action.overlay, action.changes, index, view);
        return { type: 'links', overlay: action.overlay, nodes, links: pairs?.map(([from, to, { change }]) => [from, to, change]) ?? null };
      }
      case 'reconfigure': {
        const [add, remove] = [action.add, action.remove].map((selectors) => selectors.map((selector) => this.#nodes(selector, index, view, false)));
        const all = [...(add ?? []), ...(remove ?? [])];
        if (all.some((nodes) => nodes.length === 0)) return { type: 'reconfigure', nodes: [], add: [], remove: [] };
        return { type: 'reconfigure', nodes: all.flat(), add: (add ?? []).flat(), remove: (remove ?? []).flat() };
      }
      case 'load':
        return { type: 'load', nodes: [], factor: action.factor };
      default: {
        const nodes = this.#nodes(action.node, index, view, action.type === 'restart' || action.type === 'start');
        const { node: _, ...rest } = action;
        return { ...rest, nodes };
      }
    }
  }

  /** The nodes that the sides name, and every pair once, with the last side that has it. */
  #sides<S extends Side>(overlay: string, sides: readonly S[] | null, index: number, view: View): { readonly nodes: readonly NodeId[]; readonly pairs: readonly (readonly [NodeId, NodeId, S])[] | null } {
    if (sides === null) return { nodes: this.#overlaid.get(overlay) ?? [], pairs: null };
    const pairs = new Map<string, readonly [NodeId, NodeId, S]>();
    const named = new Set<NodeId>();
    for (const side of sides) {
      const senders = this.#all(side.from, index, view);
      const receivers = side.to === 'others' ? this.#ids().filter((id) => !senders.includes(id)) : this.#all(side.to, index, view);
      // 'others' and a whole cluster are not named: the fault is about the other side.
      for (const id of senders.length < this.#plan.nodes.length ? senders : []) named.add(id);
      for (const id of side.to === 'others' ? [] : receivers) named.add(id);
      for (const sender of senders) {
        for (const receiver of receivers) if (sender !== receiver) pairs.set(`${sender} ${receiver}`, [sender, receiver, side]);
      }
    }
    const nodes = this.#ids().filter((id) => named.has(id));
    this.#overlaid.set(overlay, nodes);
    return { nodes, pairs: [...pairs.values()] };
  }

  #ids(): readonly NodeId[] {
    return this.#plan.nodes.map(({ id }) => id);
  }

  #all(selectors: readonly Selector[], index: number, view: View): readonly NodeId[] {
    return selectors.flatMap((selector) => this.#nodes(selector, index, view, false));
  }

  #nodes(selector: Selector, index: number, view: View, ofDown: boolean): readonly NodeId[] {
    const key = `${index} ${typeof selector === 'string' ? selector : `region ${selector.region}`}`;
    let nodes = this.#bound.get(key);
    if (nodes === undefined) {
      nodes = this.#bind(selector, view, ofDown);
      this.#bound.set(key, nodes);
    }
    return nodes;
  }

  #nextSpare(): readonly NodeId[] {
    const spare = this.#plan.nodes.find(({ id, joining }) => joining === true && !this.#taken.has(id) && !this.#members.includes(id));
    if (spare === undefined) return [];
    this.#taken.add(spare.id);
    return [spare.id];
  }

  /** ofDown: `any` means one of those that are down, for a fault that begins with a start. */
  #bind(selector: Selector, view: View, ofDown: boolean): readonly NodeId[] {
    if (typeof selector !== 'string') return this.#plan.nodes.flatMap(({ id, region }) => (region === selector.region && this.#members.includes(id) ? id : []));
    if (selector === 'all') return this.#ids().filter((id) => this.#members.includes(id));
    if (selector === 'spare') return this.#nextSpare();
    const leader = leaderOf(view);
    if (selector === 'leader') return leader === null ? [] : [leader];
    if (selector !== 'any' && selector !== 'any-follower') return [selector];
    const eligible = this.#ids().filter((id) => this.#members.includes(id) && view.get(id)?.up === !ofDown && (selector === 'any' || id !== leader));
    const drawn = eligible[Math.floor(this.#random() * eligible.length)];
    return drawn === undefined ? [] : [drawn];
  }
}
