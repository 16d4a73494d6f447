// Runs take blocks that nothing else has, and an address of a plan keeps its place within its block.
import { expect, test } from 'vitest';
import { blockText, freeBlocks, gatewayOf, readPool, relocate } from './subnets.ts';

const pool = readPool('198.18.0.0/15');

test('the first free block is beside what is taken, whichever holds the other', () => {
  const first = (...taken: readonly string[]) => blockText(freeBlocks(pool, taken)[0] ?? { first: 0, bits: 0 });
  expect(first()).toBe('198.18.0.0/21');
  expect(first('198.18.0.0/24', 'fd00::/64', '192.0.2.0/24')).toBe('198.18.8.0/21');
  expect(first('198.18.0.0/16')).toBe('198.19.0.0/21');
  expect(freeBlocks(pool, [])).toHaveLength(64);
  expect(freeBlocks(pool, ['198.0.0.0/8'])).toEqual([]);
});

test('an address moves with its block', () => {
  const [, second] = freeBlocks(pool, []);
  expect(second === undefined ? '' : [gatewayOf(second), relocate('198.18.0.11', second), relocate('198.18.5.210', second)]).toEqual(['198.18.8.1', '198.18.8.11', '198.18.13.210']);
});

test.each(['198.18.0.0', '198.18.0.0/24', '198.18.0.1/15', '300.0.0.0/15', '0.0.0.0/0', 'fd00::/15', '10.0.0.0/8; reboot'])('%s is no pool', (text) => {
  expect(() => readPool(text)).toThrow(`--subnet ${text} is no block`);
});
