// Entries that came before their turn.
import { expect, test } from 'vitest';
import { EarlyEntries } from './early.ts';
import type { AppendEntries } from './messages.ts';

const after = (prevLogIndex: number, term = 1): AppendEntries => ({ type: 'appendEntries', term, prevLogIndex, prevLogTerm: 1, entries: [], leaderCommit: 0 });

test('they leave in the order of the log, those of one place in the order in which they came', () => {
  const early = new EarlyEntries();
  const messages = [after(7), after(5), after(6, 1), after(6, 2), after(9)];
  for (const message of messages) early.add(message);
  expect([0, 1, 2, 3].map(() => early.take(8))).toEqual([messages[1], messages[2], messages[3], messages[0]]);
  expect(early.take(8)).toBeNull();
  expect(early.take(9)).toBe(messages[4]);
  expect(early.take(99)).toBeNull();
});

test('as many wait as a window holds, and no more', () => {
  const early = new EarlyEntries();
  for (let index = 1; index <= 300; index++) early.add(after(index));
  expect(early.waiting).toHaveLength(256);
});
