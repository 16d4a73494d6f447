// NTP no longer answers: clocks keep the last correction and drift away from there. One node, or all.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });

export const ntpLoss: Fault<z.output<typeof params>> = {
  name: 'ntp-loss',
  summary: 'takes NTP from a node, or from all; for: back to the plan after this',
  params,
  actions: ({ value, for: forMs }) => {
    const node = selectorOf(value);
    const lost = { afterMs: 0, action: { type: 'clock', node, change: { ntp: null } } } as const;
    return forMs === undefined ? [lost] : [lost, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
