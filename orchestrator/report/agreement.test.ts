// The agreement of runners: ratios against the first, and causes only where something measured speaks for them.
import { expect, test } from 'vitest';
import type { Figure, Outage, Plan, Summary } from '../kinds.ts';
import { agreementsOf, renderAgreement } from './agreement.ts';

type Change = {
  readonly label?: string; readonly runner?: string; readonly leader?: string | null; readonly metrics?: { readonly [name: string]: number };
  readonly uncertain?: readonly string[]; readonly errorMs?: number; readonly delayMs?: number; readonly repetition?: number;
  readonly outages?: readonly Partial<Outage>[]; readonly time?: 'virtual'; readonly worstMs?: number; /** The closed form has rows. */ readonly before?: boolean;
};

function figure(value: number, uncertain = false): Figure {
  return { value, unit: 'ms', bound: '=', uncertain };
}

function run({ label = 'stick', runner = 'sim', leader = 'n1', metrics = {}, uncertain = [], errorMs = 0.1, delayMs = 20, repetition = 1, outages = [], time, worstMs, before = true }: Change = {}): Summary {
  const link = { delayMs };
  const all = { 'commit.p50': 100, 'commit.p99': 200, throughput: 50, errors: 0, leaderChanges: 0, 'fsync.p50': 1, 'fsync.p99': 2, ...metrics };
  const plan = {
    label, runner, ...(time === undefined ? {} : { time }), shaper: runner === 'sim' ? 'sim' : runner === 'local' ? 'userspace' : 'tc', repetition, seed: String(repetition), measureMs: 20_000,
    schedule: outages.map((_, index) => ({ atMs: 5000, fault: { name: 'crash', index, phase: 'begin' }, action: { type: 'crash' } })), load: { ratePerSecond: 50 },
    nodes: [{ id: 'n1', region: 'a' }, { id: 'n2', region: 'b' }], links: { n1: { n2: link }, n2: { n1: link } },
  } as unknown as Plan;
  return {
    plan, metrics: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, figure(value, uncertain.includes(name))])),
    expected: before ? [{ region: 'a', leader, samplingErrorMs: errorMs }] : [], ...(worstMs === undefined ? {} : { certificate: { worstMs } }),
    outages: outages.map((outage, index) => ({ fault: 'crash', index, atMs: 5000, nodes: ['n1'], outageMs: 2555, steadyMs: 60, recoveredMs: null, leaderAfter: 'n2', ...outage })),
  } as unknown as Summary;
}

function because(change: Change, metric = 'commit.p50'): readonly string[] {
  const [agreement] = agreementsOf([run(), run({ runner: 'local', ...change })]);
  return agreement?.gaps.find((gap) => gap.metric === metric)?.because ?? [];
}

test('one runner alone has nothing to agree with', () => {
  expect(agreementsOf([run(), run({ label: 'raft' })])).toEqual([]);
  expect(renderAgreement([])).toBe('');
});

test('each protocol is compared with itself, with a verdict for each two worlds', () => {
  const agreements = agreementsOf([run(), run({ label: 'raft' }), run({ runner: 'local', metrics: { 'commit.p50': 102 } }), run({ label: 'raft', runner: 'local', metrics: { 'commit.p50': 120 } }), run({ runner: 'netns', metrics: { 'commit.p50': 115 } })]);
  expect(agreements.map(({ label, reference, runner, figures, verdict }) => [label, reference, runner, figures[0]?.ratio?.toFixed(2), verdict])).toEqual([
    ['stick', 'sim', 'local', '1.02', 'agree'], ['stick', 'sim', 'netns', '1.15', 'differ'], ['stick', 'local', 'netns', '1.13', 'differ'], ['raft', 'sim', 'local', '1.20', 'differ'],
  ]);
  const text = renderAgreement(agreements);
  expect(text).toContain('gap      raft: sim – local, commit.p50: nothing that was measured explains it');
  expect(text).toMatch(/stick: sim – local .* agree$/m);
  expect(text).toContain('rule     agree is within p50 2 %, p99 5 %, commits/s 2 % and what shapers add');
});

const verdictOf = (change: Change) => agreementsOf([run(), run(change)])[0]?.verdict;

test.each([
  ['2 % and what the shaper may add', { runner: 'local', metrics: { 'commit.p50': 104.3 } }, 'agree'], ['more than that', { runner: 'local', metrics: { 'commit.p50': 104.5 } }, 'differ'],
  ['5 % of the tail', { runner: 'netns', metrics: { 'commit.p99': 210.9 } }, 'agree'], ['6 % of the tail', { runner: 'netns', metrics: { 'commit.p99': 212 } }, 'differ'],
  ['0.5 % in virtual time', { runner: 'netns', time: 'virtual', metrics: { 'commit.p50': 100.4, 'commit.p99': 201.9 } }, 'agree'],
  ['0.6 % in virtual time', { runner: 'netns', time: 'virtual', metrics: { 'commit.p50': 100.6 } }, 'differ'], ['1.1 % of the tail in virtual time', { runner: 'netns', time: 'virtual', metrics: { 'commit.p99': 202.2 } }, 'differ'],
  ['a gap with a cause', { runner: 'netns', leader: 'n2', metrics: { 'commit.p50': 150 } }, 'explained'], ['one gap of two with a cause', { runner: 'netns', metrics: { 'commit.p50': 150, 'commit.p99': 300, 'fsync.p99': 80 } }, 'differ'],
] as const)('%s: the verdict follows the tolerances', (_what, change: Change, verdict) => {
  expect(verdictOf(change)).toBe(verdict);
});

