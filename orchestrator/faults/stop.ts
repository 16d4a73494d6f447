// A node ends in order, as by SIGTERM: what it handed to its disk is durable, and it answers nobody any more.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { duration, positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, grace: duration.default(3_000), for: positiveDuration.optional() });

export const stop: Fault<z.output<typeof params>> = {
  name: 'stop',
  summary: 'ends a node in order; grace: killed when it takes longer (3s); for: starts it after this, else it stays down',
  params,
  actions: ({ value, grace, for: forMs }) => {
    const node = selectorOf(value);
    const end = { afterMs: 0, action: { type: 'stop', node, graceMs: grace } } as const;
    return forMs === undefined ? [end] : [end, { afterMs: forMs, action: { type: 'start', node } }];
  },
};
