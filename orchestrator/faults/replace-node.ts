// A node is replaced by a spare in one change of membership, and then stopped. As operators do it: while it works, or some time
// after it died.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { duration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const GRACE_MS = 3_000;

const params = z.strictObject({ value: selectorParam, 'dead-for': duration.optional() });

export const replaceNode: Fault<z.output<typeof params>> = {
  name: 'replace-node',
  summary: 'starts a spare, makes it a member in place of a node and then stops that; dead-for: crashes the node first, and replaces it after this',
  params,
  actions: ({ value, 'dead-for': deadForMs }) => {
    const node = selectorOf(value);
    const afterMs = deadForMs ?? 0;
    return [
      ...(deadForMs === undefined ? [] : [{ afterMs: 0, action: { type: 'crash', node, disk: 'lose-unsynced' } } as const]),
      { afterMs, action: { type: 'start', node: 'spare' } },
      { afterMs, action: { type: 'reconfigure', add: ['spare'], remove: [node] } },
      ...(deadForMs === undefined ? [{ afterMs, action: { type: 'stop', node, graceMs: GRACE_MS } } as const] : []),
    ];
  },
};
