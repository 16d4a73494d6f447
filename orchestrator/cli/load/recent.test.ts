// The figures of the last seconds: only answers of the window, only ok ones, from the intended time on.
import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

function answer(recent: Recent, id: string, intendedMs: number, atMs: number, outcome: 'ok' | 'unknown' = 'ok'): void {
  recent.observe({ type: 'invoke', client: 'c1', region: 'a', command: { id, op: { type: 'get', key: 'k' } }, intendedMs }, intendedMs);
  const reply = outcome === 'ok' ? { outcome, value: null, at: { epoch: 1, slot: 1 } } as const : { outcome, reason: 'timeout' } as const;
  recent.observe({ type: 'reply', client: 'c1', id, reply }, atMs);
}

test('rate and percentiles are of the last five seconds', () => {
  const recent = new Recent();
  for (let index = 1; index <= 100; index++) answer(recent, `c1:${index}`, 1_000, 1_000 + index);
  expect(recent.figures(2_000)).toEqual({ okPerSecond: 50, p50Ms: 50, p99Ms: 99 });
  expect(recent.figures(5_500).okPerSecond).toBe(20);
  expect(recent.figures(9_000)).toEqual({ okPerSecond: 0, p50Ms: null, p99Ms: null });
});

test('what is not ok counts for nothing', () => {
  const recent = new Recent();
  answer(recent, 'c1:1', 0, 900, 'unknown');
  answer(recent, 'c1:2', 100, 950);
  expect(recent.figures(1_000)).toEqual({ okPerSecond: 1, p50Ms: 850, p99Ms: 850 });
});
