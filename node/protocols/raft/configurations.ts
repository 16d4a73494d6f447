// Who the members are (paper §6, dissertation §4.3). A configuration is a log entry and in force from when it is appended,
// committed or not. Changing from one to another passes through both together: C_old,new needs a majority of each, to elect
// and to commit. Truncating the log brings back what was in force before.
import type { Command, NodeId } from '../../contract.ts';
import { majorityOf, quorumSlot } from '../../kit/quorum.ts';

/** With `old` it is C_old,new, and `change` the command that C_new will carry: its commit answers who asked for it. */
export type Configuration = { readonly members: readonly NodeId[]; readonly old?: readonly NodeId[]; readonly change?: Command };
type Placed = { readonly slot: number; readonly configuration: Configuration };
type InForce = { readonly slot: number; readonly members: readonly NodeId[] };

export class Configurations {
  /** Oldest first. Slot 0: what the server was started with. */
  placed: Placed[] = [];
  current: readonly InForce[] = [];

  /** members null: of a server that joins; it is in none until the log says so. */
  constructor(members: readonly NodeId[] | null) {
    if (members !== null) this.append(0, { members });
  }

  get latest(): Placed | null {
    return this.placed.at(-1) ?? null;
  }

  append(slot: number, configuration: Configuration): void {
    this.placed.push({ slot, configuration });
    this.current = this.inForceAt(this.placed.length - 1);
  }

  /** false: no configuration stood there. */
  truncate(from: number): boolean {
    const before = this.placed.length;
    while ((this.latest?.slot ?? 0) >= from) this.placed.pop();
    this.current = this.inForceAt(this.placed.length - 1);
    return this.placed.length < before;
  }

  inForceAt(place: number): readonly InForce[] {
    const placed = this.placed[place];
    if (placed === undefined) return [];
    const { slot, configuration: { members, old } } = placed;
    return old === undefined ? [{ slot, members }] : [{ slot: this.placed[place - 1]?.slot ?? 0, members: old }, { slot, members }];
  }

  /** Of every configuration in force; each once. */
  members(): readonly NodeId[] {
    return namesOf(this.current);
  }

  includes(id: NodeId): boolean {
    return this.current.some(({ members }) => members.includes(id));
  }

  /** The members, and those who are about to leave: until C_new is committed they are told what happens. */
  concerned(commitIndex: number): readonly NodeId[] {
    const leaving = (this.latest?.slot ?? 0) > commitIndex ? this.inForceAt(this.placed.length - 2) : [];
    return namesOf([...this.current, ...leaving]);
  }

  /** A leader whom C_new leaves out may be the only one who has it: as long as that is not committed it stands for election. */
  mayCampaign(id: NodeId, commitIndex: number): boolean {
    return this.concerned(commitIndex).includes(id);
  }

  /** Whether these are a majority of each configuration in force. */
  hasQuorum(has: (id: NodeId) => boolean): boolean {
    return this.current.length > 0 && this.current.every(({ members }) => members.filter(has).length >= majorityOf(members.length));
  }

  /** The highest index that a majority of each configuration in force holds. */
  quorumSlot(heldBy: (id: NodeId) => number): number {
    const slots = this.current.map(({ members }) => quorumSlot(members.map(heldBy), majorityOf(members.length)));
    return slots.length === 0 ? 0 : Math.min(...slots);
  }
}

function namesOf(configurations: readonly InForce[]): readonly NodeId[] {
  return [...new Set(configurations.flatMap(({ members }) => members))];
}
