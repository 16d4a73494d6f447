// What the parts of a process know and forget, to the slot and to the millisecond: acceptor, learner, tally, catch-up, and who is alive.
import { expect, test } from 'vitest';
import type { Command, Env, NodeId } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Acceptor } from './acceptor.ts';
import { AnswerTimes } from './answer-times.ts';
import { CatchUp } from './catch-up.ts';
import { Configurations } from './configurations.ts';
import { FailureDetector } from './failure-detector.ts';
import { Learner } from './learner.ts';
import type { Entry, Message, Proposal, Promise1 } from './messages.ts';
import type { Options } from './options.ts';
import { Promises } from './promises.ts';
import { Quorums } from './quorums.ts';
import { Tally } from './tally.ts';

const command = (number: number): Command => ({ id: `c${number}:1`, op: { type: 'get', key: 'k' } });
const valueAt = (slot: number): Proposal => ({ slot, epoch: 1024, command: command(slot) });

/** Of n1; decided: slots 1 to here. */
function parts(decided = 0, window = 4096) {
  const sent: { readonly to: NodeId | readonly NodeId[]; readonly message: Message }[] = [];
  const clock = { nowMs: 0 };
  const env = {
    self: 'n1', maxMessageBytes: 1_000_000, now: () => clock.nowMs, commit: () => undefined, persist: () => undefined, place: () => undefined, clearTimer: () => undefined,
    send: (to: NodeId, message: Message) => { sent.push({ to, message }); },
  } as Partial<Env<Message, Entry, Options>> as Env<Message, Entry, Options>;
  const learner = new Learner(env, new CommandIndex(), new Configurations(window, ['n1', 'n2', 'n3']));
  for (let slot = 1; slot <= decided; slot++) learner.learn(valueAt(slot));
  learner.advance();
  const quorums = new Quorums({ q1: 2, q2: 2, grid: null, allAboard: false });
  return { env, sent, clock, learner, acceptor: new Acceptor(env, learner), catchUp: new CatchUp(env, learner), tally: new Tally(quorums, learner) };
}

test('a command that is decided stands nowhere any more, so that the index does not keep it', () => {
  const { acceptor, learner } = parts(2);
  acceptor.stands(valueAt(2));
  expect([...learner.index.slots]).toEqual([]);
  acceptor.stands(valueAt(3));
  expect([...learner.index.slots]).toEqual([['c3:1', 3]]);
});

test('an acceptor forgets up to a slot, and with it', () => {
  const { acceptor } = parts();
  for (const slot of [1, 2, 3]) acceptor.store(1024, valueAt(slot));
  acceptor.forget(2);
  expect([...acceptor.votes.keys()]).toEqual([3]);
});

test('a promise has 1,024 votes in a page, and names the next page exactly while there is one', () => {
  const promised = (votes: number) => {
    const { acceptor } = parts();
    for (let slot = 1; slot <= votes; slot++) acceptor.store(1024, valueAt(slot));
    const promise = acceptor.promise(2048, 1) as Promise1;
    return [promise.votes.length, promise.next];
  };
  expect([promised(1024), promised(1025)]).toEqual([[1024, null], [1024, 1025]]);
});

test('the time of an answer is an average, and who was silent begins anew', () => {
  const times = new AnswerTimes('n1');
  times.answered('n2', 100);
  times.answered('n2', 20);
  times.alive('n2', 5);
  expect(times.of('n2')).toBe(80);
  times.silent('n2');
  expect(times.of('n2')).toBe(Infinity);
  times.alive('n2', 30);
  expect([times.of('n1'), times.of('n2'), times.of('n3')]).toEqual([-1, 30, Infinity]);
});

test('who knows as much is not ahead, and hides nobody who is', () => {
  const { catchUp } = parts(2);
  catchUp.hears('n3', 5);
  catchUp.hears('n2', 2);
  expect(catchUp.ahead).toEqual({ from: 'n3', to: 5 });
});

test('an answer that brought nothing is no reason to ask again, one that did is', () => {
  const { catchUp, sent } = parts(2);
  catchUp.answered('n2', 9, 2);
  expect(sent).toEqual([]);
  catchUp.answered('n2', 9, 1);
  expect(sent).toEqual([{ to: 'n2', message: { type: 'learn', from: 3 } }]);
});

test('who was ahead is so no longer when all of that is known', () => {
  const { catchUp, learner } = parts(2);
  catchUp.hears('n2', 3);
  learner.learn(valueAt(3));
  learner.advance();
  catchUp.tick();
  expect(catchUp.ahead).toBeNull();
});

test('an acceptor counts as alive for the longest timeout after its answer, and one hears oneself', () => {
  const { env, clock } = parts();
  const detector = new FailureDetector(env, [150, 300], null);
  expect([detector.hears('n1'), detector.hears('n2')]).toEqual([true, false]);
  detector.lead(1024, ['n2']);
  clock.nowMs = 300;
  expect(detector.hears('n2')).toBe(true);
  clock.nowMs = 301;
  expect([detector.hears('n1'), detector.hears('n2')]).toEqual([true, false]);
});

test('a state holds all up to its slot, with it, and nothing behind', () => {
  const { learner } = parts();
  for (const slot of [4, 5, 6]) {
    learner.learn(valueAt(slot));
    learner.index.add(command(slot), slot);
  }
  learner.install(5);
  expect([learner.has(5), learner.has(6), learner.has(7)]).toEqual([true, true, false]);
  expect([...learner.decided.keys()]).toEqual([6]);
  expect([...learner.index.slots.values()]).toEqual([6]);
});

test('values are given from a slot on without a gap, so many at most, and none that is forgotten', () => {
  const { learner } = parts(6);
  learner.forget(2);
  const slots = (first: number, limit: number) => learner.valuesFrom(first, limit).map(({ slot }) => slot);
  expect([slots(3, 2), slots(5, 9), slots(2, 9)]).toEqual([[3, 4], [5, 6], []]);
});

test('a learner counts the accepts of one ballot alone, the highest, and of no slot that is decided', () => {
  const { tally } = parts(1);
  const add = (from: NodeId, ballot: number, slot: number) => tally.add(from, { type: 'accept', ballot, slots: [[slot, slot]] });
  expect([add('n2', 2048, 2), add('n3', 1024, 2), add('n3', 2048, 2)]).toEqual([[], [], [2]]);
  tally.forgetTo(2);
  expect([...tally.counts.keys()]).toEqual([]);
  const ahead = parts();
  ahead.learner.learn(valueAt(2));
  expect([ahead.tally.add('n2', { type: 'accept', ballot: 2048, slots: [[1, 2]] }), [...ahead.tally.counts.keys()]]).toEqual([[], [1]]);
});

test('promises hold nothing below the slot that they are asked from', () => {
  const promises = new Promises();
  const votes = [2, 5].map((slot) => ({ ...valueAt(slot), ballot: 1024 }));
  expect(promises.add('n2', { type: 'promise', ballot: 2048, from: 1, next: null, compactedTo: 0, votes }, 5)).toBe(5);
  expect([...promises.found.keys()]).toEqual([5]);
});
