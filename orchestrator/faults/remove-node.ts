// A node ceases to be a member, and is then stopped: the others go on without it.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { selectorOf, selectorParam } from './selector.ts';

const GRACE_MS = 3_000;

const params = z.strictObject({ value: selectorParam, 'keep-running': z.boolean().default(false) });

export const removeNode: Fault<z.output<typeof params>> = {
  name: 'remove-node',
  summary: 'takes a node out of the members, then stops it; keep-running: true does not, to see whether it disturbs',
  params,
  actions: ({ value, 'keep-running': keepRunning }) => {
    const node = selectorOf(value);
    const remove = { afterMs: 0, action: { type: 'reconfigure', add: [], remove: [node] } } as const;
    return keepRunning ? [remove] : [remove, { afterMs: 0, action: { type: 'stop', node, graceMs: GRACE_MS } }];
  },
};
