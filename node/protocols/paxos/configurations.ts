// Who the members are, by the log. A configuration is decided like any value; decided in slot s it is in force from slot
// s + α on, where α is the window: nobody proposes in a slot whose predecessor by α is not decided and applied, so that
// whoever proposes or counts there knows its configuration.
//
//   configuration decided at s ──no-ops──▶ in force from s + α ──▶ the change's own command, in the first free slot there: settled
//
// One change at a time: a configuration that was not made from the latest one, settled, is void, and by the log all agree on that.
import type { Command, NodeId, Reconfigure } from '../../contract.ts';
import type { Proposal } from './messages.ts';

/** base: from where the configuration that it was made from is in force. change: the command that its first slots will hold. */
export type Configuration = { readonly base: number; readonly members: readonly NodeId[]; readonly change: Command<Reconfigure> };
/** slot: the first one that it governs. change null: of the beginning. settled: its command is committed, and it alone counts. */
export type Placed = { readonly slot: number; readonly members: readonly NodeId[]; readonly change: Command<Reconfigure> | null; readonly settled: boolean };

export class Configurations {
  readonly alpha: number;
  /** Oldest first: those of undecided slots. Never empty; a node that joins begins with one of nobody. */
  placed: readonly Placed[];
  /** Of all of them, each once. */
  members: readonly NodeId[] = [];
  /** Rises with every change. */
  version = 0;

  constructor(alpha: number, members: readonly NodeId[]) {
    this.alpha = alpha;
    this.placed = [];
    this.replace([{ slot: 0, members, change: null, settled: true }]);
  }

  get latest(): Placed {
    return this.placed.at(-1) as Placed;
  }

  /** Of an undecided slot no further than α ahead. */
  at(slot: number): Placed {
    let found = this.placed[0] as Placed;
    for (const placed of this.placed) if (placed.slot <= slot) found = placed;
    return found;
  }

  /** May a value be accepted in this slot by who knows decided so far? What a configuration begins on must be known, so that with its quorum the log outlives all others. */
  isOpen(slot: number, decidedTo: number): boolean {
    return slot <= decidedTo + this.alpha && this.at(slot).slot <= decidedTo + 1;
  }

  /** In slot order, each decided value once. */
  decided({ slot, command, configuration }: Proposal): void {
    const { latest } = this;
    if (configuration !== undefined && latest.settled && latest.slot === configuration.base) {
      this.replace([...this.placed, { slot: slot + this.alpha, members: configuration.members, change: configuration.change, settled: false }]);
    }
    if (command !== null && !latest.settled && command.id === latest.change?.id && slot >= latest.slot) {
      this.replace([{ ...latest, settled: true }]);
    } else if ((this.placed[1]?.slot ?? Infinity) <= slot + 1) this.replace(this.placed.slice(1));
  }

  replace(placed: readonly Placed[]): void {
    this.placed = placed;
    this.members = [...new Set(placed.flatMap(({ members }) => members))];
    this.version++;
  }
}
