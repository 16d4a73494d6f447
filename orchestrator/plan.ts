// Experiment → plans: protocols × sweep × repetitions. All randomness is fixed here or follows from the plan's seed, and
// whatever cannot be is refused before anything starts. Two runners get the same plan but for runner, shaper and fsyncMs.
import type { ClockSpec } from '../node/clock.ts';
import type { Facts, Json, Leadership, NodeId, Problem } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import { changesMembers, mergeOptions } from '../node/options.ts';
import type { LinkMatrix } from '../netem/link.ts';
import { sourceOf } from '../netem/profiles.ts';
import type { Profile } from '../netem/profiles.ts';
import { named } from './builtins.ts';
import type { ExperimentDocument } from './document.ts';
import { fail } from './experiment.ts';
import type { Choice, Experiment, Settings, Variant } from './experiment.ts';
import type { ReadFile } from './files.ts';
import type { Action, Plan } from './kinds.ts';
import { linkScheduleOf } from './link-schedule.ts';
import { linksOf, oneWaysOf } from './links.ts';
import { peakFactor } from './load/arrivals.ts';
import type { Place } from './links.ts';
import { shareOut } from './load/loop.ts';
import type { Loop } from './load/loop.ts';
import { checkRegion, networkOf } from './networks.ts';
import { planned } from './predictions.ts';
import { scheduleOf } from './schedule.ts';
import { MAX_NODES } from './schema.ts';
import { membersOf } from './seats.ts';
import { didYouMean } from './suggest.ts';
import type { Range } from './units.ts';

export type PlanRequest = {
  readonly runner: string;
  readonly supports: ReadonlySet<Action['type']>;
  /** Of the runner's; absent: its only one. */
  readonly shaper?: string;
  readonly time?: 'virtual';
  /** Default: the experiment's, else '1'. Repetition k > 1 runs under `${seed}.${k}`. */
  readonly seed?: string;
  readonly repeat?: number;
  /** Instead of what load.rate says; both: each run once with either, side by side. */
  readonly load?: Loop | 'both';
};

/** What the simulator takes for a real disk. */
const SIMULATED_FSYNC_MS = 1;
/** 2026-01-01T00:00:00Z. A run starts within the hour after it, so that rounds by the wall clock meet it at any phase. */
const EPOCH_MS = 1_767_225_600_000;
const EPOCH_SPREAD_MS = 3_600_000;
/** Up to this rate each message is an event of its own. */
const DETAILED_RATE_PER_SECOND = 1000;
const MAX_SESSIONS = 1_000_000;
const MAX_PLANS = 10_000;

/** What all protocols and repetitions of a variant share. */
type Ground = {
  readonly settings: Settings;
  readonly document: ExperimentDocument;
  readonly profile: Profile;
  /** What the network's file leaves open. */
  readonly remarks: readonly string[];
  readonly nodes: readonly { readonly id: NodeId; readonly region: string; readonly address: string; readonly joining?: true }[];
  readonly leader: NodeId | null;
  readonly clients: Plan['load']['clients'];
  readonly links: LinkMatrix;
  readonly linkSchedule: Plan['linkSchedule'];
  readonly settleMs: number;
};

/** The members, then the spares. */
function nodesOf({ nodes, spares }: Settings, profile: Profile, document: ExperimentDocument): Ground['nodes'] {
  const placed = (given: number | readonly string[], before: number) => (
    typeof given === 'number' ? Array.from({ length: given }, (_, index) => profile.regions[(before + index) % profile.regions.length] ?? '') : given);
  const members = placed(nodes, 0);
  const regions = [...members, ...placed(spares, members.length)];
  if (regions.length > MAX_NODES) fail(document, ['spares'], `with the nodes they are ${regions.length}`, `an experiment has at most ${MAX_NODES} nodes, its spares among them`);
  return regions.map((region, index) => {
    const joins = index >= members.length;
    checkRegion(region, profile, document, joins ? ['spares', index - members.length] : ['nodes', index], false);
    // Of the range for benchmarks (RFC 2544): never a host that a packet could reach.
    return { id: `n${index + 1}`, region, address: `198.18.0.${11 + index}`, ...(joins ? { joining: true } : {}) };
  });
}

function pinned({ leader }: Settings, nodes: Ground['nodes'], document: ExperimentDocument): NodeId | null {
  if (leader === null) return null;
  const node = nodes.find(({ id, region, joining }) => (id === leader || region === leader) && joining !== true);
  if (node === undefined) fail(document, ['leader'], `there is no node or region ${JSON.stringify(leader)}`, didYouMean(leader, [...new Set(nodes.flatMap(({ id, region }) => [id, region]))]));
  return node.id;
}

