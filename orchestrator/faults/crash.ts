// A node ends at once, as by SIGKILL, and its disk keeps what the fault says: by default what a finished flush covers.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({
  value: selectorParam,
  disk: z.enum(['keep', 'lose-unsynced', 'torn-tail', 'flip-bit', 'wipe']).default('lose-unsynced'),
  for: positiveDuration.optional(),
});

export const crash: Fault<z.output<typeof params>> = {
  name: 'crash',
  summary: 'kills a node; disk: keep, lose-unsynced (default), torn-tail, flip-bit (it then refuses to start), wipe; for: restarts it after this, else it stays down',
  params,
  actions: ({ value, disk, for: forMs }) => {
    const node = selectorOf(value);
    const kill = { afterMs: 0, action: { type: 'crash', node, disk } } as const;
    return forMs === undefined ? [kill] : [kill, { afterMs: forMs, action: { type: 'restart', node } }];
  },
};
