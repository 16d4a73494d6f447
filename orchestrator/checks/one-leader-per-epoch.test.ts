// Two leaders of one epoch are found; a leader of two epochs or two lives is none.
import { expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import { oneLeaderPerEpoch } from './one-leader-per-epoch.ts';

test('one leader per epoch holds across changes of leader and lives', () => {
  const stream = new Stream().status('n1', { role: 'leader', epoch: 1 }).status('n2', { role: 'leader', epoch: 2 }).status('n1', { epoch: 2, leader: 'n2' })
    .status('n2', { role: 'leader', epoch: 2 }, 2);
  expect(stream.verdict(oneLeaderPerEpoch)).toMatchObject({ valid: true, because: 'one leader in each of 2 epochs that had one' });
});

test('a second leader of an epoch violates it, and both are named', () => {
  const stream = new Stream().at(3).status('n1', { role: 'leader', epoch: 4 }).at(9).status('n2', { role: 'leader', epoch: 4 });
  expect(stream.verdict(oneLeaderPerEpoch)).toMatchObject({
    valid: false, because: 'epoch 4: both n1 and n2 lead', witness: { epoch: 4, leaders: [{ node: 'n1', atMs: 3 }, { node: 'n2', atMs: 9 }] },
  });
});