function clientsOf({ load }: Settings, nodes: Ground['nodes'], profile: Profile, document: ExperimentDocument): Plan['load']['clients'] {
  const given = load.clients ?? Object.fromEntries(nodes.flatMap(({ region, joining }) => (joining === true ? [] : [[region, 1]])));
  const clients = Object.entries(given).map(([region, count]) => ({ region, count }));
  if (clients.length === 0) fail(document, ['load', 'clients'], '{} leaves nobody to send', 'name a region and its weight: { us-east-1: 1 }');
  for (const { region } of clients) checkRegion(region, profile, document, ['load', 'clients', region], true);
  if (load.rate !== null || load.connections === undefined) return clients;
  if (load.connections < clients.length) fail(document, ['load', 'connections'], `${load.connections} for the clients of ${clients.length} regions`, `give at least ${clients.length}, or fewer load.clients`);
  const shares = shareOut(load.connections, clients.map(({ count }) => count));
  return clients.map(({ region }, index) => ({ region, count: shares[index] ?? 1 }));
}

function checkTimes({ load, run }: Settings, settleMs: number, document: ExperimentDocument): void {
  if (settleMs < load.timeout) {
    fail(document, ['run', 'settle'], `${settleMs}ms is shorter than load.timeout, ${load.timeout}ms`, 'let settle be at least the timeout, or the last commands have no outcome');
  }
  if (load.retry !== undefined && load.retry > load.timeout) {
    fail(document, ['load', 'retry'], `${load.retry}ms is longer than load.timeout, ${load.timeout}ms`, 'retry within the timeout; leave it out for a quarter of it');
  }
  if (run.warmup + run.measure > 86_400_000) fail(document, ['run', 'measure'], 'the run is longer than a day', 'shorten it');
}

/** The settings as the loop asks for them; null: as they are. */
function under({ settings, document, suffix }: Variant, loop: Loop | null): Variant {
  const { load } = settings;
  if (loop === 'open' && load.rate === null) fail(document, ['load', 'rate'], 'max is no rate, and the open loop needs one', 'give it one, such as --rate 100/s, or ask for the closed loop alone');
  return loop === 'closed' ? { suffix, document, settings: { ...settings, load: { ...load, rate: null, batch: 1 } } } : { settings, document, suffix };
}

function groundOf({ settings, document }: Variant, readFile: ReadFile): Ground {
  const { profile, remarks } = networkOf(settings.network, document, readFile);
  const nodes = nodesOf(settings, profile, document);
  const clients = clientsOf(settings, nodes, profile, document);
  const settleMs = settings.run.settle ?? settings.load.timeout;
  checkTimes(settings, settleMs, document);
  if (settings.load.target === 'leader' && settings.load.atFollower === 'forward') {
    fail(document, ['load', 'atFollower'], 'forward means nothing when clients ask the leader', 'leave atFollower out, or choose target: nearest');
  }
  if (settings.load.rate === null && settings.load.batch > 1) {
    fail(document, ['load', 'batch'], 'a connection of the closed loop has one command open', 'leave batch out, or give a rate');
  }
  const places: readonly Place[] = [
    ...nodes.map(({ id, region }) => ({ id, region, client: false })),
    ...clients.map(({ region }) => ({ id: region, region, client: true })),
  ];
  const links = linksOf(profile, settings.network, places, document);
  const { warmup: warmupMs, measure: measureMs } = settings.run;
  const linkSchedule = linkScheduleOf({ profile, network: settings.network, places, links, warmupMs, measureMs, settleMs, document, readFile });
  return { settings, document, profile, remarks, nodes, clients, settleMs, leader: pinned(settings, nodes, document), links, linkSchedule };
}

function clockErrorMs({ clocks, run }: Settings, settleMs: number): number {
  const largest = ({ from, to }: Range) => Math.max(Math.abs(from), Math.abs(to));
  const driftsForMs = clocks.ntp === null ? run.warmup + run.measure + settleMs : clocks.ntp.poll;
  // A poll is off by its noise: three standard deviations of it are allowed for.
  return largest(clocks.offset) + (largest(clocks.drift) / 1e6) * driftsForMs + (clocks.ntp === null ? 0 : 3 * clocks.ntp.error);
}

/** What a protocol may know of a plan, at planning and for its closed form. */
function factsOf({ settings, nodes, leader, links, settleMs }: Ground): Facts {
  return {
    members: membersOf({ nodes }),
    leader,
    oneWayMs: oneWaysOf(links),
    clockErrorMs: clockErrorMs(settings, settleMs),
    fsyncMs: settings.disk.fsync === 'real' ? SIMULATED_FSYNC_MS : settings.disk.fsync,
    frameBytes: settings.network.frame,
  };
}

