// Starts a node that is down, or a spare, which then waits for somebody to add it; one that is up goes on as it is.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam });

export const start: Fault<z.output<typeof params>> = {
  name: 'start',
  summary: 'starts a node that is down, or a spare; nothing to one that is up',
  params,
  actions: ({ value }) => [{ afterMs: 0, action: { type: 'start', node: selectorOf(value) } }],
};
