// Options of YASP: what is refused and how, what auto becomes, quorums, claims, and the closed form.
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../contract.ts';
import { claims, DEFAULTS, expected, leadership, quorumBelow, quorumOf, resolve, timeoutOf } from './options.ts';
import type { Options } from './options.ts';

const members = ['n1', 'n2', 'n3', 'n4', 'n5'];
/** One way from n1, ms; the others are 50 apart. */
const FROM_FIRST: { readonly [node: string]: number } = { n1: 0, n2: 10, n3: 20, n4: 30, n5: 40 };
const oneWay = (from: string, to: string) => (from === to ? 0 : from === 'n1' ? FROM_FIRST[to] ?? 0 : to === 'n1' ? FROM_FIRST[from] ?? 0 : 50);
const facts: Facts = {
  members, leader: null, clockErrorMs: 0, fsyncMs: 2, frameBytes: 1400,
  oneWayMs: Object.fromEntries([...members, 'home'].map((from) => [from, Object.fromEntries(members.map((to) => [to, from === 'home' ? 1 : oneWay(from, to)]))])),
};
const withHome: Facts = { ...facts, oneWayMs: Object.fromEntries(Object.entries(facts.oneWayMs).map(([from, row]) => [from, { ...row, home: 1 }])) };

const problemsOf = (change: Partial<Options>, given: Facts = facts) => resolve({ ...DEFAULTS, ...change }, given).problems.map(({ level, option, message }) => `${level} ${option} ${message}`);

describe('options', () => {
  test.each<[Partial<Options>, string]>([
    [{ variant: 'fast' }, 'error variant is safe or literal, not "fast"'],
    [{ bcpeers: 'few' }, 'error bcpeers is all or quorum, not "few"'],
    [{ interval: -1 }, 'error interval is a whole number from 0'],
    [{ variant: 'literal', interval: 0 }, 'error interval is a whole number from 1'],
    [{ window: 0 }, 'error window is a whole number from 1'],
    [{ dataSize: 0.5 }, 'error dataSize is a whole number from 1'],
    [{ stopAfterMs: 0 }, 'error stopAfterMs is a whole number from 1'],
    [{ timeoutMs: 0 }, 'error timeoutMs is auto or milliseconds from 1 on, not 0'],
    [{ timeoutMs: 100 }, 'warning timeoutMs 100 ms is no more than two of the largest round trips'],
  ])('%j: what is wrong is named', (change, problem) => {
    expect(problemsOf(change)).toEqual([expect.stringContaining(problem)]);
  });

  test('the bounds themselves are in reach, and two round trips exactly are too few', () => {
    for (const change of [{ window: 1 }, { window: 4_096 }, { interval: 0 }, { interval: 1_000_000 }, { timeoutMs: 205 }]) expect(problemsOf(change)).toEqual([]);
    for (const change of [{ window: 4_097 }, { interval: 1_000_001 }]) expect(problemsOf(change)).toHaveLength(1);
    expect(problemsOf({ timeoutMs: 204 })).toEqual([expect.stringMatching(/^warning timeoutMs 204 ms is no more/)]);
    expect(problemsOf({ timeoutMs: 1 })).toEqual([expect.stringMatching(/^warning timeoutMs 1 ms/)]);
  });

  test('a timeout is as given, also where nothing was planned', () => {
    expect([{ timeoutMs: 70 }, {}, { variant: 'literal' }].map((change) => timeoutOf({ ...DEFAULTS, ...change }))).toEqual([70, 200, 1_000]);
  });

  test('a leader can be pinned where it is the first one alone', () => {
    expect(problemsOf({}, { ...facts, leader: 'n1' })).toEqual([]);
    expect(problemsOf({}, { ...facts, leader: 'n3' })).toEqual([expect.stringContaining('cannot begin with n3: round 0 is led by n1')]);
  });

  test('auto is six of the largest round trips with a durable write, 200 at least, and a second in literal', () => {
    expect(resolve(DEFAULTS, facts).options.timeoutMs).toBe(612);
    expect(resolve(DEFAULTS, { ...facts, oneWayMs: {} }).options.timeoutMs).toBe(200);
    expect(resolve({ ...DEFAULTS, variant: 'literal' }, facts).options.timeoutMs).toBe(1_000);
  });

  test('literal claims validity alone; who makes data itself does not claim it', () => {
    expect(claims(DEFAULTS)).toHaveLength(5);
    expect(claims({ ...DEFAULTS, variant: 'literal' })).toEqual(['validity']);
    expect(claims({ ...DEFAULTS, dataSize: 1_000 })).not.toContain('validity');
  });
});

describe('quorums', () => {
  test('any two meet', () => {
    for (let size = 1; size <= 9; size++) expect(2 * quorumOf(size)).toBeGreaterThan(size);
  });

  test('bcpeers of a rank are itself and those below it, one quorum, round about', () => {
    expect(members.map((_, rank) => quorumBelow(members, rank).join(' '))).toEqual(['n1 n4 n5', 'n1 n2 n5', 'n1 n2 n3', 'n2 n3 n4', 'n3 n4 n5']);
  });
});

describe('the closed form', () => {
  const stays = { ...DEFAULTS, interval: 0 };
  const at = (options: Options, entry: string) => expected(options, withHome, { client: 'home', entry, leader: 'n1', atFollower: 'forward', ratePerSecond: null });

  test('to the entry node, on to the leader, and the third of five', () => {
    expect(at(stays, 'n1')).toEqual([{ weight: 1, fromMs: 2 + 40 + 2, toMs: 2 + 40 + 2 }]);
    expect(at(stays, 'n4')).toEqual([{ weight: 1, fromMs: 2 + 60 + 40 + 2, toMs: 2 + 60 + 40 + 2 }]);
  });

  test('with a quorum alone asked, the farthest of it; none where the entry node is not asked', () => {
    expect(at({ ...stays, bcpeers: 'quorum' }, 'n1')).toEqual([{ weight: 1, fromMs: 2 + 80 + 2, toMs: 2 + 80 + 2 }]);
    expect(at({ ...stays, bcpeers: 'quorum' }, 'n2')).toBeNull();
  });

  test('none with leaders in turn', () => {
    expect([leadership(stays), leadership(DEFAULTS), leadership({ ...stays, variant: 'literal' })]).toEqual(['stable', 'rotating', 'rotating']);
    expect(at(DEFAULTS, 'n1')).toBeNull();
  });
});
