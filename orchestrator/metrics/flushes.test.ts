// What a flush took: figures of the measure window, and the closed form's disk where the plan leaves it to the machine.
import { expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { Flushes } from './flushes.ts';

function flushesOf(fsyncMs: Plan['fsyncMs']): Flushes {
  const flushes = new Flushes(planWith({ fsyncMs }));
  const took = [[10, 90], [1500, 2], [2000, 3], [3000, 4], [11_500, 80]] as const;
  for (const [atMs, tookMs] of took) flushes.observe({ atMs, node: 'n1', life: 1, sequence: 0, type: 'durable', entries: 1, bytes: 10, tookMs } satisfies LabEvent);
  return flushes;
}

test('figures cover the flushes that ended in the measure window', () => {
  expect(flushesOf(2).figures()).toEqual({
    'fsync.p50': { value: 3, unit: 'ms', bound: '=', uncertain: true }, 'fsync.p99': { value: 4, unit: 'ms', bound: '=', uncertain: true },
  });
});

test('the disk of the closed form is the median of all flushes where the plan asks for a real one', () => {
  expect(flushesOf('real').realMs()).toBe(4);
  expect(flushesOf(2).realMs()).toBe(0);
});
