// Rounds and what they yield: an epoch counts when a command was there that every node could know of at its begin.
import { expect, test } from 'vitest';
import { planWith, put, Stream } from '../../test/event-stream.ts';
import { Rounds } from './rounds.ts';

/** The window is from 1 s to 11 s; every link takes 10 ms. */
function figures(stream: Stream, rotating = true): readonly (number | null)[] {
  const rounds = new Rounds(planWith());
  for (const event of stream.events) rounds.observe(event);
  return Object.values(rounds.figures(rotating)).map(({ value }) => value);
}

const asked = (stream: Stream, atMs: number, id: string) => stream.at(atMs).invoke(id, put('k', id)).client({ type: 'attempt', client: 'c', id, to: 'n1' });

test('a round with a command to decide yields or is lost', () => {
  const stream = asked(new Stream(), 1900, 'a:1').at(2000).status('n1', { epoch: 2 }).status('n2', { epoch: 2 }).at(2500).commit('n2', 1, 'a:1', put('k', 'a:1'), { epoch: 2 });
  expect(figures(stream)).toEqual([1, 100]);
  asked(stream, 2600, 'b:1').at(3000).status('n1', { epoch: 3 }).at(4000).status('n3', { epoch: 4 }).at(4500).commit('n1', 2, 'b:1', put('k', 'b:1'), { epoch: 4 });
  expect(figures(stream)).toEqual([3, 200 / 3]);
  expect(figures(stream, false)).toEqual([null, null]);
});

test('a round without a command, or with one that not every node could know of, counts for nothing', () => {
  const stream = asked(new Stream().at(2000).status('n1', { epoch: 2 }), 2985, 'a:1').at(3000).status('n1', { epoch: 3 });
  expect(figures(stream)).toEqual([0, null]);
  expect(figures(stream.at(4000).status('n1', { epoch: 4 }))).toEqual([1, 0]);
});

test('a command that its client has given up waits no more, and one asked for again is known since its first attempt', () => {
  const stream = asked(new Stream(), 1500, 'a:1').at(1995).client({ type: 'attempt', client: 'a', id: 'a:1', to: 'n2' }).at(2000).status('n1', { epoch: 2 });
  expect(figures(stream)).toEqual([1, 0]);
  expect(figures(stream.at(2100).reply('a:1', { outcome: 'fail', reason: 'busy' }).at(3000).status('n1', { epoch: 3 }))).toEqual([1, 0]);
});

test('rounds that begin outside the window, and commands of the lab, count for nothing', () => {
  const stream = asked(new Stream(), 500, 'a:1').at(900).status('n1', { epoch: 1 }).at(11_000).status('n1', { epoch: 11 });
  expect(figures(stream)).toEqual([0, null]);
  stream.at(2000).status('n1', { epoch: 2 }).at(2100).commit('n1', 1, 'lab:1', { type: 'reconfigure', add: ['n4'], remove: [] }, { epoch: 2 }).commit('n1', 2, null, put('k', 'v'), { epoch: 2 });
  expect(figures(stream)).toEqual([1, 0]);
});
