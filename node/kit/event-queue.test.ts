// The queue: order of time, then of scheduling.
import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';

test('everything comes out in order of time, and what is due together in order of scheduling', () => {
  // -1 takes one out, anything else is a time.
  assert(property(array(integer({ min: -1, max: 20 }), { maxLength: 300 }), (steps) => {
    const queue = new EventQueue();
    const model: { readonly atMs: number; readonly index: number }[] = [];
    const taken: number[] = [];
    const expected: number[] = [];
    const takeOne = () => {
      model.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
      expect(queue.nextMs).toBe(model[0]?.atMs ?? Infinity);
      const next = model.shift();
      if (next !== undefined) expected.push(next.index);
      queue.pop()?.();
    };
    for (const [index, step] of steps.entries()) {
      if (step < 0) takeOne();
      else {
        model.push({ atMs: step / 2, index });
        queue.push(step / 2, () => taken.push(index));
      }
    }
    while (model.length > 0) takeOne();
    expect(taken).toEqual(expected);
    expect(queue.pop()).toBeUndefined();
  }), { seed: 3, numRuns: 300 });
});
