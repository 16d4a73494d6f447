// What a crash of a leader should cost, beside simulated crashes, for every protocol that states its elections; and for a plug-in
// that states one. A protocol that lies about its timeouts is seen.
import { describe, expect, test } from 'vitest';
import type { AnyProtocol, Facts } from '../../node/contract.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { BUILTINS, createRegistry, named } from '../builtins.ts';
import { NODE_BYTES } from '../cli/bytes.ts';
import { parseExperiment } from '../experiment.ts';
import { judge } from '../judge.ts';
import type { Summary } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';
import { expectedOutage } from './election-model.ts';

const facts: Facts = {
  members: ['n1', 'n2', 'n3', 'n4', 'n5'], leader: null, clockErrorMs: 0, fsyncMs: 1, frameBytes: 1400,
  oneWayMs: Object.fromEntries(['n1', 'n2', 'n3', 'n4', 'n5'].map((from) => [from, Object.fromEntries(['n1', 'n2', 'n3', 'n4', 'n5'].map((to) => [to, from === to ? 0 : 10]))])),
};
const stating = (election: AnyProtocol['election']): AnyProtocol => ({ name: 'stated', summary: '', defaults: {}, create: () => { throw new Error('unused'); }, ...(election === undefined ? {} : { election }) });
const stated = { timeoutMs: [400, 800], heartbeatMs: 200, preVote: false, ballots: false, votes: 3 } as const;

async function crashes(protocol: AnyProtocol, count: number): Promise<readonly Summary[]> {
  const registry = createRegistry([{ ...BUILTINS, protocols: [protocol] }]);
  const text = `name: a
protocols: [${protocol.name}]
leader: n1
network: { wan: lan, links: { "* - *": { delay: 10ms } } }
disk: { fsync: 1ms }
load: { rate: 100/s, timeout: 4s, target: nearest }
run: { warmup: 2s, measure: 4s, repeat: ${count} }
faults: [{ at: 1s, crash: leader, for: 3s }]
`;
  const simulator = createSimulator(NODE_BYTES, () => Promise.resolve(), registry);
  const summaries: Summary[] = [];
  for (const plan of makePlans(parseExperiment(text, 'a.yaml', registry), { runner: 'sim', supports: simulator.supports })) {
    const judgement = judge(plan, { protocol, workload: named(registry.workloads, plan.load.workload, 'workload'), checks: [] });
    await simulator.run(plan, { folder: '', stop: { requested: false }, progress: () => undefined, emit: (event) => judgement.observe(event) });
    summaries.push(judgement.finish(false));
  }
  return summaries;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const RUNS = 8;
const electing = PROTOCOLS.filter((protocol) => protocol.election !== undefined);

describe.each(electing.map((protocol) => [protocol.name, protocol] as const))('%s', (_name, protocol) => {
  test('its simulated crashes lie where its own elections put them', async () => {
    const rows = (await crashes(protocol, RUNS)).map(({ outages: [row] }) => row);
    const [first] = rows;
    const expected = first?.expected;
    expect(expected?.meanMs).toBeGreaterThan(100);
    const measured = rows.map((row) => row?.outageMs ?? Infinity);
    // Three standard errors of the mean of so many, and a command's arrival.
    const spread = ((expected?.p95Ms ?? 0) - (expected?.p5Ms ?? 0)) / 3.3;
    expect(Math.abs(mean(measured) - (expected?.meanMs ?? 0))).toBeLessThan(3 * spread / Math.sqrt(RUNS) + 25);
  });

  test('a protocol that fires later than it says is seen', async () => {
    const lying: AnyProtocol = { ...protocol, election: (options: unknown, of: Facts) => {
      const own = protocol.election?.(options, of) ?? null;
      return own === null ? null : { ...own, timeoutMs: [own.timeoutMs[0] / 3, own.timeoutMs[1] / 3] as const };
    } };
    const rows = (await crashes(lying, 3)).map(({ outages: [row] }) => row);
    expect(rows.filter((row) => (row?.outageMs ?? 0) > (row?.expected?.p95Ms ?? Infinity)).length).toBeGreaterThanOrEqual(2);
  });
});

test('two protocols at least state their elections', () => expect(electing.length).toBeGreaterThanOrEqual(2));

describe('a plug-in', () => {
  const input = { options: {}, facts, leader: 'n1', ratePerSecond: null };

  test('that states an election gets it played: the mean of the closed form, where that holds', () => {
    const outage = expectedOutage({ ...input, protocol: stating(() => stated) });
    expect(outage?.closedFormMs).toBeCloseTo(400 * 1.2 - 100 + 30 + 2, 6);
    expect(Math.abs((outage?.meanMs ?? 0) / (outage?.closedFormMs ?? 1) - 1)).toBeLessThan(0.02);
    expect(outage?.p5Ms).toBeLessThan(outage?.p50Ms ?? 0);
  });

  test('that answers commands in a known time gets the first commit added', () => {
    const without = expectedOutage({ ...input, protocol: stating(() => stated) })?.meanMs ?? 0;
    const protocol = { ...stating(() => stated), expected: () => [{ weight: 1, fromMs: 21, toMs: 21 }] };
    expect((expectedOutage({ ...input, protocol, ratePerSecond: null, options: { a: 1 } })?.meanMs ?? 0) - without).toBeCloseTo(21, 6);
  });

  test('that states none, or needs more votes than are left, has nothing beside its outages', () => {
    expect(expectedOutage({ ...input, protocol: stating(undefined) })).toBeNull();
    expect(expectedOutage({ ...input, protocol: stating(() => null) })).toBeNull();
    expect(expectedOutage({ ...input, protocol: stating(() => ({ ...stated, votes: 5 })) })).toBeNull();
  });

  test('whose elections never end is told so, not with a number', () => {
    const protocol = stating(() => ({ ...stated, timeoutMs: [1, 2] as const, heartbeatMs: 0.5 }));
    expect(expectedOutage({ ...input, protocol, options: { never: true } }, 3)).toMatchObject({ meanMs: null, p95Ms: null });
  });
});
