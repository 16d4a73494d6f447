// A node loses its network device, as when a cable is pulled: what it sends is refused at once, where a partition swallows it.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });

export const detach: Fault<z.output<typeof params>> = {
  name: 'detach',
  summary: 'takes the network device of a node away (docker); for: gives it another after this, with its links',
  params,
  actions: ({ value, for: forMs }) => {
    const node = selectorOf(value);
    const off = { afterMs: 0, action: { type: 'detach', node } } as const;
    return forMs === undefined ? [off] : [off, { afterMs: forMs, action: { type: 'attach', node } }];
  },
};
