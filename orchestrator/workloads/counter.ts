// Counters that many clients increment blindly. The replicated state machine has no addition, and a loop of compare-and-sets
// would be several operations; so an increment appends one mark, and the count is the number of marks that a read sees.
// Increments commute and none names what it wrote: a lost or a doubled one shows in the count alone.
import { z } from 'zod';
import type { KeyOperation } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { Model, Workload } from '../kinds.ts';
import { percent } from '../units.ts';

const MARK = '+';
/** A client that reads so many goes on with a fresh counter of the same number: values, and with them answers, stay small. */
const LARGE_COUNT = 500;

const params = z.strictObject({
  keys: z.int().min(1).max(1_000_000).default(8),
  /** Share of reads; what remains are increments. */
  reads: percent.default(50),
});

type Params = z.output<typeof params>;

/** How often it was incremented. */
const model: Model<number> = {
  initial: 0,
  partition: (op) => op.key,
  step: (count, op, value) => {
    switch (op.type) {
      case 'append':
        // 'full': the register had reached its limit and did not change.
        return { legal: value === null || value === 'full', state: value === 'full' ? count : count + op.value.length };
      case 'get':
        return { legal: (value ?? '') === MARK.repeat(count), state: count };
      case 'put':
      case 'cas':
        return { legal: false, state: count };
    }
  },
  leadsTo: (count, value) => (value ?? '').length >= count,
  key: String,
};

function isLarge(reply: Reply | null): boolean {
  return reply?.outcome === 'ok' && (reply.value === 'full' || (reply.value ?? '').length >= LARGE_COUNT);
}

function* operations({ keys, reads }: Params, _client: number, random: () => number): Generator<KeyOperation, never, Reply | null> {
  const generations = new Map<number, number>();
  for (;;) {
    const number = Math.floor(random() * keys) + 1;
    const generation = generations.get(number) ?? 1;
    const key = `k${number}.${generation}`;
    const last = yield random() * 100 < reads ? { type: 'get', key } : { type: 'append', key, value: MARK };
    if (isLarge(last)) generations.set(number, generation + 1);
  }
}

export const counter: Workload<Params> = {
  name: 'counter',
  summary: 'blind increments (an append of one mark) and reads of the count; keys (counters), reads (share of reads)',
  params,
  operations,
  model,
};
