// Independent registers under get, put and cas, all keys alike; the model is one register a key.
import { z } from 'zod';
import type { Workload } from '../kinds.ts';
import { MIX_SHAPE, mixedOperations, SHARES_PROBLEM, sharesFit } from './mix.ts';
import { registerModel } from './register-model.ts';

const params = z.strictObject({ keys: z.int().min(1).max(1_000_000).default(8), ...MIX_SHAPE }).refine(sharesFit, SHARES_PROBLEM);

export const register: Workload<z.output<typeof params>> = {
  name: 'register',
  summary: 'reads and unique writes over a few registers; keys, reads (share of gets), cas (share of compare-and-sets)',
  params,
  operations: (given, client, random) => mixedOperations(given, client, random, () => `k${Math.floor(random() * given.keys) + 1}`),
  model: registerModel,
};
