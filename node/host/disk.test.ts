// The log against truncation, flipped bits, failing flushes and SIGKILL.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Json } from '../contract.ts';
import { openDisk } from './disk.ts';
import type { DiskSettings } from './disk.ts';
import { recordRoom, recover, writeRecord } from './record.ts';

let folder: string;
beforeEach(() => { folder = fs.mkdtempSync(join(tmpdir(), 'lab-disk-')); });
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(folder, { recursive: true });
});

function settings(change: Partial<DiskSettings> = {}): DiskSettings {
  return {
    node: 'n1', folder, minimumMs: 0, change: () => null, now: () => performance.now(), flushed: () => undefined, settled: () => undefined, trace: () => undefined,
    failed: (failure) => { throw failure; }, ...change,
  };
}

/** Writes batches, each its own flush, and closes the log. */
async function write(batches: readonly (readonly Json[])[]): Promise<void> {
  const { disk } = openDisk(settings());
  for (const batch of batches) {
    await new Promise<void>((resolve) => {
      disk.append(batch, resolve);
      disk.flush();
    });
  }
  await disk.close();
}

async function reopened(): Promise<readonly Json[]> {
  const { disk, entries } = openDisk(settings());
  await disk.close();
  return entries;
}

function bytesOf(batches: readonly (readonly Json[])[]): { readonly log: Buffer; readonly ends: readonly number[] } {
  const records: Buffer[] = [];
  const ends: number[] = [];
  let end = 0;
  for (const [index, batch] of batches.entries()) {
    const payload = JSON.stringify(batch);
    const buffer = Buffer.alloc(recordRoom(payload.length));
    records.push(buffer.subarray(0, writeRecord(buffer, payload, index + 1)));
    end += records.at(-1)?.length ?? 0;
    ends.push(end);
  }
  return { log: Buffer.concat(records), ends };
}

/** The entries of the records that end at or before `bytes`. */
function prefix(batches: readonly (readonly Json[])[], ends: readonly number[], bytes: number): readonly Json[] {
  return batches.filter((_, index) => (ends[index] ?? Infinity) <= bytes).flat();
}

// As text holds them: JSON knows no negative zero.
const someJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const someBatches = fc.array(fc.array(someJson, { maxLength: 4 }), { minLength: 1, maxLength: 8 });

