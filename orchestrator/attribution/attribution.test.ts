// Parts of latencies against what was planted: a delay added in one place shows there and nowhere else, an event that was
// lost leaves its time unexplained, and the parts always sum to the whole.
import { beforeAll, describe, expect, test } from 'vitest';
import type { AnyProtocol } from '../../node/contract.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { BUILTINS, named } from '../builtins.ts';
import { NODE_BYTES } from '../cli/bytes.ts';
import { parseExperiment } from '../experiment.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';
import { Attribution } from './attribution.ts';
import { PARTS, type AttributionRow, type AttributionSummary, type PartName } from './parts.ts';

/** Led by n1; clients beside n2, which closes the quorum: its way is the shortest. */
const CALM = `
name: calm
protocols: [raft]
nodes: [us-east-1, eu-west-1, ap-southeast-1]
leader: us-east-1
network: { wan: aws-5 }
load: { rate: 40/s, target: nearest, clients: { eu-west-1: 1 } }
run: { warmup: 2s, measure: 6s, settle: 5s }
`;
const WAN = `
name: wan
protocols: [raft]
nodes: 5
network: { wan: aws-5 }
load: { rate: 40/s, target: nearest }
run: { warmup: 3s, measure: 6s, settle: 5s }
`;

async function run(text: string, change: (plan: Plan) => Plan = (plan) => plan): Promise<{ readonly plan: Plan; readonly protocol: AnyProtocol; readonly events: readonly LabEvent[] }> {
  const runner = createSimulator(NODE_BYTES, () => Promise.resolve());
  const [made] = makePlans(parseExperiment(text, 'test', BUILTINS), { runner: runner.name, supports: runner.supports, repeat: 1 });
  const plan = change(made as Plan);
  const events: LabEvent[] = [];
  await runner.run(plan, { folder: '', stop: { requested: false }, progress: () => undefined, emit: (event) => { events.push(event); } });
  return { plan, protocol: named(PROTOCOLS, plan.protocol, 'protocol'), events };
}

function attributionOf({ plan, protocol, events }: Awaited<ReturnType<typeof run>>, untilMs = Infinity): AttributionSummary | null {
  const attribution = new Attribution(plan, protocol);
  for (const event of events) attribution.observe(event);
  return attribution.finish(untilMs);
}

function attributed(given: Awaited<ReturnType<typeof run>>, untilMs = Infinity): AttributionSummary {
  const attribution = attributionOf(given, untilMs);
  if (attribution === null) throw new Error('nothing was attributed');
  return attribution;
}

const summed = (row: AttributionRow): number => Object.values(row.parts).reduce((sum, ms) => sum + ms, row.residualMs);
/** Of all regions together. */
const mean = ({ rows }: AttributionSummary, part: PartName | 'residual'): number =>
  rows.reduce((sum, row) => sum + row.commits * (part === 'residual' ? row.residualMs : row.parts[part]), 0) / rows.reduce((sum, { commits }) => sum + commits, 0);

/** Parts that differ by more than the length of a rare queue. */
function changed(before: AttributionSummary, after: AttributionSummary): { readonly [part: string]: number } {
  return Object.fromEntries([...PARTS.map(({ name }) => name), 'residual' as const].map((part) => [part, Math.round(mean(after, part) - mean(before, part))] as const).filter(([, ms]) => Math.abs(ms) >= 2));
}

describe('the parts of a commit', () => {
  const OF_EACH = ['raft', 'paxos', 'yasp', 'stick', '{ stick: { variant: ack } }', '{ stick: { variant: literal } }'];
  test.each(OF_EACH)('of %s sum to its latency, and nothing is left unexplained', async (protocol) => {
    const { rows, because, commits } = attributed(await run(WAN.replace('[raft]', `[${protocol}]`)));
    expect(because).toBeNull();
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(row.commits).toBeGreaterThan(20);
      expect(summed(row)).toBeCloseTo(row.meanMs, 4);
      expect(Math.abs(row.residualMs)).toBeLessThanOrEqual(Math.max(0.02 * row.meanMs, 0.2));
      expect(Math.min(...Object.values(row.parts))).toBeGreaterThanOrEqual(0);
    }
    for (const { totalMs, segments } of commits) {
      expect(segments.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)).toBeCloseTo(totalMs, 6);
      segments.slice(1).forEach(({ fromMs }, index) => { expect(fromMs).toBeCloseTo((segments[index] as { toMs: number }).toMs, 6); });
    }
  });
});

test('commands that were asked again, of several nodes, follow one way, without a gap and without an overlap', async () => {
  const { rows, commits } = attributed(await run(WAN.replace('aws-5', 'geo-satellite')));
  expect(rows.reduce((sum, row) => sum + row.parts.retry + row.parts.resend, 0)).toBeGreaterThan(0);
  for (const row of rows) expect(Math.abs(row.residualMs)).toBeLessThan(0.001);
  for (const { segments } of commits) segments.slice(1).forEach(({ fromMs }, index) => { expect(fromMs).toBeCloseTo((segments[index] as { toMs: number }).toMs, 6); });
});

