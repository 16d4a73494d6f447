// A disk that fails: the next flush ends the node, because after a failed flush nobody knows what the disk holds. What no
// flush covered is lost. With `for` the disk is repaired and the node starts again.
import { z } from 'zod';
import type { Action, Fault } from '../kinds.ts';
import { positiveDuration } from '../units.ts';
import { selectorOf, selectorParam } from './selector.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.optional() });
type Params = z.output<typeof params>;

function failing({ value, for: forMs }: Params, fault: 'error' | 'full'): readonly { readonly afterMs: number; readonly action: Action }[] {
  const node = selectorOf(value);
  const fail = { afterMs: 0, action: { type: 'disk', node, change: { fault } } } as const;
  if (forMs === undefined) return [fail];
  return [fail, { afterMs: forMs, action: { type: 'disk', node, change: null } }, { afterMs: forMs, action: { type: 'start', node } }];
}

export const diskError: Fault<Params> = {
  name: 'disk-error',
  summary: 'fails the next flush of a node, which ends it; for: repairs the disk and starts the node after this',
  params,
  actions: (given) => failing(given, 'error'),
};

export const diskFull: Fault<Params> = {
  name: 'disk-full',
  summary: 'leaves no room for the next flush of a node, which ends it; for: makes room and starts the node after this',
  params,
  actions: (given) => failing(given, 'full'),
};
