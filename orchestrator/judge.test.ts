// From events to a summary: figures with their population, closed form, thresholds, verdicts and exit codes.
import { describe, expect, test } from 'vitest';
import type { AnyProtocol, Claim, Expected } from '../node/contract.ts';
import { get, planWith, put, Stream } from '../test/event-stream.ts';
import { registers } from '../test/histories.ts';
import { CHECKS } from './checks/all.ts';
import { exitCodeOf, judge } from './judge.ts';
import type { Plan, Summary, Workload } from './kinds.ts';
import { METRICS, unitOf } from './metrics/names.ts';

const workload = { model: registers(null) } as unknown as Workload;

function protocolWith(changes: Partial<AnyProtocol> = {}): AnyProtocol {
  return { name: 'raft', summary: '', defaults: {}, create: () => { throw new Error('not run here'); }, ...changes };
}

function summaryOf(stream: Stream, plan: Plan = planWith(), protocol = protocolWith(), partial = false): Summary {
  const observer = judge(plan, { protocol, workload, checks: CHECKS });
  for (const event of stream.events.toSorted((a, b) => a.atMs - b.atMs)) observer.observe(event);
  return observer.finish(partial);
}

const values = ({ metrics }: Summary, ...names: string[]) => Object.fromEntries(names.map((name) => [name, metrics[name]?.value]));

/** `count` puts from 1,000 ms on, 10 ms apart, each answered after latencyMs; led by n1 in epoch 1. */
function steadyRun(count: number, latencyMs: (index: number) => number, region = () => 'here'): Stream {
  const stream = new Stream().status('n1', { role: 'leader', epoch: 1 });
  for (let index = 0; index < count; index++) {
    const id = `c${index}:1`;
    const op = put('k', `v${index}`);
    const atMs = 1000 + index * 10;
    stream.at(atMs).invoke(id, op, { region: region() }).placed('n1', id, index + 1).at(atMs + latencyMs(index) - 0.5);
    for (const [lag, node] of ['n1', 'n2', 'n3'].entries()) stream.at(atMs + latencyMs(index) - 0.5 + lag * 0.1).commit(node, index + 1, id, op);
    stream.at(atMs + latencyMs(index)).ok(id, index + 1);
  }
  return stream;
}

