// The proposer's limits, and what it makes of promises.
import { describe, expect, test } from 'vitest';
import type { Command, Env } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Configurations } from './configurations.ts';
import { Learner } from './learner.ts';
import type { Entry, Message, Vote } from './messages.ts';
import type { Options } from './options.ts';
import { Proposer } from './proposer.ts';
import { Quorums } from './quorums.ts';

const command = (number: number): Command => ({ id: `c${number}:1`, op: { type: 'get', key: 'k' } });
const vote = (slot: number, ballot: number, epoch: number): Vote => ({ slot, ballot, epoch, command: command(ballot) });

type Limits = { readonly q1: number; readonly q2: number; readonly window: number; readonly members: readonly string[]; readonly phase1Bypass: boolean };

function proposer(limits: Partial<Limits> = {}): Proposer {
  const env: Pick<Env<Message, Entry, Options>, 'commit'> = { commit: () => undefined };
  const { q1, q2, window, members, phase1Bypass } = { q1: 2, q2: 2, window: 1024, members: ['n1', 'n2', 'n3'], phase1Bypass: false, ...limits };
  const learner = new Learner(env as Env<Message, Entry, Options>, new CommandIndex(), new Configurations(window, members));
  return new Proposer(learner, new Quorums({ q1, q2, grid: null, allAboard: false }), { window, phase1Bypass });
}

/** In phase 2 of ballot 2048. */
function established(limits: Partial<Limits> = {}): Proposer {
  const subject = proposer(limits);
  subject.begin(2048);
  for (const from of ['n1', 'n2', 'n3', 'n4', 'n5']) subject.promised(from, { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes: [] });
  subject.establish();
  return subject;
}

describe('limits', () => {
  test('no more than the window is in flight, and the rest follows as slots are decided', () => {
    const subject = established({ window: 2 });
    for (let number = 1; number <= 5; number++) subject.offer(command(number));
    expect(subject.take(0).proposed.map(({ slot }) => slot)).toEqual([1, 2]);
    expect(subject.take(0).proposed).toEqual([]);
    const [first] = [...subject.flights.values()];
    const decided = first?.value ?? { slot: 0, epoch: 0, command: null };
    subject.learner.learn(decided);
    subject.settle(decided);
    subject.learner.advance();
    expect(subject.take(0).proposed.map(({ slot }) => slot)).toEqual([3]);
  });

  test('a full queue refuses, and takes a repeated command all the same', () => {
    const subject = proposer();
    const taken = Array.from({ length: 8193 }, (_, index) => subject.offer(command(index)));
    expect(taken.indexOf(false)).toBe(8192);
    expect(subject.offer(command(0))).toBe(true);
    expect(subject.queue).toHaveLength(8192);
  });
});

describe('phase 1', () => {
  test('takes the vote of the highest ballot in each slot, keeps its epoch, and fills a gap in its own', () => {
    const subject = proposer();
    subject.begin(2048);
    subject.promised('n1', { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes: [vote(1, 1026, 1025), vote(3, 1024, 1024)] });
    subject.promised('n2', { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes: [vote(1, 1025, 1025)] });
    subject.establish();
    expect(subject.take(0).proposed).toEqual([
      { slot: 1, epoch: 1025, command: command(1026) }, { slot: 2, epoch: 2048, command: null }, { slot: 3, epoch: 1024, command: command(1024) },
    ]);
  });

  test('counts an acceptor when its last page is here, in order', () => {
    const subject = proposer({ q1: 1 });
    subject.begin(2048);
    const page = (from: number, next: number | null) => subject.promised('n2', { type: 'promise', ballot: 2048, from, next, compactedTo: 0, votes: [] });
    expect([page(5, null), page(1, 5), page(1, 5), subject.hasQuorum, page(5, null), subject.hasQuorum]).toEqual([false, true, false, false, true, true]);
  });

  test('ignores a promise of another ballot', () => {
    const subject = proposer({ q1: 1 });
    subject.begin(2048);
    expect(subject.promised('n2', { type: 'promise', ballot: 1024, from: 1, next: null, compactedTo: 0, votes: [] })).toBe(false);
    expect(subject.hasQuorum).toBe(false);
  });
});

describe('phase 2', () => {
  test('proposes nothing in a slot that is decided, the last one included', () => {
    const subject = proposer();
    for (const slot of [2, 3]) subject.learner.learn({ slot, epoch: 1024, command: command(slot) });
    subject.begin(2048);
    for (const from of ['n1', 'n2']) subject.promised(from, { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes: [] });
    subject.establish();
    expect(subject.take(0).proposed.map(({ slot }) => slot)).toEqual([1]);
  });

  test('does not propose a queued command that was decided meanwhile', () => {
    const subject = established();
    subject.offer(command(1));
    subject.returned({ slot: 9, epoch: 1024, command: command(1) });
    expect(subject.take(0).proposed).toEqual([]);
  });

  test('is lost when a slot is decided that this ballot has not come to, and not by one that phase 1 found something in', () => {
    expect(established().settle({ slot: 1, epoch: 1024, command: command(1) })).toBe(false);
    const subject = proposer();
    subject.begin(2048);
    for (const from of ['n1', 'n2']) subject.promised(from, { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes: [vote(2, 1024, 1024)] });
    subject.establish();
    expect(subject.settle({ slot: 2, epoch: 1024, command: command(1024) })).toBe(true);
    expect(subject.settle({ slot: 3, epoch: 1024, command: command(3) })).toBe(false);
  });

  test('decides with q2 acceptors, each counted once', () => {
    const subject = established({ q2: 3, members: ['n1', 'n2', 'n3', 'n4', 'n5'] });
    subject.offer(command(1));
    subject.take(0);
    const accept = (from: string, ballot = 2048) => subject.accepted(from, { type: 'accept', ballot, slots: [[1, 1]] }).length;
    expect([accept('n1'), accept('n2'), accept('n2'), accept('n3', 1024), accept('n4')]).toEqual([0, 0, 0, 0, 1]);
  });

  test('sends again what an acceptor has not accepted, once it is overdue', () => {
    const subject = established();
    subject.offer(command(1));
    subject.take(100);
    subject.accepted('n2', { type: 'accept', ballot: 2048, slots: [[1, 1]] });
    expect([subject.overdue('n3', 99).length, subject.overdue('n2', 100).length, subject.overdue('n3', 100).length]).toEqual([0, 0, 1]);
    subject.resent(100, 150);
    expect(subject.overdue('n3', 100)).toEqual([]);
  });
});
