// Plans: every field filled, all randomness from the seed, the same for every runner, and what cannot be is refused.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyProtocol, Facts, Problem } from '../node/contract.ts';
import { BUILTINS } from './builtins.ts';
import { LabError } from './errors.ts';
import { parseExperiment } from './experiment.ts';
import type { Action, Plan } from './kinds.ts';
import { makePlans } from './plan.ts';
import type { PlanRequest } from './plan.ts';

const unusable = () => {
  throw new Error('planning creates no machine');
};
let seen: Facts | null = null;
const stable: AnyProtocol = {
  name: 'stable', summary: '', defaults: { q1: 'auto', q2: 'auto', timeoutMs: 100, leader: null }, create: unusable,
  resolve: (options: { q1: 'auto' | number; q2: 'auto' | number; timeoutMs: number }, facts: Facts) => {
    seen = facts;
    const majority = Math.floor(facts.members.length / 2) + 1;
    const q1 = options.q1 === 'auto' ? majority : options.q1;
    const q2 = options.q2 === 'auto' ? majority : options.q2;
    const problems: Problem[] = [];
    if (q1 + q2 <= facts.members.length) problems.push({ level: 'error', option: 'q2', message: `q1 + q2 = ${q1 + q2} is not more than ${facts.members.length}` });
    if (options.timeoutMs < 50) problems.push({ level: 'warning', option: 'timeoutMs', message: 'shorter than a round trip' });
    return { options: { ...options, q1, q2, leader: facts.leader }, problems };
  },
};
const rotating: AnyProtocol = { name: 'rotating', summary: '', defaults: {}, create: unusable, leadership: () => 'rotating' };
const leaderless: AnyProtocol = { name: 'leaderless', summary: '', defaults: {}, create: unusable, leadership: () => 'none' };
const registry = { ...BUILTINS, protocols: [stable, rotating, leaderless] };

const ALL: ReadonlySet<Action['type']> = new Set(['crash', 'restart', 'pause', 'resume', 'cut', 'clock']);
const SIM: PlanRequest = { runner: 'sim', supports: ALL };

function plansOf(text: string, request: PlanRequest = SIM): readonly Plan[] {
  return makePlans(parseExperiment(text, 'x.yaml', registry), request);
}

function planOf(text: string, request: PlanRequest = SIM): Plan {
  const [plan, ...others] = plansOf(text, request);
  expect(others).toHaveLength(0);
  return plan!;
}

const BASE = 'name: a\nprotocols: [stable]\n';

test('a plan in full is the recorded one', async () => {
  const plan = planOf(`
name: golden
protocols: [{ stable: { q1: 3, timeoutMs: 20ms }, as: flexible }]
nodes: [us-east-1, eu-west-1, us-east-1]
leader: eu-west-1
network: { wan: aws-5, scale: 2, links: { "n1 - n2": { loss: 1%, burst: 5 }, "eu-west-1 -> *": { delay: 50ms, jitter: 3ms } } }
clocks: { offset: ±15ms, drift: 40ppm, ntp: { poll: 16s } }
load: { keys: 4, rate: 50/s, clients: { eu-west-1: 2 }, timeout: 4s }
run: { warmup: 1s, measure: 20s, settle: 6s, seed: 9 }
faults:
  - { at: 5s, crash: leader, for: 2s }
  - { at: 5s, partition: us-east-1 | eu-west-1, phase: fixed, for: 1s }
  - { at: 19s, clock-offset: n3, offset: -40ms, for: 5s }
expect: { commit.p99: below 2s }
`);
  await expect(`${JSON.stringify(plan, null, 1)}\n`).toMatchFileSnapshot('plan.golden.json');
});

