// One case of a hunt as data: a cluster, its clients, and faults as an experiment would name them. It says all that a run
// depends on beside the code, and nothing of how it was drawn; so it can be saved, shrunk and run again, byte for byte.
//
//   0 … healMs      faults of any kind: claims must hold
//   healMs …        every fault is over: clients must be answered again
//   powerMs … endMs all nodes have lost power at once and start again, with writes to follow or without any
import { z } from 'zod';
import type { ClockSpec } from '../../node/clock.ts';
import type { AnyProtocol, Json, NodeId, Problem } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import { mergeOptions } from '../../node/options.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { LinkMatrix } from '../../netem/link.ts';
import { planOf } from '../conformance/trial.ts';
import { LabError } from '../errors.ts';
import type { Action, Aim, Fault, Plan } from '../kinds.ts';
import { factsOf } from '../metrics/facts.ts';
import { entriesOf } from '../schedule.ts';

/** Of the files; another one is another language, which is said and not read. */
export const CASE_VERSION = 1;
const DEFAULT_PERIOD_MS = 1000;
/** As its events name it. */
export const POWER_CYCLE = 'power-cycle';
const WARMUP_MS = 500;
const CLIENTS = 'home';
/** A load that is as good as none. */
const NO_LOAD = 1e-9;

const MOMENTS = ['started', 'flush', 'durable', 'sent', 'epoch', 'role', 'leads', 'placed', 'committed'] as const;
const ms = z.number().min(0).max(600_000);
const json: z.ZodType<Json> = z.json();

const faultShape = z.strictObject({
  /** Since the run's start; of an aimed one: from here on it waits. */
  atMs: ms,
  /** One of the lab's faults, with the parameters that an experiment would give it. */
  name: z.string().max(40),
  params: z.record(z.string(), json),
  aim: z.strictObject({ moments: z.array(z.enum(MOMENTS)).min(1).max(8), passes: z.int().min(0).max(100_000), node: z.string().max(8).optional(), afterMs: ms }).optional(),
});

const caseShape = z.strictObject({
  version: z.literal(CASE_VERSION),
  protocol: z.string().max(40),
  /** Of everything random inside the run. */
  seed: z.string().max(200),
  /** Those that differ from the defaults. */
  options: z.record(z.string(), json),
  /** Once all is healed every command must be answered; false: the options may leave too little capacity for that, and something must be committed. */
  everyCommand: z.boolean().default(true),
  nodes: z.int().min(1).max(64),
  spares: z.int().min(0).max(63),
  /** Of each node and spare: how far it lies from the middle, one way. Two nodes are as far apart as both together. */
  placesMs: z.array(ms),
  jitterMs: ms,
  distribution: z.enum(['uniform', 'normal', 'pareto']),
  clocks: z.array(z.strictObject({
    offsetMs: z.number(), driftPpm: z.number(),
    ntp: z.strictObject({ pollMs: z.number().positive(), errorMs: z.number().min(0), slewPpm: z.number().positive(), stepMs: z.number().positive() }).nullable(),
  })),
  fsyncMs: ms,
  maxMessageBytes: z.int().min(1_024).max(1_000_000),
  frameBytes: z.int().min(200).max(65_000),
  load: z.strictObject({
    workload: z.string().max(40), params: z.record(z.string(), json), ratePerSecond: z.number().positive().max(10_000),
    target: z.enum(['leader', 'nearest', 'spread']), atFollower: z.enum(['forward', 'redirect']), retryMs: ms, timeoutMs: ms,
  }),
  healMs: ms,
  powerMs: ms,
  endMs: ms,
  writesAfterPower: z.boolean(),
  faults: z.array(faultShape).max(2_000),
});

export type HuntCase = z.output<typeof caseShape>;
export type HuntFault = z.output<typeof faultShape>;

/** `file`: for the error. Throws a LabError for what is no case of this version. */
export function caseFrom(value: unknown, file: string): HuntCase {
  const read = caseShape.safeParse(value);
  if (read.success) {
    const { placesMs, clocks, nodes, spares, healMs, powerMs, endMs } = read.data;
    if (placesMs.length !== nodes + spares || clocks.length !== nodes + spares) throw new LabError('bad-result', `${file}: placesMs and clocks are not of ${nodes} nodes and ${spares} spares`, 'give each node one of both');
    if (!(healMs < powerMs && powerMs < endMs)) throw new LabError('bad-result', `${file}: healMs, powerMs and endMs do not ascend`, 'end the faults before the loss of power, and that before the end');
    return read.data;
  }
  const [issue] = read.error.issues;
  throw new LabError('bad-result', `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no case of a hunt'}`, 'use a file that lab hunt has written');
}

function idsOf({ nodes, spares }: HuntCase): readonly NodeId[] {
  return Array.from({ length: nodes + spares }, (_, index) => `n${index + 1}`);
}

function linksOf(hunted: HuntCase): LinkMatrix {
  const ids = idsOf(hunted);
  const { placesMs, jitterMs, distribution } = hunted;
  const near = { ...PERFECT_LINK, delayMs: 1 };
  const row = (from: number) => Object.fromEntries(ids.flatMap((to, index) => (index === from ? [] : [
    [to, { ...PERFECT_LINK, delayMs: (placesMs[from] ?? 0) + (placesMs[index] ?? 0), jitterMs, distribution, order: 'reorder' as const }],
  ])));
  return {
    ...Object.fromEntries(ids.map((from, index) => [from, { ...row(index), [CLIENTS]: near }])),
    [CLIENTS]: Object.fromEntries(ids.map((to) => [to, near])),
  };
}

