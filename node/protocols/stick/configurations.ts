// Who the members are, along the chain of consensuses. A configuration counts from the ProtoConsensus that holds it on; one
// that is not known to be confirmed does not replace those before it. "The configuration confirmed some rounds ago" forks:
// a node that missed the notification leads on its old view.
import type { Command, NodeId, Reconfigure } from '../../contract.ts';
import { majorityOf } from '../../kit/quorum.ts';
import { slotsOf } from './chain.ts';
import type { Consensus } from './chain.ts';

/** length: of the chain that ends with its consensus. */
export type Placed = { readonly length: number; readonly slot: number; readonly members: readonly NodeId[]; readonly change: Command<Reconfigure> | null };

export class Configurations {
  /** Oldest first, never empty: the first is what the cluster was started with. */
  placed: Placed[];

  constructor(members: readonly NodeId[]) {
    this.placed = [{ length: 0, slot: 0, members, change: null }];
  }

  get newest(): Placed {
    return this.placed.at(-1) as Placed;
  }

  /** slots: of the chain, this consensus included. */
  append(consensus: Consensus, length: number, slots: number): void {
    const { configuration } = consensus;
    if (configuration === undefined) return;
    this.placed.push({ length, slot: slots - slotsOf(consensus) + 1, members: configuration.members, change: configuration.change });
  }

  truncate(length: number): void {
    while (this.newest.length > length) this.placed.pop();
  }

  /** J: the one in force where a chain is confirmed so far, and every later one of the first `length` consensuses. */
  inForce(confirmed: number, length: number): readonly Placed[] {
    const first = this.placed.findLastIndex((each) => each.length <= confirmed);
    return this.placed.slice(Math.max(0, first)).filter((each) => each.length <= Math.max(length, confirmed));
  }
}

/** Whether these are a majority of each. */
export function haveMajorities(configurations: readonly { readonly members: readonly NodeId[] }[], has: (id: NodeId) => boolean): boolean {
  return configurations.every(({ members }) => members.filter(has).length >= majorityOf(members.length));
}

/** Of all of them, each once. */
export function namesOf(configurations: readonly { readonly members: readonly NodeId[] }[]): readonly NodeId[] {
  return [...new Set(configurations.flatMap(({ members }) => members))];
}