describe('randomness', () => {
  const text = `${BASE}clocks: { offset: ±15ms, drift: ±40ppm }\nfaults: [{ at: 5s, crash: leader }]\nrun: { repeat: 20 }`;

  test('comes from the seed alone', () => {
    expect(plansOf(text)).toEqual(plansOf(text));
    expect(plansOf(text, { ...SIM, seed: 'other' })[0]?.nodes).not.toEqual(plansOf(text)[0]?.nodes);
    expect(plansOf(`${text.slice(0, -2)}, seed: other }`)[0]?.nodes).toEqual(plansOf(`${text.slice(0, -2)} }`, { ...SIM, seed: 'other' })[0]?.nodes);
  });

  test('differs between repetitions, and shifts their faults within a second', () => {
    const plans = plansOf(text);
    expect(plans.map(({ repetition }) => repetition)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    const starts = plans.map(({ schedule }) => schedule[0]!.atMs - 8000);
    expect(new Set(starts).size).toBeGreaterThan(15);
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...starts)).toBeLessThan(1000);
    expect(new Set(plans.map(({ seed }) => seed)).size).toBe(20);
    expect(new Set(plans.map(({ id }) => id)).size).toBe(20);
  });

  test('does not shift a fault whose phase is fixed, and shifts others alike', () => {
    const plan = planOf(`${BASE}faults: [{ at: 5s, crash: n1, phase: fixed }, { at: 6s, crash: n2 }, { at: 7s, crash: n3 }]`);
    const [fixed, first, second] = plan.schedule.map(({ atMs }) => atMs);
    expect(fixed).toBe(8000);
    expect(second! - first!).toBe(1000);
    expect(first).not.toBe(9000);
  });

  test('stays within the ranges of the file', () => {
    const clocks = plansOf(text).flatMap(({ nodes }) => nodes.map(({ clock }) => clock));
    expect(clocks.every(({ offsetMs, driftPpm }) => Math.abs(offsetMs) <= 15 && Math.abs(driftPpm) <= 40)).toBe(true);
    expect(new Set(clocks.map(({ offsetMs }) => offsetMs)).size).toBe(clocks.length);
  });
});

describe('two protocols and two runners', () => {
  test('meet the same network, clocks, faults and load', () => {
    const [one, two] = plansOf('name: a\nprotocols: [stable, rotating]\nclocks: { offset: ±9ms }\nfaults: [{ at: 5s, crash: leader }]');
    for (const field of ['seed', 'epochMs', 'nodes', 'links', 'schedule', 'load'] as const) expect(one![field]).toEqual(two![field]);
  });

  test('the plan differs in runner, shaper and disk alone', () => {
    const text = `${BASE}clocks: { offset: ±9ms }\nfaults: [{ at: 5s, crash: leader }]`;
    const { runner, shaper, fsyncMs, ...simulated } = planOf(text);
    const { runner: otherRunner, shaper: otherShaper, fsyncMs: otherFsyncMs, ...real } = planOf(text, { ...SIM, runner: 'local' });
    expect(simulated).toEqual(real);
    expect([runner, shaper, fsyncMs]).toEqual(['sim', 'sim', 1]);
    expect([otherRunner, otherShaper, otherFsyncMs]).toEqual(['local', 'userspace', 'real']);
    const { shaper: chosen, time, runner: namespaces, fsyncMs: _, ...virtual } = planOf(text, { ...SIM, runner: 'netns', shaper: 'tc', time: 'virtual' });
    expect([namespaces, chosen, time]).toEqual(['netns', 'tc', 'virtual']);
    expect(virtual).toEqual(real);
    // The simulator has a time and a shaper of its own.
    expect(planOf(text, { ...SIM, time: 'virtual' })).toEqual(planOf(text));
  });
});

