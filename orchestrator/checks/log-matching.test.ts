// Two commands of one epoch at one slot are found, placed or committed.
import { expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import { logMatching } from './log-matching.ts';

test('an epoch may have a slot in many logs, and another epoch may have another command there', () => {
  const stream = new Stream().placed('n1', 'c1:1', 1, 1).placed('n2', 'c1:1', 1, 1).placed('n2', 'c2:1', 1, 2);
  expect(stream.verdict(logMatching)).toMatchObject({ valid: true, because: 'one command in each of 2 positions' });
});

test('a position with two commands violates it, and both logs are named', () => {
  const stream = new Stream().placed('n1', 'c1:1', 1, 1).placed('n2', 'c2:1', 1, 1);
  expect(stream.verdict(logMatching)).toMatchObject({ valid: false, because: 'epoch 1 has two commands at slot 1: c1:1 in the log of n1, c2:1 in that of n2' });
});

test('what was only placed is forgotten with its life, what was committed is not', () => {
  const put = { type: 'put', key: 'k', value: 'v' } as const;
  const lost = new Stream().placed('n1', 'c1:1', 1, 1).commit('n1', 1, 'c2:1', put, { life: 2 });
  expect(lost.verdict(logMatching)).toMatchObject({ valid: true });
  expect(lost.commit('n2', 1, 'c1:1', put).verdict(logMatching)).toMatchObject({ valid: false });
});
