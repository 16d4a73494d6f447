// A node is cut off from all others and heard again, over and over: nobody may count it as gone or as there for long.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { selectorOf, selectorParam } from './selector.ts';
import { checkStrokes, STROKE_PARAMS, strokesOf } from './strokes.ts';

const params = z.strictObject({ value: selectorParam, ...STROKE_PARAMS }).superRefine(checkStrokes);

export const flapping: Fault<z.output<typeof params>> = {
  name: 'flapping',
  summary: 'cuts a node off for half of each period every:, over and over, for: so long',
  params,
  actions: ({ value, every, for: forMs }) => {
    const node = [selectorOf(value)];
    const cuts = [{ from: node, to: 'others' as const }, { from: ['all'], to: node }];
    const on = { type: 'cut', overlay: 'flapping', cuts } as const;
    const off = { type: 'cut', overlay: 'flapping', cuts: null } as const;
    return strokesOf(every, forMs).flatMap(({ onMs, offMs }) => [{ afterMs: onMs, action: on }, { afterMs: offMs, action: off }]);
  },
};
