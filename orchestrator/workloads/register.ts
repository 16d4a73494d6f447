// Independent registers under get, put, cas and append. Every written value is unique, so that a read tells which write it
// saw; the model is one register a key.
import { z } from 'zod';
import type { Operation } from '../../node/contract.ts';
import type { Model, Workload } from '../kinds.ts';
import { percent } from '../units.ts';

const params = z.strictObject({
  keys: z.int().min(1).max(1_000_000).default(8),
  /** Share of gets. */
  reads: percent.default(20),
  /** Share of compare-and-sets; what remains are puts. */
  cas: percent.default(0),
}).refine(({ reads, cas }) => reads + cas <= 100, { path: ['cas'], error: 'reads and cas are more than 100% together\nlower one of them' });

export type RegisterParams = z.output<typeof params>;

/** null: nothing was ever written. */
type Register = string | null;

const model: Model<Register> = {
  initial: null,
  partition: (op) => op.key,
  step: (state, op, value) => {
    switch (op.type) {
      case 'get':
        return { legal: value === state, state };
      case 'put':
        return { legal: value === null, state: op.value };
      case 'cas': {
        const same = state === op.expect;
        // null: the answer is not known, so either is allowed.
        return { legal: value === null || value === String(same), state: same ? op.value : state };
      }
      case 'append':
        // 'full': the register had reached its limit and did not change.
        return { legal: value === null || value === 'full', state: value === 'full' ? state : (state ?? '') + op.value };
    }
  },
  key: (state) => (state === null ? '' : `=${state}`),
};

function* operations({ keys, reads, cas }: RegisterParams, client: number, random: () => number): Generator<Operation, never> {
  /** What this client last wrote: the best guess of a cas. */
  const written = new Map<string, string>();
  for (let count = 1; ; count++) {
    const key = `k${Math.floor(random() * keys) + 1}`;
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

export const register: Workload<RegisterParams> = {
  name: 'register',
  summary: 'reads and unique writes over a few registers; keys, reads (share of gets), cas (share of compare-and-sets)',
  params,
  operations,
  model,
};
