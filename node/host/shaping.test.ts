// Links in the node's transport: what leaves, in which order, and that a changed row takes effect at once.
import { afterEach, expect, test, vi } from 'vitest';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { Link } from '../../netem/link.ts';
import { nodeBytes } from '../../test/bytes.ts';
import { decodeFrame, encodeFrames } from '../wire.ts';
import { DueQueue } from './due-queue.ts';
import { Shaping } from './shaping.ts';

afterEach(() => { vi.useRealTimers(); });

function shaped(links: { readonly [to: string]: Link }) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const left: { readonly atMs: number; readonly to: string; readonly frame: Uint8Array }[] = [];
  const now = () => performance.now();
  const startMs = now();
  const shaping = new Shaping('seed', 'n1', now, (to, frame) => left.push({ atMs: now() - startMs, to, frame }));
  shaping.setLinks(links);
  return { shaping, left };
}

const frame = (number: number) => new Uint8Array([number, 0, 0, 0]);

test('a datagram leaves after the delay of its own link, another peer\'s at once', () => {
  const { shaping, left } = shaped({ n2: { ...PERFECT_LINK, delayMs: 20 } });
  shaping.send('n2', frame(1));
  shaping.send('n3', frame(2));
  expect(left.map(({ to }) => to)).toEqual(['n3']);
  vi.advanceTimersByTime(18);
  expect(left).toHaveLength(1);
  vi.advanceTimersByTime(3);
  expect(left.map(({ to }) => to)).toEqual(['n3', 'n2']);
});

test('equal delays keep the order in which they were sent', () => {
  const { shaping, left } = shaped({ n2: { ...PERFECT_LINK, delayMs: 5 } });
  for (let number = 0; number < 50; number++) shaping.send('n2', frame(number));
  vi.advanceTimersByTime(10);
  expect(left.map((sent) => sent.frame[0])).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test('a cut loses everything from now on, and what was in flight arrives', () => {
  const link = { ...PERFECT_LINK, delayMs: 5 };
  const { shaping, left } = shaped({ n2: link });
  shaping.send('n2', frame(1));
  shaping.setLinks({ n2: { ...link, lossPct: 100 } });
  shaping.send('n2', frame(2));
  vi.advanceTimersByTime(10);
  shaping.setLinks({});
  shaping.send('n2', frame(3));
  expect(left.map((sent) => sent.frame[0])).toEqual([1, 3]);
  expect(shaping.lost).toBe(1);
});

test('duplicates leave twice and a corrupt frame no longer fits its checksum', () => {
  const { shaping, left } = shaped({ n2: { ...PERFECT_LINK, duplicatePct: 100, corruptPct: 100 } });
  const header = { run: 'r', from: 'n1', to: 'n2', life: 1, kind: 'message' } as const;
  const [whole] = encodeFrames(header, 0, nodeBytes.encode('{"a":1}'), 1_400, nodeBytes);
  shaping.send('n2', whole as Uint8Array);
  expect(left).toHaveLength(2);
  for (const sent of left) expect(decodeFrame(sent.frame, nodeBytes)).toBeTypeOf('string');
  expect(decodeFrame(whole as Uint8Array, nodeBytes)).toBeTypeOf('object');
});

test('the queue runs in order of time, whatever the order of arrival, and what is due within a millisecond with its way', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let nowMs = 0;
  const queue = new DueQueue(() => nowMs);
  const ran: number[] = [];
  const due = [30.2, 10.1, 20, 11.1, 11.2, 5, 40, 0.2];
  for (const atMs of due) queue.at(atMs, () => ran.push(atMs));
  for (nowMs = 0; nowMs < 10.1; nowMs += 0.1) vi.advanceTimersByTime(1);
  nowMs = 10.1;
  vi.advanceTimersByTime(20);
  expect(ran).toEqual([0.2, 5, 10.1, 11.1]);
  nowMs = 50;
  vi.advanceTimersByTime(60);
  expect(ran).toEqual(due.toSorted((a, b) => a - b));
});

test('what a callback adds is run in its time too', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const now = () => performance.now();
  const startMs = now();
  const queue = new DueQueue(now);
  const ran: string[] = [];
  queue.at(startMs + 5, () => {
    ran.push('first');
    queue.at(startMs + 3, () => ran.push('at once'));
    queue.at(startMs + 8, () => ran.push('later'));
  });
  vi.advanceTimersByTime(6);
  expect(ran).toEqual(['first', 'at once']);
  vi.advanceTimersByTime(5);
  expect(ran).toEqual(['first', 'at once', 'later']);
});
