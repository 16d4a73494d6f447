// What is known of each mutant so far, kept under results/mutants/.
import { contentOf, Records } from '../records.ts';
import { type Fate, KILLERS } from './kill.ts';
import type { Mutant } from './mutate.ts';
import type { Tried } from './table.ts';

/**
 * A kill is kept until the mutated file changes, a life until anything changes that the killer depends on: so a new check is tried on
 * those alone that live, and a change of one file tries the mutants of that file again. `results/mutants/` removed: all is tried again.
 */
export class Fates {
  readonly records: Records<Fate>;
  readonly contents = new Map<string, string>();
  readonly bases: readonly string[];

  constructor(protocol: string) {
    this.records = new Records('mutants', protocol);
    this.bases = KILLERS.map(({ basis }) => basis(protocol));
  }

  #keyOf({ file, at, from, to }: Mutant, killer: number | null): unknown {
    return [this.#contentOf(file), file, at, from, to, ...(killer === null ? [] : [KILLERS[killer]?.name, this.bases[killer]])];
  }

  #contentOf(file: string): string {
    const known = this.contents.get(file) ?? contentOf(file);
    this.contents.set(file, known);
    return known;
  }

  /** A mutant that lives has been tried by so many killers, counted from the first. */
  of(mutant: Mutant): Omit<Tried, 'mutant'> {
    const kill = this.records.get(this.#keyOf(mutant, null));
    if (kill !== undefined) return { fate: kill, killers: KILLERS.length };
    const untried = KILLERS.findIndex((_, killer) => this.records.get(this.#keyOf(mutant, killer)) === undefined);
    return { fate: { killer: null, how: '' }, killers: untried < 0 ? KILLERS.length : untried };
  }

  set(mutant: Mutant, killer: number, fate: Fate): void {
    this.records.set(this.#keyOf(mutant, fate.killer === null ? killer : null), fate);
  }
}
