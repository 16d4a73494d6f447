// A wall clock jumps once, and its NTP, if it has one, is left to find that out.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { offset, positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, offset, for: positiveDuration.optional() });

export const clockStep: Fault<z.output<typeof params>> = {
  name: 'clock-step',
  summary: 'moves the wall clock of a node by offset (signed), once, with its NTP left on; for: back to the plan after this',
  params,
  actions: ({ value, offset: stepMs, for: forMs }) => {
    const node = selectorOf(value);
    const step = { afterMs: 0, action: { type: 'clock', node, change: { stepMs } } } as const;
    return forMs === undefined ? [step] : [step, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
