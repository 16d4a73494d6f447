// Whoever puts something else at a committed slot in a later epoch is found; what an older epoch left there is not.
import { expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import { leaderCompleteness } from './leader-completeness.ts';

const PUT = { type: 'put', key: 'k', value: 'v' } as const;
const committedInEpoch2 = () => new Stream().status('n1', { epoch: 2 }).commit('n1', 4, 'c1:1', PUT).at(5);

test('an entry of the epoch that committed, of an older one, or the same entry again is none of its business', () => {
  const stream = committedInEpoch2().placed('n2', 'c9:1', 4, 2).placed('n2', 'c9:1', 4, 1).placed('n3', 'c1:1', 4, 3);
  expect(stream.verdict(leaderCompleteness)).toMatchObject({ valid: true, because: 'later epochs kept each of one slot' });
});

test('another entry of a later epoch violates it', () => {
  const stream = committedInEpoch2().placed('n2', 'c9:1', 4, 3);
  expect(stream.verdict(leaderCompleteness)).toMatchObject({ valid: false, because: 'n2 put c9:1 at slot 4 in epoch 3, though n1 had committed c1:1 there in epoch 2' });
});

test('the epoch that counts is that of the end of the turn in which it was committed', () => {
  const stream = committedInEpoch2().commit('n1', 5, null, PUT).status('n1', { epoch: 3 }).at(6);
  expect(stream.placed('n2', 'c9:1', 5, 3).verdict(leaderCompleteness)).toMatchObject({ valid: true });
});

test('who learns a decision before it knows of any leader has not committed it in an epoch below that of the decision', () => {
  const late = () => new Stream().status('n1', { epoch: 0 }).commit('n1', 4, null, PUT, { epoch: 3 }).at(5);
  expect(late().placed('n2', 'c9:1', 4, 2).verdict(leaderCompleteness)).toMatchObject({ valid: true });
  expect(late().placed('n2', 'c9:1', 4, 4).verdict(leaderCompleteness)).toMatchObject({ valid: false });
});
