// A node stands still, as by SIGSTOP, and goes on as if no time had passed: its clocks have moved.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });

export const pause: Fault<z.output<typeof params>> = {
  name: 'pause',
  summary: 'stops a node without ending it; for: lets it go on after this',
  params,
  actions: ({ value, for: forMs }) => {
    const node = selectorOf(value);
    const stop = { afterMs: 0, action: { type: 'pause', node } } as const;
    return forMs === undefined ? [stop] : [stop, { afterMs: forMs, action: { type: 'resume', node } }];
  },
};
