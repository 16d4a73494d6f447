// What each node is now: its role by its own word, or 'down' or 'paused' by what was done to it.
import type { NodeId } from '../../node/contract.ts';
import type { LabEvent } from '../kinds.ts';

/** state: a role, 'down' or 'paused'. */
export type NodeState = { readonly state: string; readonly role: string; readonly epoch: number; readonly life: number; readonly downLife: number };

export class NodeStates {
  readonly #now = new Map<NodeId, NodeState>();

  /** In order of atMs. turned: for each node that said something of itself, or to which something was done. */
  observe(event: LabEvent, turned: (node: NodeId, state: NodeState) => void): void {
    if (event.type === 'status') {
      const now = this.#now.get(event.node);
      // A dead process may have said this before it died.
      if (now !== undefined && event.life <= now.downLife) return;
      const { role, epoch } = event.status;
      this.#turn(event.node, { state: now?.state === 'paused' ? 'paused' : role, epoch, role, life: event.life }, turned);
    } else if (event.type === 'action') {
      for (const node of event.nodes) this.#act(event.action.type, node, turned);
    }
  }

  #act(type: string, node: NodeId, turned: (node: NodeId, state: NodeState) => void): void {
    const now = this.#now.get(node);
    if (now === undefined) return;
    // A restart ends what runs: the next life says when it is back.
    if (type === 'crash' || type === 'stop' || type === 'restart') this.#turn(node, { state: 'down', downLife: now.life }, turned);
    else if (type === 'pause') this.#turn(node, { state: 'paused' }, turned);
    else if (type === 'resume' && now.state === 'paused') this.#turn(node, { state: now.role }, turned);
  }

  #turn(node: NodeId, change: Partial<NodeState>, turned: (node: NodeId, state: NodeState) => void): void {
    const after = { state: '', epoch: 0, life: 0, downLife: 0, role: '', ...this.#now.get(node), ...change };
    this.#now.set(node, after);
    turned(node, after);
  }
}
