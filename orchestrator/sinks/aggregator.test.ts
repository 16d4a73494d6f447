// Points of hand-written runs, counted by hand; and all that is ever written is in the table of measurements, and the other
// way round.
import { describe, expect, test } from 'vitest';
import { planWith, put, Stream } from '../../test/event-stream.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { BUILTINS } from '../builtins.ts';
import { judge } from '../judge.ts';
import type { LabEvent, Plan, Summary } from '../kinds.ts';
import { METRICS } from '../metrics/names.ts';
import { Aggregator } from './aggregator.ts';
import { MEASUREMENTS } from './measurements.ts';
import type { Point } from './points.ts';
import type { RunFacts } from './runs.ts';

const FACTS: RunFacts = { run: 'r', startedAtMs: 1_700_000_000_000, folder: 'e/r', version: '0', revision: 'abc', modified: false, machine: 'm' };

function summaryOf(plan: Plan, events: readonly LabEvent[], partial = false): Summary {
  const [protocol] = PROTOCOLS;
  const [workload] = BUILTINS.workloads;
  if (protocol === undefined || workload === undefined) throw new Error('nothing is registered');
  const judgement = judge(plan, { protocol, workload, checks: BUILTINS.checks });
  for (const event of events) judgement.observe(event);
  return judgement.finish(partial);
}

function pointsOf(events: readonly LabEvent[], { plan = planWith(), live = false, summary = summaryOf(plan, events) }: { readonly plan?: Plan; readonly live?: boolean; readonly summary?: Summary } = {}): readonly Point[] {
  const points: Point[] = [];
  const aggregator = new Aggregator(plan, FACTS, live, (point) => points.push(point));
  for (const event of events) aggregator.observe(event);
  if (!live) aggregator.finish(summary);
  return points;
}

const named = (points: readonly Point[], measurement: string) => points.filter((point) => point.measurement === measurement);
const atMs = ({ atNs }: Point) => atNs / 1e6;
const key = ({ measurement, tags, atNs }: Point) => JSON.stringify([measurement, tags, atNs]);

describe('seconds', () => {
  const two = planWith({ load: { clients: [{ region: 'here', count: 1 }, { region: 'there', count: 1 }] } });
  const { events } = new Stream()
    .at(100).invoke('c1:1', put('k', 'a'), { intendedMs: 90 }).at(140).ok('c1:1', 1)
    .at(500).invoke('c2:1', put('k', 'b'), { region: 'there' }).at(800).ok('c2:1', 2)
    .at(900).invoke('c1:2', put('k', 'c'))
    .at(1500).invoke('c2:2', put('k', 'd'), { region: 'there' }).at(1600).reply('c2:2', { outcome: 'fail', reason: 'no-quorum' })
    .at(3100).reply('c1:2', { outcome: 'unknown', reason: 'timeout' });

  test('each region has its counts and exact percentiles, and all of them together', () => {
    const commits = named(pointsOf(events, { plan: two }), 'commits').map((point) => [atMs(point), point.tags['region'], point.fields]);
    expect(commits).toEqual([
      [0, 'here', { sent: 2, ok: 1, failed: 0, unknown: 0, unavailable: 0, p50: 50, p90: 50, p99: 50, p99_9: 50, max: 50 }],
      [0, 'there', { sent: 1, ok: 1, failed: 0, unknown: 0, unavailable: 0, p50: 300, p90: 300, p99: 300, p99_9: 300, max: 300 }],
      [0, 'all', { sent: 3, ok: 2, failed: 0, unknown: 0, unavailable: 0, p50: 50, p90: 300, p99: 300, p99_9: 300, max: 300 }],
      // c1:2 waits all through; a percentile that falls on a failed command has no value.
      [1000, 'here', { sent: 0, ok: 0, failed: 0, unknown: 0, unavailable: 1 }],
      [1000, 'there', { sent: 1, ok: 0, failed: 1, unknown: 0, failed_no_quorum: 1, unavailable: 0 }],
      [1000, 'all', { sent: 1, ok: 0, failed: 1, unknown: 0, failed_no_quorum: 1, unavailable: 1 }],
      [2000, 'here', { sent: 0, ok: 0, failed: 0, unknown: 0, unavailable: 1 }],
      [2000, 'all', { sent: 0, ok: 0, failed: 0, unknown: 0, unavailable: 1 }],
      // An unknown one is a lower bound.
      [3000, 'here', { sent: 0, ok: 0, failed: 0, unknown: 1, unknown_timeout: 1, unavailable: 0, p50: 2200, p90: 2200, p99: 2200, p99_9: 2200, max: 2200 }],
      [3000, 'all', { sent: 0, ok: 0, failed: 0, unknown: 1, unknown_timeout: 1, unavailable: 0, p50: 2200, p90: 2200, p99: 2200, p99_9: 2200, max: 2200 }],
    ]);
  });

  test('the histogram counts ok answers by the least bound that is not below', () => {
    expect(named(pointsOf(events, { plan: two }), 'latency').map((point) => [atMs(point), point.tags['region'], point.fields])).toEqual([
      [0, 'here', { le_50: 1 }], [0, 'there', { le_315: 1 }], [0, 'all', { le_50: 1, le_315: 1 }],
    ]);
  });

  test('a silence of an hour has no points, and costs none', () => {
    const stream = new Stream().at(10).invoke('c1:1', put('k', 'a')).at(20).ok('c1:1', 1).at(3_600_010).invoke('c1:2', put('k', 'a')).at(3_600_020).ok('c1:2', 2);
    expect(named(pointsOf(stream.events), 'commits').map(atMs)).toEqual([0, 0, 3_600_000, 3_600_000]);
  });

  test('of many answers 20 a second are drawn, the same in every replay, each at a nanosecond of its own', () => {
    const stream = new Stream();
    for (let index = 1; index <= 500; index++) stream.at(10).invoke(`c${index}:1`, put('k', 'a'));
    for (let index = 1; index <= 500; index++) stream.at(600).ok(`c${index}:1`, index);
    const drawn = named(pointsOf(stream.events), 'sample');
    expect(drawn).toHaveLength(20);
    expect(new Set(drawn.map(key)).size).toBe(20);
    expect(drawn.every((point) => Math.floor(atMs(point)) === 600 && point.fields['latency_ms'] === 590)).toBe(true);
    expect(named(pointsOf(stream.events), 'sample')).toEqual(drawn);
  });
});

