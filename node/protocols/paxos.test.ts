// Paxos in the simulator, in the forms that the registry's defaults do not show: `any` through the whole conformance suite,
// fixed proposers and other quorums under crashes, and the closed form against what is measured.
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../../netem/profiles.ts';
import { BUILTINS } from '../../orchestrator/builtins.ts';
import { TROUBLED } from '../../orchestrator/conformance/scenes.ts';
import { crashes } from '../../orchestrator/conformance/trouble.ts';
import { conformance } from '../../test/conformance.ts';
import { planOf, violations } from '../../orchestrator/conformance/trial.ts';
import type { Scene } from '../../orchestrator/conformance/trial.ts';
import { runTrial } from '../../test/trial.ts';
import { parseExperiment } from '../../orchestrator/experiment.ts';
import { judge } from '../../orchestrator/judge.ts';
import type { Summary } from '../../orchestrator/kinds.ts';
import { factsOf } from '../../orchestrator/metrics/facts.ts';
import { makePlans } from '../../orchestrator/plan.ts';
import { createSimulator } from '../../orchestrator/simulate.ts';
import { register } from '../../orchestrator/workloads/register.ts';
import { nodeBytes } from '../../test/bytes.ts';
import type { NodeId } from '../contract.ts';
import { paxos } from './paxos.ts';
import type { Options } from './paxos/options.ts';

conformance({ ...paxos, name: 'paxos, any proposer,', defaults: { ...paxos.defaults, leader: 'any' } });

describe('keeps its claims while nodes lose power', () => {
  test.each<Partial<Options>>([
    { leader: 'fixed:n1' }, { leader: 'stable:n2', q1: 4, q2: 2 }, { leader: 'any', q1: 2, q2: 4 }, { leader: 'stable', window: 1 },
    { leader: 'roundRobin', thrifty: true }, { leader: 'any', allAboard: true, phase1Bypass: true }, { leader: 'any', learners: 'broadcast', backoff: 'fixed' },
    { allAboard: true, learners: 'broadcast' }, { checkpointEvery: 7 }, { leader: 'any', checkpointEvery: 2, thrifty: true }, { grid: '1x5' },
  ])('with %j', async (options) => {
    for (const seed of ['1', '2']) {
      const outcome = await runTrial(paxos, { ...TROUBLED, seed, options, actions: crashes(seed) });
      expect(violations(outcome)).toEqual([]);
      expect(outcome.calls.filter((call) => call.outcome === 'ok').length).toBeGreaterThan(outcome.calls.length / 2);
    }
  });
});

const profileOf = (name: string) => PROFILES.find((profile) => profile.name === name) ?? { regions: [] };

/** An experiment of one run, judged. */
async function measured(text: string): Promise<Summary> {
  const simulator = createSimulator(nodeBytes, () => Promise.resolve());
  const [plan] = makePlans(parseExperiment(text, 'text', BUILTINS), { runner: simulator.name, supports: simulator.supports });
  if (plan === undefined) throw new Error('no plan');
  const judgement = judge(plan, { protocol: paxos, workload: register, checks: [] });
  await simulator.run(plan, { folder: '', stop: { requested: false }, progress: () => undefined, emit: (event) => judgement.observe(event) });
  return judgement.finish(false);
}

/** Who leads, in order; and every latency that clients saw, by the node that they asked. */
async function watch(scene: Scene): Promise<{ readonly leaders: readonly NodeId[]; readonly latenciesMs: ReadonlyMap<NodeId, readonly number[]> }> {
  const leaders: NodeId[] = [];
  const asked = new Map<string, { readonly atMs: number; readonly to: NodeId }>();
  const latenciesMs = new Map<NodeId, number[]>();
  await runTrial(paxos, scene, (event) => {
    if (event.type === 'status' && event.status.role === 'leader' && leaders.at(-1) !== event.node) leaders.push(event.node);
    else if (event.type === 'attempt') asked.set(event.id, { atMs: event.atMs, to: event.to });
    else if (event.type === 'reply') {
      const { atMs, to } = asked.get(event.id) ?? { atMs: 0, to: '' };
      latenciesMs.set(to, [...(latenciesMs.get(to) ?? []), event.atMs - atMs]);
    }
  });
  return { leaders, latenciesMs };
}

