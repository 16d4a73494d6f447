// The event file across lives: nothing that was flushed is lost, a torn line is cut, the sequence goes on.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEventFile } from './events.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'lab-events-'));
  path = join(folder, 'n1.ndjson');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const open = (life = 1) => openEventFile(path, 'n1', life, () => 12.3456789);
const sequences = (text: string) => text.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { sequence: number }).sequence);

test('an event is a line with time, node, life and sequence', () => {
  const events = open(3);
  events.emit({ type: 'trace', name: 'a', detail: { text: 'ü\n' } });
  events.close();
  expect(JSON.parse(fs.readFileSync(path, 'utf8'))).toEqual({ atMs: 12.346, node: 'n1', life: 3, sequence: 1, type: 'trace', name: 'a', detail: { text: 'ü\n' } });
});

test('a line torn at any byte is cut, and the sequence goes on behind the whole ones', () => {
  const events = open();
  for (const name of ['a', 'b', 'c'.repeat(100)]) events.emit({ type: 'trace', name });
  events.close();
  const whole = fs.readFileSync(path);
  for (let cut = 0; cut <= whole.length; cut++) {
    fs.writeFileSync(path, whole.subarray(0, cut));
    const lines = whole.subarray(0, cut).toString().split('\n').length - 1;
    const next = open(2);
    next.emit({ type: 'trace', name: 'next' });
    next.close();
    expect(sequences(fs.readFileSync(path, 'utf8'))).toEqual(Array.from({ length: lines + 1 }, (_, index) => index + 1));
  }
});

test('the last line may be longer than a block of the file', () => {
  const events = open();
  events.emit({ type: 'trace', name: 'short' });
  events.emit({ type: 'trace', name: 'x'.repeat(300_000) });
  events.close();
  const next = open(2);
  next.emit({ type: 'trace', name: 'next' });
  next.close();
  expect(sequences(fs.readFileSync(path, 'utf8'))).toEqual([1, 2, 3]);
});

test('a tail begins behind any sequence, in this life and the ones before', () => {
  const first = open();
  for (let index = 0; index < 2_000; index++) {
    first.emit({ type: 'trace', name: 'x'.repeat(index % 300) });
    first.flush();
  }
  first.close();
  const events = open(2);
  for (let index = 0; index < 2_000; index++) {
    events.emit({ type: 'trace', name: 'x'.repeat(index % 300) });
    if (index % 7 === 0) events.flush();
  }
  events.flush();
  for (const after of [0, 1, 999, 1_999, 2_000, 2_001, 3_333, 3_998]) {
    expect(sequences(events.tail(after, 3))).toEqual([after + 1, after + 2, after + 3].filter((sequence) => sequence <= 4_000));
  }
  expect(events.tail(4_000, 3)).toBe('');
  events.close();
});

test('a file of something else is refused, not appended to', () => {
  fs.writeFileSync(path, 'hello\n');
  expect(() => open()).toThrow(/n1: .* does not end with an event; name another eventsFile/);
  expect(() => openEventFile(join(folder, 'no', 'folder'), 'n1', 1, () => 0)).toThrow(/ENOENT/);
});

test('a file that would grow beyond its limit ends the node, with what was written before kept whole', () => {
  const events = openEventFile(path, 'n1', 1, () => 0, 300);
  const fill = () => {
    for (let index = 0; index < 10; index++) {
      events.emit({ type: 'trace', name: 'x'.repeat(40) });
      events.flush();
    }
  };
  expect(fill).toThrow(/n1: .*n1\.ndjson would grow beyond 300 bytes; run for a shorter time/);
  events.close();
  expect(sequences(fs.readFileSync(path, 'utf8'))).toEqual([1, 2]);
});
