// What rounds yield, where leadership passes on by rule: the epochs that began in the measure window while a client's command
// waited that had had the time to reach every node, and in which of them one was committed. An epoch without anything to
// decide counts for nothing, so that a thin load does not look like lost rounds.
import type { CommandId, NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { isIn, measureWindow } from './commands.ts';
import type { Window } from './commands.ts';

export class Rounds {
  readonly #plan: Plan;
  readonly #window: Window;
  readonly #begun = new Set<number>();
  readonly #due = new Set<number>();
  readonly #decided = new Set<number>();
  readonly #regions = new Map<CommandId, string>();
  /** Of each command that was asked for and is not answered yet: when every node could have it, by its first attempt. */
  readonly #known = new Map<CommandId, number>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#window = measureWindow(plan);
  }

  observe(event: LabEvent): void {
    switch (event.type) {
      case 'invoke':
        this.#regions.set(event.command.id, event.region);
        return;
      case 'attempt':
        return this.#attempt(event.id, event.to, event.atMs);
      case 'reply':
        this.#regions.delete(event.id);
        this.#known.delete(event.id);
        return;
      case 'status':
        return this.#begin(event.status.epoch, event.atMs);
      case 'committed':
        if (event.command === null || event.command.op.type === 'reconfigure') return;
        this.#decided.add(event.at.epoch);
        this.#known.delete(event.command.id);
    }
  }

  /** rotating: of the protocol's leadership; without it there are no rounds. */
  figures(rotating: boolean): { readonly [name: string]: Figure } {
    const all = this.#due.size;
    const yielded = [...this.#due].filter((epoch) => this.#decided.has(epoch)).length;
    return {
      rounds: { value: rotating ? all : null, unit: '', bound: '=' },
      'rounds.yield': { value: rotating && all > 0 ? (100 * yielded) / all : null, unit: '%', bound: '=' },
    };
  }

  /** Only the first: the region is forgotten with it. */
  #attempt(id: CommandId, to: NodeId, atMs: number): void {
    const region = this.#regions.get(id);
    if (region === undefined) return;
    this.#regions.delete(id);
    const { links, nodes } = this.#plan;
    const onwardsMs = nodes.map((node) => (node.id === to ? 0 : links[to]?.[node.id]?.delayMs ?? 0));
    this.#known.set(id, atMs + (links[region]?.[to]?.delayMs ?? 0) + Math.max(...onwardsMs));
  }

  #begin(epoch: number, atMs: number): void {
    if (this.#begun.has(epoch)) return;
    this.#begun.add(epoch);
    if (isIn(this.#window, atMs) && [...this.#known.values()].some((knownMs) => knownMs <= atMs)) this.#due.add(epoch);
  }
}
