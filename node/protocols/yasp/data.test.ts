// The origin's data and the names in its log.
import { expect, test } from 'vitest';
import { randomStream } from '../../kit/random.ts';
import { madeCommand, traceInstance } from './data.ts';

test('the key is SHA-256 in letters, each byte mod 26 (FIPS 180-2: abc)', () => {
  const lines: unknown[] = [];
  const env = { random: () => 0, trace: (name: string, detail?: unknown) => lines.push([name, detail]) };
  traceInstance(env, 'generate', { id: 'n1.0:1', op: { type: 'put', key: 'instance', value: 'abc' } }, 7);
  traceInstance(env, 'commit', null, 8);
  const bytes = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'.match(/../g) ?? [];
  expect(lines).toEqual([['generate', { key: bytes.map((byte) => 'abcdefghijklmnopqrstuvwxyz'[parseInt(byte, 16) % 26]).join(''), seq: 7 }]]);
});

test('data has the size that was asked for, and an id of its own for each round and seq', () => {
  const env = { random: randomStream('1', 'data'), trace: () => undefined };
  const made = [madeCommand('n2', 6, 0, 1_000, env), madeCommand('n2', 6, 1, 1_000, env), madeCommand('n2', 11, 0, 1_000, env)];
  expect(made.map(({ id }) => id)).toEqual(['n2.6:1', 'n2.6:2', 'n2.11:1']);
  const values = made.map(({ op }) => (op.type === 'put' ? op.value : ''));
  expect(new Set(values).size).toBe(3);
  expect(values.map((value) => value.length)).toEqual([1_000, 1_000, 1_000]);
});
