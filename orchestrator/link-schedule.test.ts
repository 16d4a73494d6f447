// What network.schedule becomes in a plan: the steps of each kind, which entry holds, which links change together; and each
// mistake with its place and remedy.
import { describe, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from './builtins.ts';
import { LabError } from './errors.ts';
import { parseExperiment } from './experiment.ts';
import type { ReadFile } from './files.ts';
import type { Plan } from './kinds.ts';
import { makePlans } from './plan.ts';

const registry = createRegistry([BUILTINS]);
const FILES: { readonly [path: string]: string } = {
  't.csv': 'time_ms,delay_ms,loss_pct\n0,30,\n500,50,5\n1000,,',
  'late.csv': 'time_ms,delay_ms\n100,30\n200,50\n',
  'one.csv': 'time_ms,delay_ms\n0,30\n',
  'bad.csv': 'time_ms,delay_ms\n0,x\n',
  'fast.csv': 'time_ms,delay_ms\n0,30\n1,40\n2,30\n',
};
const readFile: ReadFile = (path) => {
  const text = FILES[path];
  return text === undefined ? { problem: `${path}: there is no such file`, remedy: 'give another' } : { place: path, text, sha256: `sha-${path}` };
};

function planOf(schedule: readonly string[], change: { readonly network?: string; readonly run?: string; readonly nodes?: string } = {}): Plan {
  const { network = 'links: { "* - *": { delay: 20ms } }', run = 'warmup: 1s, measure: 9s, settle: 5s', nodes = '2' } = change;
  const text = `name: s\nprotocols: [raft]\nnodes: ${nodes}\nnetwork:\n  ${network}\n  schedule:${schedule.length === 0 ? ' []\n' : `\n${schedule.map((entry) => `    - ${entry}\n`).join('')}`}run: { ${run} }\n`;
  const [plan] = makePlans(parseExperiment(text, 'x.yaml', registry, [], readFile), { runner: 'sim', supports: new Set(['crash']) });
  return plan as Plan;
}

/** Of one link, in short: time, and what differs from the plan. */
function stepsOf(plan: Plan, from = 'n1', to = 'n2'): readonly (readonly [number, object | null])[] {
  const track = plan.linkSchedule?.tracks.find(({ links }) => links.some(([a, b]) => a === from && b === to));
  return (track?.steps ?? []).map(({ atMs, link }) => [atMs, link]);
}

describe('the steps of an entry', () => {
  test.each<readonly [string, readonly string[], readonly (readonly [number, object | null])[]]>([
    ['a step stays', ['{ at: 2s, delay: 50ms, loss: 1%, burst: 3 }'], [[3000, { delayMs: 50, lossPct: 1, lossBurst: 3 }]]],
    ['a step ends after for', ['{ at: 0s, rate: 1mbit, queue: 10, for: 500ms }'], [[1000, { rateKbit: 1000, queuePackets: 10 }], [1500, null]]],
    ['from: start counts from the start of the run', ['{ at: 0s, from: start, jitter: 2ms, order: reorder, distribution: normal }'], [[0, { jitterMs: 2, order: 'reorder', distribution: 'normal' }]]],
    ['a ramp goes from where the link is, its last step at its end', ['{ at: 1s, delay: { to: 60ms, over: 400ms } }'], [[2000, { delayMs: 20 }], [2100, { delayMs: 30 }], [2200, { delayMs: 40 }], [2300, { delayMs: 50 }], [2400, { delayMs: 60 }]]],
    ['a ramp down, with its number of steps and another value all the way', ['{ at: 1s, delay: { to: 0ms, over: 1s, steps: 2 }, loss: 1%, for: 3s }'], [[2000, { lossPct: 1, delayMs: 20 }], [2500, { lossPct: 1, delayMs: 10 }], [3000, { lossPct: 1, delayMs: 0 }], [5000, null]]],
    ['a trace; an empty cell is the plan', ['{ at: 1s, trace: t.csv }'], [[2000, { delayMs: 30 }], [2500, { delayMs: 50, lossPct: 5 }], [3000, {}]]],
    ['a trace that repeats: its last row says when', ['{ at: 1s, trace: t.csv, repeat: true, for: 1600ms }'], [[2000, { delayMs: 30 }], [2500, { delayMs: 50, lossPct: 5 }], [3000, { delayMs: 30 }], [3500, { delayMs: 50, lossPct: 5 }], [3600, null]]],
    ['a period, until the end of the run', ['{ at: 3s, every: 5s, steps: [{ delay: 70ms, for: 100ms }, { after: 4s, loss: 0% }] }'],
      [[4000, { delayMs: 70 }], [4100, null], [8000, { lossPct: 0, lossBurst: null }], [9000, { delayMs: 70 }], [9100, null], [13_000, { lossPct: 0, lossBurst: null }], [14_000, { delayMs: 70 }], [14_100, null]]],
    ['a step of a period ends the one before it, and one that ends where another begins is no step of its own', ['{ at: 8s, every: 1s, steps: [{ delay: 1ms, for: 500ms }, { after: 300ms, delay: 2ms, for: 700ms }], for: 2s }'],
      [[9000, { delayMs: 1 }], [9300, { delayMs: 2 }], [10_000, { delayMs: 1 }], [10_300, { delayMs: 2 }], [11_000, null]]],
  ])('%s', (_what, schedule, steps) => {
    expect(stepsOf(planOf(schedule))).toEqual(steps);
  });

  test('auto makes at most 100 steps of a ramp, none shorter than 100 ms', () => {
    expect(stepsOf(planOf(['{ at: 0s, delay: { to: 60ms, over: 1050ms } }']))).toHaveLength(11);
    const long = stepsOf(planOf(['{ at: 0s, delay: { to: 60ms, over: 9s } }']));
    expect([long.length, long[1]?.[0], long.at(-1)?.[0]]).toEqual([91, 1100, 10_000]);
    expect(stepsOf(planOf(['{ at: 0s, delay: { to: 60ms, over: 50s } }'], { run: 'warmup: 1s, measure: 60s' }))).toHaveLength(101);
  });

  test('network.scale multiplies its delays and nothing else', () => {
    const network = 'scale: 2\n  links: { "* - *": { delay: 20ms } }';
    expect(stepsOf(planOf(['{ at: 1s, delay: 30ms, jitter: 4ms }'], { network }))).toEqual([[2000, { delayMs: 60, jitterMs: 4 }]]);
    expect(stepsOf(planOf(['{ at: 1s, delay: { to: 30ms, over: 100ms } }'], { network }))).toEqual([[2000, { delayMs: 40 }], [2100, { delayMs: 60 }]]);
    expect(stepsOf(planOf(['{ at: 1s, trace: late.csv }'], { network }))).toEqual([[2100, { delayMs: 60 }], [2200, { delayMs: 100 }]]);
  });
});

describe('of several entries', () => {
  test('the one that began last holds, and at its end the one below it is back where it would be by then', () => {
    const schedule = ['{ at: 0s, every: 2s, steps: [{ delay: 70ms, for: 1s }] }', '{ at: 500ms, loss: 50%, for: 2s }'];
    expect(stepsOf(planOf(schedule)).slice(0, 6)).toEqual([[1000, { delayMs: 70 }], [1500, { lossPct: 50 }], [3500, { delayMs: 70 }], [4000, null], [5000, { delayMs: 70 }], [6000, null]]);
  });

  test('the later one in the file holds where both begin together', () => {
    expect(stepsOf(planOf(['{ at: 1s, delay: 1ms, for: 2s }', '{ at: 1s, delay: 2ms, for: 1s }']))).toEqual([[2000, { delayMs: 2 }], [3000, { delayMs: 1 }], [4000, null]]);
  });

  test('the order of the file does not matter for those that begin one after the other', () => {
    const [first, second] = ['{ at: 1s, delay: 1ms }', '{ at: 2s, delay: 2ms }'];
    expect(stepsOf(planOf([second, first]))).toEqual(stepsOf(planOf([first, second])));
  });

  test('a ramp begins where the entry before it has led', () => {
    expect(stepsOf(planOf(['{ at: 1s, delay: 100ms }', '{ at: 2s, delay: { to: 50ms, over: 200ms } }'])))
      .toEqual([[2000, { delayMs: 100 }], [3100, { delayMs: 75 }], [3200, { delayMs: 50 }]]);
  });
});

describe('the links of an entry', () => {
  const network = 'wan: aws-5';
  const nodes = '[us-east-1, eu-west-1, sa-east-1]';
  const linksOf = (plan: Plan) => plan.linkSchedule?.tracks.map(({ links }) => links.map((pair) => pair.join('>')));

  test('are one track where they change together; those of clients follow in their delay alone', () => {
    const plan = planOf(['{ at: 1s, links: us-east-1 -> eu-west-1, delay: 90ms, loss: 1% }'], { network, nodes });
    expect(plan.linkSchedule?.tracks).toEqual([
      { links: [['n1', 'n2']], steps: [{ atMs: 2000, link: { delayMs: 90, lossPct: 1 } }] },
      { links: [['n1', 'eu-west-1'], ['us-east-1', 'n2']], steps: [{ atMs: 2000, link: { delayMs: 90 } }] },
    ]);
  });

  test('of clients do not change where the delay does not', () => {
    expect(linksOf(planOf(['{ at: 1s, links: [us-east-1 - eu-west-1, n3 -> n1], loss: 1% }'], { network, nodes }))).toEqual([['n1>n2', 'n2>n1', 'n3>n1']]);
  });

  test('all of them, where none is named; a ramp takes each from its own delay', () => {
    const plan = planOf(['{ at: 1s, delay: { to: 200ms, over: 100ms } }'], { network, nodes });
    expect(linksOf(plan)?.flat()).toHaveLength(6 + 18);
    expect(stepsOf(plan, 'n1', 'n2')[0]).toEqual([2000, { delayMs: plan.links['n1']?.['n2']?.delayMs }]);
    expect(stepsOf(plan, 'n3', 'n2')[0]).toEqual([2000, { delayMs: plan.links['n3']?.['n2']?.delayMs }]);
  });
});

test('what it was made of is in the plan in words, of a trace with its hash', () => {
  const plan = planOf(['{ at: 1s, links: n1 -> n2, delay: 5ms }', '{ at: 2s, trace: t.csv, repeat: true }']);
  expect(plan.linkSchedule?.entries).toEqual(['at 1s, links n1 -> n2, delay 5ms', 'at 2s, trace t.csv, repeat true (3 rows, sha256 sha-t.csv)']);
});

test('without a schedule the plan has none, and two runners have the same', () => {
  expect(planOf([]).linkSchedule).toBeUndefined();
  const experiment = parseExperiment('name: s\nprotocols: [raft]\nnetwork: { schedule: [{ at: 1s, delay: 5ms }] }\n', 'x.yaml', registry);
  const [sim, local] = ['sim', 'local'].map((runner) => makePlans(experiment, { runner, supports: new Set() })[0]?.linkSchedule);
  expect(sim).toEqual(local);
});

test('a network with a cycle repeats it from the start to the end of the run; an entry lies over it', () => {
  const network = 'wan: leo-satellite';
  const run = 'warmup: 2s, measure: 20s, settle: 5s';
  const plan = planOf([], { network, run });
  const spike = { delayMs: 70, lossPct: 50 };
  expect(stepsOf(plan)).toEqual([[0, spike], [200, null], [14_800, { delayMs: 37.5 }], [15_000, spike], [15_200, null]]);
  expect(stepsOf(plan, 'leo', 'n1')).toEqual([[0, { delayMs: 70 }], [200, null], [14_800, { delayMs: 37.5 }], [15_000, { delayMs: 70 }], [15_200, null]]);
  expect(plan.linkSchedule?.entries[0]).toMatch(/^network leo-satellite: every 15000 ms /);
  expect(stepsOf(planOf(['{ at: 12500ms, loss: 0%, for: 1s }'], { network, run }))).toEqual([[0, spike], [200, null], [14_500, { lossPct: 0, lossBurst: null }], [15_500, null]]);
});

describe('it refuses', () => {
  test.each<readonly [string, string, string, string]>([
    ['an entry that changes nothing', '{ at: 1s, links: n1 - n2 }', 'x.yaml:7:7: network.schedule.0: nothing of the links would change', 'add delay, loss'],
    ['an unknown key', '{ at: 1s, dealy: 5ms }', 'network.schedule.0.dealy: unknown key "dealy"', 'delay'],
    ['no time', '{ delay: 5ms }', 'network.schedule.0.at: missing: a duration belongs here', '20s'],
    ['a number without its unit', '{ at: 1s, delay: 5 }', 'network.schedule.0.delay: 5 has no unit', '5s or 5ms'],
    ['a time beyond the window', '{ at: 9s, delay: 5ms }', 'x.yaml:7:13: network.schedule.0.at: 9s is not within the measure window of 9s', 'raise run.measure'],
    ['a time beyond the run', '{ at: 10s, from: start, delay: 5ms }', 'network.schedule.0.at: 10s is not within the 10s from the run', 'lower at'],
    ['another origin', '{ at: 1s, from: end, delay: 5ms }', 'network.schedule.0.from: "end" is not one of its values', 'start'],
    ['no link', '{ at: 1s, links: n1, delay: 5ms }', 'network.schedule.0.links: "n1" names no link', 'a -> b'],
    ['an unknown node, in a list', '{ at: 1s, links: [n1 - n2, n1 - n9], delay: 5ms }', 'network.schedule.0.links.1: there is no node or region "n9"', 'n1'],
    ['links of another form', '{ at: 1s, links: { a: b }, delay: 5ms }', 'network.schedule.0.links: {"a":"b"} names no links', 'write a - b'],
    ['a link to itself', '{ at: 1s, links: n1 - n1, delay: 5ms }', 'network.schedule.0.links: no link of this experiment is like that', 'two different nodes'],
    ['a loss over 100 %', '{ at: 1s, loss: 101% }', 'network.schedule.0.loss: "101%" is more than 100%', 'between 0% and 100%'],
    ['a burst too short for the loss', '{ at: 1s, loss: 80%, burst: 2 }', 'network.schedule.0: 2 is too short for a loss of 80%', 'a burst of at least 4'],
    ['a burst without a loss', '{ at: 1s, burst: 2 }', 'network.schedule.0: 2 without a loss', 'give loss too'],
    ['a ramp without its length', '{ at: 1s, delay: { to: 5ms } }', 'network.schedule.0.delay.over: missing: a duration belongs here', 'unit'],
    ['an unknown key of a ramp', '{ at: 1s, delay: { to: 5ms, over: 1s, step: 5 } }', 'network.schedule.0.delay: unknown key "step"', 'steps'],
    ['a ramp that is a step', '{ at: 1s, delay: { to: 5ms, over: 99ms } }', 'network.schedule.0.delay: a ramp over 99ms is a step', 'over: 100ms at least'],
    ['a ramp with too short steps', '{ at: 1s, delay: { to: 5ms, over: 1s, steps: 11 } }', 'network.schedule.0.delay: 11 steps over 1000ms are shorter than 100ms', 'at most 10 steps'],
    ['a ramp with no number of steps', '{ at: 1s, delay: { to: 5ms, over: 1s, steps: few } }', 'network.schedule.0.delay.steps: "few" is no number of steps', 'auto'],
    ['an end within the ramp', '{ at: 1s, delay: { to: 5ms, over: 1s }, for: 900ms }', 'network.schedule.0.for: 900ms is shorter than the ramp, 1000ms', 'raise it'],
    ['a trace that is not there', '{ at: 1s, trace: none.csv }', 'x.yaml:7:24: network.schedule.0.trace: none.csv: there is no such file', 'give another'],
    ['a trace with a mistake', '{ at: 1s, trace: bad.csv }', 'bad.csv:2: delay_ms: "x" is not a number', 'write ms'],
    ['a trace and a value', '{ at: 1s, trace: t.csv, loss: 5% }', 'network.schedule.0.loss: loss beside trace', 'leave it out'],
    ['a trace and a period', '{ at: 1s, trace: t.csv, every: 5s, steps: [{ delay: 1ms }] }', 'network.schedule.0.every: every beside trace', 'leave it out'],
    ['to repeat what is no trace', '{ at: 1s, delay: 5ms, repeat: true }', 'network.schedule.0.repeat: there is no trace to repeat', 'trace: FILE'],
    ['to repeat a trace that begins late', '{ at: 1s, trace: late.csv, repeat: true }', 'network.schedule.0.repeat: late.csv begins at 100ms', 'begins at 0'],
    ['to repeat a trace of one row', '{ at: 1s, trace: one.csv, repeat: true }', 'network.schedule.0.repeat: one.csv begins at 0ms and has 1 row', 'its last row'],
    ['a period without steps', '{ at: 1s, every: 5s }', 'network.schedule.0.every: every without steps', 'write both'],
    ['steps without a period', '{ at: 1s, steps: [{ delay: 1ms }] }', 'network.schedule.0.steps: steps without every', 'write both'],
    ['a period and a value', '{ at: 1s, every: 5s, delay: 1ms, steps: [{ delay: 1ms }] }', 'network.schedule.0.delay: delay beside every', 'into the steps'],
    ['a step that changes nothing', '{ at: 1s, every: 5s, steps: [{ after: 1s }] }', 'network.schedule.0.steps.0: nothing of the links would change', 'add delay'],
    ['steps out of order', '{ at: 1s, every: 5s, steps: [{ after: 1s, delay: 1ms }, { after: 1s, delay: 2ms }] }', 'network.schedule.0.steps.1.after: 1000ms does not come after', 'order the steps'],
    ['a step beyond its period', '{ at: 1s, every: 5s, steps: [{ after: 4s, delay: 1ms, for: 2s }] }', 'network.schedule.0.steps.0.for: the step ends after 6000ms, beyond every: 5000ms', 'raise every'],
    ['a step after its period', '{ at: 1s, every: 5s, steps: [{ after: 5s, delay: 1ms }] }', 'network.schedule.0.steps.0.after: the step ends after 5000ms', 'raise every'],
    ['a ramp within a period', '{ at: 1s, every: 5s, steps: [{ delay: { to: 5ms, over: 1s } }] }', 'network.schedule.0.steps.0.delay: {"to":"5ms","over":"1s"} is not a duration', 'write it as a number with a unit'],
    ['too many periods', '{ at: 1s, every: 0.01ms, steps: [{ delay: 1ms }] }', 'network.schedule.0: the links would change 1300000 times', 'at most 100000 steps'],
    ['a trace that repeats too often', '{ at: 1s, trace: fast.csv, repeat: true }', 'network.schedule.0: the links would change', 'at most 100000 steps'],
  ])('%s', (what, entry, message, hint) => {
    let error: unknown;
    try {
      planOf([entry], what.includes('too often') ? { run: 'warmup: 1s, measure: 300s' } : {});
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).message).toContain(message);
    expect((error as LabError).hint).toContain(hint);
  });

  test('too many steps of all entries together, and too many single changes', () => {
    const period = '{ at: 0s, links: n1 -> n2, every: 1ms, steps: [{ delay: 1ms }, { after: 0.5ms, delay: 2ms }] }';
    const other = period.replace('n1 -> n2', 'n2 -> n1');
    expect(() => planOf([period, other])).not.toThrow();
    expect(() => planOf([period, other, '{ at: 1s, links: n1 -> n2, delay: 3ms, for: 1ms }'], { run: 'warmup: 1s, measure: 21s' })).toThrow('network.schedule: the links would change 103999 times');
    const many = '{ at: 0s, every: 2ms, steps: [{ delay: 1ms }, { after: 1ms, delay: 2ms }] }';
    expect(() => planOf([many], { nodes: '30' })).toThrow('network.schedule: single links would change 12180000 times');
  });
});
