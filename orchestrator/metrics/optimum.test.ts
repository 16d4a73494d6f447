// The closed form beside the simulator on every network that the lab brings, without jitter and loss: equal for each protocol whose latency
// is one number, per client region, and for a plug-in that states its own. A form that is off by two in a thousand is seen.
import { expect, test } from 'vitest';
import type { AnyProtocol, ExpectedLoad, Facts } from '../../node/contract.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { PROFILES } from '../../netem/profiles.ts';
import { BUILTINS, createRegistry, named } from '../builtins.ts';
import { NODE_BYTES } from '../cli/bytes.ts';
import { parseExperiment } from '../experiment.ts';
import { judge } from '../judge.ts';
import type { Summary } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';

const QUIET = { jitter: '0ms', loss: '0%', duplicate: '0%', reorder: '0%' };

/** Clients in up to five regions, the first three nodes; the first leads. */
async function run(protocol: AnyProtocol, wan: string): Promise<Summary> {
  const registry = createRegistry([{ ...BUILTINS, protocols: [protocol] }]);
  const regions = PROFILES.find(({ name }) => name === wan)?.regions ?? [];
  const text = JSON.stringify({
    name: 'a', protocols: [protocol.name], nodes: 3, leader: 'n1', network: { wan, links: { '* - *': QUIET } }, disk: { fsync: '1ms' },
    load: { rate: '20/s', timeout: '20s', clients: Object.fromEntries(regions.slice(0, 5).map((region) => [region, 1])) }, run: { warmup: '5s', measure: '4s' },
  });
  const simulator = createSimulator(NODE_BYTES, () => Promise.resolve(), registry);
  const plan = makePlans(parseExperiment(text, 'a', registry), { runner: 'sim', supports: simulator.supports })[0];
  if (plan === undefined) throw new Error('there is no plan');
  const judgement = judge(plan, { protocol, workload: named(registry.workloads, plan.load.workload, 'workload'), checks: [] });
  await simulator.run(plan, { folder: '', stop: { requested: false }, progress: () => undefined, emit: (event) => judgement.observe(event) });
  return judgement.finish(false);
}

/** Of each client region. */
const ratios = ({ expected }: Summary) => expected.map(({ measuredP50Ms, expectedP50Ms }) => (measuredP50Ms ?? Infinity) / expectedP50Ms);
const off = (values: readonly number[]) => values.filter((ratio) => !(ratio > 0.999 && ratio < 1.001));

/** A leader elected by timeouts and replaced by them: their latency is a point. */
const points = PROTOCOLS.filter((protocol) => protocol.election !== undefined);

test('there are such protocols, and many networks', () => {
  expect(points.length).toBeGreaterThanOrEqual(2);
  expect(PROFILES.length).toBeGreaterThanOrEqual(15);
});

test.each(points.flatMap((protocol) => PROFILES.map(({ name }) => [protocol.name, name, protocol] as const)))('measured / expected p50 of %s on %s is 1 in every client region', async (_, wan, protocol) => {
  const summary = await run(protocol, wan);
  expect(summary.expected.length).toBeGreaterThanOrEqual(1);
  expect(off(ratios(summary))).toEqual([]);
  expect(summary.metrics['optimum.ratio']?.value).toBeCloseTo(1, 3);
});

test('a closed form that is off by 0.2 % is told apart', async () => {
  const [protocol] = points;
  if (protocol === undefined) throw new Error('there is none');
  const wrong: AnyProtocol = { ...protocol, expected: (options: unknown, facts: Facts, load: ExpectedLoad) => protocol.expected?.(options, facts, load)?.map(({ weight, fromMs, toMs }) => ({ weight, fromMs: fromMs * 1.002, toMs: toMs * 1.002 })) ?? null };
  const found = ratios(await run(wrong, 'aws-5'));
  expect(off(found)).toHaveLength(found.length);
});

test('a plug-in that states its latency has it beside the measured one, by region; one that states none has nothing there', async () => {
  const [known] = points;
  if (known === undefined) throw new Error('there is none');
  const silent: AnyProtocol = { ...known, name: 'mine', expected: () => null };
  expect((await run(silent, 'aws-5')).expected).toEqual([]);
  const trip = (oneWayMs: Facts['oneWayMs'], from: string, to: string) => (oneWayMs[from]?.[to] ?? 0) + (oneWayMs[to]?.[from] ?? 0);
  // Of three the nearer follower makes a majority with the leader, after its one flush.
  const stating: AnyProtocol = { ...silent, expected: (_options: unknown, { members, oneWayMs, fsyncMs }: Facts, { client, entry, leader }: ExpectedLoad) => {
    const quorumMs = fsyncMs + Math.min(...members.filter((member) => member !== leader).map((follower) => trip(oneWayMs, leader ?? '', follower)));
    const ms = trip(oneWayMs, client, entry) + trip(oneWayMs, entry, leader ?? '') + quorumMs;
    return [{ weight: 1, fromMs: ms, toMs: ms }];
  } };
  const summary = await run(stating, 'aws-5');
  expect(summary.expected).toHaveLength(5);
  expect(off(ratios(summary))).toEqual([]);
});
