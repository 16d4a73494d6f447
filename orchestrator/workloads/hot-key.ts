// Registers of which one takes most of the load: what contention, and a log or a lock for each key, make of a protocol.
import { z } from 'zod';
import type { Workload } from '../kinds.ts';
import { percent } from '../units.ts';
import { MIX_SHAPE, mixedOperations, SHARES_PROBLEM, sharesFit } from './mix.ts';
import { registerModel } from './register-model.ts';

const params = z.strictObject({
  keys: z.int().min(2).max(1_000_000).default(100),
  /** Share of the operations on the hot key; the other keys share the rest evenly. */
  hot: percent.default(80),
  ...MIX_SHAPE,
}).refine(sharesFit, SHARES_PROBLEM);

export const hotKey: Workload<z.output<typeof params>> = {
  name: 'hot-key',
  summary: 'registers of which one, k1, takes most of the load; keys, hot (its share), reads (share of gets), cas (share of compare-and-sets)',
  params,
  operations: (given, client, random) => mixedOperations(given, client, random, () => (
    random() * 100 < given.hot ? 'k1' : `k${Math.floor(random() * (given.keys - 1)) + 2}`)),
  model: registerModel,
};
