// Event files: what a killed process leaves is read, and the merge is a total order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { LabEvent } from '../kinds.ts';
import { LineFile, mergeEvents, readEvents } from './event-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

function event(node: string, atMs: number, sequence: number): LabEvent {
  return { atMs, node, life: 1, sequence, type: 'clock', errorMs: 0 };
}

test('a torn last line, as a SIGKILL leaves it, is passed over', () => {
  const path = join(folder, 'torn.ndjson');
  writeFileSync(path, `${JSON.stringify(event('n1', 1, 0))}\n${JSON.stringify(event('n1', 2, 1))}\n{"atMs":3,"no`);
  expect([...readEvents(path)]).toEqual([event('n1', 1, 0), event('n1', 2, 1)]);
});

test('a process that wrote nothing has no events', () => {
  expect([...readEvents(join(folder, 'missing.ndjson'))]).toEqual([]);
});

test('lines longer than one read and characters of several bytes come back as they were written', () => {
  const path = join(folder, 'long.ndjson');
  const file = new LineFile(path);
  const events = Array.from({ length: 40 }, (_, index): LabEvent => ({ ...event('n1', index, index), type: 'trace', name: 'é€😀'.repeat(4_000 + index) }));
  for (const item of events) file.write(item);
  file.close();
  expect([...readEvents(path)]).toEqual(events);
});

test('the merge keeps every event and is in order of time, node and sequence', () => {
  const sources = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }), { maxLength: 5 });
  fc.assert(fc.property(sources, (times) => {
    const files = times.map((list, index) => list.sort((a, b) => a - b).map((atMs, sequence) => event(`n${index}`, atMs, sequence)));
    const merged = [...mergeEvents(files.map((file) => file.values()))];
    const sorted = files.flat().sort((a, b) => a.atMs - b.atMs || (a.node < b.node ? -1 : a.node > b.node ? 1 : a.sequence - b.sequence));
    expect(merged).toEqual(sorted);
  }));
});
