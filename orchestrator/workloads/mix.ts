// Reads, unique writes and compare-and-sets in given shares, on keys that the workload chooses. Every written value is
// unique, so that a read tells which write it saw.
import type { KeyOperation } from '../../node/contract.ts';
import { percent } from '../units.ts';

export const MIX_SHAPE = {
  /** Share of gets. */
  reads: percent.default(20),
  /** Share of compare-and-sets; what remains are puts. */
  cas: percent.default(0),
};

type Mix = { readonly reads: number; readonly cas: number };

export function sharesFit({ reads, cas }: Mix): boolean {
  return reads + cas <= 100;
}

export const SHARES_PROBLEM = { path: ['cas'], error: 'reads and cas are more than 100% together\nlower one of them' };

/** keyOf is asked first at each operation. */
export function* mixedOperations({ reads, cas }: Mix, client: number, random: () => number, keyOf: () => string): Generator<KeyOperation, never> {
  /** What this client last wrote: the best guess of a cas. */
  const written = new Map<string, string>();
  for (let count = 1; ; count++) {
    const key = keyOf();
    const draw = random() * 100;
    const value = `c${client}.${count}`;
    if (draw < reads) {
      yield { type: 'get', key };
    } else {
      yield draw < reads + cas ? { type: 'cas', key, expect: written.get(key) ?? null, value } : { type: 'put', key, value };
      written.set(key, value);
    }
  }
}
