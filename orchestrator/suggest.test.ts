// The likely spelling: found when it is near, silent when it is not.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from './suggest.ts';

test('a slip of the fingers costs one edit', () => {
  expect(editDistance('raft', 'raft')).toBe(0);
  expect(editDistance('rfat', 'raft')).toBe(1);
  expect(editDistance('rafft', 'raft')).toBe(1);
  expect(editDistance('stick', 'raft')).toBe(5);
});

test('the distance is symmetric and never more than the longer word', () => {
  fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
    const distance = editDistance(left, right);
    expect(distance).toBe(editDistance(right, left));
    expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
    expect(distance === 0).toBe(left === right);
  }));
});

test('a name that is nothing like the known ones gets only their list', () => {
  expect(nearest('zab', ['raft', 'paxos'])).toBeNull();
  expect(didYouMean('zab', ['raft', 'paxos'])).toBe('known: raft, paxos');
  expect(didYouMean('pasox', ['raft', 'paxos'])).toBe('did you mean paxos? known: raft, paxos');
  expect(didYouMean('raft', [])).toBe('there are none');
});
