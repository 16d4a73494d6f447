// The search of wgl.ts over all keys of a history within one budget. Each key gets a small share at first: one that is hard
// must not hide a violation of another; what is left goes to those that are undecided, the smallest first.
import type { Model } from '../kinds.ts';
import { type Call, type Limits, type Search, searchOrder } from './wgl.ts';

/** culprit: the key that is violated or, where none is, the first that is undecided; null: all have a legal order. */
export type Judged<C extends Call = Call> = {
  readonly linearizable: boolean | 'unknown';
  readonly operations: number;
  readonly keys: number;
  readonly steps: number;
  readonly culprit: { readonly key: string; readonly calls: readonly C[]; readonly search: Search } | null;
};

const FIRST_STEPS = 100_000;

/** limits: of all keys together. */
// oxlint-disable-next-line typescript/no-explicit-any -- any workload's model
export function searchPartitions<C extends Call>(partitions: ReadonlyMap<string, readonly C[]>, model: Model<any>, limits: Limits): Judged<C> {
  let waiting = [...partitions].sort(([, a], [, b]) => a.length - b.length);
  const operations = waiting.reduce((sum, [, calls]) => sum + calls.length, 0);
  let steps = 0;
  let undecided: Judged<C>['culprit'] = null;
  for (const share of [FIRST_STEPS, Infinity]) {
    const left: typeof waiting = [];
    undecided = null;
    for (const [key, calls] of waiting) {
      const search = searchOrder(calls, model, { ...limits, maxSteps: Math.min(share, limits.maxSteps - steps) });
      steps += search.steps;
      if (search.linearizable === false) return { linearizable: false, operations, keys: partitions.size, steps, culprit: { key, calls, search } };
      if (search.linearizable === true) continue;
      undecided ??= { key, calls, search };
      left.push([key, calls]);
    }
    waiting = left;
  }
  return { linearizable: undecided === null ? true : 'unknown', operations, keys: partitions.size, steps, culprit: undecided };
}
