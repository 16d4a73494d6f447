// A machine is lost with its disk. A node that returns empty under its old id has forgotten its votes, which quorums count on:
// what a protocol claims need not hold then, and that is what one may want to see.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });

export const wipe: Fault<z.output<typeof params>> = {
  name: 'wipe',
  summary: 'kills a node and empties its disk; for: starts it after this under its old id, with its votes forgotten',
  params,
  actions: ({ value, for: forMs }) => {
    const node = selectorOf(value);
    const kill = { afterMs: 0, action: { type: 'crash', node, disk: 'wipe' } } as const;
    return forMs === undefined ? [kill] : [kill, { afterMs: forMs, action: { type: 'start', node } }];
  },
};
