// Who was what when, by each node's own word, and when it was down or paused by what was done to it.
import type { NodeId } from '../../../node/contract.ts';
import type { LabEvent } from '../../kinds.ts';

/** state: a role, 'down' or 'paused'. Times in ms since the measure window began. */
export type RoleSpan = { readonly node: NodeId; readonly state: string; readonly epoch: number; readonly fromMs: number; readonly toMs: number };

type Now = { state: string; epoch: number; sinceMs: number; life: number; downLife: number; role: string };

export class Roles {
  readonly #nodes: readonly NodeId[];
  readonly #now = new Map<NodeId, Now>();
  readonly #spans: RoleSpan[] = [];

  constructor(nodes: readonly NodeId[]) {
    this.#nodes = nodes;
  }

  observe(event: LabEvent): void {
    if (event.type === 'status') {
      const now = this.#now.get(event.node);
      // A dead process may have said this before it died.
      if (now !== undefined && event.life <= now.downLife) return;
      const { role, epoch } = event.status;
      this.#turn(event.node, event.atMs, { state: now?.state === 'paused' ? 'paused' : role, epoch, role, life: event.life });
    } else if (event.type === 'action') {
      for (const node of event.nodes) this.#act(event.action.type, node, event.atMs);
    }
  }

  /** Cut to the window from..to, and counted from its begin. */
  finish(fromMs: number, toMs: number): readonly RoleSpan[] {
    for (const [node, now] of this.#now) this.#end(node, now, toMs);
    this.#now.clear();
    return this.#spans.filter((span) => span.toMs > fromMs && span.fromMs < toMs)
      .map((span) => ({ ...span, fromMs: Math.max(span.fromMs, fromMs) - fromMs, toMs: Math.min(span.toMs, toMs) - fromMs }))
      .sort((a, b) => this.#nodes.indexOf(a.node) - this.#nodes.indexOf(b.node) || a.fromMs - b.fromMs);
  }

  #act(type: string, node: NodeId, atMs: number): void {
    const now = this.#now.get(node);
    if (now === undefined) return;
    // A restart ends what runs: the next life says when it is back.
    if (type === 'crash' || type === 'stop' || type === 'restart') this.#turn(node, atMs, { state: 'down', downLife: now.life });
    else if (type === 'pause') this.#turn(node, atMs, { state: 'paused' });
    else if (type === 'resume' && now.state === 'paused') this.#turn(node, atMs, { state: now.role });
  }

  #turn(node: NodeId, atMs: number, change: Partial<Now>): void {
    const before = this.#now.get(node);
    const after = { state: '', epoch: 0, life: 0, downLife: 0, role: '', ...before, sinceMs: before?.sinceMs ?? atMs, ...change };
    if (before !== undefined && (before.state !== after.state || (after.state === 'leader' && before.epoch !== after.epoch))) {
      this.#end(node, before, atMs);
      after.sinceMs = atMs;
    }
    this.#now.set(node, after);
  }

  #end(node: NodeId, { state, epoch, sinceMs }: Now, atMs: number): void {
    if (atMs > sinceMs) this.#spans.push({ node, state, epoch, fromMs: sinceMs, toMs: atMs });
  }
}
