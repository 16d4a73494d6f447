// Faults bound to moments of nodes instead of times. Each waits until one node has gone through its moments in order, strikes
// once, and means that node by the selector `any`. Only the simulator can see a moment in the very instant.
import type { NodeId } from '../node/contract.ts';
import type { Moment } from '../sim/moments.ts';
import type { Aim, Plan } from './kinds.ts';

type Entry = Plan['schedule'][number];
type Waiting = {
  readonly aim: Aim;
  readonly fromMs: number;
  readonly entries: readonly Entry[];
  /** How many of the moments each node has gone through. */
  readonly seen: Map<NodeId, number>;
  passes: number;
};

export class Aims {
  #waiting: Waiting[];
  readonly #strike: (waiting: { readonly aim: Aim; readonly entries: readonly Entry[] }, node: NodeId) => void;

  constructor(schedule: Plan['schedule'], strike: (waiting: { readonly aim: Aim; readonly entries: readonly Entry[] }, node: NodeId) => void) {
    this.#strike = strike;
    const faults = new Map<number, Entry[]>();
    for (const entry of schedule) {
      if (entry.aim === undefined) continue;
      const { index } = entry.fault;
      faults.set(index, [...faults.get(index) ?? [], entry]);
    }
    this.#waiting = [...faults.values()].flatMap((entries) => {
      const [first] = entries;
      return first?.aim === undefined ? [] : { aim: first.aim, fromMs: first.atMs, entries, seen: new Map<NodeId, number>(), passes: first.aim.passes };
    });
  }

  see(node: NodeId, moment: Moment, nowMs: number): void {
    // Over what waited before: a strike may be seen by other faults in its turn.
    for (const waiting of this.#waiting) {
      const { aim, seen } = waiting;
      if (nowMs < waiting.fromMs || nowMs >= aim.untilMs || (aim.node !== undefined && aim.node !== node)) continue;
      const count = seen.get(node) ?? 0;
      if (aim.moments[count] !== moment || !this.#waiting.includes(waiting)) continue;
      seen.set(node, (count + 1) % aim.moments.length);
      if (count + 1 < aim.moments.length || waiting.passes-- > 0) continue;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      this.#strike(waiting, node);
    }
  }
}
