// Draws a whole case from a seed: cluster, network, clocks, disks, clients, options and faults.
import type { AnyProtocol, Json } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import { changesMembers, mergeOptions } from '../../node/options.ts';
import type { Fault } from '../kinds.ts';
import { CASE_VERSION, prepare } from './case.ts';
import type { HuntCase, HuntFault } from './case.ts';
import { Dice } from './dice.ts';
import { drawHabits, drill, swarm } from './swarm.ts';
import type { Ground } from './swarm.ts';

/** So many of the cases are drills: one thing over and over, in a small cluster. The others are swarms. */
const DRILLED_SHARE = 0.4;
/** An option is varied in so many of the cases. */
const VARIED_SHARE = 0.25;
/** After healing, and after the loss of power, in periods; clients need their own time to ask again. */
export const PERIODS_TO_RECOVER = 10;
const NTP = { pollMs: 4_000, errorMs: 1, slewPpm: 500, stepMs: 128 };

type Cluster = Omit<HuntCase, 'faults' | 'healMs' | 'powerMs' | 'endMs'>;
const NO_FAULTS = { faults: [], healMs: 1, powerMs: 2, endMs: 1_000 };

function drawCluster(protocol: AnyProtocol, options: HuntCase['options'], seed: string, dice: Dice, drilled: boolean): Cluster {
  const nodes = drilled ? dice.pick([3, 3, 3, 5]) : dice.pick([3, 3, 5, 5, 7]);
  const spares = changesMembers(protocol, mergeOptions(protocol.defaults, options).options) && dice.chance(0.3) ? dice.whole(1, 3) : 0;
  // In a drill long enough that nodes act at once without hearing of each other.
  const reachMs = drilled ? dice.scaled(2, 16) : dice.scaled(0.1, 60);
  /** Of alike nodes to one far from the others. */
  const nearer = dice.scaled(1.2, 40);
  const everybody = Array.from({ length: nodes + spares });
  const trueClocks = dice.chance(0.4);
  const workload = dice.pick(['register', 'register', 'hot-key', 'counter', 'read-increment'] as const);
  const keys = dice.whole(1, 6);
  const params = { 'register': { keys, reads: 30, cas: 20 }, 'hot-key': { keys: keys + 1, hot: 60, reads: 30, cas: 20 }, 'counter': { keys, reads: 30 }, 'read-increment': { keys: 2 * keys } }[workload];
  return {
    version: CASE_VERSION, protocol: protocol.name, seed, options, everyCommand: true, nodes, spares,
    placesMs: everybody.map(() => Math.round(dice.scaled(reachMs / nearer, reachMs) * 100) / 100),
    jitterMs: dice.chance(0.5) ? 0 : Math.round(dice.scaled(0.1, reachMs) * 100) / 100,
    distribution: dice.pick(['uniform', 'normal', 'pareto', 'pareto']),
    clocks: everybody.map(() => (trueClocks ? { offsetMs: 0, driftPpm: 0, ntp: null } : {
      offsetMs: Math.round(dice.between(-5, 5) * 10) / 10, driftPpm: Math.round(dice.between(-60, 60)), ntp: dice.chance(0.7) ? NTP : null,
    })),
    fsyncMs: dice.chance(0.2) ? 0 : Math.round(dice.scaled(0.2, 20) * 10) / 10,
    maxMessageBytes: dice.chance(0.2) ? 2_048 : 60_000,
    frameBytes: dice.chance(0.2) ? 400 : 1_400,
    load: {
      workload, params, ratePerSecond: Math.round(dice.scaled(6, 40)), target: dice.pick(['spread', 'spread', 'leader']), atFollower: dice.pick(['forward', 'redirect']),
      retryMs: Math.round(dice.scaled(150, 1_250)), timeoutMs: 3_000,
    },
    writesAfterPower: dice.chance(0.5),
  };
}

/** Other values that an option of this default might have. */
function otherValues(value: Json, nodes: number, dice: Dice): Json | undefined {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return dice.pick([1, 2, Math.round(value / 2), value * 2]);
  if (value !== 'auto' && !Array.isArray(value)) return undefined;
  const least = Math.round(dice.scaled(60, 600));
  return dice.pick<Json>([dice.whole(1, nodes), dice.whole(1, nodes), [least, Math.round(least * dice.between(1.05, 2))]]);
}

