// What is compared with what, what a comparison refuses, and what it says of figures; on runs of the simulator and on altered ones.
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeBytes } from '../../test/bytes.ts';
import { REGISTRY, runPlan } from '../../test/run-plan.ts';
import { parseExperiment } from '../experiment.ts';
import type { Figure, Plan, Summary } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';
import { curveSections } from '../report/page/curve-section.ts';
import { rowsOf } from './compare.ts';
import { AXES, curvesOf, trajectoriesOf } from './curves.ts';
import { barOf, differencesOf, type Entry, obstaclesOf, pairsOf, type Side, subjectsOf } from './sides.ts';
import { renderComparison, saysOf } from './words.ts';

const NODE = 'v24.0.0';
let base: Summary;

beforeAll(async () => {
  const simulator = createSimulator(nodeBytes, () => Promise.resolve());
  const [plan] = makePlans(parseExperiment('name: one\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: lan }\nload: { rate: 20/s }\nrun: { warmup: 2s, measure: 3s }\n', 'test', REGISTRY), { runner: 'sim', supports: simulator.supports });
  ({ summary: base } = await runPlan(simulator, plan as Plan));
});

type Change = { readonly plan?: Partial<Plan>; readonly figures?: { readonly [name: string]: number | Figure }; readonly summary?: Partial<Summary> };
const figure = (value: number | Figure): Figure => (typeof value === 'number' ? { value, unit: 'ms', bound: '=' } : value);
function entry({ plan = {}, figures = {}, summary = {} }: Change, node = NODE): Entry {
  const metrics = { ...base.metrics, ...Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, figure(value)])) };
  return { node, folder: 'folder', summary: { ...base, ...summary, metrics, plan: { ...base.plan, ...plan } } };
}
const side = (name: string, entries: readonly Entry[]): Side => ({ name, entries });
const pairOf = (left: readonly Entry[], right: readonly Entry[]) => {
  const sides = [side('left', left), side('right', right)];
  return pairsOf(subjectsOf(sides), sides)[0] as ReturnType<typeof pairsOf>[number];
};
const p50 = (...values: readonly (number | Figure)[]) => values.map((value) => entry({ figures: { 'commit.p50': value } }));
const rowOf = (left: readonly Entry[], right: readonly Entry[]) => rowsOf(pairOf(left, right)).find(({ figure: name }) => name === 'commit.p50');

describe('pairs', () => {
  test('of two folders are the same labels; of one, each label with the first at the same point of a sweep', () => {
    const labels = (...names: readonly string[]) => names.map((label) => entry({ plan: { label } }));
    const two = [side('a', labels('raft', 'paxos')), side('b', labels('paxos', 'stick'))];
    expect(pairsOf(subjectsOf(two), two).map(({ base: left, other }) => [left.label, left.side, other.label, other.side])).toEqual([['paxos', 0, 'paxos', 1]]);
    const one = [side('a', labels('raft@scale=1', 'paxos@scale=1', 'raft@scale=2', 'paxos@scale=2'))];
    expect(pairsOf(subjectsOf(one), one).map(({ base: left, other }) => `${left.label} ${other.label} ${other.point}`)).toEqual(['raft paxos scale=1', 'raft paxos scale=2']);
  });

  test('of folders with one set-up each are these, and folders with nothing in common are refused by name', () => {
    const of = (...names: readonly string[]) => names.map((label) => entry({ plan: { label } }));
    const lone = [side('a', of('raft')), side('b', of('paxos'))];
    expect(pairsOf(subjectsOf(lone), lone)).toHaveLength(1);
    const apart = [side('a', of('raft')), side('b', of('paxos', 'stick'))];
    expect(() => pairsOf(subjectsOf(apart), apart)).toThrow('nothing in common: a has raft; b has paxos, stick');
  });
});

describe('what bars a comparison', () => {
  test('a run that violates a claim, is invalid or was interrupted does not count, and says why', () => {
    expect(barOf(entry({}))).toBeNull();
    expect(barOf(entry({ summary: { verdicts: [{ check: 'prefix agreement', claim: 'agreement', valid: false, because: 'x' }] } }))).toBe('it violates agreement');
    expect(barOf(entry({ summary: { invalid: ['the network is wrong'] } }))).toBe('it is invalid: the network is wrong');
    expect(barOf(entry({ summary: { partial: true } }))).toBe('it was interrupted');
  });

  test.each([
    ['runner sim and local', { runner: 'local' as const }, NODE], ['shaper sim and tc', { shaper: 'tc' }, NODE], ['time real and virtual', { time: 'virtual' as const }, NODE],
  ])('%s', (obstacle, plan, node) => {
    expect(obstaclesOf(pairOf([entry({})], [entry({ plan }, node)]))).toContain(obstacle);
  });

  test('another kind of load, and another Node.js but in the simulator', () => {
    expect(obstaclesOf(pairOf([entry({})], [entry({ plan: { load: { ...base.plan.load, ratePerSecond: null } } })]))).toEqual(['load open loop and closed loop']);
    expect(obstaclesOf(pairOf([entry({})], [entry({}, 'v20.0.0')]))).toEqual([]);
    const local = { runner: 'local' };
    expect(obstaclesOf(pairOf([entry({ plan: local })], [entry({ plan: local }, 'v20.0.0')]))).toEqual([`runtime ${NODE} and v20.0.0`]);
  });

  test('what else differs is told and no obstacle', () => {
    const pair = pairOf([entry({})], [entry({ plan: { protocol: 'paxos', measureMs: 5, links: {} } })]);
    expect([obstaclesOf(pair), differencesOf(pair)]).toEqual([[], ['protocol', 'network', 'length of the run']]);
  });
});