describe('nodes', () => {
  test('rates are of what was added since the report before; a new life begins at zero', () => {
    const { events } = new Stream()
      .at(0).status('n1', {}).at(1000).traffic('n1', 100, 5000, 10).usage('n1', 300, 100).at(2000).traffic('n1', 300, 9000, 30).usage('n1', 500, 200)
      .at(2500).status('n1', {}, 2).at(3000).traffic('n1', 50, 100, 5, 2);
    const rates = named(pointsOf(events), 'node').filter(({ fields }) => 'messages' in fields).map((point) => [atMs(point), point.fields['messages'], point.fields['fsyncs'], point.fields['cpu_pct']]);
    expect(rates).toEqual([[1000, 100, 10, undefined], [2000, 200, 20, 30], [3000, 100, 10, undefined]]);
    const costs = named(pointsOf(events), 'cost').map((point) => [atMs(point), point.fields['messages'], point.fields['cpu_ms']]);
    expect(costs).toEqual([[1000, 100, 400], [2000, 200, 300], [3000, 50, undefined]]);
  });

  test('a crash takes a node down, whatever its dead process said before; its next life brings it back', () => {
    const { events } = new Stream()
      .at(0).status('n1', { role: 'leader', leader: 'n1', epoch: 3 }).at(1000).action('crash', 'n1').at(1000.5).status('n1', { role: 'follower', epoch: 3 })
      .at(2000).status('n1', { role: 'follower', leader: 'n2', epoch: 4 }, 2);
    expect(named(pointsOf(events), 'node').map((point) => [atMs(point), point.fields])).toEqual([
      [0, { role: 'leader', leader: 'n1', epoch: 3, up: 1 }], [1000, { role: 'down', epoch: 3, up: 0 }], [2000, { role: 'follower', leader: 'n2', epoch: 4, up: 1 }],
    ]);
  });

  test('two changes at one instant are one point, the later one', () => {
    const { events } = new Stream().at(5).status('n1', { role: 'candidate', epoch: 1 }).status('n1', { role: 'leader', leader: 'n1', epoch: 1 });
    expect(named(pointsOf(events), 'node').map(({ fields }) => fields['role'])).toEqual(['leader']);
  });
});

