// Which faults of a cluster are on, and what would undo them. A fault is on as long as something that it took away has not
// been given back, by its own end, by another fault (restart) or by healing.
import type { NodeId } from '../../../node/contract.ts';
import type { Action, LabEvent } from '../../kinds.ts';
import type { FaultRow } from './talk.ts';

type Undo = { readonly index: number; readonly action: Action };

/** What gives back what an action took, by a key that names it. */
function undoOf(action: Action, nodes: readonly NodeId[]): readonly (readonly [string, Action])[] {
  switch (action.type) {
    case 'crash':
      return nodes.map((node) => [`up ${node}`, { type: 'restart', node }]);
    case 'stop':
      return nodes.map((node) => [`up ${node}`, { type: 'start', node }]);
    case 'disk': {
      if (action.change === null) return [];
      const repairs: readonly (readonly [string, Action])[] = nodes.map((node) => [`disk ${node}`, { type: 'disk', node, change: null }]);
      // It ends its node, sooner or later.
      return action.change.fault === undefined ? repairs : [...repairs, ...nodes.map((node): readonly [string, Action] => [`up ${node}`, { type: 'start', node }])];
    }
    case 'limit': {
      const cpus = (action.cpus ?? null) === null ? [] : nodes.map((node): readonly [string, Action] => [`cpus ${node}`, { type: 'limit', node, cpus: null }]);
      if ((action.memoryBytes ?? null) === null) return cpus;
      // It may end its node.
      return [...cpus, ...nodes.flatMap((node): readonly (readonly [string, Action])[] => [[`memory ${node}`, { type: 'limit', node, memoryBytes: null }], [`up ${node}`, { type: 'start', node }]])];
    }
    case 'detach':
      return nodes.map((node) => [`network ${node}`, { type: 'attach', node }]);
    case 'pause':
      return nodes.map((node) => [`awake ${node}`, { type: 'resume', node }]);
    case 'clock':
      return action.change === null ? [] : nodes.map((node) => [`clock ${node}`, { type: 'clock', node, change: null }]);
    case 'cut':
      return action.cuts === null ? [] : [[`overlay ${action.overlay}`, { type: 'cut', overlay: action.overlay, cuts: null }]];
    case 'links':
      return action.changes === null ? [] : [[`overlay ${action.overlay}`, { type: 'links', overlay: action.overlay, changes: null }]];
    default:
      return [];
  }
}

/** The keys of what an action gives back. */
function givenBack(action: Action, nodes: readonly NodeId[]): readonly string[] {
  switch (action.type) {
    case 'start':
      return nodes.map((node) => `up ${node}`);
    case 'restart':
    case 'stop':
    case 'crash':
      // Who is killed is not stopped any more.
      return nodes.flatMap((node) => [`up ${node}`, `awake ${node}`]);
    case 'attach':
      return nodes.map((node) => `network ${node}`);
    case 'limit':
      return nodes.flatMap((node) => [...(action.cpus === null ? [`cpus ${node}`] : []), ...(action.memoryBytes === null ? [`memory ${node}`] : [])]);
    case 'resume':
      return nodes.map((node) => `awake ${node}`);
    case 'clock':
      return action.change === null ? nodes.map((node) => `clock ${node}`) : [];
    case 'cut':
      return action.cuts === null ? [`overlay ${action.overlay}`] : [];
    case 'links':
      return action.changes === null ? [`overlay ${action.overlay}`] : [];
    case 'disk':
      return action.change === null ? nodes.map((node) => `disk ${node}`) : [];
    default:
      return [];
  }
}

export class StandingFaults {
  readonly #begun = new Map<number, FaultRow>();
  readonly #undo = new Map<string, Undo>();
  /** Changes of membership by the id of their command: who is to leave; and who left. */
  readonly #changes = new Map<string, readonly NodeId[]>();
  readonly #left = new Set<NodeId>();
  #index = 0;

  observe(event: LabEvent): void {
    if (event.type === 'fault' && event.phase === 'begin') {
      this.#index = event.index;
      this.#begun.set(event.index, { name: event.name, nodes: event.nodes, sinceMs: event.atMs });
    } else if (event.type === 'submitted') this.#changes.set(event.command.id, event.command.op.remove);
    else if (event.type === 'answered' && event.reply.outcome === 'ok') {
      for (const node of this.#changes.get(event.id) ?? []) {
        this.#left.add(node);
        this.#undo.delete(`up ${node}`);
      }
    } else if (event.type === 'action') {
      for (const key of givenBack(event.action, event.nodes)) this.#undo.delete(key);
      // Who left the members is not brought back by a start.
      for (const [key, action] of undoOf(event.action, event.nodes.filter((node) => !this.#left.has(node)))) this.#undo.set(key, { index: this.#index, action });
    }
  }

  nodesOf(index: number): readonly NodeId[] {
    return this.#begun.get(index)?.nodes ?? [];
  }

  rows(): readonly FaultRow[] {
    const on = new Set([...this.#undo.values()].map(({ index }) => index));
    return [...this.#begun].flatMap(([index, row]) => (on.has(index) ? [row] : []));
  }

  undo(): readonly Action[] {
    return [...this.#undo.values()].map(({ action }) => action);
  }
}
