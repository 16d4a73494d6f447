// Experiment files: what they mean, and for every kind of mistake the place, the value and the remedy.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyProtocol } from '../node/contract.ts';
import { BUILTINS, createRegistry, named } from './builtins.ts';
import { LabError } from './errors.ts';
import { parseExperiment } from './experiment.ts';

const unusable = () => {
  throw new Error('planning creates no machine');
};
const raft: AnyProtocol = { name: 'raft', summary: '', defaults: { electionTimeoutMs: 'auto' }, create: unusable };
const paxos: AnyProtocol = { name: 'paxos', summary: '', defaults: { q1: 'auto', q2: 'auto' }, create: unusable };
const registry = { ...BUILTINS, protocols: [raft, paxos] };

function only(text: string, overrides: readonly string[] = []) {
  const { variants } = parseExperiment(text, 'x.yaml', registry, overrides);
  expect(variants).toHaveLength(1);
  return variants[0]!.settings;
}

function errorOf(text: string, overrides: readonly string[] = []): LabError {
  try {
    parseExperiment(text, 'x.yaml', registry, overrides);
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error('the experiment was accepted');
}

describe('an experiment', () => {
  test('needs a name and protocols, all else has a default', () => {
    const settings = only('name: a\nprotocols: [raft]');
    expect(settings).toMatchObject({
      name: 'a', nodes: 5, leader: null, protocols: [{ protocol: 'raft', label: 'raft', options: {} }],
      network: { wan: 'lan', scale: 1, links: {}, frame: 1400, message: 60_000 },
      clocks: { offset: { from: 0, to: 0 }, drift: { from: 0, to: 0 }, ntp: null }, disk: { fsync: 'real' },
      load: { workload: 'register', rate: 100, arrivals: 'poisson', clients: null, target: 'nearest', timeout: 5000, params: { keys: 8, reads: 20, cas: 0 } },
      run: { warmup: 3000, measure: 30_000, repeat: 1 }, faults: [], thresholds: [],
    });
  });

  test('in full says what the design document shows', () => {
    const settings = only(`
name: wan-crash
protocols: [raft, { paxos: { q1: 4, q2: 2 }, as: fpaxos }, { raft: { electionTimeoutMs: [300ms, 1s] }, as: slow }]
nodes: [us-east-1, eu-west-1, ap-southeast-1]
network: { wan: aws-5, links: { "eu-west-1 -> *": { loss: 1% } } }
clocks: { offset: ±15ms, drift: ±40ppm, ntp: { poll: 64s, error: 10ms } }
disk: { fsync: 2ms }
load: { workload: register, keys: 4, reads: 50%, rate: max, clients: { us-east-1: 4 }, target: spread, atFollower: redirect }
run: { warmup: 3s, measure: 1m, settle: 10s, repeat: 5, seed: 7 }
faults:
  - { at: 20s, crash: leader, for: 5s }
  - { at: 40s, partition: n1 | n2 n3, for: 5s, phase: fixed }
  - { at: 50s, isolate-leader: , direction: in }
expect: { commit.p99: below 2500ms, throughput: above 90/s, leaderChanges: below 3, bytesPerCommit: below 2kB }
`);
    expect(settings).toMatchObject({
      protocols: [{ label: 'raft' }, { protocol: 'paxos', label: 'fpaxos', options: { q1: 4, q2: 2 } }, { options: { electionTimeoutMs: [300, 1000] } }],
      network: { links: { 'eu-west-1 -> *': { loss: 1 } } },
      clocks: { offset: { from: -15, to: 15 }, drift: { from: -40, to: 40 }, ntp: { poll: 64_000, error: 10, slew: 500, step: 128 } },
      disk: { fsync: 2 }, load: { rate: null, params: { keys: 4, reads: 50 }, clients: { 'us-east-1': 4 } }, run: { measure: 60_000, seed: 7 },
      faults: [
        { name: 'crash', atMs: 20_000, fixed: false, params: { value: 'leader', for: 5000 } },
        { name: 'partition', atMs: 40_000, fixed: true, params: { value: 'n1 | n2 n3', for: 5000 } },
        { name: 'isolate-leader', atMs: 50_000, params: { direction: 'in' } },
      ],
      thresholds: [{ metric: 'commit.p99', below: 2500 }, { metric: 'throughput', above: 90 }, { metric: 'leaderChanges', below: 3 }, { metric: 'bytesPerCommit', below: 2000 }],
    });
  });
});

const BASE = 'name: a\nprotocols: [raft]\n';

describe('a mistake is shown with its place, its value and the remedy', () => {
  test.each([
    ['an empty file', '', 'x.yaml:1:1: the file is empty', 'a name and protocols'],
    ['a list instead of a mapping', '- a', 'x.yaml:1:1: ["a"] is not a mapping of keys to values', 'write a mapping'],
    ['no YAML', 'name: [a', 'x.yaml:1:9: not YAML', 'brackets'],
    ['a key twice', 'name: a\nname: b', 'x.yaml:2:1: not YAML: Map keys must be unique', 'check'],
    ['no protocols', 'name: a', 'x.yaml:1:1: protocols: missing: a list', 'add it'],
    ['no protocol in the list', 'name: a\nprotocols: []', 'x.yaml:2:12: protocols: [] is too small', 'at least 1'],
    ['a name that no folder should have', 'name: ../x\nprotocols: [raft]', 'x.yaml:1:7: name: "../x" is not a name', 'a-z, 0-9'],
    ['an unknown key', `${BASE}laod: {}`, 'x.yaml:3:1: laod: unknown key "laod"', 'did you mean load?'],
    ['an unknown key that leaves another missing', 'name: a\nprotocls: [raft]', 'x.yaml:2:1: protocls: unknown key "protocls"', 'did you mean protocols?'],
    ['an unknown key within a section', `${BASE}network: { scal: 2 }`, 'x.yaml:3:12: network.scal: unknown key "scal"', 'did you mean scale?'],
    ['an unknown key of a link', `${BASE}network:\n  links:\n    "n1 -> n2": { los: 1% }`, 'x.yaml:5:19: network.links.n1 -> n2.los: unknown key "los"', 'did you mean loss?'],
    ['an unknown key of the load', `${BASE}load: { rates: 5/s }`, 'x.yaml:3:9: load.rates: unknown key "rates"', 'did you mean rate?'],
    ['an unknown key of the workload', `${BASE}load: { kesy: 5 }`, 'x.yaml:3:9: load.kesy: unknown key "kesy"', 'did you mean keys?'],
    ['a wrong type', `${BASE}leader: [n1]`, 'x.yaml:3:9: leader: ["n1"] is not a text', 'write a text'],
    ['a section that is no mapping', `${BASE}network: aws-5`, 'x.yaml:3:10: network: "aws-5" is not a mapping', 'write a mapping'],
    ['a text for a number', `${BASE}network: { scale: two }`, 'x.yaml:3:19: network.scale: "two" is not a number', 'write a number'],
    ['a fraction for a count', `${BASE}run: { repeat: 1.5 }`, 'x.yaml:3:16: run.repeat: 1.5 is not a whole number', 'write a whole number'],
    ['a duration without its unit', `${BASE}run:\n  measure: 20`, 'x.yaml:4:12: run.measure: 20 has no unit', 'write 20s or 20ms'],
    ['a rate without its unit', `${BASE}load: { rate: 100 }`, 'x.yaml:3:15: load.rate: 100 has no unit', 'write 100/s, or max'],
    ['an fsync without its unit', `${BASE}disk: { fsync: 2 }`, 'x.yaml:3:16: disk.fsync: 2 has no unit', 'write 2s or 2ms, or real'],
    ['no load', `${BASE}load: { rate: 0/s }`, 'x.yaml:3:15: load.rate: "0/s" is no load', 'above 0/s'],
    ['a negative delay', `${BASE}network: { links: { "n1 - n2": { delay: -5ms } } }`, 'x.yaml:3:41: network.links.n1 - n2.delay: "-5ms" is negative', '0 or more'],
    ['more than all lost', `${BASE}network: { links: { "n1 - n2": { loss: 120% } } }`, 'x.yaml:3:40: network.links.n1 - n2.loss: "120%" is more than 100%', 'between 0% and 100%'],
    ['a value that is no choice', `${BASE}load: { target: leeder }`, 'x.yaml:3:17: load.target: "leeder" is not one of its values', 'did you mean leader?'],
    ['a back-off of no kind', `${BASE}load: { backoff: expnential }`, 'x.yaml:3:18: load.backoff.kind: "expnential" is not one of its values', 'did you mean exponential?'],
    ['a back-off with an unknown key', `${BASE}load: { backoff: { frist: 1s } }`, 'x.yaml:3:20: load.backoff.frist: unknown key "frist"', 'did you mean first?'],
    ['a breaker that opens for nothing', `${BASE}load: { breaker: { failures: 0 } }`, 'x.yaml:3:30: load.breaker.failures: 0 is too small', 'at least 1'],
    ['no nodes', `${BASE}nodes: 0`, 'x.yaml:3:8: nodes: 0 is no cluster', 'at least 1'],
    ['no nodes in the list', `${BASE}nodes: []`, 'x.yaml:3:8: nodes: [] is no cluster', 'at least 1'],
    ['too many nodes', `${BASE}nodes: 65`, 'x.yaml:3:8: nodes: 65 nodes are too many', 'at most 64'],
    ['nodes in words', `${BASE}nodes: five`, 'x.yaml:3:8: nodes: "five" is neither a count nor a list', 'nodes: 5'],
    ['nodes that are no names', `${BASE}nodes: [1, 2]`, 'x.yaml:3:8: nodes: [1,2] is not a list of regions', 'a name of the network profile'],
    ['a frame too small', `${BASE}network: { frame: 10B }`, 'x.yaml:3:19: network.frame: 10 is too small', 'at least 576'],
    ['reads and cas above all', `${BASE}load: { reads: 70%, cas: 40% }`, 'x.yaml:3:26: load.cas: reads and cas are more than 100%', 'lower one'],
    ['an unknown protocol', 'name: a\nprotocols: [raft, rfat]', 'x.yaml:2:19: protocols.1: unknown protocol "rfat"', 'did you mean raft?'],
    ['an unknown protocol with options', 'name: a\nprotocols:\n  - { paxxos: { q1: 1 } }', 'x.yaml:3:7: protocols.0.paxxos: unknown protocol "paxxos"', 'did you mean paxos?'],
    ['two protocols in one entry', 'name: a\nprotocols:\n  - { raft: {}, paxos: {} }', 'x.yaml:3:5: protocols.0: 2 protocols in one entry', 'an entry of its own'],
    ['an entry without a protocol', 'name: a\nprotocols: [{ as: x }]', 'x.yaml:2:13: protocols.0: no protocol in one entry', 'an entry of its own'],
    ['an entry that is a number', 'name: a\nprotocols: [5]', 'x.yaml:2:13: protocols.0: 5 is not a protocol', 'write a name'],
    ['options that are no mapping', 'name: a\nprotocols: [{ raft: 5 }]', 'x.yaml:2:21: protocols.0.raft: 5 is not a mapping of options', 'raft: { option: value }'],
    ['a label twice', 'name: a\nprotocols: [raft, raft]', 'x.yaml:2:19: protocols.1: a second "raft"', 'as: another-label'],
    ['a label with a slash', 'name: a\nprotocols: [{ raft: {}, as: a/b }]', 'x.yaml:2:29: protocols.0.as: "a/b" is not a label', 'a-z'],
    ['an unknown workload', `${BASE}load: { workload: registr }`, 'x.yaml:3:19: load.workload: unknown workload "registr"', 'did you mean register?'],
    ['an unknown fault', `${BASE}faults: [{ at: 1s, crush: n1 }]`, 'x.yaml:3:20: faults.0.crush: unknown fault "crush"', 'did you mean crash?'],
    ['a fault without a name', `${BASE}faults: [{ at: 1s, for: 2s }]`, 'x.yaml:3:10: faults.0: no fault is named', 'crash: leader'],
    ['two faults in one entry', `${BASE}faults: [{ at: 1s, crash: n1, pause: n2 }]`, 'x.yaml:3:10: faults.0: crash and pause in one entry', 'an entry of its own'],
    ['a fault without its time', `${BASE}faults: [{ crash: n1 }]`, 'x.yaml:3:10: faults.0.at: missing: a duration', 'a number with a unit'],
    ['a fault at a bare number', `${BASE}faults: [{ at: 5, crash: n1 }]`, 'x.yaml:3:16: faults.0.at: 5 has no unit', 'write 5s or 5ms'],
    ['an unknown phase', `${BASE}faults: [{ at: 5s, crash: n1, phase: fixd }]`, 'x.yaml:3:38: faults.0.phase: "fixd" is not one of its values', 'did you mean fixed?'],
    ['an unknown key of a fault', `${BASE}faults: [{ at: 5s, crash: n1, four: 3s }]`, 'x.yaml:3:31: faults.0.four: unknown key "four"', 'did you mean for?'],
    ['a fault whose main argument is a list', `${BASE}faults: [{ at: 5s, crash: [n1] }]`, 'x.yaml:3:27: faults.0.crash: ["n1"] is not a text', 'write a text'],
    ['two nodes where one belongs', `${BASE}faults: [{ at: 5s, crash: n1 n2 }]`, 'x.yaml:3:27: faults.0.crash: "n1 n2" is not one node', 'write a node'],
    ['a partition with one side', `${BASE}faults: [{ at: 5s, partition: n1 n2 }]`, 'x.yaml:3:31: faults.0.partition: "n1 n2" does not name two sides', 'n1 n2 | n3'],
    ['a partition with an empty side', `${BASE}faults: [{ at: 5s, partition: "n1 |" }]`, 'x.yaml:3:31: faults.0.partition: "n1 |" has an empty side', 'n1 n2 | n3'],
    ['a node on both sides', `${BASE}faults: [{ at: 5s, partition: n1 | n1 n2 }]`, 'x.yaml:3:31: faults.0.partition: "n1 | n1 n2" names n1 twice', 'n1 n2 | n3'],
    ['a clock offset that is no number', `${BASE}faults: [{ at: 5s, clock-offset: n1, offset: .nan }]`, 'x.yaml:3:46: faults.0.offset: NaN is not a time offset', 'such as 15ms'],
    ['a clock offset without end', `${BASE}faults: [{ at: 5s, clock-offset: n1, offset: -.inf }]`, 'x.yaml:3:46: faults.0.offset: -Infinity is not a time offset', 'such as 15ms'],
    ['a clock offset of text that is no number', `${BASE}faults: [{ at: 5s, clock-step: n1, offset: NaNms }]`, 'x.yaml:3:44: faults.0.offset: "NaNms" is not a time offset', 'such as 15ms'],
    ['a clock offset of a century', `${BASE}faults: [{ at: 5s, clock-step: n1, offset: -876600h }]`, 'x.yaml:3:44: faults.0.offset: "-876600h" is too large', 'at most 87660h (ten years)'],
    ['clocks that are off by more digits than a number has', `${BASE}clocks: { offset: ±${'9'.repeat(400)}s }`, 'x.yaml:3:19: clocks.offset: ', 'at most ±87660h'],
    ['a drift that is no number', `${BASE}clocks: { drift: .nan }`, 'x.yaml:3:18: clocks.drift: NaN is not a rate error', 'such as 15ppm'],
    ['a drift fault without end', `${BASE}faults: [{ at: 5s, clock-drift: n1, drift: .inf }]`, 'x.yaml:3:44: faults.0.drift: Infinity is not a rate error', 'such as 15ppm'],
    ['a clock offset without its unit', `${BASE}faults: [{ at: 5s, clock-offset: n1, offset: -200 }]`, 'x.yaml:3:46: faults.0.offset: -200 has no unit', 'write -200ms'],
    ['a leader to isolate by name', `${BASE}faults: [{ at: 5s, isolate-leader: n1 }]`, 'x.yaml:3:36: faults.0.isolate-leader: "n1" is not needed', 'isolate-leader: true'],
    ['an unknown figure', `${BASE}expect: { comit.p99: below 1s }`, 'x.yaml:3:11: expect.comit.p99: unknown figure "comit.p99"', 'did you mean commit.p99?'],
    ['a threshold without a side', `${BASE}expect: { outage: 2s }`, 'x.yaml:3:19: expect.outage: "2s" is not a threshold', 'below 2500ms'],
    ['a threshold without its unit', `${BASE}expect: { outage: below 2 }`, 'x.yaml:3:19: expect.outage: "2" has no unit', 'write 2s or 2ms'],
    ['a threshold with a unit where none belongs', `${BASE}expect: { errors: below 1% }`, 'x.yaml:3:19: expect.errors: "1%" is not a number', 'a number alone'],
    ['a sweep over what does not exist', `${BASE}sweep: { lod.rate: [5/s] }`, 'x.yaml:3:10: sweep.lod.rate: there is no "lod"', 'did you mean load?'],
    ['a sweep over protocols', `${BASE}sweep: { protocols: [[raft]] }`, 'x.yaml:3:10: sweep.protocols: protocols cannot be swept', 'several protocols'],
    ['a sweep over what the profile fixes', `${BASE}sweep: { "network.links.n1 - n2.delay": [5ms] }`, 'x.yaml:3:10: sweep.network.links.n1 - n2.delay: the network profile fixes the delays', 'network.scale'],
    ['a sweep value without its unit', `${BASE}sweep: { load.rate: [50/s, 200] }`, 'x.yaml:3:28: load.rate: 200 has no unit', 'write 200/s'],
    ['a sweep with nothing in it', `${BASE}sweep: { load.rate: [] }`, 'x.yaml:3:21: sweep.load.rate: [] is too small', 'at least 1'],
    ['a sweep below a value', `${BASE}sweep: { name.x: [1] }`, 'x.yaml:3:10: sweep.name.x: name cannot be swept', 'another experiment'],
  ])('%s', (_, text, message, hint) => {
    const error = errorOf(text);
    expect(error.code).toBe('bad-experiment');
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.hint).toContain(hint);
    expect(`${error.message}${error.hint}`).not.toContain('\n');
  });

  test('a sweep that explodes is refused with its size', () => {
    const many = JSON.stringify(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(errorOf(`${BASE}sweep: { network.scale: ${many}, load.keys: ${many} }`).message).toBe('x.yaml:3:8: sweep: 1600 combinations');
  });

  test('aliases that multiply are refused', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...'bcdefg'.split('').map((letter, index) => `${letter}: &${letter} [${Array.from({ length: 10 }, () => `*${'abcdefg'[index]}`).join(',')}]`)].join('\n');
    expect(errorOf(bomb).hint).toBe('use fewer anchors and aliases');
  });

  test('whatever a document holds, the answer is settings or a LabError', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('5s', '±5ms', '1/s', 'n1', 'raft', '__proto__', -1, 1e308));
    const keys = ['name', 'protocols', 'nodes', 'leader', 'network', 'clocks', 'disk', 'load', 'run', 'faults', 'expect', 'sweep', '__proto__', 'constructor'];
    let refused = 0;
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), value), (extra) => {
      try {
        parseExperiment(JSON.stringify({ name: 'a', protocols: ['raft'], ...extra }), 'x.yaml', registry);
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
        refused++;
      }
    }), { numRuns: 500, seed: 11 });
    expect(refused).toBeGreaterThan(100);
  });
});