test('an epoch is decided when a command of a client was first committed in it', () => {
  const { events } = new Stream()
    .at(0).status('n1', { epoch: 1 }).at(10).status('n2', { epoch: 1, role: 'leader', leader: 'n2' }).at(100).commit('n1', 1, 'c1:1', put('k', 'a')).commit('n2', 1, 'c1:1', put('k', 'a'))
    .at(1000).status('n1', { epoch: 2 }).at(1100).commit('n1', 2, null, put('k', 'a'), { epoch: 2 });
  expect(named(pointsOf(events), 'epoch').map((point) => [atMs(point), point.fields])).toEqual([
    [0, { epoch: 1, leader: 'n2', commits: 1, decided: 1, measured: 0 }], [1000, { epoch: 2, commits: 0, decided: 0, measured: 1 }],
  ]);
});

test('a fault is an annotation from its begin to its end, live at once and afterwards with what it cost', () => {
  const { events } = new Stream().at(2000).fault('begin').at(3500).fault('end');
  const title = 'crash n1';
  expect(named(pointsOf(events, { live: true }), 'fault').map(({ fields }) => fields['timeEnd'])).toEqual([undefined, FACTS.startedAtMs + 3500]);
  expect(named(pointsOf(events), 'fault')).toMatchObject([{ tags: { fault: 'crash 1' }, atNs: 2e9, fields: { title, tags: 'crash,n1', timeEnd: FACTS.startedAtMs + 3500, duration_ms: 1500 } }]);
});

test('a title tells runs apart on an axis', () => {
  const title = (changes: Partial<Plan>) => named(pointsOf([], { plan: { ...planWith(), ...changes }, summary: summaryOf(planWith(), []) }), 'run')[0]?.fields['title'];
  expect(title({ repetition: 1 })).toBe('raft, test 20 ms, sim');
  expect(title({ repetition: 2, label: 'raft-v2', links: {} })).toBe('raft-v2, test 0.0 ms, sim #2');
});

test('links are those of 32 rows; what is left out is counted', () => {
  const plan = planWith();
  const nodes = Array.from({ length: 40 }, (_, index) => ({ ...(plan.nodes[0] as Plan['nodes'][number]), id: `n${index + 1}` }));
  const points = pointsOf(new Stream().at(1).status('n1', {}).events, { plan: { ...plan, nodes }, summary: summaryOf(plan, []) });
  expect(named(points, 'link')).toHaveLength(32 * 31);
  expect(named(points, 'run')[0]?.fields['links_left_out']).toBe(40 * 39 - 32 * 31);
});

test('live points have the tags and times of exact ones, and nothing that the exact ones do not say otherwise', () => {
  const { events } = everything();
  const exact = new Set(pointsOf(events).map(key));
  expect(pointsOf(events, { live: true }).filter((point) => !exact.has(key(point)))).toEqual([]);
});

/** Of every kind of event, with every field that there can be. */
function everything(): { readonly events: readonly LabEvent[]; readonly plan: Plan } {
  const plan = planWith({ fsyncMs: 1, linkSchedule: { entries: [], tracks: [{ links: [['n1', 'n2']], steps: [{ atMs: 3000, link: { delayMs: 50 } }] }] } });
  const stream = new Stream();
  const lab = (body: object): void => { stream.events.push({ atMs: stream.events.at(-1)?.atMs ?? 0, node: 'lab', life: 0, sequence: 0, ...body } as LabEvent); };
  lab({ type: 'certificate', phase: 'idle', from: 'n1', to: 'n2', trip: 'one-way', bytes: 60, sent: 3, samples: [[1, -30, 10], [2, -20, 11], [2, -20, 12]] });
  for (const node of ['n1', 'n2', 'n3']) stream.at(1).status(node, { role: node === 'n1' ? 'leader' : 'follower', leader: 'n1' }).at(900).traffic(node, 10, 100, 1).usage(node, 10, 10, 3).clock(node, 0.5);
  let slot = 0;
  const kinds = [['fail', 'not-leader'], ['fail', 'no-quorum'], ['fail', 'busy'], ['fail', 'malformed'], ['unknown', 'timeout'], ['unknown', 'connection']] as const;
  for (let index = 0; index < 600; index++) {
    const id = `c${index}:1`;
    const when = 1000 + index * 10;
    if (when === 3000) {
      lab({ type: 'scheduled-links', plannedMs: 3000, skipped: 0 });
      stream.at(when).fault('begin').action('crash', 'n1').fault('end');
    }
    const [outcome, reason] = kinds[index - 560] ?? [];
    stream.at(when).invoke(id, put('k', String(index)), { intendedMs: when - 0.5 });
    if (outcome === undefined) stream.placed('n1', id, ++slot).at(when + 2).commit('n1', slot, id, put('k', String(index))).commit('n2', slot, id, put('k', String(index))).at(when + 3).ok(id, slot);
    else stream.at(when + 3).reply(id, { outcome, reason } as Parameters<Stream['reply']>[1]);
  }
  for (const node of ['n1', 'n2', 'n3']) stream.at(8000).traffic(node, 20, 200, 2).usage(node, 20, 20, 3);
  stream.at(8100).generator({ sendLagMs: 1 });
  lab({ type: 'counters', links: [{ from: 'n1', to: 'n2', packets: 5, drops: 1, backlogPackets: 0, limitPackets: 10 }] });
  return { events: stream.events, plan };
}

