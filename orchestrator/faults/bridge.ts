// Two halves that cannot hear each other, and one node that hears both: it must not carry two majorities.
import { z } from 'zod';
import type { NodeId } from '../../node/contract.ts';
import type { Fault } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';
import { looksLikeNode } from './selector.ts';

const error = (issue: { readonly input?: unknown }) => `${shown(issue.input)} is not one node\nwrite the node between the halves (n3), or true for any`;
const params = z.strictObject({
  value: z.union([z.null(), z.literal(true), z.string().refine(looksLikeNode, { error })], { error }),
  for: positiveDuration.optional(),
});

function halves(nodes: readonly NodeId[], bridge: NodeId): readonly [readonly NodeId[], readonly NodeId[]] {
  const others = nodes.filter((node) => node !== bridge);
  const middle = Math.floor(others.length / 2);
  return [others.slice(0, middle), others.slice(middle)];
}

export const bridge: Fault<z.output<typeof params>> = {
  name: 'bridge',
  summary: 'cuts the nodes into two halves that only one node, n3 or true for any, still hears both of; for: heals after this',
  params,
  actions: ({ value, for: forMs }, { nodes }, random) => {
    const node = typeof value === 'string' ? value : nodes[Math.floor(random() * nodes.length)] ?? '';
    const [left, right] = halves(nodes, node);
    if (left.length === 0) return [];
    // The bridge is named, so that planning can say when there is no such node.
    const cuts = [{ from: left, to: right }, { from: right, to: left }, { from: [node], to: [] }];
    const cut = { afterMs: 0, action: { type: 'cut', overlay: 'bridge', cuts } } as const;
    return forMs === undefined ? [cut] : [cut, { afterMs: forMs, action: { type: 'cut', overlay: 'bridge', cuts: null } }];
  },
};
