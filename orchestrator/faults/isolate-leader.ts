// Cuts off the node that leads when the fault begins, from all others; it stays cut off when another leads.
import { z } from 'zod';
import type { Fault, Selector } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';

const params = z.strictObject({
  value: z.union([z.null(), z.literal(true), z.literal('leader')], { error: (issue) => `${shown(issue.input)} is not needed: the leader is meant\nwrite isolate-leader: true, direction: in, out or both` }),
  direction: z.enum(['in', 'out', 'both']).default('both'),
  for: positiveDuration.optional(),
});

export const isolateLeader: Fault<z.output<typeof params>> = {
  name: 'isolate-leader',
  summary: 'cuts the leader off from all others; direction: in (hears nothing), out (is not heard), both',
  params,
  actions: ({ direction, for: forMs }, { nodes }) => {
    const leader: readonly Selector[] = ['leader'];
    const cuts = [
      ...(direction === 'in' ? [] : [{ from: leader, to: 'others' as const }]),
      // Every node to the leader; a node is never cut off from itself.
      ...(direction === 'out' ? [] : [{ from: nodes, to: leader }]),
    ];
    const cut = { afterMs: 0, action: { type: 'cut', overlay: 'isolate-leader', cuts } } as const;
    return forMs === undefined ? [cut] : [cut, { afterMs: forMs, action: { type: 'cut', overlay: 'isolate-leader', cuts: null } }];
  },
};