describe('without faults', () => {
  test.each<Partial<Options>>([{ leader: 'stable:n2' }, { leader: 'fixed:n3', q1: 5, q2: 1 }, { leader: 'stable:n1', q1: 1, q2: 5 }])('every command takes exactly what the closed form says, with %j', async (options) => {
    const scene: Scene = { seed: '1', ratePerSecond: 5, options };
    const plan = planOf(paxos, scene);
    const leader = /:(.*)$/.exec(options.leader ?? '')?.[1] ?? null;
    const { leaders, latenciesMs } = await watch(scene);
    expect(leaders).toEqual([leader]);
    expect(latenciesMs.size).toBe(5);
    for (const [entry, latencies] of latenciesMs) {
      const [point] = paxos.expected?.(plan.options as Options, factsOf(plan, 2), { client: 'home', entry, leader, atFollower: 'forward', ratePerSecond: 5 }) ?? [];
      expect(latencies.length).toBeGreaterThan(3);
      const median = latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length / 2)];
      expect(median).toBeCloseTo(point?.fromMs ?? 0, 6);
    }
  });

  const NETWORKS = ['aws-5', 'global-5'];
  const FORMS: readonly Partial<Options>[] = [
    { q1: 4, q2: 2 }, { q1: 1, q2: 5 }, { thrifty: true }, { thrifty: true, q1: 4, q2: 2 }, { allAboard: true }, { learners: 'broadcast' }, { learners: 'broadcast', q1: 4, q2: 2 },
    { learners: 'broadcast', allAboard: true }, { phase1Bypass: true }, { grid: '1x5' }, { grid: '5x1' }, { leader: 'roundRobin' },
    { leader: 'any' }, { leader: 'any', q1: 4, q2: 2, thrifty: true }, { leader: 'any', allAboard: true }, { leader: 'any', learners: 'broadcast' },
  ];
  test.each(NETWORKS.flatMap((network) => FORMS.map((options) => [network, options] as const)))('on %s with %j every region sees the closed form within 1 %%', async (network, options) => {
    // One writing region at a time under any, where several would duel.
    const regions = profileOf(network).regions.slice(0, 5);
    for (const region of options.leader === 'any' ? regions.slice(0, 2) : [regions[1] ?? '']) {
      const { expected: rows } = await measured(`
name: closed-form
protocols: [{ paxos: ${JSON.stringify({ leader: 'fixed:n1', ...options })} }]
nodes: [${regions.join(', ')}]
network: { wan: ${network} }
load: { rate: 10/s, clients: { ${region}: 1 } }
run: { warmup: 6s, measure: 6s, settle: 5s }`);
      expect(rows.map((row) => row.region)).toEqual([region]);
      for (const { measuredP50Ms, expectedP50Ms, samples } of rows) {
        expect(samples).toBeGreaterThan(20);
        expect(Math.abs((measuredP50Ms ?? 0) / expectedP50Ms - 1)).toBeLessThan(0.01);
      }
    }
  });

  test('a pinned leader is followed by another when it fails, and does not take the place back', async () => {
    const { leaders } = await watch({ seed: '1', options: { leader: 'stable:n4' }, actions: [
      { atMs: 3_000, action: { type: 'crash', node: 'n4', disk: 'keep' } }, { atMs: 6_000, action: { type: 'restart', node: 'n4' } },
    ] });
    expect(leaders).toHaveLength(2);
    expect(leaders[0]).toBe('n4');
  });

  test('a fixed proposer is followed by nobody', async () => {
    const { leaders } = await watch({ seed: '1', options: { leader: 'fixed:n4' }, actions: [{ atMs: 3_000, action: { type: 'crash', node: 'n4', disk: 'keep' } }] });
    expect(leaders).toEqual(['n4']);
  });

  test('a leader that hears nobody gives way to one who does', async () => {
    const { leaders } = await watch({ seed: '1', options: { leader: 'stable:n4' }, actions: [
      { atMs: 3_000, action: { type: 'cut', overlay: 'deaf', cuts: [{ from: ['n1', 'n2', 'n3', 'n5'], to: ['n4'] }] } },
    ] });
    expect(leaders[0]).toBe('n4');
    expect(leaders.length).toBeGreaterThan(1);
    expect(leaders.at(-1)).not.toBe('n4');
  });
});
