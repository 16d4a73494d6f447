// A node's wall clock is moved by an offset and held there: NTP is off meanwhile, or it would step the offset away.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { offset, positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, offset, for: positiveDuration.optional() });

export const clockOffset: Fault<z.output<typeof params>> = {
  name: 'clock-offset',
  summary: 'moves the wall clock of a node by offset (signed), with its NTP off; for: back to the plan after this',
  params,
  actions: ({ value, offset: stepMs, for: forMs }) => {
    const node = selectorOf(value);
    const step = { afterMs: 0, action: { type: 'clock', node, change: { stepMs, ntp: null } } } as const;
    return forMs === undefined ? [step] : [step, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
