// Quorums, votes, and repeated commands.
import { expect, test } from 'vitest';
import { CommandIndex } from './command-index.ts';
import { majorityOf, quorumSlot, Votes } from './quorum.ts';

test('two majorities always meet', () => {
  for (let members = 1; members <= 9; members++) expect(2 * majorityOf(members)).toBeGreaterThan(members);
  expect([1, 2, 3, 4, 5].map(majorityOf)).toEqual([1, 2, 2, 3, 3]);
});

test('a slot is held by a quorum when so many hold it or a later one', () => {
  expect(quorumSlot([7, 3, 5], 2)).toBe(5);
  expect(quorumSlot([7, 3, 5, 5, 1], 3)).toBe(5);
  expect(quorumSlot([7, 3, 5, 0, 0], 4)).toBe(0);
  expect(quorumSlot([10, 9], 3)).toBe(0);
});

test('a vote is won once, and nobody votes twice', () => {
  const votes = new Votes(2);
  expect(['n1', 'n1', 'n2', 'n2', 'n3'].map((voter) => votes.add(voter))).toEqual([false, false, true, false, false]);
});

test('a repeated command is found until its slot is applied or overwritten', () => {
  const index = new CommandIndex();
  const command = { id: 'c1:1', op: { type: 'get', key: 'x' } } as const;
  index.add(command, 4);
  index.add(null, 5);
  expect(index.has('c1:1')).toBe(true);
  index.add(command, 6);
  index.remove(command, 4);
  expect(index.has('c1:1')).toBe(true);
  index.remove(command, 6);
  expect(index.has('c1:1')).toBe(false);
});