type Resolved = { readonly options: Json; readonly leadership: Leadership; readonly reconfigurable: boolean; readonly warnings: readonly string[] };

/** The protocol's own rules, applied to the options as given. */
function resolved(choice: Choice, ground: Ground, experiment: Experiment): Resolved {
  const { document, settings } = ground;
  const protocol = named(experiment.registry.protocols, choice.protocol, 'protocol');
  const defaults = protocol.defaults as { readonly [option: string]: Json };
  const given = choice.options as { readonly [option: string]: Json };
  const warnings: string[] = [];
  const consider = ({ level, option, message }: Problem) => {
    if (level === 'warning') {
      warnings.push(`${choice.label}: ${option === '' ? '' : `${option}: `}${message}`);
      return;
    }
    const value = given[option] === undefined ? '' : JSON.stringify(given[option]);
    const unknown = option !== '' && !Object.hasOwn(defaults, option);
    const hint = unknown ? didYouMean(option, Object.keys(defaults)) : `change it, or leave it out for its default ${JSON.stringify(defaults[option] ?? null)}`;
    fail(document, option === '' ? choice.path : [...choice.path, option], unknown || value === '' || message.includes(value) ? message : `${value}: ${message}`, hint, unknown);
  };
  const merged = mergeOptions(defaults, given);
  merged.problems.forEach(consider);
  const reconfigurable = changesMembers(protocol, merged.options);
  if (!reconfigurable && ground.nodes.some(({ joining }) => joining === true)) {
    fail(document, ['spares'], `${choice.label} cannot change its members: no spare could ever join`, 'leave spares out, or choose protocols that are reconfigurable');
  }
  // Asked before resolve, which may word a conflict in its own way, and after it, when `auto` is decided.
  const leadershipOf = (options: Json): Leadership => protocol.leadership?.(options) ?? 'stable';
  const pinnable = leadershipOf(merged.options);
  if (ground.leader !== null && pinnable !== 'stable') {
    fail(document, ['leader'], `${choice.label} has no leader that could be pinned: its leadership is ${pinnable}`, 'leave leader out, or choose protocols that keep a leader');
  }
  const result = protocol.resolve?.(merged.options, factsOf(ground)) ?? { options: merged.options, problems: [] };
  result.problems.forEach(consider);
  const options = result.options as Json;
  const leadership = leadershipOf(options);
  if (settings.load.target === 'leader' && leadership === 'none') {
    fail(document, ['load', 'target'], `${choice.label} has no leader that clients could ask`, 'choose target: nearest or spread');
  }
  return { options, leadership, reconfigurable, warnings };
}

function drawn({ from, to }: Range, random: () => number): number {
  return from === to ? from : from + (to - from) * random();
}

function clocksOf({ settings: { clocks }, nodes }: Ground, seed: string): readonly ClockSpec[] {
  const ntp = clocks.ntp === null ? null : { pollMs: clocks.ntp.poll, errorMs: clocks.ntp.error, slewPpm: clocks.ntp.slew, stepMs: clocks.ntp.step };
  return nodes.map(({ id }) => ({
    offsetMs: drawn(clocks.offset, randomStream(seed, 'clock', id, 'offset')),
    driftPpm: drawn(clocks.drift, randomStream(seed, 'clock', id, 'drift')),
    ntp,
  }));
}

/** peak: the largest factor that a fault multiplies the rate with. */
function loadOf({ settings: { load }, clients }: Ground, peak: number): Plan['load'] {
  const connections = clients.reduce((sum, { count }) => sum + count, 0);
  const enough = load.rate === null ? connections : Math.ceil((2 * load.rate * Math.max(1, peak) * load.timeout) / 1000);
  return {
    workload: load.workload,
    params: load.params,
    clients,
    ratePerSecond: load.rate,
    arrivals: load.arrivals,
    target: load.target,
    atFollower: load.atFollower ?? (load.target === 'leader' ? 'redirect' : 'forward'),
    timeoutMs: load.timeout,
    retryMs: load.retry ?? load.timeout / 4,
    backOff: { kind: load.backoff.kind, firstMs: load.backoff.first, mostMs: load.backoff.most },
    breaker: load.breaker === null ? null : { failures: load.breaker.failures, openMs: load.breaker.open },
    batch: load.batch,
    maxSessions: load.maxSessions ?? Math.min(MAX_SESSIONS, Math.max(enough, connections)),
  };
}

