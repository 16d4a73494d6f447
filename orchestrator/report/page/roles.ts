// Who was what when, as spans of time.
import type { NodeId } from '../../../node/contract.ts';
import type { LabEvent } from '../../kinds.ts';
import { NodeStates } from '../../metrics/states.ts';

/** state: a role, 'down' or 'paused'. Times in ms since the measure window began. */
export type RoleSpan = { readonly node: NodeId; readonly state: string; readonly epoch: number; readonly fromMs: number; readonly toMs: number };

type Now = { readonly state: string; readonly epoch: number; readonly sinceMs: number };

export class Roles {
  readonly #nodes: readonly NodeId[];
  readonly #states = new NodeStates();
  readonly #now = new Map<NodeId, Now>();
  readonly #spans: RoleSpan[] = [];

  constructor(nodes: readonly NodeId[]) {
    this.#nodes = nodes;
  }

  observe(event: LabEvent): void {
    this.#states.observe(event, (node, { state, epoch }) => this.#turn(node, event.atMs, state, epoch));
  }

  /** Cut to the window from..to, and counted from its begin. */
  finish(fromMs: number, toMs: number): readonly RoleSpan[] {
    for (const [node, now] of this.#now) this.#end(node, now, toMs);
    this.#now.clear();
    return this.#spans.filter((span) => span.toMs > fromMs && span.fromMs < toMs)
      .map((span) => ({ ...span, fromMs: Math.max(span.fromMs, fromMs) - fromMs, toMs: Math.min(span.toMs, toMs) - fromMs }))
      .sort((a, b) => this.#nodes.indexOf(a.node) - this.#nodes.indexOf(b.node) || a.fromMs - b.fromMs);
  }

  #turn(node: NodeId, atMs: number, state: string, epoch: number): void {
    const before = this.#now.get(node);
    const ends = before !== undefined && (before.state !== state || (state === 'leader' && before.epoch !== epoch));
    if (ends) this.#end(node, before, atMs);
    this.#now.set(node, { state, epoch, sinceMs: before === undefined || ends ? atMs : before.sinceMs });
  }

  #end(node: NodeId, { state, epoch, sinceMs }: Now, atMs: number): void {
    if (atMs > sinceMs) this.#spans.push({ node, state, epoch, fromMs: sinceMs, toMs: atMs });
  }
}
