// Links that lose and delay more than the plan says, for a while.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { duration, percent, positiveDuration } from '../units.ts';
import { linksChanged, sidesParam } from './sides.ts';

const params = z.strictObject({
  value: sidesParam,
  loss: percent.default(20),
  delay: duration.optional(),
  jitter: duration.optional(),
  for: positiveDuration.optional(),
});

export const flakyLink: Fault<z.output<typeof params>> = {
  name: 'flaky-link',
  summary: 'n1 -> n2 one way, n1 - n2 both ways, * everybody; loss: (20%), delay: added, jitter: with reordering; for: as before after this',
  params,
  actions: ({ value, loss, delay, jitter, for: forMs }) => linksChanged('flaky-link', value, {
    lossPct: loss,
    ...(delay === undefined ? {} : { addedDelayMs: delay }),
    ...(jitter === undefined ? {} : { jitterMs: jitter, order: 'reorder' }),
  }, forMs),
};