describe('recovery', () => {
  test('what was written is read back in order, in this life and the next', async () => {
    await write([[1, 'two'], [{ three: [3, null] }]]);
    await write([['ünïcode \u0000 🦊']]);
    expect(await reopened()).toEqual([1, 'two', { three: [3, null] }, 'ünïcode \u0000 🦊']);
  });

  test('a log cut at any byte holds exactly the records that are whole', () => {
    fc.assert(fc.property(someBatches, (batches) => {
      const { log, ends } = bytesOf(batches);
      for (let cut = 0; cut <= log.length; cut++) {
        const padding = (8 - (cut % 8)) % 8;
        const found = recover(log.subarray(0, cut));
        if ('damagedAt' in found) throw new Error(`cut at ${cut} is called damage`);
        // The zeros that fill a record up may be missing: the record is whole without them.
        const expected = prefix(batches, ends, cut + padding);
        const shorter = prefix(batches, ends, cut);
        expect([expected, shorter]).toContainEqual(found.entries);
      }
    }), { numRuns: 50 });
  });

  test('a flipped bit loses at most the last record, or the log is refused', () => {
    fc.assert(fc.property(someBatches, fc.nat(), (batches, draw) => {
      const { log, ends } = bytesOf(batches);
      const damaged = Buffer.concat([log, Buffer.alloc(64)]);
      const bit = draw % (log.length * 8);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const found = recover(damaged);
      const last = ends.at(-2) ?? 0;
      if ('damagedAt' in found) expect(bit >> 3).toBeLessThan(last);
      else expect([batches.flat(), prefix(batches, ends, last)]).toContainEqual(found.entries);
    }), { numRuns: 500 });
  });

  test('whatever is done to the bytes, no entry is read that was not written there', () => {
    const damage = fc.record({
      kind: fc.constantFrom('flip' as const, 'overwrite' as const, 'copy' as const, 'cut' as const), at: fc.nat(), other: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    const found = { whole: 0, shorter: 0, refused: 0 };
    fc.assert(fc.property(someBatches, fc.array(damage, { minLength: 1, maxLength: 4 }), (batches, damages) => {
      const { log, ends } = bytesOf(batches);
      let bytes = Buffer.concat([log, Buffer.alloc(64)]);
      for (const { kind, at, other, bytes: text } of damages) {
        const place = at % Math.max(1, bytes.length);
        if (kind === 'cut') bytes = bytes.subarray(0, place);
        else if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << (other & 7));
        else if (kind === 'overwrite') bytes.set(text.subarray(0, Math.max(0, bytes.length - place)), place);
        else {
          // A whole record of this log where another one stood, as a disk leaves it that wrote to a wrong place.
          const [from = 0, to = 0] = [[0, ...ends][at % ends.length], ends[at % ends.length]];
          const target = [0, ...ends][other % ends.length] ?? 0;
          bytes.set(log.subarray(from, to).subarray(0, Math.max(0, bytes.length - target)), Math.min(target, bytes.length));
        }
      }
      const recovered = recover(bytes);
      if ('damagedAt' in recovered) {
        found.refused++;
        return;
      }
      const read = JSON.stringify(recovered.entries);
      expect([0, ...ends].map((end) => JSON.stringify(prefix(batches, ends, end)))).toContain(read);
      found[read === JSON.stringify(batches.flat()) ? 'whole' : 'shorter']++;
    }), { seed: 4, numRuns: 2_000 });
    expect(Math.min(...Object.values(found))).toBeGreaterThan(100);
  });

  test('a bad record with a valid one behind it stops the node, with the place and the remedy', async () => {
    await write([['first'], ['second'], ['third']]);
    const path = join(folder, 'log');
    const log = fs.readFileSync(path);
    const at = log.indexOf('second');
    log[at] = 0x53;
    fs.writeFileSync(path, log);
    expect(() => openDisk(settings())).toThrow(/n1: .*log is damaged at byte 32: a valid record follows at byte 64.*restore the file/);
  });

  test('a torn tail is cut, and what is written next does not meet its remains', async () => {
    await write([['kept'], ['torn '.repeat(50)]]);
    const path = join(folder, 'log');
    const log = fs.readFileSync(path);
    log.fill(0, log.indexOf('torn'), log.indexOf('torn') + 5);
    fs.writeFileSync(path, log);
    const traces: string[] = [];
    const { disk, entries } = openDisk(settings({ trace: (name) => traces.push(name) }));
    expect({ entries, traces }).toEqual({ entries: ['kept'], traces: ['torn-tail-cut'] });
    await disk.close();
    expect(fs.readFileSync(path).includes('torn')).toBe(false);
    await write([['next']]);
    expect(await reopened()).toEqual(['kept', 'next']);
  });

  test('a value that holds the bytes of a record is not taken for one', async () => {
    const record = bytesOf([['forged']]).log.toString('latin1');
    await write([[record], ['last']]);
    const path = join(folder, 'log');
    const log = fs.readFileSync(path);
    log[log.indexOf('last')] = 0x4c;
    fs.writeFileSync(path, log);
    expect(await reopened()).toEqual([record]);
  });
});

describe('group commit', () => {
  test('everything queued while a flush is in flight goes into the next one', async () => {
    const flushes: number[] = [];
    const { disk } = openDisk(settings({ flushed: (entries) => flushes.push(entries) }));
    const order: string[] = [];
    disk.append(['a'], () => order.push('a'));
    disk.flush();
    for (const entry of ['b', 'c', 'd']) {
      disk.append([entry], () => order.push(entry));
      disk.flush();
    }
    await disk.close();
    expect({ flushes, order, fsyncs: disk.fsyncs }).toEqual({ flushes: [1, 3], order: ['a', 'b', 'c', 'd'], fsyncs: 2 });
  });

  test('nothing is durable before the flush has ended', async () => {
    const order: string[] = [];
    const real = fs.fdatasync;
    vi.spyOn(fs, 'fdatasync').mockImplementation((fd, done) => {
      real(fd, (error) => {
        order.push('synced');
        done(error);
      });
    });
    const { disk } = openDisk(settings());
    disk.append(['a'], () => order.push('durable'));
    disk.flush();
    await disk.close();
    expect(order).toEqual(['synced', 'durable']);
  });

  test('a flush takes at least the time that the plan gives it', async () => {
    const tooks: number[] = [];
    const { disk } = openDisk(settings({ minimumMs: 30, flushed: (_entries, _bytes, tookMs) => tooks.push(tookMs) }));
    disk.append(['a'], () => undefined);
    await disk.close();
    expect(tooks).toHaveLength(1);
    expect(tooks[0]).toBeGreaterThanOrEqual(30);
  });

  test('a log grows past what was preallocated', async () => {
    const entries = Array.from({ length: 12 }, (_, index) => `${index}`.repeat(700_000));
    await write(entries.map((entry) => [entry]));
    expect(await reopened()).toEqual(entries);
  });

  test('an error of the disk is told once and nothing becomes durable after it', async () => {
    const failures: string[] = [];
    let durable = 0;
    const { disk } = openDisk(settings({ failed: (failure) => failures.push(`${failure.exit} ${failure.message}`) }));
    vi.spyOn(fs, 'fdatasync').mockImplementation((_fd, done) => {
      setImmediate(() => done(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })));
    });
    disk.append(['a'], () => durable++);
    disk.flush();
    disk.append(['b'], () => durable++);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    disk.flush();
    expect(failures[0]).toMatch(/^4 n1: the log in .* cannot be kept \(EIO\); check the disk/);
    expect(durable).toBe(0);
    expect(fs.fdatasync).toHaveBeenCalledTimes(1);
  });
});

