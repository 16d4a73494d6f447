// The way to the NTP server takes longer than the way back. NTP takes half a round trip for one way, so that it keeps the clock off by
// half of the difference, and cannot know: the classic error of a path over a busy or indirect link.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { offset, positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, asymmetry: offset, for: positiveDuration.optional() });

export const ntpAsymmetry: Fault<z.output<typeof params>> = {
  name: 'ntp-asymmetry',
  summary: 'makes the way to the NTP server longer than the way back by asymmetry (signed): the clock of a node that has NTP goes off by half of it; for: back to the plan after this',
  params,
  actions: ({ value, asymmetry: asymmetryMs, for: forMs }) => {
    const node = selectorOf(value);
    const skewed = { afterMs: 0, action: { type: 'clock', node, change: { asymmetryMs } } } as const;
    return forMs === undefined ? [skewed] : [skewed, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
