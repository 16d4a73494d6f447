// Who waits for a command is answered exactly once, by the reply or by the clock.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Reply } from '../replica.ts';
import { Pending } from './pending.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }); });
afterEach(() => { vi.useRealTimers(); });

const ok: Reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } };

test('a retry waits beside the first request, both are answered, and later replies reach nobody', () => {
  const answers: string[] = [];
  const pending = new Pending(3, 100, () => performance.now(), () => undefined);
  pending.add('c1:1', (reply) => answers.push(`first ${reply.outcome}`));
  pending.add('c1:1', (reply) => answers.push(`retry ${reply.outcome}`));
  expect(pending.room).toBe(1);
  pending.settle('c1:1', ok);
  pending.settle('c1:1', ok);
  vi.advanceTimersByTime(1_000);
  expect(answers).toEqual(['first ok', 'retry ok']);
  expect(pending.room).toBe(3);
});

test('after the time the outcome is unknown, each in its own time, and the last one forgets the command', () => {
  const answers: string[] = [];
  const pending = new Pending(10, 100, () => performance.now(), (id) => answers.push(`forgot ${id}`));
  pending.add('c1:1', (reply) => answers.push(`first ${reply.outcome}`));
  vi.advanceTimersByTime(60);
  pending.add('c1:1', (reply) => answers.push(`retry ${reply.outcome}`));
  pending.add('c2:1', (reply) => answers.push(`other ${reply.outcome}`));
  vi.advanceTimersByTime(50);
  expect(answers).toEqual(['first unknown']);
  pending.settle('c2:1', ok);
  vi.advanceTimersByTime(60);
  expect(answers).toEqual(['first unknown', 'other ok', 'forgot c1:1', 'retry unknown']);
  expect(pending.room).toBe(10);
});

test('who hangs up frees its place and is not answered; the last of a command forgets it', () => {
  const answers: string[] = [];
  const pending = new Pending(2, 100, () => performance.now(), (id) => answers.push(`forgot ${id}`));
  const first = pending.add('c1:1', (reply) => answers.push(`first ${reply.outcome}`));
  const retry = pending.add('c1:1', (reply) => answers.push(`retry ${reply.outcome}`));
  first();
  first();
  expect(pending.room).toBe(1);
  expect(answers).toEqual([]);
  retry();
  expect(pending.room).toBe(2);
  pending.settle('c1:1', ok);
  vi.advanceTimersByTime(1_000);
  retry();
  expect(answers).toEqual(['forgot c1:1']);
});
