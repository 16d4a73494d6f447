// More arrivals than planned, for a while. They are drawn with the others, so that every protocol meets the same.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';

const params = z.strictObject({
  value: z.number({ error: (issue) => `${shown(issue.input)} is not a factor\nwrite overload: 3 for three times the rate` }).min(0.01).max(1000),
  for: positiveDuration.optional(),
});

export const overload: Fault<z.output<typeof params>> = {
  name: 'overload',
  summary: 'lets commands arrive so many times as fast as load.rate says; for: as before after this',
  params,
  actions: ({ value, for: forMs }) => {
    const more = { afterMs: 0, action: { type: 'load', factor: value } } as const;
    return forMs === undefined ? [more] : [more, { afterMs: forMs, action: { type: 'load', factor: 1 } }];
  },
};
