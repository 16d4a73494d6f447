// Starts nodes that are down again.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam });

export const restart: Fault<z.output<typeof params>> = {
  name: 'restart',
  summary: 'starts a node that is down again',
  params,
  actions: ({ value }) => [{ afterMs: 0, action: { type: 'restart', node: selectorOf(value) } }],
};
