// Gives a node a new life, whether it is down or up: one that is up is killed first.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam });

export const restart: Fault<z.output<typeof params>> = {
  name: 'restart',
  summary: 'starts a node anew; one that is up is killed first',
  params,
  actions: ({ value }) => [{ afterMs: 0, action: { type: 'restart', node: selectorOf(value) } }],
};
