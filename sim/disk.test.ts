// The disk: what it reported durable survives every crash, and what survives is a prefix.
import { array, assert, boolean, constantFrom, double, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../node/kit/random.ts';
import { Disk } from './disk.ts';
import { EventQueue } from '../node/kit/event-queue.ts';

function openDisk(fsyncMs = 5) {
  const queue = new EventQueue();
  const flushes: { readonly atMs: number; readonly entries: number }[] = [];
  const failures: string[] = [];
  let nowMs = 0;
  const disk = new Disk({
    fsyncMs,
    later: (afterMs, run) => queue.push(nowMs + afterMs, run),
    flushing: () => undefined,
    flushed: (entries) => flushes.push({ atMs: nowMs, entries }),
    failed: (fault) => failures.push(`${fault} at ${nowMs}`),
  });
  const runUntil = (toMs: number) => {
    while (queue.nextMs <= toMs) {
      nowMs = queue.nextMs;
      queue.pop()?.();
    }
    nowMs = toMs;
  };
  return { disk, flushes, failures, runUntil };
}

describe('a disk', () => {
  test('has one flush in flight, and everything that came meanwhile is in the next one', () => {
    const { disk, flushes, runUntil } = openDisk();
    const durable: string[] = [];
    disk.append([1], () => durable.push('a'));
    runUntil(1);
    disk.append([2, 3], () => durable.push('b'));
    disk.append([4], () => durable.push('c'));
    runUntil(5);
    expect(durable).toEqual(['a']);
    runUntil(100);
    expect(durable).toEqual(['a', 'b', 'c']);
    expect(flushes).toEqual([{ atMs: 5, entries: 1 }, { atMs: 10, entries: 3 }]);
    expect(disk.entries()).toEqual([1, 2, 3, 4]);
  });

  test('replaces all that was there', () => {
    const { disk, runUntil } = openDisk();
    disk.append([1, 2], () => undefined);
    disk.replace([{ checkpoint: 2 }], () => undefined);
    disk.append([3], () => undefined);
    runUntil(100);
    expect(disk.entries()).toEqual([{ checkpoint: 2 }, 3]);
  });

  test('keeps what was handed to it, not what became of it later', () => {
    const { disk, runUntil } = openDisk();
    const entry = { term: 1, extra: undefined };
    disk.append([entry], () => undefined);
    entry.term = 2;
    runUntil(100);
    expect(disk.entries()).toEqual([{ term: 1 }]);
  });

  test('that crashed reports nothing more to its former life', () => {
    const { disk, runUntil } = openDisk();
    const durable: string[] = [];
    disk.append([1], () => durable.push('before'));
    runUntil(2);
    disk.crash('keep', () => 0);
    runUntil(3);
    disk.append([2], () => durable.push('after'));
    runUntil(7);
    expect(durable).toEqual([]);
    runUntil(100);
    expect(durable).toEqual(['after']);
    expect(disk.entries()).toEqual([1, 2]);
  });
});

const writes = array(record({
  gapMs: constantFrom(0, 1, 4, 7), replaces: oneof({ arbitrary: boolean(), weight: 1 }, { arbitrary: constantFrom(false), weight: 2 }), entries: integer({ min: 1, max: 4 }),
}), { minLength: 1, maxLength: 25 });

describe('a crash', () => {
  test('leaves one of the states that the log went through, and never one before what was reported durable', () => {
    assert(property(writes, double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), constantFrom('keep' as const, 'lose-unsynced' as const, 'torn-tail' as const, 'flip-bit' as const), (list, share, mode) => {
      const { disk, runUntil } = openDisk();
      const states: number[][] = [[]];
      let durableState = 0;
      let nowMs = 0;
      let next = 0;
      for (const { gapMs, replaces, entries } of list) {
        nowMs += gapMs;
        runUntil(nowMs);
        const added = Array.from({ length: entries }, () => next++);
        const before = states.at(-1) ?? [];
        if (replaces) states.push(added);
        else for (const index of added.keys()) states.push([...before, ...added.slice(0, index + 1)]);
        const reached = states.length - 1;
        disk[replaces ? 'replace' : 'append'](added, () => { durableState = reached; });
      }
      disk.crash(mode, () => share);
      const found = disk.open();
      expect(mode === 'flip-bit' || found !== null).toBe(true);
      // A log that is found damaged is not read at all.
      if (found === null) return;
      expect(found.torn).toBe(mode === 'torn-tail');
      const survived = JSON.stringify(found.entries);
      const index = states.findIndex((state) => JSON.stringify(state) === survived);
      expect(index).toBeGreaterThanOrEqual(durableState);
      if (mode === 'keep') expect(index).toBe(states.length - 1);
    }), { seed: 4, numRuns: 1000 });
  });

  test('inside a flush may keep all of it, a replacement included', () => {
    const { disk, runUntil } = openDisk();
    disk.append([1], () => undefined);
    disk.append([2], () => undefined);
    disk.replace([3], () => undefined);
    runUntil(6);
    disk.crash('lose-unsynced', () => 0.999);
    expect(disk.entries()).toEqual([3]);
  });

  test('inside a flush keeps every length of prefix, each about as often', () => {
    const random = randomStream('disk test');
    const kept = [0, 0, 0, 0, 0];
    for (let crash = 0; crash < 5000; crash++) {
      const { disk, runUntil } = openDisk();
      disk.append([0], () => undefined);
      disk.append([1, 2, 3, 4], () => undefined);
      runUntil(6);
      disk.crash('lose-unsynced', random);
      const length = disk.entries().length - 1;
      kept[length] = (kept[length] ?? 0) + 1;
    }
    // 1,000 each; 99.99 % bounds.
    for (const count of kept) expect(Math.abs(count - 1000)).toBeLessThan(111);
  });
});

describe('what can go wrong with a disk', () => {
  test('a flush under a fault fails, and what it held is not kept', () => {
    const { disk, failures, runUntil } = openDisk();
    disk.append([1], () => undefined);
    runUntil(5);
    disk.change({ fault: 'full' });
    disk.append([2], () => failures.push('reported durable'));
    runUntil(100);
    expect(failures).toEqual(['full at 10']);
    disk.crash('torn-tail', () => 0);
    expect(disk.open()).toEqual({ entries: [1], torn: true });
    expect(disk.open()).toEqual({ entries: [1], torn: false });
  });

  test('a flush that is in flight when the disk slows down ends in its time, the next takes longer, until the change is off', () => {
    const { disk, flushes, runUntil } = openDisk();
    disk.append([1], () => undefined);
    disk.change({ fsyncMs: 50 });
    runUntil(10);
    disk.append([2], () => undefined);
    runUntil(100);
    disk.change(null);
    disk.append([3], () => undefined);
    runUntil(200);
    expect(flushes.map(({ atMs }) => atMs)).toEqual([5, 60, 105]);
  });

  test('a flipped bit damages a log of two records or more, and only a wiped disk opens again', () => {
    const { disk, runUntil } = openDisk();
    disk.append([1], () => undefined);
    runUntil(5);
    disk.crash('flip-bit', () => 0);
    expect(disk.open()).toEqual({ entries: [1], torn: false });
    disk.append([2], () => undefined);
    runUntil(10);
    disk.crash('flip-bit', () => 0);
    expect(disk.open()).toBeNull();
    disk.crash('keep', () => 0);
    expect(disk.open()).toBeNull();
    disk.crash('wipe', () => 0);
    expect(disk.open()).toEqual({ entries: [], torn: false });
  });
});
