// Which nodes an action means, from what the nodes report at that moment. A selector is bound once per fault: the restart
// that follows a crash restarts the node that was crashed, not the new leader.
import type { NodeId, Status } from '../node/contract.ts';
import type { Action, Plan, Selector } from './kinds.ts';

export type View = ReadonlyMap<NodeId, { readonly status: Status | null; readonly up: boolean }>;
type Pairs = readonly (readonly [NodeId, NodeId])[];

/** An action with its nodes; none when a selector fits no node at that moment. pairs null: the overlay comes off. */
export type ResolvedAction =
  | { readonly type: 'crash'; readonly nodes: readonly NodeId[]; readonly disk: 'keep' | 'lose-unsynced' }
  | { readonly type: 'restart' | 'pause' | 'resume'; readonly nodes: readonly NodeId[] }
  | { readonly type: 'cut'; readonly overlay: string; readonly nodes: readonly NodeId[]; readonly pairs: Pairs | null }
  | { readonly type: 'clock'; readonly nodes: readonly NodeId[]; readonly change: Extract<Action, { type: 'clock' }>['change'] };

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
  readonly #bound = new Map<string, readonly NodeId[]>();
  /** The nodes of each overlay that is on. */
  readonly #cut = new Map<string, readonly NodeId[]>();

  constructor(plan: Plan, random: () => number) {
    this.#plan = plan;
    this.#random = random;
  }

  resolve(entry: Plan['schedule'][number], view: View): ResolvedAction {
    const { action } = entry;
    if (action.type === 'cut') return this.#cutOf(action, entry.fault.index, view);
    const nodes = this.#nodes(action.node, entry.fault.index, view, action.type === 'restart');
    if (action.type === 'crash') return { type: 'crash', nodes, disk: action.disk };
    if (action.type === 'clock') return { type: 'clock', nodes, change: action.change };
    return { type: action.type, nodes };
  }

  #cutOf(action: Extract<Action, { type: 'cut' }>, index: number, view: View): ResolvedAction {
    const { overlay } = action;
    if (action.cuts === null) return { type: 'cut', overlay, nodes: this.#cut.get(overlay) ?? [], pairs: null };
    const pairs = new Map<string, readonly [NodeId, NodeId]>();
    const named = new Set<NodeId>();
    for (const { from, to } of action.cuts) {
      const senders = this.#all(from, index, view);
      const receivers = to === 'others' ? this.#ids().filter((id) => !senders.includes(id)) : this.#all(to, index, view);
      // 'others' and a whole cluster are not named: the fault is about the other side.
      for (const id of senders.length < this.#plan.nodes.length ? senders : []) named.add(id);
      for (const id of to === 'others' ? [] : receivers) named.add(id);
      for (const sender of senders) {
        for (const receiver of receivers) if (sender !== receiver) pairs.set(`${sender} ${receiver}`, [sender, receiver]);
      }
    }
    const nodes = this.#ids().filter((id) => named.has(id));
    this.#cut.set(overlay, nodes);
    return { type: 'cut', overlay, nodes, pairs: [...pairs.values()] };
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

  /** ofDown: `any` means one of those that are down, for a fault that begins with a restart. */
  #bind(selector: Selector, view: View, ofDown: boolean): readonly NodeId[] {
    if (typeof selector !== 'string') return this.#plan.nodes.filter(({ region }) => region === selector.region).map(({ id }) => id);
    const leader = leaderOf(view);
    if (selector === 'leader') return leader === null ? [] : [leader];
    if (selector !== 'any' && selector !== 'any-follower') return [selector];
    const eligible = this.#ids().filter((id) => view.get(id)?.up === !ofDown && (selector === 'any' || id !== leader));
    const drawn = eligible[Math.floor(this.#random() * eligible.length)];
    return drawn === undefined ? [] : [drawn];
  }
}