test('no leader and no word of a leader are the same', () => {
  const [agreement] = agreementsOf([run({ leader: null, errorMs: 0.1 }), run({ runner: 'netns', leader: null, before: false, metrics: { 'commit.p50': 150 } })]);
  expect(agreement?.gaps).toEqual([{ metric: 'commit.p50', because: [] }]);
});

test('the sampling error of either world counts', () => {
  const [agreement] = agreementsOf([run({ leader: null, errorMs: 20 }), run({ runner: 'netns', leader: null, before: false, metrics: { 'commit.p50': 150 } })]);
  expect(agreement?.gaps[0]?.because).toEqual(['too few samples: the median is known to ±20.0 ms']);
});

test('two groups of one world are no pair', () => {
  expect(agreementsOf([run(), run({ delayMs: 30 })])).toEqual([]);
});

test('repetitions are compared by their medians', () => {
  const [agreement] = agreementsOf([
    ...[90, 100, 110].map((p50, index) => run({ repetition: index + 1, metrics: { 'commit.p50': p50 } })),
    ...[95, 104, 300].map((p50, index) => run({ repetition: index + 1, runner: 'local', metrics: { 'commit.p50': p50 } })),
  ]);
  expect(agreement?.figures[0]?.ratio).toBe(1.04);
});

test.each([
  ['another leader', { leader: 'n2' }, 'led by n2, there by n1'],
  ['a leader that did not stay', { leader: null }, 'led by none throughout, there by n1'],
  ['errors', { metrics: { errors: 3 } }, '3 errors, there 0'],
  ['a busy node', { metrics: { 'nodeCpu.max': 0.93 } }, 'CPU: the busiest node used 93 % of a core'],
  ['a busy generator', { metrics: { 'generatorCpu.max': 0.9 } }, 'CPU: the load generator used 90 % of a core'],
  ['a late generator', { metrics: { 'sendLag.p99': 30 } }, 'CPU: the generator sent late by 30.0 ms (p99)'],
  ['a slow disk', { metrics: { 'fsync.p50': 9 } }, 'fsync: a durable write takes 9.00 ms, there 1.00 ms'],
  ['few samples', { errorMs: 8 }, 'too few samples: the median is known to ±8.00 ms'],
  ['another election', { metrics: { leaderChanges: 2 } }, 'elections: 2 changes of the leader, there 0'],
  ['links that were off', { worstMs: 6 }, 'network: the median of a link was off by up to 6.00 ms before the run'],
  ['short links', { delayMs: 1 }, 'shaper: it is not fit for links of 1.00 ms, only from 2 ms on'],
])('%s explains a gap', (_what, change: Change, text) => {
  expect(because({ ...change, metrics: { 'commit.p50': 120, ...change.metrics } })).toEqual([text]);
});

test('a percentile with few samples says so', () => {
  expect(because({ metrics: { 'commit.p99': 300 }, uncertain: ['commit.p99'] }, 'commit.p99')).toEqual(['too few samples for this percentile']);
});

test.each([
  ['another leader', [{ leaderAfter: 'n4' }], 'commit.p50', ['after the crash: another leader (n4, there n2)']],
  ['another node', [{ nodes: ['n5'] }], 'commit.p50', ['after the crash: it met n5, there n1']],
  ['another outage', [{ outageMs: 3500 }], 'commit.p99', ['after the crash: another outage (3500 ms, there 2555 ms)']],
  ['both', [{ leaderAfter: null, outageMs: 3500 }], 'throughput', ['after the crash: another leader (none, there n2) and another outage (3500 ms, there 2555 ms)']],
  ['an outage of another length than another fault', [{}, { outageMs: 3500 }], 'commit.p99', ['after the crash (fault 2): another outage (3500 ms, there 2555 ms)']],
  ['an outage that differs by less than the gap needs', [{ outageMs: 2600 }], 'commit.p99', []],
  ['an outage that too few commands met', [{ outageMs: 100 }], 'commit.p99', [], [{ outageMs: 10 }]],
])('after a fault, %s explains a gap or does not', (_what, outages: Change['outages'], metric, because, before: Change['outages'] = outages?.map(() => ({}))) => {
  const worse = { 'commit.p50': 120, 'commit.p99': 500, throughput: 45 };
  const [agreement] = agreementsOf([run({ outages: before ?? [] }), run({ runner: 'local', outages: outages ?? [], metrics: worse })]);
  expect(agreement?.gaps.find((gap) => gap.metric === metric)?.because).toEqual(because);
});
