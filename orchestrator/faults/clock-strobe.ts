// A wall clock that jumps ahead and back, over and over, with its NTP off.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { offset } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';
import { checkStrokes, STROKE_PARAMS, strokesOf } from './strokes.ts';

const params = z.strictObject({ value: selectorParam, offset, ...STROKE_PARAMS }).superRefine(checkStrokes);

export const clockStrobe: Fault<z.output<typeof params>> = {
  name: 'clock-strobe',
  summary: 'moves the wall clock of a node by offset (signed) and back in each period every:, for: so long, with its NTP off',
  params,
  actions: ({ value, offset: stepMs, every, for: forMs }) => {
    const node = selectorOf(value);
    const strokes = strokesOf(every, forMs).flatMap(({ onMs, offMs }) => [
      { afterMs: onMs, action: { type: 'clock', node, change: { stepMs, ntp: null } } } as const,
      { afterMs: offMs, action: { type: 'clock', node, change: { stepMs: -stepMs } } } as const,
    ]);
    return [...strokes, { afterMs: forMs, action: { type: 'clock', node, change: null } }];
  },
};