describe('links', () => {
  const delays = (plan: Plan, from: string) => Object.fromEntries(Object.entries(plan.links[from] ?? {}).map(([to, { delayMs }]) => [to, delayMs]));

  test('take half of the mean round trip of two regions each way, and clients stand in their region', () => {
    const plan = planOf(`${BASE}network: { wan: aws-5 }`);
    expect(plan.nodes.map(({ region }) => region)).toEqual(['us-east-1', 'eu-west-1', 'ap-southeast-1', 'sa-east-1', 'ap-southeast-2']);
    expect(delays(plan, 'n1')).toEqual({
      n2: 34.75, n3: 106, n4: 56.75, n5: 99.25,
      'us-east-1': 2, 'eu-west-1': 34.75, 'ap-southeast-1': 106, 'sa-east-1': 56.75, 'ap-southeast-2': 99.25,
    });
    expect(plan.links['n2']?.['n1']?.delayMs).toBe(34.75);
    expect(plan.load.clients).toEqual(plan.nodes.map(({ region }) => ({ region, count: 1 })));
  });

  test('go round the regions of the profile when there are more nodes', () => {
    expect(planOf(`${BASE}nodes: 7\nnetwork: { wan: aws-5 }`).nodes.map(({ region }) => region).slice(5)).toEqual(['us-east-1', 'eu-west-1']);
    expect(planOf(`${BASE}nodes: 3`).nodes.map(({ region }) => region)).toEqual(['lan', 'lan', 'lan']);
  });

  test('that do nothing are left out', () => {
    expect(planOf(`${BASE}nodes: 3\nnetwork: { scale: 0 }`).links).toEqual({ n1: {}, n2: {}, n3: {}, lan: {} });
  });

  test('of single pairs change only what they name, the later over the earlier', () => {
    const { links } = planOf(`${BASE}nodes: 3\nnetwork: { links: { "* -> *": { loss: 2% }, "n1 -> n2": { loss: 5% }, "n2 - n3": { delay: 9ms, order: reorder } } }`);
    expect(links['n1']?.['n2']).toMatchObject({ lossPct: 5, delayMs: 0.05 });
    expect(links['n2']?.['n1']).toMatchObject({ lossPct: 2, delayMs: 0.05 });
    expect(links['n2']?.['n3']).toMatchObject({ lossPct: 2, delayMs: 9, order: 'reorder' });
    expect(links['n3']?.['n2']).toMatchObject({ delayMs: 9 });
  });

  test('of clients carry delay only', () => {
    const { links } = planOf(`${BASE}nodes: 3\nnetwork: { links: { "* -> *": { delay: 4ms, loss: 2%, jitter: 1ms } } }`);
    expect(links['lan']?.['n1']).toMatchObject({ delayMs: 4, lossPct: 0, jitterMs: 0 });
    expect(links['n1']?.['lan']).toMatchObject({ delayMs: 4, lossPct: 0, jitterMs: 0 });
  });

  test('reach a protocol as complete one-way delays', () => {
    planOf(`${BASE}nodes: 3\nnetwork: { scale: 2 }\nclocks: { offset: ±3ms, drift: -100ppm }\nrun: { warmup: 1s, measure: 4s, settle: 5s }\nleader: n2`);
    expect(seen).toEqual({
      members: ['n1', 'n2', 'n3'], leader: 'n2', clockErrorMs: 4, fsyncMs: 1, frameBytes: 1400,
      oneWayMs: {
        n1: { n1: 0, n2: 0.1, n3: 0.1, lan: 0.1 }, n2: { n1: 0.1, n2: 0, n3: 0.1, lan: 0.1 },
        n3: { n1: 0.1, n2: 0.1, n3: 0, lan: 0.1 }, lan: { n1: 0.1, n2: 0.1, n3: 0.1, lan: 0 },
      },
    });
  });
});

