// What a shaper is handed: under each fault of links exactly the links that it means are changed, one way where it says so, the
// clients' links never; afterwards the plan. Scheduled links go as one matrix at a time, and what is past is passed over.
import { expect, test } from 'vitest';
import type { Link, LinkMatrix } from '../../netem/link.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { LinkOverlays } from '../../netem/overlay.ts';
import type { LinkTrack } from '../../netem/schedule.ts';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { parseExperiment } from '../experiment.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { FaultSchedule } from './fault-schedule.ts';
import type { Cluster } from './realtime.ts';

/** Every node is up, and n2 leads. */
const cluster = {
  isUp: () => true, isDown: () => true, start: () => Promise.resolve(), release: () => Promise.resolve(), control: () => Promise.resolve(),
  status: () => Promise.resolve({ role: 'follower', epoch: 1, leader: 'n2', lastSlot: 0, commitSlot: 0, configurations: [] }),
} as unknown as Cluster;

function planOf(fault: string): Plan {
  const text = `name: f\nprotocols: [raft]\nnodes: 5\nnetwork: { wan: aws-5, links: { "n1 - n2": { loss: 1%, duplicate: 50% } } }\nfaults: [{ at: 1s, ${fault} }]\n`;
  const [plan] = makePlans(parseExperiment(text, 'f.yaml', createRegistry([BUILTINS])), { runner: 'local', supports: new Set(['cut', 'links', 'restart']) });
  return plan as Plan;
}

/** All that a shaper is handed while a schedule is performed at once. */
async function handed(plan: Plan): Promise<readonly LinkMatrix[]> {
  const overlays = new LinkOverlays(plan.links);
  const matrices: LinkMatrix[] = [];
  const applyLinks = () => {
    matrices.push(overlays.matrix());
    return Promise.resolve();
  };
  await new FaultSchedule(plan, cluster, { now: () => 1e9, overlays, applyLinks, tellLoad: () => undefined, membersAre: () => undefined, emit: () => undefined }).perform(new AbortController().signal);
  return matrices;
}

/** 'n1>n2' and what is not as in the plan. */
function changesOf(plan: Plan, matrix: LinkMatrix): readonly string[] {
  expect(Object.keys(matrix).sort()).toEqual(Object.keys(plan.links).sort());
  return Object.entries(matrix).flatMap(([from, row]) => Object.entries(row).flatMap(([to, link]) => {
    const planned = plan.links[from]?.[to] ?? PERFECT_LINK;
    const changed = Object.entries(link).filter(([field, value]) => planned[field as keyof Link] !== value);
    return changed.length === 0 ? [] : [`${from}>${to} ${changed.map(([field, value]) => `${field} ${field === 'delayMs' ? `+${Number(value) - planned.delayMs}` : value}`).join(' ')}`];
  })).sort();
}

/** Between all of these, both ways. */
const across = (left: readonly string[], right: readonly string[]) => [...one(left, right), ...one(right, left)].sort();
const one = (from: readonly string[], to: readonly string[]) => from.flatMap((a) => to.filter((b) => b !== a).map((b) => `${a}>${b}`)).sort();
const OTHERS = ['n1', 'n3', 'n4', 'n5'];
const ALL = ['n1', 'n2', 'n3', 'n4', 'n5'];

/** A cut: everything is lost, and nothing is duplicated past the loss. */
const cut = (pairs: readonly string[]) => pairs.map((pair) => (pair === 'n1>n2' || pair === 'n2>n1' ? `${pair} lossPct 100 duplicatePct 0` : `${pair} lossPct 100`));

