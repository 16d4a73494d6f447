// What a replica knows of each position: placed, or applied with its epoch. Epochs of applied slots are kept as ranges.
import type { CommandId, Position } from './contract.ts';
import type { Transaction } from './replica.ts';

export class Slots {
  applied = 0;
  /** Has the first status been emitted? */
  reported = false;
  readonly #epochsRise: boolean;
  /** Where a new epoch begins, ascending: the epoch of a slot is that of the last range at or before it. */
  #ranges: { readonly slot: number; readonly epoch: number }[] = [];
  #placed = new Map<number, { readonly id: CommandId | null; readonly epoch: number }>();

  constructor(epochsRise: boolean) {
    this.#epochsRise = epochsRise;
  }

  get last(): Position {
    return { epoch: this.#ranges.at(-1)?.epoch ?? 0, slot: this.applied };
  }

  /** false: at or below the applied slot, or placed there already. */
  place(id: CommandId | null, at: Position): boolean {
    if (at.slot <= this.applied) return false;
    const before = this.#placed.get(at.slot);
    if (before !== undefined && before.id === id && before.epoch === at.epoch) return false;
    this.#placed.set(at.slot, { id, epoch: at.epoch });
    return true;
  }

  commit(at: Position): void {
    this.applied = at.slot;
    this.#placed.delete(at.slot);
    if (this.#ranges.at(-1)?.epoch !== at.epoch) this.#ranges.push({ slot: at.slot, epoch: at.epoch });
  }

  restore(at: Position): void {
    this.applied = at.slot;
    this.#ranges = [{ slot: at.slot, epoch: at.epoch }];
    for (const slot of this.#placed.keys()) if (slot <= at.slot) this.#placed.delete(slot);
  }

  transaction(at: Position): Transaction {
    if (at.slot <= this.applied) {
      const epoch = this.#epochOf(at.slot);
      if (epoch === null) return 'Unknown';
      return epoch === at.epoch ? 'Committed' : 'Invalid';
    }
    if (this.#epochsRise && at.epoch < this.last.epoch) return 'Invalid';
    return this.#placed.get(at.slot)?.epoch === at.epoch ? 'Pending' : 'Unknown';
  }

  /** null: before what a snapshot covers. */
  #epochOf(slot: number): number | null {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.slot ?? 0) <= slot) low = middle + 1;
      else high = middle;
    }
    return this.#ranges[low - 1]?.epoch ?? null;
  }
}
