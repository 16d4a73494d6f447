// Options of Paxos at planning, and its closed form.
import { describe, expect, test } from 'vitest';
import type { ExpectedLoad, Facts } from '../../contract.ts';
import { paxos } from '../paxos.ts';
import { expected } from './expected.ts';
import { DEFAULTS, leadership, leaderOf, resolve, settledOptions } from './options.ts';
import type { Options } from './options.ts';

const RTT_MS: { readonly [pair: string]: number } = { 'n1 n2': 20, 'n1 n3': 80, 'n2 n3': 90, 'paris n1': 6, 'paris n2': 2, 'paris n3': 70 };
const ends = (a: string, b: string) => (RTT_MS[`${a} ${b}`] ?? RTT_MS[`${b} ${a}`] ?? 0) / 2;
const places = ['n1', 'n2', 'n3', 'paris'];

function facts(more: Partial<Facts> = {}): Facts {
  return {
    members: ['n1', 'n2', 'n3'], leader: null, clockErrorMs: 0, fsyncMs: 1, frameBytes: 1400,
    oneWayMs: Object.fromEntries(places.map((a) => [a, Object.fromEntries(places.map((b) => [b, ends(a, b)]))])), ...more,
  };
}

const resolved = (given: Partial<Options>, more: Partial<Facts> = {}) => resolve({ ...DEFAULTS, ...given }, facts(more));
const errors = (given: { readonly [name: string]: unknown }, more: Partial<Facts> = {}) =>
  resolved(given as Partial<Options>, more).problems.filter(({ level }) => level === 'error').map(({ option, message }) => `${option}: ${message}`);

describe('who proposes', () => {
  test('a pinned leader turns stable into stable:<node>, and leaves fixed:<node> as it is', () => {
    expect(resolved({}, { leader: 'n2' })).toMatchObject({ options: { leader: 'stable:n2' }, problems: [] });
    expect(resolved({ leader: 'fixed:n2' }, { leader: 'n2' })).toMatchObject({ options: { leader: 'fixed:n2' }, problems: [] });
    expect(resolved({ leader: 'any' })).toMatchObject({ options: { leader: 'any' }, problems: [] });
  });

  test.each(['fixed:n1', 'stable:n1'])('%s is refused beside another pinned leader', (leader) => {
    expect(errors({ leader }, { leader: 'n2' })).toEqual([`leader: ${leader} contradicts the experiment, which pins n2: drop one of them`]);
  });

  test('any is refused beside a pinned leader', () => {
    expect(errors({ leader: 'any' }, { leader: 'n2' })).toEqual([expect.stringMatching(/^leader: any has no leader .* n2: take leader: stable/)]);
  });

  test('a node that is not there is refused by name', () => {
    expect(errors({ leader: 'fixed:n9' })).toEqual(['leader: names n9; the nodes are n1, n2, n3']);
  });

  test.each(['leader', 'any:n1', 'fixed', 'fixed:', 'fixed:n1:n2', ''])('%j is no way to choose a proposer', (leader) => {
    expect(leaderOf(leader)).toBeNull();
    expect(errors({ leader })).toHaveLength(1);
  });

  test('only any has no leader to select', () => {
    expect(['stable', 'stable:n1', 'fixed:n1', 'any'].map((leader) => leadership({ ...DEFAULTS, leader }))).toEqual(['stable', 'stable', 'stable', 'none']);
  });
});

describe('quorums', () => {

  test('must meet, and the message says how', () => {
    expect(errors({ q1: 1, q2: 2 })).toEqual(['q1: q1 + q2 must exceed the 3 nodes, or two leaders decide without meeting: 1 + 2 does not; with q2: 2 take q1: 2']);
    expect(errors({ q2: 1 })).toEqual([expect.stringMatching(/with q2: 1 take q1: 3$/)]);
    expect(errors({ q1: 3, q2: 1 })).toEqual([]);
  });

  test.each([0, 4, 1.5, -1, '2', null])('%j acceptors are no quorum of three', (q2) => {
    expect(errors({ q2 })).toEqual([`q2: is auto or a whole number from 1 to 3 (the nodes), not ${JSON.stringify(q2)}`]);
  });

  test('auto stays auto in the plan: of a configuration to come it is another number', () => {
    expect(resolved({ q2: 2 })).toMatchObject({ options: { q1: 'auto', q2: 2 }, problems: [] });
  });

  test('of a grid must have a place for each node, and no sizes beside it', () => {
    const members = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
    expect(resolved({ grid: '2x3' }, { members }).problems).toEqual([]);
    expect(errors({ grid: '2x2' }, { members })).toEqual(['grid: 2x2 has 4 places, and there are 6 nodes: rows times columns must be 6']);
    expect(errors({ grid: '2x3', q2: 2 }, { members })).toEqual(['grid: says which acceptors are a quorum: leave q1 and q2 out']);
  });

  test.each(['2', 'x', '0x3', '3x0', '2 x 3', '-1x-3', 6, ['2', '3']])('%j is no grid', (grid) => {
    expect(errors({ grid })).toEqual([`grid: is rows and columns such as 2x3, not ${JSON.stringify(grid)}`]);
  });

  test('have a timeout also where nothing was planned', () => {
    expect(settledOptions(DEFAULTS)).toMatchObject({ leader: { mode: 'stable', node: null }, timeoutMs: [150, 300], window: 1024 });
  });
});