describe('the load', () => {
  test('has limits that follow from rate and timeout', () => {
    expect(planOf(`${BASE}load: { rate: 30/s, timeout: 8s }`).load).toMatchObject({ retryMs: 2000, maxSessions: 480, atFollower: 'forward', ratePerSecond: 30 });
    expect(planOf(`${BASE}load: { rate: 30/s, retry: 1s, maxSessions: 9 }`).load).toMatchObject({ retryMs: 1000, maxSessions: 9 });
  });

  test('in the closed loop has the connections of its clients', () => {
    expect(planOf(`${BASE}load: { rate: max, clients: { lan: 64 } }`)).toMatchObject({ load: { ratePerSecond: null, maxSessions: 64, clients: [{ region: 'lan', count: 64 }] }, detail: 'sampled' });
  });

  test('in the closed loop shares its connections among the clients by their weights', () => {
    const counts = (text: string) => planOf(`${BASE}network: { wan: aws-5 }\n${text}`).load.clients.map(({ count }) => count);
    expect(counts('load: { rate: max, connections: 64, clients: { us-east-1: 3, eu-west-1: 1 } }')).toEqual([48, 16]);
    expect(counts('load: { rate: max, connections: 7 }')).toEqual([2, 2, 1, 1, 1]);
    expect(counts('load: { rate: 5/s, connections: 64, clients: { us-east-1: 3, eu-west-1: 1 } }')).toEqual([3, 1]);
  });

  test('has what clients do about refusals, by name or in full', () => {
    expect(planOf(BASE).load).toMatchObject({ backOff: { kind: 'exponential', firstMs: 20, mostMs: 1000 }, breaker: null, batch: 1 });
    expect(planOf(`${BASE}load: { backoff: none, breaker: {}, batch: 16 }`).load).toMatchObject({ backOff: { kind: 'none' }, breaker: { failures: 5, openMs: 1000 }, batch: 16 });
    expect(planOf(`${BASE}load: { backoff: { kind: fixed, first: 100ms }, breaker: { failures: 2, open: 3s } }`).load)
      .toMatchObject({ backOff: { kind: 'fixed', firstMs: 100 }, breaker: { failures: 2, openMs: 3000 } });
  });

  test('is asked for by the command line as an open loop, a closed one, or both side by side', () => {
    const text = `${BASE}run: { repeat: 2 }\nload: { rate: 30/s, connections: 8, batch: 4 }`;
    const plans = plansOf(text, { ...SIM, load: 'both' });
    expect(plans.map(({ label, repetition, load }) => [label, repetition, load.ratePerSecond, load.batch, load.clients[0]?.count])).toEqual([
      ['stable+open', 1, 30, 4, 1], ['stable+closed', 1, null, 1, 8], ['stable+open', 2, 30, 4, 1], ['stable+closed', 2, null, 1, 8],
    ]);
    expect(new Set(plans.map(({ id }) => id)).size).toBe(4);
    expect(plansOf(text, { ...SIM, load: 'closed' }).map(({ label, load }) => [label, load.ratePerSecond])).toEqual([['stable', null], ['stable', null]]);
    expect(plansOf(text, { ...SIM, load: 'open' })).toEqual(plansOf(text));
  });

  test('that has no rate cannot be an open loop', () => {
    expect(refusal(`${BASE}load: { rate: max }`, { ...SIM, load: 'both' })).toMatchObject({ message: expect.stringContaining('x.yaml:3:15: load.rate: max is no rate'), hint: expect.stringContaining('--rate 100/s') });
  });

  test('is refused by a follower that clients mistook for the leader', () => {
    expect(planOf(`${BASE}load: { target: leader }`).load.atFollower).toBe('redirect');
  });
});

describe('faults', () => {
  test('are timed actions with a begin and an end, in order of time', () => {
    const { schedule } = planOf(`${BASE}faults:\n  - { at: 9s, pause: any-follower, for: 3s, phase: fixed }\n  - { at: 2s, partition: n1 -> n2 n3, for: 8s, phase: fixed }\n  - { at: 3s, restart: n1, phase: fixed }`);
    expect(schedule).toEqual([
      { atMs: 5000, fault: { name: 'partition', index: 1, phase: 'begin' }, action: { type: 'cut', overlay: 'partition-1', cuts: [{ from: ['n1'], to: ['n2', 'n3'] }] } },
      { atMs: 6000, fault: { name: 'restart', index: 2, phase: 'begin' }, action: { type: 'restart', node: 'n1' } },
      { atMs: 12_000, fault: { name: 'pause', index: 0, phase: 'begin' }, action: { type: 'pause', node: 'any-follower' } },
      { atMs: 13_000, fault: { name: 'partition', index: 1, phase: 'end' }, action: { type: 'cut', overlay: 'partition-1', cuts: null } },
      { atMs: 15_000, fault: { name: 'pause', index: 0, phase: 'end' }, action: { type: 'resume', node: 'any-follower' } },
    ]);
  });

  test.each([
    ['{ at: 2s, crash: leader, disk: wipe, for: 1s }', 'crash at 2s'],
    ['{ at: 2s, wipe: any, for: 1s }', 'wipe at 2s'],
    ['{ at: 5s, start: n1 }, { at: 2s, wipe: n1 }', 'wipe at 2s'],
    ['{ at: 2s, wipe: n1 }, { at: 5s, restart: all }', 'wipe at 2s'],
    ['{ at: 2s, wipe: n1 }, { at: 5s, start: n2 }, { at: 1s, restart: n1 }', null],
    ['{ at: 2s, wipe: leader }, { at: 5s, start: any }', null],
    ['{ at: 2s, crash: n1, disk: flip-bit, for: 1s }, { at: 4s, crash: n2, for: 1s }', null],
  ])('that bring a node back without its votes are warned of: %s', (faults, fault) => {
    const { warnings } = planOf(`${BASE}faults: [${faults}]`, { ...SIM, supports: new Set([...ALL, 'start'] as const) });
    expect(warnings).toEqual(fault === null ? [] : [`${fault}: the node comes back under its old id with an empty disk: it has forgotten what it voted for and may vote twice, so what stable claims need not hold; replace-node lets a new node take its place`]);
  });

  test('that outlast the measure window are warned of', () => {
    expect(planOf(`${BASE}faults: [{ at: 29s, crash: n1, for: 5s }]`).warnings).toEqual(['crash at 29s lasts beyond the measure window: what follows it is not measured']);
  });
});