describe('figures', () => {
  test('cover the commands intended in the window, from the intended time on', () => {
    const stream = steadyRun(1000, (index) => 20 + (index % 10))
      .at(990).invoke('w:1', get('z'), { intendedMs: 990 }).at(1010).ok('w:1', 1)
      .at(10_999).invoke('late:1', get('z'), { intendedMs: 10_500 }).at(11_100).ok('late:1', 1);
    const summary = summaryOf(stream);
    expect(values(summary, 'samples', 'commit.max', 'service.p99', 'offered', 'errors', 'leaderChanges')).toEqual({
      samples: 1001, 'commit.max': 600, 'service.p99': 29, offered: 100.1, errors: 0, leaderChanges: 0,
    });
    expect(values(summary, 'commit.p50', 'commit.p90', 'throughput')).toEqual({ 'commit.p50': 25, 'commit.p90': 29, throughput: 99.9 });
    expect(summary.metrics['apply.p50']?.value).toBeCloseTo(24 - 0.3, 6);
    expect(summary.metrics['commitAtLeader.p50']?.value).toBeCloseTo(24 - 0.5, 6);
    expect(summary).toMatchObject({ publishable: true, invalid: [], missed: [] });
  });

  test('count errors by kind and rank them', () => {
    const stream = steadyRun(95, () => 20);
    for (let index = 0; index < 5; index++) stream.at(5000 + index).invoke(`e${index}:1`, put('q', `${index}`));
    stream.at(5010).reply('e0:1', { outcome: 'fail', reason: 'busy' });
    for (let index = 1; index < 5; index++) stream.at(10_000 + index).reply(`e${index}:1`, { outcome: 'unknown', reason: 'timeout' });
    const summary = summaryOf(stream);
    expect(values(summary, 'errors', 'errors.fail.busy', 'errors.unknown.timeout', 'errors.unknown.connection')).toEqual({
      errors: 5, 'errors.fail.busy': 1, 'errors.unknown.timeout': 4, 'errors.unknown.connection': 0,
    });
    expect(summary.metrics['commit.p50']).toEqual({ value: 20, unit: 'ms', bound: '=' });
    expect(summary.metrics['commit.p99']).toEqual({ value: 5000, unit: 'ms', bound: '>', uncertain: true });
    expect(summary.metrics['commit.max']).toEqual({ value: null, unit: 'ms', bound: 'failed' });
  });

  test('count retries, waits and breakers that opened, in the window', () => {
    const stream = steadyRun(100, () => 20);
    const attempt = (atMs: number, id: string) => stream.at(atMs).client({ type: 'attempt', client: 'x', id, to: 'n1' });
    stream.at(900).invoke('x:1', put('q', '1'));
    attempt(901, 'x:1');
    attempt(950, 'x:1');
    attempt(1500, 'x:1');
    attempt(1600, 'x:1').client({ type: 'back-off', client: 'x', id: 'x:1', waitMs: 40 }).client({ type: 'back-off', client: 'x', id: 'x:1', waitMs: 25 });
    for (const [index, state] of (['open', 'half-open', 'open', 'closed'] as const).entries()) stream.at(2000 + index).client({ type: 'breaker', region: 'here', to: 'n1', state });
    expect(values(summaryOf(stream), 'retries', 'backOff.max', 'breaker.opened')).toEqual({ retries: 2, 'backOff.max': 40, 'breaker.opened': null });
    const summary = summaryOf(stream, planWith({ load: { breaker: { failures: 1, openMs: 1 } } }));
    expect(summary.metrics['breaker.opened']?.value).toBe(2);
  });

  test('share the cost of the window among its commits', () => {
    const stream = steadyRun(1000, () => 20);
    for (let second = 1; second <= 12; second++) stream.at(second * 1000 - 500).traffic('n1', second * 400, second * 100_000, second * 50).usage('n1', second * 30, second * 10);
    const summary = summaryOf(stream);
    // The last two commands are committed after the window; reports at …500 ms are interpolated at both edges.
    expect(summary.metrics['messagesPerCommit']?.value).toBeCloseTo(4000 / 999, 1);
    expect(summary.metrics['bytesPerCommit']).toMatchObject({ unit: 'bytes', bound: '=' });
    expect(summary.metrics['bytesPerCommit']?.value).toBeCloseTo(1_000_000 / 999, 0);
    expect(summary.metrics['fsyncsPerCommit']?.value).toBeCloseTo(500 / 999, 2);
    expect(summary.metrics['cpuSecondsPer1000Commits']?.value).toBeCloseTo(0.4, 2);
    expect(summaryOf(steadyRun(10, () => 20)).metrics['cpuSecondsPer1000Commits']?.value).toBeNull();
  });

  test('count new leaders in the window where leadership is stable', () => {
    const stream = steadyRun(100, () => 20).at(500).status('n1', { role: 'leader', epoch: 1 })
      .at(3000).status('n2', { role: 'leader', epoch: 2 }).at(3100).status('n1', { epoch: 2, leader: 'n2' }).at(12_000).status('n3', { role: 'leader', epoch: 3 });
    expect(summaryOf(stream).metrics['leaderChanges']?.value).toBe(1);
    expect(summaryOf(stream, planWith(), protocolWith({ leadership: () => 'rotating' })).metrics['leaderChanges']?.value).toBeNull();
  });

  test('have the names and units of the table, all of them', () => {
    const { metrics } = summaryOf(steadyRun(10, () => 20).at(2000).clock('n2', -3).clock('n3', 2));
    expect(Object.keys(metrics)).toEqual(METRICS.map(({ name }) => name));
    for (const [name, { unit }] of Object.entries(metrics)) expect([name, unit]).toEqual([name, unitOf(name)]);
    expect(metrics['clockError.max']?.value).toBe(3);
  });
});

