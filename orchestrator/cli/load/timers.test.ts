// Timers: in order, and never early.
import { afterEach, expect, test } from 'vitest';
import { Timers } from './timers.ts';

const opened: Timers[] = [];
function open(now: () => number): Timers {
  const timers = new Timers(now);
  opened.push(timers);
  return timers;
}
afterEach(() => Promise.all(opened.splice(0).map((timers) => timers.stop())));

test('callbacks come in order of their times, those of one time in the order in which they were asked for, none early', async () => {
  const now = () => performance.now();
  const timers = open(now);
  const start = now();
  const seen: { readonly index: number; readonly earlyMs: number }[] = [];
  const delays = [30, 5, 5, 12.25, 0, 30, 7.75, -4];
  await new Promise<void>((resolve) => {
    for (const [index, delayMs] of delays.entries()) {
      timers.at(start + delayMs, () => {
        seen.push({ index, earlyMs: start + delayMs - now() });
        if (seen.length === delays.length) resolve();
      });
    }
  });
  expect(seen.map(({ index }) => index)).toEqual([7, 4, 1, 2, 6, 3, 0, 5]);
  expect(Math.max(...seen.map(({ earlyMs }) => earlyMs))).toBeLessThanOrEqual(0);
});

test('a callback may ask for another, which comes although it is due before all others', async () => {
  const now = () => performance.now();
  const timers = open(now);
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    timers.at(now() + 40, () => {
      seen.push('late');
      resolve();
    });
    timers.at(now() + 2, () => {
      seen.push('first');
      timers.at(now() + 2, () => seen.push('added'));
    });
  });
  expect(seen).toEqual(['first', 'added', 'late']);
});

test('after stop nothing comes', async () => {
  const timers = open(() => performance.now());
  const seen: string[] = [];
  timers.at(performance.now() + 2, () => {
    seen.push('first');
    void timers.stop();
  });
  timers.at(performance.now() + 2, () => seen.push('second'));
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  expect(seen).toEqual(['first']);
});

test('while it waits for a part of a millisecond the process sleeps: it does not spin', async () => {
  const timers = open(() => performance.now());
  const spent = process.cpuUsage();
  const until = performance.now() + 400;
  await new Promise<void>((resolve) => {
    const next = () => {
      if (performance.now() > until) resolve();
      else timers.at(performance.now() + 0.9, next);
    };
    next();
  });
  const { user, system } = process.cpuUsage(spent);
  // A loop that spins takes all of it: 400 ms.
  expect((user + system) / 1000).toBeLessThan(300);
});