describe('a protocol', () => {
  test('gets its options over its defaults, resolved', () => {
    expect(planOf('name: a\nprotocols: [{ stable: { q1: 4, timeoutMs: 1s } }]').options).toEqual({ q1: 4, q2: 3, timeoutMs: 1000, leader: null });
  });

  test('may warn', () => {
    expect(planOf('name: a\nprotocols: [{ stable: { timeoutMs: 20 }, as: short }]').warnings).toEqual(['short: timeoutMs: shorter than a round trip']);
  });
});

describe('what cannot be is refused with its place, its value and the remedy', () => {
  test.each([
    ['an unknown network', 'network: { wan: aws-6 }', 'x.yaml:3:17: network.wan: unknown network "aws-6"', 'did you mean aws-5?'],
    ['a region not in the profile', 'nodes: [us-east-1]', 'x.yaml:3:9: nodes.0: "us-east-1" is not a region of the network lan', 'known: lan'],
    ['a misspelt region', 'network: { wan: aws-5 }\nnodes: [us-east-1, eu-wst-1]', 'x.yaml:4:20: nodes.1: "eu-wst-1" is not a region', 'did you mean eu-west-1?'],
    ['a region that looks like a node', 'nodes: [n1, n2]', 'x.yaml:3:9: nodes.0: "n1" is not a region', "a name like n1 is a node's"],
    ['clients in no region', 'load: { clients: { mars: 1 } }', 'x.yaml:3:20: load.clients.mars: "mars" is not a region', 'known: lan'],
    ['no clients', 'load: { clients: {} }', 'x.yaml:3:18: load.clients: {} leaves nobody to send', 'us-east-1: 1'],
    ['a link to nowhere', 'network: { links: { "n1 -> n9": { loss: 1% } } }', 'x.yaml:3:21: network.links.n1 -> n9: there is no node or region "n9"', 'did you mean n1?'],
    ['a link without an arrow', 'network: { links: { "n1 n2": { loss: 1% } } }', 'x.yaml:3:21: network.links.n1 n2: this names no link', '"a -> b"'],
    ['a link to itself', 'network: { links: { "n1 -> n1": { loss: 1% } } }', 'x.yaml:3:21: network.links.n1 -> n1: no link of this experiment', 'two different'],
    ['a burst without loss', 'network: { links: { "n1 -> n2": { burst: 5 } } }', 'x.yaml:3:42: network.links.n1 -> n2.burst: 5 without a loss', 'loss: 1%'],
    ['a burst too short', 'network: { links: { "n1 -> n2": { loss: 90%, burst: 2 } } }', 'x.yaml:3:53: network.links.n1 -> n2.burst: 2 is too short for a loss of 90%', 'at least 9'],
    ['a settle below the timeout', 'run: { settle: 2s }', 'x.yaml:3:16: run.settle: 2000ms is shorter than load.timeout, 5000ms', 'at least the timeout'],
    ['a retry above the timeout', 'load: { retry: 6s }', 'x.yaml:3:16: load.retry: 6000ms is longer than load.timeout', 'a quarter'],
    ['forwarding to the leader that is asked', 'load: { target: leader, atFollower: forward }', 'x.yaml:3:37: load.atFollower: forward means nothing', 'leave atFollower out'],
    ['batches in the closed loop', 'load: { rate: max, batch: 8 }', 'x.yaml:3:27: load.batch: a connection of the closed loop has one command open', 'leave batch out'],
    ['fewer connections than regions', 'network: { wan: aws-5 }\nload: { rate: max, connections: 2 }', 'x.yaml:4:33: load.connections: 2 for the clients of 5 regions', 'at least 5'],
    ['a leader that is no node', 'leader: n6', 'x.yaml:3:9: leader: there is no node or region "n6"', 'did you mean n1?'],
    ['a fault on an unknown node', 'faults: [{ at: 1s, crash: n6 }]', 'x.yaml:3:27: faults.0.crash: there is no node or region "n6"', 'did you mean n1?'],
    ['a fault on an unknown region', 'faults: [{ at: 1s, crash: leadr }]', 'x.yaml:3:27: faults.0.crash: there is no node or region "leadr"', 'did you mean leader?'],
    ['a partition of an unknown node', 'faults: [{ at: 1s, partition: n1 | n2 n7 }]', 'x.yaml:3:31: faults.0.partition: there is no node or region "n7"', 'n1'],
    ['a partition of a node and its region', 'faults: [{ at: 1s, partition: lan | n2 }]', 'x.yaml:3:31: faults.0.partition: n2 is on both sides', 'one side'],
    ['a fault after the end', 'faults: [{ at: 30s, crash: n1 }]', 'x.yaml:3:16: faults.0.at: 30s is not within the measure window of 30s', 'raise run.measure'],
    ['a sweep value that breaks a rule', 'sweep: { run.settle: [9s, 2s] }', 'x.yaml:3:27: run.settle: 2000ms is shorter', 'at least the timeout'],
  ])('%s', (_, text, message, hint) => {
    expect(refusal(`${BASE}${text}`)).toMatchObject({ code: 'bad-experiment', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  });

  test.each([
    ['a quorum that cannot exist', '[{ stable: { q1: 2, q2: 3 } }]', '', 'x.yaml:2:36: protocols.0.stable.q2: 3: q1 + q2 = 5 is not more than 5', 'its default "auto"'],
    ['an unknown option', '[{ stable: { q3: 2 } }]', '', 'x.yaml:2:25: protocols.0.stable.q3: unknown option', 'did you mean q1?'],
    ['an option of the wrong type', '[{ stable: { timeoutMs: soon } }]', '', 'x.yaml:2:36: protocols.0.stable.timeoutMs: is a number (default 100), not "soon"', 'its default 100'],
    ['a leader where each round has its own', '[stable, rotating]', 'leader: n1', 'x.yaml:3:9: leader: rotating has no leader that could be pinned: its leadership is rotating', 'leave leader out'],
    ['a leader where there is none', '[leaderless]', 'leader: n1', 'x.yaml:3:9: leader: leaderless has no leader', 'leave leader out'],
    ['a crash of the leader where there is none', '[leaderless]', 'faults: [{ at: 1s, crash: leader }]', 'x.yaml:3:27: faults.0.crash: leaderless has no leader that "leader" could mean', 'write any'],
    ['an isolated leader where there is none', '[leaderless]', 'faults: [{ at: 1s, isolate-leader: }]', 'x.yaml:3:36: faults.0.isolate-leader: leaderless has no leader', 'write any'],
    ['clients of the leader where there is none', '[leaderless]', 'load: { target: leader }', 'x.yaml:3:17: load.target: leaderless has no leader', 'nearest'],
  ])('%s', (_, protocols, text, message, hint) => {
    expect(refusal(`name: a\nprotocols: ${protocols}\n${text}`)).toMatchObject({ code: 'bad-experiment', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  });

  test('an action that the runner does not support, by name', () => {
    const request: PlanRequest = { runner: 'glass', supports: new Set(['crash', 'restart']) };
    expect(refusal(`${BASE}faults: [{ at: 1s, pause: n1 }]`, request)).toMatchObject({
      code: 'not-supported', message: 'x.yaml:3:27: the runner glass cannot do "pause", which pause needs', hint: 'it can do crash, restart; leave the fault out, or run it elsewhere',
    });
  });
});

function refusal(text: string, request: PlanRequest = SIM): LabError {
  try {
    plansOf(text, request);
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error('the experiment was accepted');
}

const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-1', 'sa-east-1', 'ap-southeast-2'];
const ms = (max: number) => fc.integer({ min: 1, max }).map((value) => `${value}ms`);
const selector = fc.constantFrom('n1', 'n2', 'leader', 'any', 'any-follower', 'us-east-1');
const fault = fc.oneof(
  fc.record({ at: ms(999), crash: selector, for: ms(5000) }, { requiredKeys: ['at', 'crash'] }),
  fc.record({ at: ms(999), pause: selector, for: ms(5000), phase: fc.constant('fixed') }, { requiredKeys: ['at', 'pause'] }),
  fc.record({ at: ms(999), partition: fc.constantFrom('n1 | n2', 'n1 -> n2', 'leader | n1 n2', 'us-east-1 | eu-west-1'), for: ms(5000) }, { requiredKeys: ['at', 'partition'] }),
  fc.record({ at: ms(999), 'isolate-leader': fc.constant(true), direction: fc.constantFrom('in', 'out', 'both') }, { requiredKeys: ['at', 'isolate-leader'] }),
  fc.record({ at: ms(999), 'clock-offset': selector, offset: fc.integer({ min: -9999, max: 9999 }).map((value) => `${value}ms`), for: ms(500) }, { requiredKeys: ['at', 'clock-offset', 'offset'] }),
);
const link = fc.record({ delay: ms(500), jitter: ms(50), loss: fc.integer({ min: 1, max: 50 }).map((value) => `${value}%`), order: fc.constantFrom('keep', 'reorder'), rate: fc.constant('5mbit') }, { requiredKeys: [] });
const valid = fc.record({
  name: fc.constant('generated'),
  protocols: fc.constantFrom(['stable'], ['stable', 'rotating'], [{ stable: { q1: 5, q2: 1 }, as: 'x' }]),
  nodes: fc.oneof(fc.integer({ min: 5, max: 12 }), fc.constant(REGIONS)),
  network: fc.record({ wan: fc.constant('aws-5'), scale: fc.double({ min: 0, max: 10, noNaN: true }), links: fc.dictionary(fc.constantFrom('n1 -> n2', 'n1 - n3', 'us-east-1 -> *', '* - *'), link) }, { requiredKeys: ['wan'] }),
  clocks: fc.record({ offset: fc.constantFrom('±5ms', '-3ms'), drift: fc.constantFrom('±40ppm', '1ppm'), ntp: fc.record({ poll: ms(9999), error: ms(20) }) }, { requiredKeys: [] }),
  disk: fc.record({ fsync: fc.constantFrom('real', '2ms', '0ms') }),
  load: fc.record({ keys: fc.integer({ min: 1, max: 99 }), rate: fc.constantFrom('1/s', '2000/s', 'max'), target: fc.constantFrom('nearest', 'spread', 'leader'), timeout: ms(9999) }, { requiredKeys: [] }),
  run: fc.record({ warmup: ms(5000), measure: fc.constant('2s'), repeat: fc.integer({ min: 1, max: 3 }), seed: fc.string({ minLength: 1, maxLength: 8 }) }, { requiredKeys: ['measure'] }),
  faults: fc.array(fault, { maxLength: 5 }),
  expect: fc.constantFrom({}, { 'commit.p50': 'below 1s' }),
}, { requiredKeys: ['name', 'protocols', 'network', 'run'] });

describe('the experiments of this repository', () => {
  const folder = join(import.meta.dirname, '../experiments');
  test.each(readdirSync(folder).filter((file) => file.endsWith('.yaml')))('%s becomes plans for the simulator and for real processes', (file) => {
    const experiment = parseExperiment(readFileSync(join(folder, file), 'utf8'), file, BUILTINS);
    const simulated = makePlans(experiment, SIM);
    expect(simulated.length).toBeGreaterThan(0);
    expect(makePlans(experiment, { ...SIM, runner: 'local' }).map(({ id, links, schedule }) => ({ id, links, schedule })))
      .toEqual(simulated.map(({ id, links, schedule }) => ({ id, links, schedule })));
  });
});

test('any valid experiment becomes plans that can be saved, with a rising schedule and no negative number in its links', () => {
  fc.assert(fc.property(valid, (experiment) => {
    // Five nodes by default; `q1: 5, q2: 1` is a quorum of five only.
    const fitting = { ...experiment, nodes: experiment.protocols.length === 1 && typeof experiment.protocols[0] === 'object' ? 5 : experiment.nodes ?? 5 };
    const plans = plansOf(JSON.stringify(fitting));
    expect(plans.length).toBe(experiment.protocols.length * (experiment.run.repeat ?? 1));
    for (const plan of plans) {
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      expect(plan.nodes.map(({ id }) => id)).toEqual(plan.nodes.map((_, index) => `n${index + 1}`));
      const times = plan.schedule.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((left, right) => left - right));
      const figures = Object.values(plan.links).flatMap((row) => Object.values(row)).flatMap((one) => Object.values(one).filter((value) => typeof value === 'number'));
      expect(figures.every((figure) => figure >= 0)).toBe(true);
      expect(plan.epochMs % 3_600_000).toBe(plan.epochMs - 1_767_225_600_000);
    }
  }), { numRuns: 150, seed: 5 });
});