describe('the closed form', () => {
  const form = (weights: (client: string, entry: string, leader: string | null) => Expected) => protocolWith({
    expected: (_options, _facts, { client, entry, leader }) => weights(client, entry, leader),
  });
  const point = (ms: number): Expected => [{ weight: 1, fromMs: ms, toMs: ms }];

  test('stands beside the measured latency of its region', () => {
    const summary = summaryOf(steadyRun(200, () => 20), planWith(), form((client, entry, leader) => {
      expect([client, entry, leader]).toEqual(['here', 'n1', 'n1']);
      return point(16);
    }));
    expect(summary.expected).toEqual([{
      region: 'here', entry: 'n1', leader: 'n1', expectedP50Ms: 16, expectedMeanMs: 16, measuredP50Ms: 20, measuredMeanMs: 20, samples: 200, samplingErrorMs: 0, ksDistance: null,
    }]);
    expect(values(summary, 'optimum.p50', 'optimum.ratio', 'optimum.ks')).toEqual({ 'optimum.p50': 16, 'optimum.ratio': 1.25, 'optimum.ks': null });
  });

  test('is never pooled over regions: the headline is the middle region by samples', () => {
    const plan = planWith({ load: { clients: [{ region: 'here', count: 1 }, { region: 'there', count: 3 }], target: 'nearest' } });
    let turn = 0;
    const stream = steadyRun(400, (index) => (index % 4 === 0 ? 20 : 80), () => (turn++ % 4 === 0 ? 'here' : 'there'));
    const summary = summaryOf(stream, plan, form((client) => point(client === 'here' ? 20 : 40)));
    expect(summary.expected.map(({ region, measuredP50Ms, samples }) => [region, measuredP50Ms, samples])).toEqual([['here', 20, 100], ['there', 80, 300]]);
    expect(values(summary, 'optimum.p50', 'optimum.ratio')).toEqual({ 'optimum.p50': 40, 'optimum.ratio': 2 });
  });

  test('takes clients in turn as a mixture over the entry nodes', () => {
    const plan = planWith({ load: { target: 'spread' } });
    const summary = summaryOf(steadyRun(200, () => 20), plan, form((_client, entry) => [{ weight: 1, fromMs: 0, toMs: entry === 'n1' ? 30 : 60 }]));
    expect(summary.expected[0]).toMatchObject({ entry: '*', expectedMeanMs: (15 + 30 + 30) / 3 });
    expect(summary.expected[0]?.ksDistance).toBeGreaterThan(0.4);
    expect(summary.metrics['optimum.ratio']?.uncertain).toBe(true);
  });

  test('with a fault is compared before it only, in time to end', () => {
    const stream = steadyRun(400, (index) => (index >= 96 && index < 300 ? 500 : 20)).at(2000).fault('begin').at(4000).fault('end');
    const summary = summaryOf(stream, planWith(), form(() => [{ weight: 1, fromMs: 20, toMs: 50 }]));
    expect(summary.expected[0]).toMatchObject({ samples: 95, measuredP50Ms: 20, measuredMeanMs: 20 });
    expect(summary.outages).toHaveLength(1);
  });

  test('is left out where no leader led throughout, unless leadership rotates', () => {
    const stream = steadyRun(200, () => 20).at(2000).status('n2', { role: 'leader', epoch: 2 });
    expect(summaryOf(stream, planWith(), form(() => point(20))).expected).toEqual([]);
    const rotating = { ...form((_client, _entry, leader) => point(leader === null ? 20 : 1)), leadership: () => 'rotating' as const };
    expect(summaryOf(stream, planWith({ load: { target: 'nearest' } }), rotating).expected).toMatchObject([{ leader: null, expectedP50Ms: 20 }]);
  });
});

describe('thresholds', () => {
  const missed = (stream: Stream, ...thresholds: Plan['thresholds']) => summaryOf(stream, planWith({ thresholds })).missed;

  test('that are met say nothing, others say by how much', () => {
    const run = steadyRun(200, () => 20);
    expect(missed(run, { metric: 'commit.p50', below: 21, above: 19 }, { metric: 'errors', below: 1 })).toEqual([]);
    expect(missed(run, { metric: 'commit.p50', below: 20 })).toEqual(['commit.p50 is 20 ms, expected below 20 ms']);
    expect(missed(run, { metric: 'throughput', above: 90 })).toEqual(['throughput is 20 /s, expected above 90 /s']);
  });

  test('on what was not measured, censored or failed are missed', () => {
    const run = steadyRun(90, () => 20);
    expect(missed(run, { metric: 'outage', below: 2000 })).toEqual(['outage has no value: nothing to measure, expected below 2000 ms']);
    expect(missed(run, { metric: 'no.such', below: 1 })).toEqual(['no.such: there is no such figure, expected below 1']);
    run.at(5000).invoke('u:1', put('q', '1')).at(10_000).reply('u:1', { outcome: 'unknown', reason: 'timeout' });
    expect(missed(run, { metric: 'commit.max', below: 9000 })).toEqual(['commit.max is only known to be more than 5000 ms, expected below 9000 ms']);
    run.at(5000).invoke('f:1', put('q', '2')).at(5001).reply('f:1', { outcome: 'fail', reason: 'busy' });
    expect(missed(run, { metric: 'commit.max', below: 9000 })).toEqual(['commit.max falls on failed commands, expected below 9000 ms']);
  });
});

