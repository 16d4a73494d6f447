// One run of one protocol in the simulator: a plan in few words, and what came of it. The protocol need not be registered.
import type { AnyProtocol, Claim, Json, NodeId } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import { mergeOptions } from '../../node/options.ts';
import type { Bytes } from '../../node/wire.ts';
import type { Link, LinkMatrix } from '../../netem/link.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { CHECKS } from '../checks/all.ts';
import { factsOf } from '../metrics/facts.ts';
import type { Action, LabEvent, Plan, Verdict } from '../kinds.ts';
import { createSimulator } from '../simulate.ts';
import { register } from '../workloads/register.ts';

const ALL_CLAIMS: readonly Claim[] = ['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];
const STEADY = { offsetMs: 0, driftPpm: 0, ntp: null };
const CLIENT_REGION = 'home';

export type Scene = {
  readonly seed: string;
  readonly nodes?: number;
  /** Nodes beside them that wait to join. */
  readonly spares?: number;
  /** Between any two nodes; default 10 ms and nothing else. */
  readonly link?: Partial<Link>;
  /** Instead of `link`: all of them; clients are in the region 'home'. */
  readonly links?: LinkMatrix;
  /** Default: spread. */
  readonly target?: Plan['load']['target'];
  readonly retryMs?: number;
  readonly clockOffsetsMs?: readonly number[];
  readonly driftPpm?: number;
  readonly options?: Json;
  readonly fsyncMs?: number;
  readonly ratePerSecond?: number;
  readonly measureMs?: number;
  readonly settleMs?: number;
  readonly maxMessageBytes?: number;
  readonly detail?: Plan['detail'];
  /** Each with a number of its own by which its selector is bound. */
  readonly actions?: readonly { readonly atMs: number; readonly action: Action }[];
};

export function planOf(protocol: AnyProtocol, scene: Scene): Plan {
  const members = scene.nodes ?? 5;
  const ids = Array.from({ length: members + (scene.spares ?? 0) }, (_, index) => `n${index + 1}`);
  const link: Link = { ...PERFECT_LINK, delayMs: 10, ...scene.link };
  const near: Link = { ...PERFECT_LINK, delayMs: 1 };
  const links: LinkMatrix = scene.links ?? Object.fromEntries([
    ...ids.map((from) => [from, Object.fromEntries([...ids.filter((to) => to !== from).map((to) => [to, link]), [CLIENT_REGION, near]])]),
    [CLIENT_REGION, Object.fromEntries(ids.map((to) => [to, near]))],
  ]);
  const plan: Plan = {
    version: 1, id: 'trial', experiment: 'trial', label: protocol.name, runner: 'sim', shaper: 'sim', protocol: protocol.name,
    options: mergeOptions(protocol.defaults, scene.options ?? {}).options, repetition: 1, seed: scene.seed,
    epochMs: 1_767_225_600_000 + Math.floor(randomStream(scene.seed, 'epoch')() * 3_600_000),
    nodes: ids.map((id, index) => ({
      id, address: `198.18.0.${11 + index}`, region: 'site',
      clock: { ...STEADY, offsetMs: scene.clockOffsetsMs?.[index] ?? 0, driftPpm: (scene.driftPpm ?? 0) * (index % 2 === 0 ? 1 : -1) },
      ...(index < members ? {} : { joining: true }),
    })),
    leader: null, links, network: { profile: 'trial', source: 'test' },
    maxMessageBytes: scene.maxMessageBytes ?? 60_000, frameBytes: 1_400, fsyncMs: scene.fsyncMs ?? 2,
    load: {
      workload: register.name, params: { keys: 4, reads: 30, cas: 20 },
      clients: [{ region: CLIENT_REGION, count: 1 }], ratePerSecond: scene.ratePerSecond ?? 20, arrivals: 'poisson',
      target: scene.target ?? 'spread', atFollower: 'forward', timeoutMs: 5_000, retryMs: scene.retryMs ?? 1_250,
      backOff: { kind: 'exponential', firstMs: 20, mostMs: 1_000 }, breaker: null, batch: 1, maxSessions: 2_000,
    },
    warmupMs: 1_000, measureMs: scene.measureMs ?? 10_000, settleMs: scene.settleMs ?? 6_000, detail: scene.detail ?? 'totals',
    schedule: (scene.actions ?? []).map(({ atMs, action }, index) => ({ atMs, fault: { name: action.type, index, phase: 'middle' }, action })),
    thresholds: [], warnings: [],
  };
  return { ...plan, options: (protocol.resolve?.(plan.options, factsOf(plan, 0)).options ?? plan.options) as Json };
}

/** What clients were told of one command. */
export type Call = { readonly atMs: number; readonly outcome: 'ok' | 'fail' | 'unknown' };

export type Outcome = {
  readonly plan: Plan;
  readonly claims: readonly Claim[];
  readonly verdicts: readonly Verdict[];
  readonly calls: readonly Call[];
  /** Of the last life of each node. */
  readonly commits: ReadonlyMap<NodeId, number>;
};

/** Every event of the run goes to `see` as well. */
export type RunTrial = (protocol: AnyProtocol, scene: Scene, see?: (event: LabEvent) => void) => Promise<Outcome>;

export function openTrials(bytes: Bytes): RunTrial {
  return (protocol, scene, see = () => undefined) => runTrial(bytes, protocol, scene, see);
}

async function runTrial(bytes: Bytes, protocol: AnyProtocol, scene: Scene, see: (event: LabEvent) => void): Promise<Outcome> {
  const plan = planOf(protocol, scene);
  const checks = CHECKS.map((check) => check.begin(plan, register.model));
  const invoked = new Map<string, number>();
  const calls: Call[] = [];
  const lives = new Map<NodeId, { life: number; commits: number }>();
  const emit = (event: LabEvent) => {
    for (const check of checks) check.observe(event);
    if (event.type === 'invoke') invoked.set(event.command.id, event.atMs);
    else if (event.type === 'reply') calls.push({ atMs: invoked.get(event.id) ?? 0, outcome: event.reply.outcome });
    else if (event.type === 'committed') {
      const before = lives.get(event.node);
      lives.set(event.node, { life: event.life, commits: before?.life === event.life ? before.commits + 1 : 1 });
    }
    see(event);
  };
  const simulator = createSimulator(bytes, () => Promise.resolve(), { protocols: [protocol], workloads: [register] });
  await simulator.run(plan, { emit, stop: { requested: false }, folder: '', progress: () => undefined });
  return {
    plan, claims: protocol.claims?.(plan.options) ?? ALL_CLAIMS, calls, verdicts: checks.map((check) => check.finish()),
    commits: new Map([...lives].map(([node, { commits }]) => [node, commits])),
  };
}

/** Violations of what the protocol claims, or of what every run must keep. */
export function violations({ verdicts, claims }: Outcome): readonly string[] {
  return verdicts.filter(({ claim, valid }) => valid !== true && (claim === null || claims.includes(claim))).map(inWords);
}

/** Violations of what it does not claim. */
export function findings({ verdicts, claims }: Outcome): readonly string[] {
  return verdicts.filter(({ claim, valid }) => valid === false && claim !== null && !claims.includes(claim)).map(inWords);
}

function inWords({ check, because }: Verdict): string {
  return `${check}: ${because}`;
}