type Run = { readonly repetition: number; readonly seed: string; readonly runner: PlanRequest; readonly variant: number; readonly mark: Loop | null };

function planOf(choice: Choice, { options, leadership, reconfigurable, warnings }: Resolved, ground: Ground, run: Run, experiment: Experiment): Plan {
  const { settings, document, nodes, profile, links, settleMs } = ground;
  const { repetition, seed, mark, runner: { runner, supports, shaper, time } } = run;
  const { suffix } = experiment.variants[run.variant] ?? { suffix: '' };
  const clocks = clocksOf(ground, seed);
  const scene = { nodes, links, warmupMs: settings.run.warmup, measureMs: settings.run.measure, openLoop: settings.load.rate !== null, runner, supports, faults: experiment.registry.faults, document };
  const faults = scheduleOf(settings.faults, scene, { label: choice.label, leadership, reconfigurable }, seed);
  const peak = peakFactor(faults.schedule);
  const load = loadOf(ground, peak);
  const simulated = runner === 'sim';
  return {
    version: 1,
    id: [experiment.name, choice.label, ...(suffix === '' ? [] : [`v${run.variant + 1}`]), ...(mark === null ? [] : [mark]), repetition].join('-'),
    experiment: experiment.name,
    label: choice.label + suffix + (mark === null ? '' : `+${mark}`),
    runner,
    shaper: shaper ?? (simulated ? 'sim' : 'userspace'),
    ...(time === undefined || simulated ? {} : { time }),
    protocol: choice.protocol,
    options,
    repetition,
    seed,
    epochMs: EPOCH_MS + Math.floor(randomStream(seed, 'epoch')() * EPOCH_SPREAD_MS),
    nodes: nodes.map(({ id, region, address, joining }, index) => ({
      id, address, region, clock: clocks[index] ?? { offsetMs: 0, driftPpm: 0, ntp: null }, ...(joining === true ? { joining } : {}),
    })),
    leader: ground.leader,
    links,
    ...(ground.linkSchedule === undefined ? {} : { linkSchedule: ground.linkSchedule }),
    network: { profile: profile.name, source: sourceOf(profile) },
    maxMessageBytes: settings.network.message,
    frameBytes: settings.network.frame,
    fsyncMs: simulated && settings.disk.fsync === 'real' ? SIMULATED_FSYNC_MS : settings.disk.fsync,
    ...(settings.limits === undefined ? {} : { limits: { cpus: settings.limits.cpus, memoryBytes: settings.limits.memory, pids: settings.limits.pids } }),
    load,
    warmupMs: settings.run.warmup,
    measureMs: settings.run.measure,
    settleMs,
    detail: load.ratePerSecond !== null && load.ratePerSecond * peak <= DETAILED_RATE_PER_SECOND ? 'messages' : 'sampled',
    schedule: faults.schedule,
    thresholds: settings.thresholds,
    ...planned(settings.predictions, choice.label),
    warnings: [...ground.remarks, ...(settings.limits === undefined || supports.has('limit') ? [] : [`limits: the runner ${runner} has no containers that they could hold for`]), ...warnings, ...faults.warnings],
  };
}

/** In the order variant, repetition, protocol, loop: what is compared runs close together. Throws LabErrors. */
export function makePlans(experiment: Experiment, request: PlanRequest): Plan[] {
  const plans: Plan[] = [];
  const loops: readonly (Loop | null)[] = request.load === 'both' ? ['open', 'closed'] : [request.load ?? null];
  experiment.variants.forEach((variant, index) => {
    const grounds = loops.map((loop) => ({ ground: groundOf(under(variant, loop), experiment.readFile), mark: request.load === 'both' ? loop : null }));
    const { settings, document } = variant;
    const choices = settings.protocols.flatMap((choice) => grounds.map(({ ground, mark }) => ({ choice, ground, mark, result: resolved(choice, ground, experiment) })));
    const base = request.seed ?? String(settings.run.seed ?? '1');
    const repeat = request.repeat ?? settings.run.repeat;
    if (plans.length + repeat * choices.length > MAX_PLANS) fail(document, ['run', 'repeat'], `more than ${MAX_PLANS} runs`, 'repeat less often, or sweep over less');
    for (let repetition = 1; repetition <= repeat; repetition++) {
      const seed = repetition === 1 ? base : `${base}.${repetition}`;
      for (const { choice, result, ground, mark } of choices) plans.push(planOf(choice, result, ground, { repetition, seed, runner: request, variant: index, mark }, experiment));
    }
  });
  return plans;
}
