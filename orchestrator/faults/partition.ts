// Cuts between groups of nodes: 'n1 n2 | n3 n4 n5' both ways, 'n1 -> n2' what n1 sends to n2. Regions name all their nodes.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';
import { selectorOf } from './selector.ts';

const FORM = 'write n1 n2 | n3 n4 n5 (both ways) or n1 -> n2 (one way)';

function groupsOf(text: string): { readonly oneWay: boolean; readonly groups: readonly (readonly string[])[] } {
  const oneWay = text.includes('->');
  const groups = text.split(oneWay ? '->' : '|').map((group) => group.split(/[\s,]+/).filter((word) => word !== ''));
  return { oneWay, groups };
}

/** What is wrong, or null. */
function problemOf(text: string): string | null {
  const { oneWay, groups } = groupsOf(text);
  if (groups.length < 2 || (oneWay && (groups.length > 2 || text.includes('|')))) return `${shown(text)} does not name two sides`;
  if (groups.some((group) => group.length === 0)) return `${shown(text)} has an empty side`;
  const words = groups.flat();
  const twice = words.find((word, index) => words.indexOf(word) < index);
  return twice === undefined ? null : `${shown(text)} names ${twice} twice`;
}

const params = z.strictObject({
  value: z.string().refine((text) => problemOf(text) === null, { error: (issue) => `${problemOf(String(issue.input))}\n${FORM}` }),
  for: positiveDuration.optional(),
});

export const partition: Fault<z.output<typeof params>> = {
  name: 'partition',
  summary: 'cuts groups of nodes off from each other, a | b both ways, a -> b one way; for: heals after this',
  params,
  actions: ({ value, for: forMs }) => {
    const { oneWay, groups } = groupsOf(value);
    const cuts = groups.flatMap((from, sender) => groups.flatMap((to, receiver) => {
      if (sender === receiver || (oneWay && sender > receiver)) return [];
      return [{ from: from.map(selectorOf), to: to.map(selectorOf) }];
    }));
    // The schedule gives each fault an overlay of its own.
    const cut = { afterMs: 0, action: { type: 'cut', overlay: 'partition', cuts } } as const;
    return forMs === undefined ? [cut] : [cut, { afterMs: forMs, action: { type: 'cut', overlay: 'partition', cuts: null } }];
  },
};