describe('a sweep', () => {
  test('is the product of its axes, and each combination is called by its values', () => {
    const { variants } = parseExperiment(`${BASE}sweep: { network.scale: [0, 1], load.rate: [50/s, max] }`, 'x.yaml', registry);
    expect(variants.map(({ suffix, settings }) => [suffix, settings.network.scale, settings.load.rate])).toEqual([
      ['@scale=0,rate=50_s', 0, 50], ['@scale=0,rate=max', 0, null], ['@scale=1,rate=50_s', 1, 50], ['@scale=1,rate=max', 1, null],
    ]);
  });

  test('reaches into lists and into maps that the file does not have', () => {
    const { variants } = parseExperiment(`${BASE}faults: [{ at: 1s, crash: n1 }]\nsweep: { faults.0.at: [2s, 3s], clocks.offset: [±1ms] }`, 'x.yaml', registry);
    expect(variants.map(({ settings }) => [settings.faults[0]?.atMs, settings.clocks.offset.to])).toEqual([[2000, 1], [3000, 1]]);
  });

  test('has no two combinations of one name', () => {
    const { variants } = parseExperiment(`${BASE}sweep: { load.rate: [50/s, "50/s "] }`, 'x.yaml', registry);
    expect(new Set(variants.map(({ suffix }) => suffix)).size).toBe(2);
  });
});

