// Options of Raft at planning, and its closed form.
import { describe, expect, test } from 'vitest';
import type { ExpectedLoad, Facts } from '../../contract.ts';
import { DEFAULTS, expected, resolve } from './options.ts';

const RTT_MS: { readonly [pair: string]: number } = { 'n1 n2': 20, 'n1 n3': 80, 'n2 n3': 90, 'paris n1': 6, 'paris n2': 2, 'paris n3': 70 };
const ends = (a: string, b: string) => (RTT_MS[`${a} ${b}`] ?? RTT_MS[`${b} ${a}`] ?? 0) / 2;
const places = ['n1', 'n2', 'n3', 'paris'];

function facts(more: Partial<Facts> = {}): Facts {
  return {
    members: ['n1', 'n2', 'n3'], leader: null, clockErrorMs: 0, fsyncMs: 1, frameBytes: 1400,
    oneWayMs: Object.fromEntries(places.map((a) => [a, Object.fromEntries(places.map((b) => [b, ends(a, b)]))])), ...more,
  };
}

const near = facts({ oneWayMs: {} });

describe('the election timeout', () => {
  test("is the paper's where the network allows it, else five of the largest round trips and twice that", () => {
    expect(resolve(DEFAULTS, near)).toEqual({ options: { electionTimeoutMs: [150, 300], preVote: true, leader: null }, problems: [] });
    expect(resolve(DEFAULTS, facts()).options.electionTimeoutMs).toEqual([455, 910]);
    expect(resolve(DEFAULTS, facts({ oneWayMs: {}, fsyncMs: 40 })).options.electionTimeoutMs).toEqual([200, 400]);
  });

  test('runs as given when it is too short, with a warning that names the right one', () => {
    const { options, problems } = resolve({ ...DEFAULTS, electionTimeoutMs: [150, 300] }, facts());
    expect(options.electionTimeoutMs).toEqual([150, 300]);
    expect(problems).toEqual([{ level: 'warning', option: 'electionTimeoutMs', message: expect.stringMatching(/150 ms .*\(91 ms .* auto takes \[455, 910\]/) }]);
    expect(resolve({ ...DEFAULTS, electionTimeoutMs: [500, 600] }, facts()).problems).toEqual([]);
  });

  test('is long enough with exactly five of the largest round trips, and may be as short as a millisecond', () => {
    const slow = facts({ oneWayMs: {}, fsyncMs: 30 });
    expect(resolve({ ...DEFAULTS, electionTimeoutMs: [150, 300] }, slow).problems).toEqual([]);
    expect(resolve({ ...DEFAULTS, electionTimeoutMs: [149, 300] }, slow).problems).toHaveLength(1);
    expect(resolve({ ...DEFAULTS, electionTimeoutMs: [1, 2] }, facts({ oneWayMs: {}, fsyncMs: 0 })).problems).toEqual([]);
  });

  test.each([[[300, 150]], [[150, 150]], [[0, 100]], [[150]], ['fast'], [150], [['150', '300']], [null]])('is refused when it is %j', (given) => {
    const { problems } = resolve({ ...DEFAULTS, electionTimeoutMs: given as never }, near);
    expect(problems.map(({ level, option }) => [level, option])).toEqual([['error', 'electionTimeoutMs']]);
  });
});

test('PreVote is on or off', () => {
  expect(resolve({ ...DEFAULTS, preVote: false }, near).problems).toEqual([]);
  expect(resolve({ ...DEFAULTS, preVote: 'no' as unknown as boolean }, near).problems).toMatchObject([{ level: 'error', option: 'preVote' }]);
});

describe('the pinned leader', () => {
  test("is the experiment's", () => {
    expect(resolve(DEFAULTS, { ...near, leader: 'n2' })).toEqual({ options: { electionTimeoutMs: [150, 300], preVote: true, leader: 'n2' }, problems: [] });
    expect(resolve({ ...DEFAULTS, leader: 'n2' }, { ...near, leader: 'n2' }).problems).toEqual([]);
  });

  test.each([['n3', 'n2'], ['n3', null], [7, null]])('an option %j contradicts the experiment that pins %j', (leader, pinned) => {
    const { problems } = resolve({ ...DEFAULTS, leader: leader as never }, { ...near, leader: pinned });
    expect(problems.map(({ level, option }) => [level, option])).toEqual([['error', 'leader']]);
    expect(problems[0]?.message).toContain(pinned === null ? 'the experiment pins none' : `the experiment pins ${pinned}`);
  });
});

describe('the closed form', () => {
  const load: ExpectedLoad = { client: 'paris', entry: 'n2', leader: 'n1', atFollower: 'forward', ratePerSecond: 10 };
  const pointOf = (more: Partial<ExpectedLoad>, of: Facts = facts()) => expected(DEFAULTS, of, { ...load, ...more });
  const point = (atMs: number) => [{ weight: 1, fromMs: atMs, toMs: atMs }];

  test('adds client link, way to the leader, and the majority-th fastest durable write', () => {
    expect(pointOf({ entry: 'n1' })).toEqual(point(6 + 21));
    expect(pointOf({})).toEqual(point(2 + 20 + 21));
    expect(pointOf({ leader: 'n3' })).toEqual(point(2 + 90 + 81));
  });

  test('a redirected client goes to the leader itself', () => {
    expect(pointOf({ atFollower: 'redirect' })).toEqual(point(2 + 6 + 21));
    expect(pointOf({ atFollower: 'redirect', entry: 'n1' })).toEqual(point(6 + 21));
  });

  test('says nothing without a leader, and waits for nobody in a cluster of one', () => {
    expect(pointOf({ leader: null })).toBeNull();
    expect(pointOf({ entry: 'n1' }, facts({ members: ['n1'] }))).toEqual(point(6 + 1));
  });

  test('spreads by the wait for group commit at a high rate', () => {
    const mixture = pointOf({ entry: 'n1', ratePerSecond: 100 }) ?? [];
    expect(mixture.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([[27, 27], [27, 28]]);
  });
});
