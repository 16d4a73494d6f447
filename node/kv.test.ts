// The replicated state machine: a retry applies once, and a snapshot carries the sessions.
import { expect, test } from 'vitest';
import type { Operation } from './contract.ts';
import { KeyValue, splitId } from './kv.ts';

let slot = 0;
const at = () => ({ epoch: 1, slot: ++slot });

function run(kv: KeyValue, id: string, op: Operation): string | null {
  return kv.apply({ id, op }, at());
}

test('get, put, cas and append answer as registers do', () => {
  const kv = new KeyValue();
  expect(run(kv, 'a:1', { type: 'get', key: 'x' })).toBeNull();
  expect(run(kv, 'a:2', { type: 'put', key: 'x', value: '1' })).toBeNull();
  expect(run(kv, 'a:3', { type: 'cas', key: 'x', expect: '2', value: '3' })).toBe('false');
  expect(run(kv, 'a:4', { type: 'cas', key: 'x', expect: '1', value: '3' })).toBe('true');
  expect(run(kv, 'a:5', { type: 'append', key: 'x', value: 'y' })).toBeNull();
  expect(run(kv, 'a:6', { type: 'get', key: 'x' })).toBe('3y');
});

test('a retry applies once and answers what the first answered', () => {
  const kv = new KeyValue();
  const append: Operation = { type: 'append', key: 'x', value: 'y' };
  run(kv, 'a:1', { type: 'cas', key: 'k', expect: null, value: 'v' });
  expect(run(kv, 'a:1', { type: 'cas', key: 'k', expect: null, value: 'v' })).toBe('true');
  run(kv, 'b:1', append);
  run(kv, 'b:1', append);
  expect(run(kv, 'b:2', { type: 'get', key: 'x' })).toBe('y');
  expect(kv.answered('b:1')?.sequence).toBe(2);
  expect(kv.answered('b:3')).toBeUndefined();
});

test('an append that would pass the limit changes nothing and says so', () => {
  const kv = new KeyValue();
  run(kv, 'a:1', { type: 'append', key: 'x', value: 'z'.repeat(16_000) });
  expect(run(kv, 'a:2', { type: 'append', key: 'x', value: 'z'.repeat(1_000) })).toBe('full');
  expect(run(kv, 'a:3', { type: 'get', key: 'x' })).toHaveLength(16_000);
});

test('the session that was used least lately is evicted, the same on every replica', () => {
  const kv = new KeyValue(2);
  run(kv, 'a:1', { type: 'get', key: 'x' });
  run(kv, 'b:1', { type: 'get', key: 'x' });
  run(kv, 'a:2', { type: 'get', key: 'x' });
  run(kv, 'c:1', { type: 'get', key: 'x' });
  expect([...kv.sessions.keys()]).toEqual(['a', 'c']);
});

test('a snapshot restores registers, answers and their order', () => {
  const kv = new KeyValue();
  run(kv, 'a:1', { type: 'put', key: 'x', value: '1' });
  const copy = new KeyValue();
  copy.restore(JSON.parse(JSON.stringify(kv.snapshot())));
  expect(copy.snapshot()).toEqual(kv.snapshot());
  expect(copy.answered('a:1')).toEqual(kv.answered('a:1'));
});

test('an id is a session, a colon and a whole number', () => {
  expect(splitId('c1:17')).toEqual({ session: 'c1', sequence: 17 });
  expect(splitId('a:b:0')).toEqual({ session: 'a:b', sequence: 0 });
  for (const bad of ['', 'c1', 'c1:', ':1', 'c1:x', 'c1:-1', 'c1:1.5']) expect(splitId(bad), bad).toBeNull();
});