describe('words', () => {
  test.each([['backoff', 'linear', 'is none, fixed, exponential, not "linear"'], ['learners', 'all', 'is proposer, broadcast, not "all"']])('%s: %s is refused, and the right ones are named', (option, word, message) => {
    expect(errors({ [option]: word })).toEqual([`${option}: ${message}`]);
  });

  test('roundRobin begins with the first node, so that only that one can be pinned', () => {
    expect(resolved({ leader: 'roundRobin' }, { leader: 'n1' })).toMatchObject({ options: { leader: 'roundRobin' }, problems: [] });
    expect(errors({ leader: 'roundRobin' }, { leader: 'n2' })).toEqual(['leader: roundRobin begins with n1, but the experiment pins n2: take leader: stable, or pin n1']);
  });
});

describe('the timeout', () => {
  test('is 150 to 300 ms where the network allows it, else five of the largest round trips and twice that', () => {
    expect(resolved({}, { oneWayMs: {} }).options.timeoutMs).toEqual([150, 300]);
    expect(resolved({}).options.timeoutMs).toEqual([455, 910]);
  });

  test('runs as given when it is too short, with a warning that names the right one', () => {
    const { options, problems } = resolved({ timeoutMs: [150, 300] });
    expect(options.timeoutMs).toEqual([150, 300]);
    expect(problems).toEqual([{ level: 'warning', option: 'timeoutMs', message: expect.stringMatching(/150 ms .*\(91 ms .* auto takes \[455, 910\]/) }]);
  });

  test.each([[[300, 150]], [[150, 150]], [[0, 100]], [[150]], ['fast'], [150], [null]])('is refused when it is %j', (timeoutMs) => {
    expect(errors({ timeoutMs })).toEqual([expect.stringMatching(/^timeoutMs: is auto or a rising range/)]);
  });

  test.each([0, 1.5, -3, 65_537])('a window of %j slots is refused', (window) => {
    expect(errors({ window })).toEqual([expect.stringMatching(/^window: /)]);
  });

  test('has bounds that are in reach: windows, checkpoints and timeouts as small and as large as they may be', () => {
    for (const given of [{ window: 1 }, { window: 65_536 }, { checkpointEvery: 1 }, { timeoutMs: [1, 2] as const }]) expect(errors(given)).toEqual([]);
    expect(errors({ checkpointEvery: 0 })).toEqual([expect.stringMatching(/^checkpointEvery: /)]);
    expect(resolved({ timeoutMs: [455, 910] }).problems).toEqual([]);
  });

  test('is the longest period, with 300 ms where nothing was planned', () => {
    expect([DEFAULTS, { ...DEFAULTS, timeoutMs: [500, 900] as const }].map((options) => paxos.longestPeriodMs?.(options))).toEqual([300, 900]);
  });
});

describe('the expected latency', () => {
  const load = (more: Partial<ExpectedLoad>): ExpectedLoad => ({ client: 'paris', entry: 'n2', leader: 'n1', atFollower: 'forward', ratePerSecond: 10, ...more });
  const pointMs = (given: Partial<Options>, more: Partial<ExpectedLoad>) => {
    const mixture = expected({ ...DEFAULTS, ...given }, facts(), load(more));
    expect(mixture).toHaveLength(1);
    return mixture?.[0]?.fromMs;
  };

  test('is client to entry to leader, and the q2-th durable acceptance', () => {
    expect(pointMs({}, {})).toBe(2 + 20 + 21);
    expect(pointMs({}, { entry: 'n1' })).toBe(6 + 21);
    expect(pointMs({ q1: 3, q2: 1 }, { entry: 'n1' })).toBe(6 + 1);
    expect(pointMs({ q1: 1, q2: 3 }, { entry: 'n1' })).toBe(6 + 81);
  });

  test('under allAboard is that of the farthest acceptor, and thrifty changes nothing', () => {
    expect(pointMs({ allAboard: true }, { entry: 'n1' })).toBe(6 + 81);
    expect(pointMs({ thrifty: true }, { entry: 'n1' })).toBe(6 + 21);
  });

  test('of a grid is that of its quickest column', () => {
    expect(pointMs({ grid: '1x3' }, { entry: 'n1' })).toBe(6 + 1);
    expect(pointMs({ grid: '3x1' }, { entry: 'n1' })).toBe(6 + 81);
  });

  test('ends at the entry node where acceptors tell every learner: its own vote and one more', () => {
    // n2 is told by n1 after 10 ms; its own vote counts 1 ms later, that of n1 came before.
    expect(pointMs({ learners: 'broadcast' }, {})).toBe(2 + 10 + 11);
    expect(pointMs({ learners: 'broadcast' }, { entry: 'n1' })).toBe(6 + 21);
  });

  test('of a redirected client has its own way to the leader', () => {
    expect(pointMs({}, { atFollower: 'redirect' })).toBe(2 + 6 + 21);
    expect(pointMs({}, { atFollower: 'redirect', entry: 'n1' })).toBe(6 + 21);
  });

  test('under any is what one writer sees whose entry node holds the ballot', () => {
    expect(pointMs({ leader: 'any' }, { leader: null })).toBe(2 + 21);
  });

  test('is none while nobody leads', () => {
    expect(expected(DEFAULTS, facts(), load({ leader: null }))).toBeNull();
  });
});