describe('figures', () => {
  test('differ where a rank test of five runs each says so, and are worse or better by their direction', () => {
    const [low, high] = [p50(10, 11, 12, 13, 14), p50(20, 21, 22, 23, 24)];
    const row = rowOf(low, high);
    expect(row).toMatchObject({ call: 'differs', base: { median: { value: 12 }, least: { value: 10 }, most: { value: 14 }, runs: 5 } });
    expect(row?.change).toBeCloseTo(22 / 12 - 1, 12);
    expect([row, rowOf(high, low)].map((each) => each !== undefined && saysOf(each))).toEqual(['WORSE', 'better']);
  });

  test('of four runs each decide nothing, however far apart', () => {
    expect(rowOf(p50(1, 2, 3, 4), p50(100, 200, 300, 400))).toMatchObject({ call: 'too few runs', p: null });
  });

  test('that overlap are no difference seen, and equal ones always the same', () => {
    expect(rowOf(p50(1, 3, 5, 7, 9), p50(2, 4, 6, 8, 10))).toMatchObject({ call: 'no difference seen' });
    expect(rowOf(p50(5, 5), p50(5, 5))).toMatchObject({ call: 'always the same' });
  });

  test('that failed rank above all others, and have no change', () => {
    const failed: Figure = { value: null, unit: 'ms', bound: 'failed' };
    expect(rowOf(p50(1, 2, 3, 4, 5), p50(failed, failed, failed, failed, failed))).toMatchObject({ call: 'differs', change: null });
  });
});

test('a sweep becomes a curve for each label and each value of the other axis, and one point is none', () => {
  const at = (label: string, ratePerSecond: number, delayMs: number, value: number) => entry({
    plan: { label: `${label}@${ratePerSecond},${delayMs}`, load: { ...base.plan.load, ratePerSecond }, links: Object.fromEntries(Object.entries(base.plan.links).map(([from, row]) => [from, Object.fromEntries(Object.entries(row).map(([to, link]) => [to, { ...link, delayMs }]))])) },
    figures: { 'commit.p50': value },
  });
  const subjects = subjectsOf([side('a', [at('raft', 10, 5, 50), at('raft', 20, 5, 51), at('raft', 10, 9, 90), at('raft', 20, 9, 91), at('paxos', 10, 5, 40)])]);
  const [delay, load] = AXES as readonly [(typeof AXES)[number], (typeof AXES)[number]];
  expect(curvesOf(subjects, delay, 'commit.p50').map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
    ['raft at 10 /s', [[10, 50], [18, 90]]], ['raft at 20 /s', [[10, 51], [18, 91]]],
  ]);
  expect(curvesOf(subjects, load, 'commit.p50').map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
    ['raft at 10 ms', [[10, 50], [20, 51]]], ['raft at 18 ms', [[10, 90], [20, 91]]],
  ]);
});

test('latency by throughput goes in the order of the load, also where more load gives less, and leaves out what is no number', () => {
  const at = (ratePerSecond: number, throughput: number, value: number | Figure) => entry({ plan: { label: `raft@${ratePerSecond}`, load: { ...base.plan.load, ratePerSecond } }, figures: { throughput, 'commit.p50': value } });
  const subjects = subjectsOf([side('a', [at(300, 150, 900), at(100, 100, 50), at(200, 180, 300), at(400, 120, { value: 1000, unit: 'ms', bound: '>' })])]);
  const load = AXES.find(({ name }) => name === 'load') as (typeof AXES)[number];
  expect(trajectoriesOf(subjects, load, 'throughput', 'commit.p50').map(({ points }) => points.map(({ x, y }) => [x, y]))).toEqual([[[100, 50], [180, 300], [150, 900]]]);
});

test('a sweep of connections, or of the load, is drawn by throughput too; one of delays is not, and no sweep is nothing', () => {
  const drawn = (...plans: readonly Partial<Plan>[]) => curveSections(subjectsOf([side('a', plans.map((plan, index) => entry({ plan: { label: `raft@${index}`, ...plan }, figures: { throughput: 10 + index } })))])).flatMap(({ charts }) => charts.map(({ frame }) => frame.data.file));
  const load = (ratePerSecond: number | null, count = 1): Partial<Plan> => ({ load: { ...base.plan.load, ratePerSecond, clients: [{ region: 'a', count }] } });
  expect(drawn(load(10), load(20))).toEqual(['commit.p50-by-throughput.csv', 'commit.p99-by-throughput.csv', 'commit.p50-by-load.csv', 'commit.p99-by-load.csv', 'throughput-by-load.csv']);
  expect(drawn(load(null, 1), load(null, 5))).toContain('throughput-by-connections.csv');
  expect(drawn({}, { links: {} })).toEqual(['commit.p50-by-delay.csv', 'commit.p99-by-delay.csv', 'throughput-by-delay.csv']);
  expect(drawn({})).toEqual([]);
});

test('a comparison in words names its sides, what was left out, what was forced and how many runs are needed', () => {
  const pair = pairOf(p50(1, 2), p50(3, 4));
  const text = renderComparison({
    sides: [side('before', pair.base.entries), side('after', pair.other.entries)], excluded: [{ folder: 'after/raft-3', because: 'it was interrupted' }],
    pairs: [{ ...pair, forced: ['runner sim and local'], differences: ['network'], rows: rowsOf(pair) }],
  }, 100);
  for (const part of ['A  before\nB  after', 'raft in A (2 runs)  →  raft in B (2 runs)', 'forced   not the same measurement: runner sim and local', 'differs  network', 'left out after/raft-3: it was interrupted', '5 and 5 runs are needed']) expect(text).toContain(part);
  expect(text).toMatch(/commit\.p50 ms +1 +1 … 2 +3 +3 … 4 +\+200 % +– +too few runs/);
});