describe('the table of measurements', () => {
  const { events, plan } = everything();
  const points = pointsOf(events, { plan });
  const types = { float: 'number', integer: 'number', text: 'string', boolean: 'boolean' } as const;

  test('has every tag and every field that is written, with its type', () => {
    for (const { measurement, tags, fields } of [...points, ...pointsOf(events, { plan, live: true })]) {
      const spec = MEASUREMENTS.find(({ name }) => name === measurement);
      expect(Object.keys(tags)).toEqual(spec?.tags);
      for (const [name, value] of Object.entries(fields)) {
        const type = spec?.fields.find((field) => field.name === name)?.type;
        expect([measurement, name, typeof value], 'not in the table').toEqual([measurement, name, type === undefined ? 'nothing' : types[type]]);
        if (type === 'integer') expect([measurement, name, value], 'no whole number').toEqual([measurement, name, Math.round(value as number)]);
      }
    }
  });

  test('has nothing that is never written', () => {
    // Without a change of links too: only then is it known what the crash should cost.
    const written = new Set([...points, ...pointsOf(events)].flatMap(({ measurement, fields }) => Object.keys(fields).map((name) => `${measurement} ${name}`)));
    // A figure without a value has no field, and few latencies fill few buckets.
    const some = (name: string, field: string) => name === 'latency' || (['run', 'client_region'].includes(name) && METRICS.some((metric) => metric.name === field));
    const never = MEASUREMENTS.flatMap(({ name, fields }) => fields.flatMap((field) => (written.has(`${name} ${field.name}`) || some(name, field.name) ? [] : [`${name} ${field.name}`])));
    expect(never).toEqual([]);
    expect(points.filter(({ measurement }) => measurement === 'run').flatMap(({ fields }) => Object.keys(fields))).toEqual(expect.arrayContaining(['commit.p50', 'throughput', 'messagesPerCommit']));
  });

  test('no two points have the same name, tags and time: the later would take the place of the earlier', () => {
    const keys = points.map(key);
    expect(keys.filter((each, index) => keys.indexOf(each) < index)).toEqual([]);
  });
});

test('what is held does not grow with the run', () => {
  const plan = planWith({ links: { n1: { n2: PERFECT_LINK } } });
  let most = 0;
  let pending = 0;
  const aggregator = new Aggregator(plan, FACTS, false, () => { pending++; });
  const { events } = new Stream().at(0).status('n1', {});
  for (const event of events) aggregator.observe(event);
  for (let second = 0; second < 3_600; second++) {
    pending = 0;
    const stream = new Stream();
    for (let index = 0; index < 5; index++) stream.at(second * 1000 + index * 100).invoke(`c${index}:${second}`, put('k', 'a')).at(second * 1000 + index * 100 + 50).ok(`c${index}:${second}`, second * 5 + index);
    for (const event of stream.events) aggregator.observe(event);
    most = Math.max(most, pending);
  }
  // Each second's points leave with it.
  expect(most).toBeLessThan(30);
});
