// The tail of the event files of a run: in order over all files, late enough to have them all, without what is of no use.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LabEvent } from '../kinds.ts';
import { tailEvents } from './live-tail.ts';

let folder = '';
let nowMs = 0;
let seen: LabEvent[];
let own: LabEvent[];
let end: () => Promise<void>;

const path = (name: string) => join(folder, name);
const line = (atMs: number, node: string, type: string, more = {}) => `${JSON.stringify({ atMs, node, life: 1, sequence: 1, type, ...more })}\n`;
const clock = (atMs: number, node: string) => line(atMs, node, 'clock', { errorMs: 0 });
const times = () => seen.map(({ atMs }) => atMs);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-tail-'));
  nowMs = 0;
  seen = [];
  own = [];
  end = tailEvents({ files: [path('a'), path('b')], own, now: () => nowMs, observe: (event) => seen.push(event) });
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

test('events of all files come in order, once each, when they are two seconds old', async () => {
  appendFileSync(path('a'), clock(1000, 'a') + clock(3000, 'a'));
  own.push({ atMs: 1500, node: 'lab', life: 0, sequence: 0, type: 'fault', phase: 'begin', name: 'crash', index: 0, nodes: [] });
  appendFileSync(path('b'), clock(500, 'b') + clock(2000, 'b'));
  nowMs = 4000;
  await vi.waitFor(() => expect(times()).toEqual([500, 1000, 1500, 2000]), 5_000);
  appendFileSync(path('b'), clock(2500, 'b'));
  nowMs = 10_000;
  await vi.waitFor(() => expect(times()).toEqual([500, 1000, 1500, 2000, 2500, 3000]), 5_000);
});

test('single messages, flushes and commits are passed over; half a line waits for its end', async () => {
  const whole = clock(20, 'ä');
  const bytes = Buffer.from(whole);
  const cut = bytes.indexOf(0xc3) + 1;
  appendFileSync(path('a'), line(1, 'a', 'sent') + line(2, 'a', 'committed', { command: { type: 'clock' } }) + line(10, 'a', 'trace', { detail: { type: 'status' } }));
  appendFileSync(path('a'), bytes.subarray(0, cut));
  nowMs = 10_000;
  appendFileSync(path('b'), clock(5, 'b'));
  await vi.waitFor(() => expect(times()).toEqual([5]), 5_000);
  appendFileSync(path('a'), bytes.subarray(cut));
  await vi.waitFor(() => expect(seen.map(({ node }) => node)).toEqual(['b', 'ä']), 5_000);
});

test('a damaged line ends it, and nothing else', async () => {
  appendFileSync(path('a'), `${clock(1, 'a')}{"type":"clock", oops\n`);
  nowMs = 10_000;
  await sleep(1_200);
  appendFileSync(path('b'), clock(2, 'b'));
  await sleep(1_200);
  expect(seen).toEqual([]);
  await end();
});
