// What the faults' words become: actions with their times, or a refusal with its place and remedy.
import { describe, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import type { Action, Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';

const EVERYTHING: ReadonlySet<Action['type']> = new Set(['crash', 'stop', 'start', 'restart', 'pause', 'resume', 'cut', 'links', 'clock', 'disk', 'reconfigure', 'load', 'limit', 'detach', 'attach']);

function planOf(fault: string, { nodes = 5, more = '', protocol = 'raft' } = {}): Plan {
  const text = `name: f\nprotocols: [${protocol}]\nnodes: ${nodes}\nrun: { warmup: 0s, measure: 30s }\n${more}faults:\n  - { at: 0s, phase: fixed, ${fault} }\n`;
  const [plan] = makePlans(parseExperiment(text, 'f.yaml', createRegistry([BUILTINS])), { runner: 'test', supports: EVERYTHING });
  return plan as Plan;
}

const actionsOf = (fault: string, nodes = 5) => planOf(fault, { nodes }).schedule.map(({ atMs, action }) => ({ atMs, ...action }));

function refusalOf(fault: string, options: Parameters<typeof planOf>[1] = {}): string {
  try {
    planOf(fault, options);
  } catch (error) {
    if (error instanceof LabError) return `${error.message} | ${error.hint}`;
    throw error;
  }
  return 'nothing';
}

describe('links', () => {
  test('a flaky link is one way with an arrow, and both ways with a dash', () => {
    expect(actionsOf('flaky-link: n1 -> n2 n3, loss: 30%, delay: 10ms, for: 5s')).toEqual([
      { atMs: 0, type: 'links', overlay: 'flaky-link-0', changes: [{ from: ['n1'], to: ['n2', 'n3'], change: { lossPct: 30, addedDelayMs: 10 } }] },
      { atMs: 5000, type: 'links', overlay: 'flaky-link-0', changes: null },
    ]);
    const [both] = actionsOf('flaky-link: leader - *');
    expect(both).toMatchObject({ changes: [{ from: ['leader'], to: 'others' }, { from: ['all'], to: ['leader'] }] });
  });

  test.each(['corrupt', 'duplicate', 'reorder'])('%s touches every link unless some are named', (name) => {
    expect(actionsOf(`${name}: 2%`, 3)).toMatchObject([{ changes: [{ from: ['all'], to: ['all'], change: { [`${name}Pct`]: 2 } }] }]);
    expect(actionsOf(`${name}: 2%, links: n1 -> n2`, 3)).toMatchObject([{ changes: [{ from: ['n1'], to: ['n2'] }] }]);
  });
});

describe('partitions', () => {
  /** Who hears whom after the first action. */
  function heard(plan: Plan): ReadonlyMap<string, readonly string[]> {
    const ids = plan.nodes.map(({ id }) => id);
    const action = plan.schedule[0]?.action;
    const cuts = action?.type === 'cut' ? action.cuts ?? [] : [];
    const isCut = (from: string, to: string) => cuts.some((cut) => cut.from.includes(from) && cut.to !== 'others' && cut.to.includes(to));
    return new Map(ids.map((to) => [to, ids.filter((from) => from === to || !isCut(from, to))]));
  }

  test.each([3, 4, 5, 6, 7, 9])('a bridge over %i nodes hears everybody, and nobody else hears the other half', (nodes) => {
    const plan = planOf('bridge: n2', { nodes });
    for (const [node, from] of heard(plan)) {
      if (node === 'n2') expect(from).toHaveLength(nodes);
      else {
        expect(from.length).toBeLessThan(nodes);
        expect(from).toContain('n2');
      }
    }
  });

  test.each([4, 5, 6, 7, 9, 10])('on a ring of %i nodes each hears a majority, and no two the same', (nodes) => {
    const sets = [...heard(planOf('majority-ring: true', { nodes })).values()];
    for (const from of sets) expect(from.length).toBeGreaterThan(nodes / 2);
    expect(new Set(sets.map((from) => from.join(' '))).size).toBe(nodes);
  });

  test('a node that flaps is cut off for half of each period', () => {
    const actions = actionsOf('flapping: n1, every: 1s, for: 3s');
    expect(actions.map((action) => [action.atMs, action.type === 'cut' && action.cuts !== null])).toEqual([[0, true], [500, false], [1000, true], [1500, false], [2000, true], [2500, false]]);
  });
});

test('an uneven path to the NTP server changes nothing else of a clock, and ends', () => {
  expect(actionsOf('ntp-asymmetry: n2, asymmetry: -40ms, for: 3s')).toEqual([
    { atMs: 0, type: 'clock', node: 'n2', change: { asymmetryMs: -40 } },
    { atMs: 3000, type: 'clock', node: 'n2', change: null },
  ]);
});

test('a clock that strobes ends where the plan has it', () => {
  const actions = actionsOf('clock-strobe: n1, offset: 100ms, every: 1s, for: 2s');
  expect(actions.map((action) => (action.type === 'clock' ? action.change : action))).toEqual([{ stepMs: 100, ntp: null }, { stepMs: -100 }, { stepMs: 100, ntp: null }, { stepMs: -100 }, null]);
});

test('a failing disk is repaired before its node is started', () => {
  expect(actionsOf('disk-error: n1, for: 2s')).toEqual([
    { atMs: 0, type: 'disk', node: 'n1', change: { fault: 'error' } }, { atMs: 2000, type: 'disk', node: 'n1', change: null }, { atMs: 2000, type: 'start', node: 'n1' },
  ]);
});

test('a node gets back what it lacked, and is started where that has ended it', () => {
  expect(actionsOf('throttle: n1, for: 2s')).toEqual([{ atMs: 0, type: 'limit', node: 'n1', cpus: 0.1 }, { atMs: 2000, type: 'limit', node: 'n1', cpus: null }]);
  expect(actionsOf('memory: n1, limit: 64MiB, for: 2s')).toEqual([
    { atMs: 0, type: 'limit', node: 'n1', memoryBytes: 64 << 20 }, { atMs: 2000, type: 'limit', node: 'n1', memoryBytes: null }, { atMs: 2000, type: 'start', node: 'n1' },
  ]);
  expect(actionsOf('detach: leader, for: 1s')).toEqual([{ atMs: 0, type: 'detach', node: 'leader' }, { atMs: 1000, type: 'attach', node: 'leader' }]);
});

test('without containers the faults that need one are refused, and limits that hold for nothing are told', () => {
  const planned = (more: string) => makePlans(parseExperiment(`name: f\nprotocols: [raft]\nnodes: 3\n${more}`, 'f.yaml', createRegistry([BUILTINS])), { runner: 'local', supports: new Set(['crash']) });
  for (const [fault, action] of [['throttle', 'limit'], ['memory', 'limit'], ['detach', 'detach']]) {
    expect(() => planned(`faults: [{ at: 0s, ${fault}: n1 }]\n`)).toThrow(`: the runner local cannot do "${action}", which ${fault} needs`);
  }
  const [plan] = planned('limits: { memory: 128MiB }\n');
  expect(plan).toMatchObject({ limits: { cpus: null, memoryBytes: 128 << 20, pids: 256 }, warnings: ['limits: the runner local has no containers that they could hold for'] });
  expect(planOf('throttle: n1', { more: 'limits: { cpus: 2 }\n' })).toMatchObject({ limits: { cpus: 2 }, warnings: [] });
});

test('an overload raises the cap on sessions with the rate', () => {
  expect(planOf('overload: 4, for: 1s').load.maxSessions).toBe(4 * planOf('pause: n1').load.maxSessions);
});

test.each([
  ['replace-nodes: n1', /unknown fault "replace-nodes"/],
  ['replace-node: n1', /there is no spare that could join \| give the experiment spares: 1/],
  ['add-node: true', /there is no spare that could join \| give the experiment spares: 1/],
  ['add-node: n1', /n1 is not a spare \| give the experiment spares: 1, and write spare/],
  ['add-node: leader', /"leader" is no spare \| write spare, or the name of a node that waits to join/],
  ['remove-node: n9', /there is no node or region "n9"/],
  ['replace-node: n1, dead-for: 3', /3 has no unit/],
  ['majority-ring: true', /with 3 nodes there is nothing that majority-ring could do \| give the experiment more nodes/],
  ['bridge: n9', /there is no node or region "n9"/],
  ['bridge: leader', /not one node \| write the node between the halves/],
  ['flaky-link: n1', /"n1" names no links \| write n1 -> n2/],
  ['flaky-link: n1 -> n9', /there is no node or region "n9"/],
  ['flaky-link: n1 - n2 - n3', /names no links/],
  ['corrupt: 5', /5 has no unit \| write 5%/],
  ['overload: 3x', /"3x" is not a factor \| write overload: 3/],
  ['overload: 0', /0 is not a factor/],
  ['flapping: n1, every: 5s, for: 1s', /longer than the fault/],
  ['clock-strobe: n1, offset: 1ms, every: 1ms, for: 20s', /more than 1000 times \| raise every/],
  ['clock-drift: n1, drift: 2000000ppm', /too large/],
  ['slow-disk: n1, fsync: 1h', /too large/],
  ['crash: n1, disk: half', /"half" is not one of its values/],
  ['throttle: n1, cpus: 0', /too small/],
  ['memory: n1, limit: 96', /96 has no unit/],
  ['memory: n1, limit: 1MiB', /too small/],
  ['detach: n9', /there is no node or region "n9"/],
  ['stop: n1, grace: 3', /3 has no unit/],
])('%s is refused with its place and a remedy', (fault, wanted) => {
  const refusal = refusalOf(fault, { nodes: 3 });
  expect(refusal).toMatch(/^f\.yaml:6:\d+/);
  expect(refusal).toMatch(wanted);
});

describe('membership', () => {
  const spares = 'spares: 1\n';

  test('a node is replaced in one change, and stopped after it; dead-for: it is killed before', () => {
    expect(planOf('replace-node: n1', { more: spares }).schedule.map(({ atMs, action }) => ({ atMs, ...action }))).toEqual([
      { atMs: 0, type: 'start', node: 'spare' }, { atMs: 0, type: 'reconfigure', add: ['spare'], remove: ['n1'] }, { atMs: 0, type: 'stop', node: 'n1', graceMs: 3000 },
    ]);
    expect(planOf('replace-node: n1, dead-for: 5s', { more: spares }).schedule.map(({ atMs, action: { type } }) => [atMs, type])).toEqual([[0, 'crash'], [5000, 'start'], [5000, 'reconfigure']]);
    expect(actionsOf('remove-node: n1, keep-running: true').map(({ type }) => type)).toEqual(['reconfigure']);
  });

  test('a spare is named after the nodes, and is no member', () => {
    const { nodes, load } = planOf('add-node: n4', { nodes: 3, more: 'spares: [lan]\n' });
    expect(nodes.map(({ id, joining }) => [id, joining])).toEqual([['n1', undefined], ['n2', undefined], ['n3', undefined], ['n4', true]]);
    expect(load.clients).toEqual([{ region: 'lan', count: 1 }]);
  });

  test('is refused where the protocol cannot change it, with a spare or without', () => {
    expect(refusalOf('remove-node: n1', { protocol: 'yasp' })).toMatch(/^f\.yaml:6:.*yasp cannot change its members \| leave the fault out/);
    expect(refusalOf('pause: n1', { protocol: 'yasp', more: spares })).toMatch(/^f\.yaml:5:.*spares: yasp cannot change its members: no spare could ever join \| leave spares out/);
    const literal = '{ stick: { variant: literal }, as: literal }';
    for (const fault of ['add-node: spare', 'remove-node: n1', 'replace-node: n1']) expect(refusalOf(fault, { protocol: literal, nodes: 3 })).toMatch(/^f\.yaml:6:.*literal cannot change its members \| leave the fault out, or choose protocols that are reconfigurable/);
    expect(refusalOf('add-node: n4', { protocol: literal, nodes: 3, more: spares })).toMatch(/^f\.yaml:5:.*spares: literal cannot change its members: no spare could ever join/);
    expect(planOf('remove-node: n1', { protocol: '{ stick: { variant: ack }, as: ack }' }).schedule).not.toEqual([]);
    expect(refusalOf('pause: n1', { nodes: 60, more: 'spares: 5\n' })).toMatch(/spares: with the nodes they are 65 \| an experiment has at most 64/);
    expect(refusalOf('pause: n1', { more: 'spares: [nowhere]\n' })).toMatch(/spares\.0: "nowhere" is not a region/);
    expect(refusalOf('pause: n1', { more: 'spares: -1\n' })).toMatch(/-1 is no count \| an experiment has at least 0 spares/);
  });
});

test('a load factor is refused where the loop is closed', () => {
  expect(refusalOf('overload: 2', { more: 'load: { rate: max }\n' })).toMatch(/closed loop, which has no rate to change \| give load\.rate a value/);
});
