// One loop a session: read a number, then write it plus one if it is still the same. Each half is an operation of its own;
// a write that lost the race, or was refused, begins again with a read. What the session read decides what it writes.
import { z } from 'zod';
import type { KeyOperation } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { Model, Workload } from '../kinds.ts';

const params = z.strictObject({
  /** Sessions take these numbers in turn; with fewer keys than sessions they race. */
  keys: z.int().min(1).max(1_000_000).default(1_000),
});

type Params = z.output<typeof params>;

/** The number; 0 is never written, and reads as nothing. */
const model: Model<number> = {
  initial: 0,
  partition: (op) => op.key,
  step: (number, op, value) => {
    switch (op.type) {
      case 'get':
        return { legal: value === written(number), state: number };
      case 'cas': {
        const same = op.expect === written(number);
        // null: the answer is not known, so either is allowed.
        return { legal: value === null || value === String(same), state: same ? Number(op.value) : number };
      }
      case 'put':
      case 'append':
        return { legal: false, state: number };
    }
  },
  key: String,
};

function written(number: number): string | null {
  return number === 0 ? null : String(number);
}

function* operations({ keys }: Params, client: number): Generator<KeyOperation, never, Reply | null> {
  const key = `k${((client - 1) % keys) + 1}`;
  for (;;) {
    const read = yield { type: 'get', key };
    if (read?.outcome === 'ok') yield { type: 'cas', key, expect: read.value, value: String(Number(read.value ?? 0) + 1) };
  }
}

export const readIncrement: Workload<Params> = {
  name: 'read-increment',
  summary: 'each session reads a number and then compare-and-sets it to one more, two operations; keys (fewer than sessions: they race)',
  params,
  operations,
  model,
};
