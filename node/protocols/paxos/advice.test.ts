// What Paxos offers for a network, and what it says of its elections.
import { expect, test } from 'vitest';
import type { Facts } from '../../contract.ts';
import { advice, election } from './advice.ts';
import { DEFAULTS } from './options.ts';

const facts = (count: number): Facts => ({
  members: Array.from({ length: count }, (_, index) => `n${index + 1}`), leader: null, clockErrorMs: 0, fsyncMs: 0, frameBytes: 1400, oneWayMs: {},
});
const quorums = (count: number, tolerate: number) => advice(facts(count), tolerate).filter(({ options }) => Object.keys(options).every((name) => name === 'q1' || name === 'q2')).map(({ options: { q1, q2 } }) => [q1, q2]);

test('quorums of either phase are there with so many nodes down, and majorities are the default where they are the least that meet', () => {
  expect([quorums(5, 1), quorums(5, 2), quorums(5, 0)]).toEqual([[[4, 2], [undefined, undefined]], [[undefined, undefined]], [[5, 1], [4, 2], [undefined, undefined]]]);
  expect([quorums(4, 1), quorums(4, 2)]).toEqual([[[3, 2], [2, 3]], []]);
});

test('each comes with both ways to learn and two widths of the timeout, in words', () => {
  expect(advice(facts(3), 1)).toEqual([
    { options: {}, because: 'majorities' },
    { options: { timeoutMs: [150, 225] }, because: 'majorities; timeouts up to 1.5 times the least' },
    { options: { learners: 'broadcast' }, because: 'majorities, acceptors answer every node' },
    { options: { learners: 'broadcast', timeoutMs: [150, 225] }, because: 'majorities, acceptors answer every node; timeouts up to 1.5 times the least' },
  ]);
  expect(advice(facts(5), 1)[0]?.because).toBe('phase 2 with 2 of 5, phase 1 with 4');
});

test('an election is told of for a stable leader with counted quorums alone', () => {
  const of = (given: Partial<typeof DEFAULTS>) => election({ ...DEFAULTS, ...given }, facts(5));
  expect(of({})).toEqual({ timeoutMs: [150, 300], heartbeatMs: 50, preVote: false, ballots: true, votes: 3 });
  expect(of({ q1: 4, q2: 2 })?.votes).toBe(4);
  expect([of({ leader: 'any' }), of({ leader: 'roundRobin' }), of({ grid: '1x5' }), of({ allAboard: true })]).toEqual([null, null, null, null]);
});
