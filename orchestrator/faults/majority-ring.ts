// Every node hears a majority, and no two the same one: the nodes stand on a ring, in a drawn order, and hear their nearest.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';

const params = z.strictObject({
  value: z.union([z.null(), z.literal(true)], { error: (issue) => `${shown(issue.input)} is not needed: all nodes are meant\nwrite majority-ring: true` }),
  for: positiveDuration.optional(),
});

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items.map((item) => ({ item, key: random() })).sort((left, right) => left.key - right.key).map(({ item }) => item);
}

export const majorityRing: Fault<z.output<typeof params>> = {
  name: 'majority-ring',
  summary: 'lets every node hear a majority, no two the same one; 4 nodes at least; for: heals after this',
  params,
  actions: ({ for: forMs }, { nodes }, random) => {
    const ring = shuffled(nodes, random);
    // A majority counts the node itself; the rest stands on both sides of it.
    const reach = Math.ceil(Math.floor(nodes.length / 2) / 2);
    const cuts = ring.flatMap((node, place) => {
      const unheard = ring.filter((_, other) => {
        const apart = Math.abs(place - other);
        return Math.min(apart, ring.length - apart) > reach;
      });
      return unheard.length === 0 ? [] : [{ from: unheard, to: [node] }];
    });
    if (cuts.length === 0) return [];
    const cut = { afterMs: 0, action: { type: 'cut', overlay: 'majority-ring', cuts } } as const;
    return forMs === undefined ? [cut] : [cut, { afterMs: forMs, action: { type: 'cut', overlay: 'majority-ring', cuts: null } }];
  },
};