test.each<readonly [string, readonly string[]]>([
  ['partition: n1 n2 | n3 n4 n5, for: 1s', cut(across(['n1', 'n2'], ['n3', 'n4', 'n5']))],
  ['partition: n1 -> n2 n3, for: 1s', cut(['n1>n2', 'n1>n3'])],
  ['partition: eu-west-1 -> n1, for: 1s', cut(['n2>n1'])],
  ['isolate-leader: true, for: 1s', cut(across(['n2'], OTHERS))],
  ['isolate-leader: true, direction: in, for: 1s', cut(one(OTHERS, ['n2']))],
  ['isolate-leader: true, direction: out, for: 1s', cut(one(['n2'], OTHERS))],
  ['bridge: n3, for: 1s', cut(across(['n1', 'n2'], ['n4', 'n5']))],
  ['flapping: n4, every: 1s, for: 1s', cut(across(['n4'], ['n1', 'n2', 'n3', 'n5']))],
  ['flaky-link: n1 -> n3, loss: 30%, delay: 40ms, jitter: 5ms, for: 1s', ['n1>n3 delayMs +40 jitterMs 5 lossPct 30 order reorder']],
  ['flaky-link: n4 - n5, loss: 0%, delay: 15ms, for: 1s', ['n4>n5 delayMs +15', 'n5>n4 delayMs +15']],
  ['flaky-link: leader -> *, for: 1s', one(['n2'], OTHERS).map((pair) => `${pair} lossPct 20`)],
  ['corrupt: 2%, links: n1 - n2, for: 1s', ['n1>n2 corruptPct 2', 'n2>n1 corruptPct 2']],
  ['duplicate: 10%, for: 1s', one(ALL, ALL).map((pair) => `${pair} duplicatePct 10`)],
  ['reorder: 5%, links: n5 -> n1, for: 1s', ['n5>n1 reorderPct 5']],
])('%s', async (fault, changes) => {
  const plan = planOf(fault);
  const matrices = await handed(plan);
  expect(matrices.map((matrix) => changesOf(plan, matrix))).toEqual([changes, []]);
  expect(matrices.at(-1)).toEqual(plan.links);
});

test('majority-ring: each node hears two others, no two the same majority', async () => {
  const plan = planOf('majority-ring: true, for: 1s');
  const [on, off] = (await handed(plan)).map((matrix) => changesOf(plan, matrix));
  const heard = ALL.map((node) => [node, ...ALL.filter((peer) => peer !== node && on?.every((line) => !line.startsWith(`${peer}>${node} lossPct 100`)))].sort().join(' '));
  expect(heard.map((nodes) => nodes.split(' ').length)).toEqual([3, 3, 3, 3, 3]);
  expect(new Set(heard).size).toBe(5);
  expect(off).toEqual([]);
});

test('a fault lies over what is scheduled, and its end and a restart leave that', async () => {
  const faulted = planOf('partition: n1 -> n3, for: 1s');
  const tracks: readonly LinkTrack[] = [{ links: [['n1', 'n3'], ['n1', 'eu-west-1']], steps: [{ atMs: 0, link: { delayMs: 300 } }] }];
  const restart = { atMs: 9e8, fault: { name: 'restart', index: 1, phase: 'begin' }, action: { type: 'start', node: 'n1' } } as const;
  const plan: Plan = { ...faulted, schedule: [...faulted.schedule, restart], linkSchedule: { entries: [], tracks } };
  const matrices = await handed(plan);
  const last = matrices.at(-1) as LinkMatrix;
  expect(matrices.some((matrix) => matrix['n1']?.['n3']?.delayMs === 300 && matrix['n1']['n3'].lossPct === 100)).toBe(true);
  expect([last['n1']?.['n3']?.delayMs, last['n1']?.['n3']?.lossPct, last['n1']?.['eu-west-1']?.delayMs]).toEqual([300, 0, 300]);
});

test('one matrix after the other: what is due while one is applied becomes the next, and what was passed over is counted', async () => {
  const link = (delayMs: number) => ({ delayMs });
  const tracks: readonly LinkTrack[] = [
    { links: [['n1', 'n2']], steps: [{ atMs: 0, link: link(1) }, { atMs: 10, link: link(2) }, { atMs: 20, link: link(3) }, { atMs: 50, link: null }] },
    { links: [['n2', 'n1']], steps: [{ atMs: 10, link: link(7) }] },
  ];
  const plan: Plan = { ...planOf('partition: n1 -> n3, for: 1s'), schedule: [], linkSchedule: { entries: [], tracks } };
  const overlays = new LinkOverlays(plan.links);
  const log: unknown[] = [];
  let nowMs = 0;
  let applying = 0;
  const applyLinks = async () => {
    expect(++applying).toBe(1);
    const { n1, n2 } = overlays.matrix();
    log.push(['apply', n1?.['n2']?.delayMs, n2?.['n1']?.delayMs]);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
    // The first one takes so long that two more are due.
    nowMs = nowMs < 25 ? 25 : 60;
    applying--;
  };
  const emit = (event: LabEvent) => { if (event.type === 'scheduled-links') log.push([event.atMs, event.plannedMs, event.skipped]); };
  await new FaultSchedule(plan, cluster, { now: () => nowMs, overlays, applyLinks, tellLoad: () => undefined, membersAre: () => undefined, emit }).perform(new AbortController().signal);
  const planned = plan.links['n1']?.['n2']?.delayMs;
  expect(log).toEqual([['apply', 1, planned], [25, 0, 0], ['apply', 3, 7], [60, 20, 1], ['apply', planned, 7], [60, 50, 0]]);
});