describe('the audit', () => {
  const secondsOf = (changes: Parameters<Stream['generator']>[0], count: number) => {
    const stream = steadyRun(900, () => 20);
    for (let second = 2; second <= 11; second++) stream.at(second * 1000).generator(second < 2 + count ? changes : {});
    return stream;
  };

  test.each([
    ['ran out of sessions', { capped: 3 }, 1, '3 arrivals found no free session (load.maxSessions 1000): the cluster did not keep up with the rate'],
    ['was busy', { cpuPct: 99 }, 6, 'the load generator used a whole core in 6 of 10 seconds'],
  ])('finds that the generator %s', (_, changes, count, reason) => {
    const summary = summaryOf(secondsOf(changes, count));
    expect(summary).toMatchObject({ invalid: [reason], publishable: false });
    expect(exitCodeOf([summary])).toBe(2);
  });

  test.each([[5, []], [6, ['the load generator sent 6 of 100 commands more than 10 ms late']]])('lets %d late commands of a hundred pass, or not', (late, invalid) => {
    const stream = steadyRun(100 - late, () => 20);
    for (let index = 0; index < late; index++) stream.at(5000 + index).invoke(`late${index}:1`, put('q', `${index}`), { intendedMs: 4980 }).ok(`late${index}:1`, 1);
    expect(summaryOf(stream).invalid).toEqual(invalid);
  });

  test('finds that nothing was sent', () => {
    const summary = summaryOf(new Stream().at(12_000).generator({}));
    expect(summary).toMatchObject({ invalid: ['no command was sent in the measure window'], publishable: false, baseline: { fit: false } });
  });

  test('lets one late second pass', () => {
    const summary = summaryOf(secondsOf({ sendLagMs: 400, loopDelayMs: 400, cpuPct: 100 }, 1));
    expect(summary).toMatchObject({ invalid: [], publishable: true });
    expect(values(summary, 'sendLag.max', 'loopDelay.max')).toEqual({ 'sendLag.max': 400, 'loopDelay.max': 400 });
  });

  test.each<readonly [string, Parameters<Stream['generator']>[0], string]>([
    ['was busy', { cpuPct: 85 }, 'the load generator used more than 80 % of a core in 2 of 10 seconds'],
    ['had a late event loop', { loopDelayMs: 30 }, "the load generator's event loop was more than 20 ms late in 2 of 10 seconds"],
  ])('bars a run from being a baseline when now and then the generator %s', (_, changes, reason) => {
    expect(summaryOf(secondsOf(changes, 1)).baseline).toEqual({ fit: true, because: [] });
    expect(summaryOf(secondsOf(changes, 2))).toMatchObject({ invalid: [], publishable: true, baseline: { fit: false, because: [reason] } });
  });

  test('bars a run whose p99 of the send lag is above 2 ms', () => {
    const run = (late: number) => {
      const stream = steadyRun(200 - late, () => 20);
      for (let index = 0; index < late; index++) stream.at(5000 + index * 0.01).invoke(`late${index}:1`, put('q', `${index}`), { intendedMs: 4997 }).ok(`late${index}:1`, 1);
      return summaryOf(stream);
    };
    const lag = (late: number) => run(late).baseline.because.filter((reason) => reason.includes('ms late'));
    expect(lag(2)).toEqual([]);
    expect(lag(3)).toEqual(['the load generator sent 3 of 200 commands more than 2 ms late']);
    expect(run(3).invalid).toEqual([]);
    expect(run(3).metrics['sendLag.p99']?.value).toBeCloseTo(3, 1);
  });

  test('bars a run with a busy or a late node, and says what it used', () => {
    const stream = steadyRun(900, () => 20);
    for (let second = 1; second <= 12; second++) stream.at(second * 1000).usage('n1', second * 700, second * 130).usage('n2', second * 10, 0, second < 4 ? 40 : 1);
    const summary = summaryOf(stream);
    expect(summary).toMatchObject({ invalid: [], baseline: { fit: false } });
    expect(summary.baseline.because).toEqual(['n1 used 83 % of a core: the rate is more than it can do here', "n2's event loop was more than 20 ms late in 3 of 12 seconds"]);
    expect(values(summary, 'nodeCpu.max', 'nodeLoopDelay.max')).toEqual({ 'nodeCpu.max': expect.closeTo(0.83, 6), 'nodeLoopDelay.max': 40 });
  });

  test('in virtual time has no figure of a processor and blames none, but still counts what came late or found no session', () => {
    const busy = () => {
      const stream = secondsOf({ cpuPct: 100, loopDelayMs: 400, sendLagMs: 2, capped: 3 }, 10);
      for (let second = 1; second <= 12; second++) stream.at(second * 1000).usage('n1', second * 700, second * 290, 300);
      return stream;
    };
    const summary = summaryOf(busy(), planWith({ time: 'virtual' }));
    expect(summary.invalid).toEqual(['3 arrivals found no free session (load.maxSessions 1000): the cluster did not keep up with the rate']);
    expect(values(summary, 'sendLag.max', 'loopDelay.max', 'generatorCpu.max', 'nodeCpu.max', 'nodeLoopDelay.max', 'cpuSecondsPer1000Commits'))
      .toEqual({ 'sendLag.max': 2, 'loopDelay.max': null, 'generatorCpu.max': null, 'nodeCpu.max': null, 'nodeLoopDelay.max': null, cpuSecondsPer1000Commits: null });
    expect(summaryOf(busy(), planWith({})).invalid.length).toBeGreaterThan(1);
  });

  test('finds a node that the rate is too much for, but not in a closed loop', () => {
    const stream = steadyRun(900, () => 20);
    for (let second = 1; second <= 12; second++) stream.at(second * 1000).usage('n1', second * 700, second * 290);
    expect(summaryOf(stream).invalid).toEqual(['n1 used 99 % of a core: the rate is more than it can do here']);
    const closed = summaryOf(stream, planWith({ load: { ratePerSecond: null } }));
    expect([closed.invalid, closed.baseline.fit]).toEqual([[], true]);
  });
});