/** Those that the protocol takes without a word. Without faults: only the options matter. */
function drawOptions(protocol: AnyProtocol, cluster: Cluster, dice: Dice, drilled: boolean): HuntCase['options'] {
  let options = cluster.options;
  if (!drilled && !dice.chance(0.5)) return options;
  for (const [name, value] of Object.entries(protocol.defaults as { readonly [name: string]: Json })) {
    if (name in cluster.options || !dice.chance(drilled ? 2 * VARIED_SHARE : VARIED_SHARE)) continue;
    const other = otherValues(value, cluster.nodes, dice);
    if (other === undefined) continue;
    const tried = { ...options, [name]: other };
    if (prepare(protocol, { ...cluster, ...NO_FAULTS, options: tried }, []).problems.length === 0) options = tried;
  }
  return options;
}

/** Spread over the time, or together around a few moments. */
function times(dice: Dice, fromMs: number, toMs: number, periodMs: number): () => number {
  if (dice.chance(0.5)) return () => dice.between(fromMs, toMs);
  const centres = Array.from({ length: dice.whole(1, 4) }, () => dice.between(fromMs, toMs));
  return () => Math.min(toMs - 1, Math.max(fromMs, (dice.pick(centres) ?? fromMs) + dice.between(-1.5, 1.5) * periodMs));
}

function drawFaults(ground: Ground, drilled: boolean, fromMs: number, healMs: number): HuntFault[] {
  const { dice, periodMs } = ground;
  const at = times(dice, fromMs, healMs, periodMs);
  const tries = drilled ? drill(ground, fromMs, healMs) : swarm(ground).flatMap(([kind, count]) => Array.from({ length: count }, () => [at(), kind] as const));
  const faults = tries.flatMap(([tryMs, kind]) => kind.draw(ground).map(({ afterMs = 0, ...fault }) => ({ atMs: Math.round((tryMs + afterMs) * 10) / 10, ...fault })));
  return faults.filter(({ atMs }) => atMs < healMs).sort((a, b) => a.atMs - b.atMs);
}

/** options: those that are given, over the protocol's defaults; they are not varied. */
export function drawCase(protocol: AnyProtocol, options: HuntCase['options'], seed: string, faults: readonly Fault[]): HuntCase {
  const dice = new Dice(randomStream(seed, 'hunt', protocol.name));
  const drilled = dice.chance(DRILLED_SHARE);
  const drawn = drawCluster(protocol, options, seed, dice, drilled);
  const varied = drawOptions(protocol, drawn, dice, drilled);
  const cluster = { ...drawn, options: varied, everyCommand: varied === options };
  const { periodMs, plan } = prepare(protocol, { ...cluster, ...NO_FAULTS }, []);
  const fromMs = dice.chance(0.3) ? 10 : 1_000;
  const healMs = Math.round(fromMs + dice.between(0.5, 1.5) * Math.min(20_000, Math.max(6_000, 30 * periodMs)));
  const recoveryMs = PERIODS_TO_RECOVER * periodMs + 2 * cluster.load.retryMs;
  const powerMs = Math.round(healMs + recoveryMs + cluster.load.timeoutMs + 2_000);
  const endMs = Math.round(powerMs + recoveryMs + (cluster.writesAfterPower ? cluster.load.timeoutMs + 1_500 : 0));
  const ground: Ground = {
    dice, periodMs, fsyncMs: cluster.fsyncMs, nodes: Array.from({ length: cluster.nodes }, (_, index) => `n${index + 1}`),
    hasLeader: protocol.leadership?.(plan.options) !== 'none', restartable: protocol.restartable !== false, reconfigurable: cluster.spares > 0, habits: drawHabits(dice, periodMs),
  };
  const hunted = { ...cluster, healMs, powerMs, endMs, faults: drawFaults(ground, drilled, fromMs, healMs).filter(({ name }) => faults.some((fault) => fault.name === name)) };
  // As its file would have it: JSON knows no -0.
  return JSON.parse(JSON.stringify(hunted)) as HuntCase;
}
