// A spare is started and becomes a member: it has to catch up with the log first, while the others work.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { shown } from '../units.ts';

const error = (issue: { readonly input?: unknown }) => `${shown(issue.input)} is no spare\nwrite spare, or the name of a node that waits to join, such as n6`;
/** A spare by its name; true: the next one. */
const spareParam = z.union([z.literal(true), z.string().regex(/^(spare|n\d+)$/, { error })], { error }).transform((value) => (value === true ? 'spare' : value));

const params = z.strictObject({ value: spareParam });

export const addNode: Fault<z.output<typeof params>> = {
  name: 'add-node',
  summary: 'starts a spare and makes it a member; which: spare (the next, default) or its name',
  params,
  actions: ({ value }) => [
    { afterMs: 0, action: { type: 'start', node: value } },
    { afterMs: 0, action: { type: 'reconfigure', add: [value], remove: [] } },
  ],
};
