// Timers on a node's own clock: never early, moved and cleared by name, aimed again when the clock is changed.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openClock } from '../clock.ts';
import type { ClockSpec } from '../clock.ts';
import { randomStream } from '../kit/random.ts';
import { Timers } from './clock.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => { vi.useRealTimers(); });

const EPOCH_MS = 1_700_000_000_000;

function timersOn(spec: Partial<ClockSpec>) {
  const clock = openClock({ offsetMs: 0, driftPpm: 0, ntp: null, ...spec }, EPOCH_MS, randomStream('seed'));
  const fired: string[] = [];
  const take = () => {
    for (let name = timers.take(); name !== null; name = timers.take()) fired.push(`${name} ${Math.floor(nowMs)}`);
  };
  const timers = new Timers(clock, () => nowMs, take);
  const run = (untilMs: number) => {
    for (; nowMs < untilMs; nowMs += 0.5) vi.advanceTimersByTime(nowMs % 1 === 0 ? 0 : 1);
    vi.advanceTimersByTime(0);
  };
  return { clock, timers, fired, run };
}

test('timers fire in their order, once, and one that was cleared or moved does not', () => {
  const { timers, fired, run } = timersOn({});
  timers.setTimer('late', 30);
  timers.setTimer('early', 10);
  timers.setTimer('moved', 5);
  timers.setTimer('moved', 20);
  timers.setTimer('cleared', 15);
  timers.clear('cleared');
  run(100);
  expect(fired.map((text) => text.split(' ')[0])).toEqual(['early', 'moved', 'late']);
});

test('a timer never fires before the node\'s own clock has reached its time', () => {
  const { clock, timers, fired, run } = timersOn({ driftPpm: -100_000 });
  timers.setTimer('slow', 90);
  run(99);
  expect(fired).toEqual([]);
  run(103);
  expect(fired).toHaveLength(1);
  expect(clock.monotonic(nowMs)).toBeGreaterThanOrEqual(90);
});

test('an alarm follows the wall clock when it is stepped', () => {
  const { clock, timers, fired, run } = timersOn({ offsetMs: 5 });
  timers.setAlarm('round', EPOCH_MS + 105);
  timers.setTimer('steady', 80);
  run(50);
  clock.change(nowMs, { stepMs: 40 });
  timers.aim();
  run(58);
  expect(fired).toEqual([]);
  run(70);
  expect(fired.map((text) => text.split(' ')[0])).toEqual(['round']);
  run(90);
  expect(fired.map((text) => text.split(' ')[0])).toEqual(['round', 'steady']);
});

test('an alarm that is already past fires at once', () => {
  const { timers, fired, run } = timersOn({});
  run(10);
  timers.setAlarm('past', EPOCH_MS);
  run(12);
  expect(fired.map((text) => text.split(' ')[0])).toEqual(['past']);
});
