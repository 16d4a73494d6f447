// One register a key under get, put, cas and append: the model of every workload that asks for what it last wrote.
import type { Model } from '../kinds.ts';

/** null: nothing was ever written. */
type Register = string | null;

export const registerModel: Model<Register> = {
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
  leadsTo: (state, value) => (value ?? '').startsWith(state ?? ''),
  key: (state) => (state === null ? '' : `=${state}`),
};
