// Probes between two nodes that share a clock: what is recorded, what is refused, and that every limit holds.
import { afterEach, expect, test, vi } from 'vitest';
import type { NodeId } from '../contract.ts';
import type { ProbeOrder } from '../../netem/probe.ts';
import { encodeFrames, kindOf } from '../wire.ts';
import type { Bytes } from '../wire.ts';
import { bytesUnder } from './bytes.ts';
import { Probes } from './probes.ts';

const SECRET = 'a-secret-of-the-tests';
let clockNs = 5_000_000_000n;
const seat = (self: NodeId) => ({ self, run: 'r', life: 1, frameBytes: 1_400 });
afterEach(() => { vi.useRealTimers(); });

/** What a sends reaches b at once. */
function pair(bytes: Bytes = bytesUnder(null)) {
  const sent: Uint8Array[] = [];
  const parts = { bytes, originNs: 4_000_000_000n, monotonicNs: () => clockNs };
  const b = new Probes({ ...parts, seat: seat('b'), peers: new Set(['a']), send: () => undefined });
  const a = new Probes({ ...parts, seat: seat('a'), peers: new Set(['b', 'c']), send: (_, frame) => sent.push(frame) });
  return { a, b, sent };
}

function order(change: Partial<ProbeOrder>): ProbeOrder {
  return { batch: 7, to: ['b'], count: 3, everyMs: 10, warmUpMs: 0, ...change };
}

test('each probe is timed one way by the one clock, and the report empties the record', () => {
  vi.useFakeTimers();
  const { a, b, sent } = pair();
  expect(a.start(order({}))).toBeNull();
  vi.advanceTimersByTime(100);
  expect(sent).toHaveLength(3);
  expect(a.report()).toMatchObject({ pending: 0, frameBytes: sent[0]?.length, sent: [{ to: 'b', batch: 7, count: 3 }] });
  clockNs += 12_345_678n;
  for (const frame of [sent[1], sent[0]]) expect(b.received(frame as Uint8Array)).toBe(true);
  expect(b.report()).toEqual({ pending: 0, frameBytes: 0, sent: [], unkept: 0, received: [{ from: 'a', batch: 7, samples: [[2, 1_000, 12.345], [1, 1_000, 12.345]] }] });
  expect(b.report().received).toEqual([]);
  clockNs -= 12_345_678n;
});

test('the warm-up goes ahead of the rest and is not counted; peers take turns', () => {
  vi.useFakeTimers();
  const { a, b, sent } = pair();
  a.start(order({ to: ['b', 'c'], count: 2, warmUpMs: 50 }));
  expect(sent).toHaveLength(2);
  expect(a.report()).toMatchObject({ pending: 4, sent: [] });
  b.received(sent[0] as Uint8Array);
  expect(b.report().received).toEqual([]);
  vi.advanceTimersByTime(49);
  expect(sent).toHaveLength(2);
  vi.advanceTimersByTime(100);
  expect(sent).toHaveLength(6);
  expect(a.report().sent).toEqual([{ to: 'b', batch: 7, count: 2 }, { to: 'c', batch: 7, count: 2 }]);
});

test('what is damaged, foreign, unsigned or no probe is told apart', () => {
  vi.useFakeTimers();
  const { a, b, sent } = pair(bytesUnder(SECRET));
  a.start(order({ count: 1 }));
  vi.advanceTimersByTime(20);
  const good = sent[0] as Uint8Array;
  const damaged = good.slice();
  damaged[30] = (damaged[30] ?? 0) ^ 4;
  const unsigned = pair();
  unsigned.a.start(order({ count: 1 }));
  vi.advanceTimersByTime(20);
  const bytes = bytesUnder(SECRET);
  const frame = (to: NodeId, kind: 'probe' | 'message', body: number) => encodeFrames({ run: 'r', from: 'a', to, life: 1, kind }, 0, new Uint8Array(body), 1_400, bytes)[0] as Uint8Array;
  for (const bad of [damaged, unsigned.sent[0] as Uint8Array, frame('c', 'probe', 16), frame('b', 'probe', 15)]) expect(b.received(bad)).toBe(true);
  expect(b.counters).toEqual({ corrupt: 2, foreign: 2 });
  expect(b.received(frame('b', 'message', 16))).toBe(false);
  expect(b.received(new Uint8Array(2))).toBe(false);
  expect(b.received(good)).toBe(true);
  expect(b.report().received).toHaveLength(1);
  expect(kindOf(good)).toBe('probe');
});

test('strangers are not probed, orders are few at once, and stop ends them', () => {
  vi.useFakeTimers();
  const { a, sent } = pair();
  expect(a.start(order({ to: ['b', 'x'] }))).toBe('x is no peer of this node');
  expect(sent).toEqual([]);
  for (let index = 0; index < 16; index++) expect(a.start(order({ everyMs: 1_000 }))).toBeNull();
  expect(a.start(order({}))).toMatch(/at most 16/);
  const before = sent.length;
  a.stop();
  vi.advanceTimersByTime(10_000);
  expect(sent).toHaveLength(before);
});