describe('verdicts', () => {
  const forked = () => steadyRun(20, () => 20).at(900).commit('n2', 1, 'c0:1', put('k', 'other'));
  const claims = (...list: Claim[]) => protocolWith({ claims: () => list });

  test('of a violated claim void the run', () => {
    const summary = summaryOf(forked());
    expect(summary.publishable).toBe(false);
    expect(summary.baseline).toMatchObject({ fit: false, because: expect.arrayContaining(['prefix-agreement is violated']) });
    expect(summary.verdicts.filter(({ valid }) => valid === false).map(({ check }) => check)).toContain('prefix-agreement');
    expect(exitCodeOf([summary])).toBe(1);
  });

  test('of what is not claimed are findings', () => {
    const stream = steadyRun(20, () => 20).at(2000).status('n2', { role: 'leader', epoch: 1 });
    const summary = summaryOf(stream, planWith(), claims('agreement', 'validity', 'durability', 'linearizability'));
    expect(summary.publishable).toBe(true);
    expect(summary.verdicts.filter(({ valid }) => valid === false)).toMatchObject([{ check: 'one-leader-per-epoch', finding: true }]);
    expect(exitCodeOf([summary])).toBe(0);
    expect(exitCodeOf([summaryOf(stream)])).toBe(1);
  });

  test('decide the exit code before missed thresholds do', () => {
    const missed = summaryOf(steadyRun(20, () => 20), planWith({ thresholds: [{ metric: 'commit.p50', below: 1 }] }));
    expect(exitCodeOf([missed])).toBe(2);
    expect(exitCodeOf([missed, summaryOf(forked())])).toBe(1);
  });

  test('a partial run is not publishable, and its rates are those of the time it had', () => {
    const summary = summaryOf(steadyRun(101, () => 20), planWith(), protocolWith(), true);
    expect(summary).toMatchObject({ partial: true, publishable: false });
    expect(summary.metrics['throughput']?.value).toBeCloseTo(100, -1);
  });
});
