// A disk whose flushes take long: whoever waits for it waits, and the others need not.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

/** The hosts take no more. */
const MAX_FSYNC_MS = 10_000;
const params = z.strictObject({ value: selectorParam, fsync: positiveDuration.pipe(z.number().max(MAX_FSYNC_MS)).default(100), for: positiveDuration.optional() });

export const slowDisk: Fault<z.output<typeof params>> = {
  name: 'slow-disk',
  summary: 'lets each flush of a node take at least fsync (100ms); for: as before after this',
  params,
  actions: ({ value, fsync, for: forMs }) => {
    const node = selectorOf(value);
    const slow = { afterMs: 0, action: { type: 'disk', node, change: { fsyncMs: fsync } } } as const;
    return forMs === undefined ? [slow] : [slow, { afterMs: forMs, action: { type: 'disk', node, change: null } }];
  },
};
