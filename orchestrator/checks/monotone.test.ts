// An epoch or a commit slot that falls within a life is found; a new life may begin lower.
import { expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import { monotone } from './monotone.ts';

test('a new life may begin below the one before', () => {
  const stream = new Stream().status('n1', { epoch: 3, commitSlot: 5, lastSlot: 9 }).status('n1', { epoch: 1, commitSlot: 0, lastSlot: 4 }, 2).status('n1', { epoch: 2, commitSlot: 4, lastSlot: 4 }, 2);
  expect(stream.verdict(monotone)).toMatchObject({ valid: true });
});

test.each([
  ['an epoch that falls', { epoch: 2, commitSlot: 5, lastSlot: 9 }, 'its epoch fell from 3 to 2'],
  ['a commit slot that falls', { epoch: 3, commitSlot: 4, lastSlot: 9 }, 'its commit slot fell from 5 to 4'],
  ['a commit beyond the log', { epoch: 3, commitSlot: 6, lastSlot: 5 }, 'it has committed slot 6, but its log ends at slot 5'],
])('%s is found', (_, status, because) => {
  const stream = new Stream().status('n1', { epoch: 3, commitSlot: 5, lastSlot: 9 }).at(7).status('n1', status);
  expect(stream.verdict(monotone)).toMatchObject({ valid: false, because: `n1 at 7 ms: ${because}` });
});
