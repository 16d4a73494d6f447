// What a learner keeps and forgets, and what becomes of commands that waited in slots decided elsewhere.
import { expect, test } from 'vitest';
import type { Command, Env } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Configurations } from './configurations.ts';
import { Learner } from './learner.ts';
import type { Entry, Message } from './messages.ts';
import type { Options } from './options.ts';
import { Proposer } from './proposer.ts';
import { Quorums } from './quorums.ts';

const command = (number: number): Command => ({ id: `c${number}:1`, op: { type: 'get', key: 'k' } });

function learner(): { readonly subject: Learner; readonly committed: string[] } {
  const committed: string[] = [];
  const env: Pick<Env<Message, Entry, Options>, 'commit'> = { commit: (value) => { committed.push(value?.id ?? ''); } };
  return { subject: new Learner(env as Env<Message, Entry, Options>, new CommandIndex(), new Configurations(64, ['n1', 'n2', 'n3'])), committed };
}

test('the first decision of a slot stands, and is committed once', () => {
  const { subject, committed } = learner();
  expect(subject.learn({ slot: 1, epoch: 1024, command: command(1) })).toBe(true);
  expect(subject.learn({ slot: 1, epoch: 1024, command: command(2) })).toBe(false);
  subject.advance();
  expect(subject.learn({ slot: 1, epoch: 1024, command: command(3) })).toBe(false);
  subject.advance();
  expect(committed).toEqual(['c1:1']);
});

test('what is forgotten is gone, to the slot', () => {
  const { subject } = learner();
  for (let slot = 1; slot <= 6; slot++) subject.learn({ slot, epoch: 1024, command: command(slot) });
  subject.advance();
  subject.forget(2);
  subject.forget(4);
  expect([...subject.decided.keys()]).toEqual([5, 6]);
  expect([4, 6, 7].map((slot) => subject.has(slot))).toEqual([true, true, false]);
});

test('commands that wait in slots up to a state come back, and those in later ones wait on', () => {
  const { subject } = learner();
  const proposer = new Proposer(subject, new Quorums({ q1: 2, q2: 2, grid: null, allAboard: false }), { window: 64, phase1Bypass: false });
  for (const slot of [1, 2, 3]) proposer.waitAt(slot, command(slot));
  expect(proposer.returnedTo(2).map(({ id }) => id)).toEqual(['c1:1', 'c2:1']);
  expect([...proposer.waiting.keys()]).toEqual([3]);
  expect([...proposer.owned]).toEqual(['c3:1']);
});
