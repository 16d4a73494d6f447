// A node's oscillator runs too fast or too slow: its wall clock and what it takes for durations both drift.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration, rateError } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

/** A tenth: the clock must run forward whatever NTP adds. */
const MAX_PPM = 100_000;
const params = z.strictObject({ value: selectorParam, drift: rateError.pipe(z.number().min(-MAX_PPM).max(MAX_PPM)), for: positiveDuration.optional() });

export const clockDrift: Fault<z.output<typeof params>> = {
  name: 'clock-drift',
  summary: 'lets both clocks of a node run off by drift (signed, ppm), with its NTP left on; for: back to the plan after this',
  params,
  actions: ({ value, drift: driftPpm, for: forMs }) => {
    const node = selectorOf(value);
    const drift = { afterMs: 0, action: { type: 'clock', node, change: { driftPpm } } } as const;
    return forMs === undefined ? [drift] : [drift, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