describe('replacement', () => {
  test('replaces everything before it and nothing after it', async () => {
    const { disk } = openDisk(settings());
    const order: string[] = [];
    disk.append(['old'], () => order.push('old'));
    disk.flush();
    disk.append(['older'], () => order.push('older'));
    disk.replace(['snapshot'], () => order.push('snapshot'));
    disk.append(['new'], () => order.push('new'));
    disk.flush();
    await disk.close();
    expect(order).toEqual(['old', 'older', 'snapshot', 'new']);
    expect(await reopened()).toEqual(['snapshot', 'new']);
    await write([['newer']]);
    expect(await reopened()).toEqual(['snapshot', 'new', 'newer']);
  });

  test('a crash before the new file has taken its name leaves the old log', async () => {
    await write([['old']]);
    const failures: unknown[] = [];
    const { disk } = openDisk(settings({ failed: (failure) => failures.push(failure) }));
    vi.spyOn(fs, 'rename').mockImplementation((_from, _to, done) => done(new Error('crash')));
    disk.replace(['snapshot'], () => failures.push('durable'));
    disk.flush();
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    expect(fs.existsSync(join(folder, 'log.new'))).toBe(true);
    expect(await reopened()).toEqual(['old']);
    expect(fs.existsSync(join(folder, 'log.new'))).toBe(false);
  });
});

/** A process that appends 1, 2, 3 … and says what is durable; between: it stops for ever between a write and its flush. */
const WRITER = `
import fs from 'node:fs';
const [module, folder, between] = process.argv.slice(1);
const { openDisk } = await import(module);
let count = 0;
const real = fs.fdatasync;
if (between === 'between') fs.fdatasync = (fd, done) => { if (count < 40) real(fd, done); else fs.writeSync(1, 'written\\n'); };
const { disk, entries } = openDisk({ node: 'n1', folder, minimumMs: 0, change: () => null, now: () => performance.now(), flushed() {}, settled() {}, trace() {}, failed(failure) { throw failure; } });
count = entries.length;
const next = () => { const mine = ++count; disk.append([mine], () => { fs.writeSync(1, mine + '\\n'); next(); next(); if (count > 400) process.exit(); }); disk.flush(); };
next();
setInterval(() => {}, 1000);
`;

function killedWriter(mode: string, killWhen: (line: string) => boolean): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, new URL('./disk.ts', import.meta.url).href, folder, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = 0;
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== 'written') acknowledged = Math.max(acknowledged, Number(line));
      if (killWhen(line)) child.kill('SIGKILL');
    }
  });
  return new Promise((resolve) => { child.on('close', () => resolve(acknowledged)); });
}

describe('SIGKILL', () => {
  test.each([3, 17, 90])('a writer killed after %i acknowledged entries keeps all of them, in order', async (count) => {
    const acknowledged = await killedWriter('', (line) => Number(line) >= count);
    const entries = await reopened();
    expect(acknowledged).toBeGreaterThanOrEqual(count);
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged);
    expect(entries).toEqual(entries.map((_, index) => index + 1));
  });

  test('a writer killed between write and flush loses nothing that it acknowledged', async () => {
    const acknowledged = await killedWriter('between', (line) => line === 'written');
    const entries = await reopened();
    expect(acknowledged).toBeGreaterThanOrEqual(20);
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged);
    expect(entries).toEqual(entries.map((_, index) => index + 1));
  });
});
