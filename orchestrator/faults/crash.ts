// A node ends at once, as by SIGKILL: what its disk had not synced is lost as far as the runner can make it so.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });

export const crash: Fault<z.output<typeof params>> = {
  name: 'crash',
  summary: 'kills a node; for: restarts it after this, else it stays down',
  params,
  actions: ({ value, for: forMs }) => {
    const node = selectorOf(value);
    const kill = { afterMs: 0, action: { type: 'crash', node, disk: 'lose-unsynced' } } as const;
    return forMs === undefined ? [kill] : [kill, { afterMs: forMs, action: { type: 'restart', node } }];
  },
};