describe('what is planted in one place', () => {
  let calm: Awaited<ReturnType<typeof run>>;
  let before: AttributionSummary;
  const slower = (from: string, to: string, ms: number) => (plan: Plan): Plan => ({
    ...plan, links: { ...plan.links, [from]: { ...plan.links[from], [to]: { ...plan.links[from]?.[to] as NonNullable<Plan['links'][string][string]>, delayMs: (plan.links[from]?.[to]?.delayMs ?? 0) + ms } } },
  });
  beforeAll(async () => {
    calm = await run(CALM);
    before = attributed(calm);
  });

  test('the path goes by the nearest follower, which is named', () => {
    expect(before.rows.map(({ region, closedBy }) => ({ region, closedBy }))).toEqual([{ region: 'eu-west-1', closedBy: [{ node: 'n2', share: 1 }] }]);
    expect(before.commits.map(({ percentile, closedBy }) => `${percentile} ${closedBy}`)).toEqual(['p50 n2', 'p90 n2', 'p99 n2']);
    // What went to the other follower, and came back too late, stands beside the path.
    expect(before.commits[0]?.beside).toMatchObject([{ from: 'n1', to: 'n3', toMs: null, message: 'appendEntries' }]);
  });

  const PLANTED: readonly (readonly [string, (plan: Plan) => Plan, object])[] = [
    ['a delay from the clients to their node', slower('eu-west-1', 'n2', 7), { client: 7 }],
    ['a delay back to the clients', slower('n2', 'eu-west-1', 7), { reply: 7 }],
    ['a delay from the entry node to the leader, where the votes go too', slower('n2', 'n1', 7), { forward: 7, 'network-back': 7 }],
    ['a delay from the leader, where the answers go too', slower('n1', 'n2', 7), { 'network-out': 7, reply: 7 }],
    ['a slower disk', (plan) => ({ ...plan, fsyncMs: 6 }), { 'follower-fsync': 5 }],
  ];
  test.each(PLANTED)('%s shows in its part alone', async (_, plant, expected) => {
    expect(changed(before, attributed(await run(CALM, plant)))).toEqual(expected);
  });

  test('a far follower that becomes the nearer one is named instead', async () => {
    const { rows: [row] } = attributed(await run(CALM, (plan) => slower('n1', 'n2', 400)(plan)));
    expect(row?.closedBy).toEqual([{ node: 'n3', share: 1 }]);
  });

  test('followers that cannot be waited for leave the flush of the leader, of one node alone', async () => {
    const { rows: [row] } = attributed(await run(CALM.replace('[us-east-1, eu-west-1, ap-southeast-1]', '[us-east-1]').replace('clients: { eu-west-1: 1 }', 'clients: { us-east-1: 1 }')));
    expect(row?.closedBy).toEqual([{ node: 'n1', share: 1 }]);
    expect(row?.parts['leader-fsync']).toBeCloseTo(1, 1);
    expect(row?.residualMs).toBeCloseTo(0, 6);
  });

  test('an event that was lost leaves its time unexplained', () => {
    let received = 0;
    const lost = calm.events.filter(({ type, node }) => !(type === 'received' && node === 'n1' && ++received % 5 === 0));
    expect(lost.length).toBeLessThan(calm.events.length);
    const after = attributed({ ...calm, events: lost });
    expect(mean(before, 'residual')).toBe(0);
    expect(mean(after, 'residual')).toBeGreaterThan(0.02 * (after.rows[0]?.meanMs ?? 0));
    for (const row of after.rows) expect(summed(row)).toBeCloseTo(row.meanMs, 4);
  });

  test('a message that was lost and sent again is its own part', async () => {
    // The other follower is too far to take its place.
    const lossy = attributed(await run(CALM, (given) => {
      const plan = slower('n1', 'n3', 600)(given);
      return { ...plan, links: { ...plan.links, n1: { ...plan.links['n1'], n2: { ...plan.links['n1']?.['n2'] as NonNullable<Plan['links'][string][string]>, lossPct: 5 } } } };
    }));
    expect(mean(lossy, 'resend')).toBeGreaterThan(0.2);
    for (const row of lossy.rows) {
      expect(summed(row)).toBeCloseTo(row.meanMs, 4);
      expect(Math.abs(row.residualMs)).toBeLessThanOrEqual(0.02 * row.meanMs);
    }
  });

  test('a wait by the clock that no protocol has told of stays unexplained', async () => {
    const rounds = await run(WAN.replace('[raft]', '[stick]'));
    const silent: AnyProtocol = { ...rounds.protocol, tick: () => null };
    expect(rounds.protocol.tick?.(rounds.plan.options)?.name).toBe('round');
    expect(mean(attributed(rounds), 'residual')).toBeCloseTo(0, 3);
    expect(mean(attributed({ ...rounds, protocol: silent }), 'residual')).toBeGreaterThan(100);
  });

  test('commands that a fault could have touched are left out', () => {
    const { rows: [row] } = attributed(calm, 5000);
    expect(row?.commits).toBeLessThan(before.rows[0]?.commits ?? 0);
    expect(row?.commits).toBeGreaterThan(20);
  });

  test('of a sample of the messages no path is made, nor of events that do not tell of arrivals', () => {
    expect(attributionOf({ ...calm, plan: { ...calm.plan, detail: 'sampled' } })).toBeNull();
    expect(attributionOf({ ...calm, events: calm.events.filter(({ type }) => type !== 'arrived') })).toBeNull();
  });
});
