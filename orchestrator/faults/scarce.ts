// A node with too little of its machine, by the limits of its container: few turns of a processor, or so little memory that
// the kernel may end it. What is given back is what the plan gives each node.
import { z } from 'zod';
import type { Action, Fault } from '../kinds.ts';
import { bytes, positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

/** What a kernel still schedules: 1 ms of each 100. */
const LEAST_CPUS = 0.01;
const LEAST_BYTES = 32 << 20;
const throttled = z.strictObject({ value: selectorParam, cpus: z.number().min(LEAST_CPUS).max(1024).default(0.1), for: positiveDuration.optional() });
const pressed = z.strictObject({ value: selectorParam, limit: bytes.pipe(z.number().min(LEAST_BYTES)).default(96 << 20), for: positiveDuration.optional() });

export const throttle: Fault<z.output<typeof throttled>> = {
  name: 'throttle',
  summary: 'gives a node so little of a processor, in turns of 100 ms; cpus: (0.1) (docker); for: as before after this',
  params: throttled,
  actions: ({ value, cpus, for: forMs }) => {
    const node = selectorOf(value);
    const less = { afterMs: 0, action: { type: 'limit', node, cpus } } as const;
    return forMs === undefined ? [less] : [less, { afterMs: forMs, action: { type: 'limit', node, cpus: null } }];
  },
};

export const memory: Fault<z.output<typeof pressed>> = {
  name: 'memory',
  summary: 'leaves a node so much memory, and the kernel ends it when it needs more; limit: (96MiB) (docker); for: as before after this, and starts it if it ended',
  params: pressed,
  actions: ({ value, limit, for: forMs }) => {
    const node = selectorOf(value);
    const less: { readonly afterMs: number; readonly action: Action } = { afterMs: 0, action: { type: 'limit', node, memoryBytes: limit } };
    if (forMs === undefined) return [less];
    return [less, { afterMs: forMs, action: { type: 'limit', node, memoryBytes: null } }, { afterMs: forMs, action: { type: 'start', node } }];
  },
};
