// What a played crash leaves: never less than was reported durable but where a fault says so, and never more than a killed
// process wrote.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../contract.ts';
import type { DiskChange, DiskKept } from '../disk-fault.ts';
import { randomStream } from '../kit/random.ts';
import { leaveAsCrashed } from './dead-disk.ts';
import { openDisk } from './disk.ts';

let folder: string;
beforeEach(() => { folder = fs.mkdtempSync(join(tmpdir(), 'lab-dead-disk-')); });
afterEach(() => fs.rmSync(folder, { recursive: true }));

function open(change: { current: DiskChange | null } = { current: null }) {
  const traces: string[] = [];
  const failures: string[] = [];
  const took: number[] = [];
  const { disk, entries } = openDisk({
    node: 'n1', folder, minimumMs: 0, change: () => change.current, now: () => performance.now(), flushed: (_entries, _bytes, tookMs) => took.push(tookMs), settled: () => undefined,
    trace: (name, detail) => traces.push(`${name} ${detail ?? ''}`.trim()), failed: (failure) => failures.push(failure.message),
  });
  const write = (batch: readonly Json[], replaces = false) => new Promise<void>((resolve) => {
    if (replaces) disk.replace(batch, resolve);
    else disk.append(batch, resolve);
    disk.flush();
  });
  return { disk, entries, traces, failures, took, write };
}

/** Two durable batches, and one that is written and never reported: a slow disk holds it back. */
async function killedInAFlush(unsynced: readonly string[] = ['unsynced']): Promise<void> {
  const change: { current: DiskChange | null } = { current: null };
  const { disk, write } = open(change);
  await write(['a']);
  await write(['b', 'c']);
  change.current = { fsyncMs: 3_600_000 };
  disk.append(unsynced, () => { throw new Error('reported durable'); });
  disk.flush();
  // Its own process would be killed here: what it wrote is in the page cache.
  expect(fs.readFileSync(join(folder, 'log')).includes(unsynced[0] ?? '')).toBe(true);
}

async function found(kept: DiskKept, seed = 0): Promise<{ readonly entries: readonly Json[]; readonly traces: readonly string[] }> {
  leaveAsCrashed(folder, kept, randomStream('dead-disk', seed));
  const { disk, entries, traces } = open();
  await disk.close();
  return { entries, traces };
}

test.each<[DiskKept, readonly Json[], readonly string[]]>([
  ['keep', ['a', 'b', 'c', 'unsynced'], []],
  ['torn-tail', ['a', 'b', 'c'], ['torn-tail-cut']],
  ['wipe', [], []],
])('%s leaves what its name says', async (kept, entries, traces) => {
  await killedInAFlush();
  expect(await found(kept)).toEqual({ entries, traces });
});

test('lose-unsynced leaves the durable entries and any first few of the others, the same for the same seed', async () => {
  const others = ['d', 'e', 'ö', 'g'];
  const left: (readonly Json[])[] = [];
  await killedInAFlush(others);
  const [log, mark] = ['log', 'log.durable'].map((name) => fs.readFileSync(join(folder, name))) as [Buffer, Buffer];
  for (const seed of [...Array.from({ length: 60 }, (_, index) => index), 7]) {
    // In place: the mark is of this file.
    fs.truncateSync(join(folder, 'log'));
    fs.writeFileSync(join(folder, 'log'), log, { flag: 'r+' });
    fs.writeFileSync(join(folder, 'log.durable'), mark);
    const { entries, traces } = await found('lose-unsynced', seed);
    expect(traces).toEqual([]);
    left.push(entries);
  }
  const prefixes = Array.from({ length: others.length + 1 }, (_, count) => ['a', 'b', 'c', ...others.slice(0, count)]);
  for (const entries of left) expect(prefixes).toContainEqual(entries);
  for (const prefix of prefixes) expect(left.filter((entries) => JSON.stringify(entries) === JSON.stringify(prefix)).length, prefix.join()).toBeGreaterThan(3);
  expect(left.at(-1)).toEqual(left[7]);
});

test('lose-unsynced loses a record that was not written whole', async () => {
  await killedInAFlush();
  const { length } = fs.readFileSync(join(folder, 'log')).toString('latin1').split('unsynced')[0] ?? '';
  fs.truncateSync(join(folder, 'log'), length + 3);
  expect(await found('lose-unsynced')).toEqual({ entries: ['a', 'b', 'c'], traces: [] });
});

test('a log whose bit is flipped is refused, wherever the bit is', async () => {
  const { disk, write } = open();
  for (const batch of [['a'], ['b', 'c'], ['d']]) await write(batch);
  await disk.close();
  const log = fs.readFileSync(join(folder, 'log'));
  for (let seed = 0; seed < 100; seed++) {
    fs.writeFileSync(join(folder, 'log'), log);
    leaveAsCrashed(folder, 'flip-bit', randomStream('flip', seed));
    expect(() => open()).toThrow(/log is damaged at byte/);
  }
});

test('a log of one record or none has no bit that could be flipped, and stays whole', async () => {
  expect(await found('flip-bit')).toEqual({ entries: [], traces: [] });
  const { disk, write } = open();
  await write(['a']);
  await disk.close();
  expect(await found('flip-bit')).toEqual({ entries: ['a'], traces: [] });
});

test('a replacement that was reported stays, and one that nobody was told of may stay', async () => {
  const { disk, write } = open();
  await write(['a']);
  await write(['checkpoint'], true);
  await write(['b']);
  await disk.close();
  expect((await found('lose-unsynced')).entries).toEqual(['checkpoint', 'b']);
  fs.copyFileSync(join(folder, 'log'), join(folder, 'other'));
  fs.renameSync(join(folder, 'other'), join(folder, 'log'));
  expect((await found('lose-unsynced')).entries).toEqual(['checkpoint', 'b']);
});

test.each([['error', 'EIO', 'check the disk'], ['full', 'ENOSPC', 'make room']] as const)('a disk with the fault %s fails the next flush once, and reports nothing durable', async (fault, code, remedy) => {
  const change: { current: DiskChange | null } = { current: null };
  const { disk, traces, failures, write } = open(change);
  await write(['a']);
  change.current = { fault };
  let durable = false;
  disk.append(['b'], () => { durable = true; });
  disk.flush();
  disk.append(['c'], () => { durable = true; });
  change.current = null;
  disk.flush();
  expect({ durable, traces }).toEqual({ durable: false, traces: [`disk-failed ${fault}`] });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain(code);
  expect(failures[0]).toContain(remedy);
  expect((await found('lose-unsynced')).entries).toEqual(['a']);
});

test('a slowed flush takes at least so long, and the next one is not slowed', async () => {
  const change: { current: DiskChange | null } = { current: { fsyncMs: 60 } };
  const { disk, took, write } = open(change);
  await write(['a']);
  change.current = null;
  await write(['b']);
  expect(took).toHaveLength(2);
  expect(took[0]).toBeGreaterThanOrEqual(60);
  await disk.close();
});