/** What the drawn faults become. Whatever would happen after healing is left out: it is over by then. */
function faultEntries(hunted: HuntCase, faults: readonly Fault[], links: LinkMatrix): Plan['schedule'] {
  const { healMs, seed } = hunted;
  const nodes = idsOf(hunted).slice(0, hunted.nodes);
  return hunted.faults.flatMap(({ atMs, name, params, aim }, index): Plan['schedule'] => {
    const fault = faults.find((candidate) => candidate.name === name);
    const given = fault?.params.safeParse(params);
    if (fault === undefined || given?.success !== true) {
      throw new LabError('bad-result', `faults.${index}: ${fault === undefined ? `there is no fault ${JSON.stringify(name)}` : `${name}: ${given?.error?.issues[0]?.message.split('\n')[0] ?? ''}`}`, 'use a file that lab hunt has written, with the same plug-ins');
    }
    const entries = entriesOf(name, index, atMs, fault.actions(given.data, { nodes, links }, randomStream(seed, 'fault', index)));
    if (aim === undefined) return entries.filter((entry) => entry.atMs < healMs);
    const { node, ...rest } = aim;
    const bound: Aim = { ...rest, untilMs: healMs, ...(node === undefined ? {} : { node }) };
    return entries.map((entry) => ({ ...entry, aim: bound }));
  });
}

/** Everything off that may be on, and everybody up. */
function healing(hunted: HuntCase, entries: Plan['schedule']): readonly Action[] {
  const cuts = new Set<string>();
  const links = new Set<string>();
  for (const { action } of entries) {
    if (action.type === 'cut') cuts.add(action.overlay);
    else if (action.type === 'links') links.add(action.overlay);
  }
  return [
    ...[...cuts].map((overlay): Action => ({ type: 'cut', overlay, cuts: null })),
    ...[...links].map((overlay): Action => ({ type: 'links', overlay, changes: null })),
    ...idsOf(hunted).flatMap((node): readonly Action[] => [
      { type: 'clock', node, change: null }, { type: 'disk', node, change: null }, { type: 'resume', node }, { type: 'start', node },
    ]),
  ];
}

function scheduleOf(hunted: HuntCase, faults: readonly Fault[], links: LinkMatrix, restartable: boolean, periodMs: number): Plan['schedule'] {
  const { healMs, powerMs, writesAfterPower, load, seed } = hunted;
  const entries = faultEntries(hunted, faults, links);
  const count = hunted.faults.length;
  const random = randomStream(seed, 'power');
  const ids = idsOf(hunted);
  // An overload is a fault too, and its end may lie behind.
  const loads = [...new Set(entries.flatMap(({ action, fault }) => (action.type === 'load' ? fault.index : [])))];
  const atHeal = healing(hunted, entries).filter(({ type }) => restartable || type !== 'start');
  return [
    ...entries,
    ...loads.flatMap((index) => entriesOf('heal', index, healMs, [{ afterMs: 0, action: { type: 'load', factor: 1 } }])),
    // Under the names that the overlays have.
    ...atHeal.map((action) => ({ atMs: healMs, fault: { name: 'heal', index: count, phase: 'middle' }, action } as const)),
    ...(writesAfterPower ? [] : entriesOf('quiet', count + 1, Math.max(healMs, powerMs - load.timeoutMs - periodMs), [{ afterMs: 0, action: { type: 'load', factor: NO_LOAD } }])),
    ...(restartable ? entriesOf(POWER_CYCLE, count + 2, powerMs, [
      ...ids.map((node) => ({ afterMs: 0, action: { type: 'crash', node, disk: 'lose-unsynced' } as const })),
      ...ids.map((node) => ({ afterMs: random() * periodMs, action: { type: 'start', node } as const })),
    ]) : []),
  ].sort((a, b) => a.atMs - b.atMs);
}

export type Prepared = {
  readonly plan: Plan;
  readonly periodMs: number;
  /** What the protocol says of its options. */
  readonly problems: readonly Problem[];
};

/** The plan of a case; faults: those of the lab and its plug-ins. */
export function prepare(protocol: AnyProtocol, hunted: HuntCase, faults: readonly Fault[]): Prepared {
  const links = linksOf(hunted);
  const scene = planOf(protocol, {
    seed: hunted.seed, nodes: hunted.nodes, spares: hunted.spares, links, options: hunted.options, fsyncMs: hunted.fsyncMs,
    ratePerSecond: hunted.load.ratePerSecond, target: hunted.load.target, retryMs: hunted.load.retryMs, maxMessageBytes: hunted.maxMessageBytes,
    measureMs: hunted.endMs - WARMUP_MS, settleMs: 0, detail: 'totals',
  });
  const { ratePerSecond: _, ...load } = hunted.load;
  const plan: Plan = {
    ...scene, id: 'hunt', experiment: 'hunt', warmupMs: WARMUP_MS, frameBytes: hunted.frameBytes,
    nodes: scene.nodes.map((node, index) => ({ ...node, clock: hunted.clocks[index] as ClockSpec })),
    load: { ...scene.load, ...load },
  };
  const merged = mergeOptions(protocol.defaults, hunted.options);
  const resolved = protocol.resolve?.(merged.options, factsOf(plan, 0));
  const options = (resolved?.options ?? merged.options) as Json;
  const periodMs = protocol.longestPeriodMs?.(options) ?? DEFAULT_PERIOD_MS;
  return {
    periodMs, problems: [...merged.problems, ...resolved?.problems ?? []],
    plan: { ...plan, options, schedule: scheduleOf(hunted, faults, links, protocol.restartable !== false, periodMs) },
  };
}