describe('an override', () => {
  test('takes the place of what the file says, or adds it', () => {
    const settings = only(`${BASE}load: { rate: 100/s }`, ['load.rate=50/s', 'network.wan=aws-5', 'nodes=[us-east-1, sa-east-1]', 'expect.commit.p99=below 1s']);
    expect(settings).toMatchObject({ load: { rate: 50 }, network: { wan: 'aws-5' }, nodes: ['us-east-1', 'sa-east-1'], thresholds: [{ metric: 'commit.p99', below: 1000 }] });
  });

  test.each([
    ['load.rate=50', '--set load.rate=50: load.rate: 50 has no unit', 'write 50/s, or max'],
    ['laod.rate=5/s', '--set laod.rate=5/s: laod: unknown key "laod"', 'did you mean load?'],
    ['load.rate', '--set load.rate: no value', 'load.rate=50/s'],
    ['=5', '--set =5: no value', 'load.rate=50/s'],
    ['name.x=5', '--set name.x=5: there is no place for name.x', 'load.rate or faults.0.at'],
    ['faults.3.at=5s', '--set faults.3.at=5s: there is no place for faults.3.at', 'faults.0.at'],
    ['load.rate=[', '--set load.rate=[: not YAML', 'brackets'],
  ])('%s is refused with its own text as the place', (set, message, hint) => {
    const error = errorOf(`${BASE}faults: []`, [set]);
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.hint).toContain(hint);
  });
});

describe('a registry', () => {
  test('holds what all plug-ins bring, and no name twice', () => {
    expect(createRegistry([BUILTINS, { protocols: [{ ...raft, name: 'mine' }] }]).protocols.map(({ name }) => name)).toEqual([...BUILTINS.protocols.map(({ name }) => name), 'mine']);
    expect(() => createRegistry([{ protocols: [raft] }, { protocols: [raft] }])).toThrow('two plug-ins bring a protocol called raft');
  });

  test('answers an unknown name with the likely one', () => {
    expect(() => named(registry.faults, 'partion', 'fault')).toThrow(expect.objectContaining({ code: 'bad-command-line', message: 'unknown fault "partion"', hint: expect.stringContaining('did you mean partition?') }));
  });
});
