// Faults on real processes: a selection of the experiments, what their nodes tell of it, and a planted error that only a lost
// page cache shows.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createLocalRunner } from '../orchestrator/cli/runners/local.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { type Ran, REGISTRY, runPlan } from './run-plan.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'lab-local-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function runLocally(text: string, name: string, overrides: readonly string[] = []): Promise<Ran> {
  const runner = createLocalRunner(null);
  const [plan] = makePlans(parseExperiment(text, name, REGISTRY, overrides), { runner: 'local', supports: runner.supports });
  if (plan === undefined) throw new Error('no plan');
  return runPlan(runner, plan, { inside: folder, keep: ['trace', 'action', 'durable', 'invoke', 'fault', 'answered', 'status'] });
}

const experiment = (name: string, protocol: string) => runLocally(readFileSync(join(root, `experiments/faults/${name}.yaml`), 'utf8'), `${name}.yaml`, [`protocols=[${protocol}]`]);
const violated = ({ summary }: Ran) => summary.verdicts.filter(isViolation).map(({ check }) => check);
const told = ({ events }: Ran) => events.flatMap((event) => (event.type === 'trace' && /^(disk-failed|log-damaged|torn-tail-cut)$/.test(event.name) ? [{ name: event.name, node: event.node, life: event.life }] : []));
/** The nodes of the actions of this kind, in order. */
const struck = ({ events }: Ran, type: string) => events.flatMap((event) => (event.type === 'action' && event.action.type === type ? [event.nodes[0]] : []));

describe('on real processes', () => {
  test('a node whose disk fails ends, and starts again when the disk is repaired', async () => {
    const ran = await experiment('disk-failure', 'raft');
    expect(violated(ran)).toEqual([]);
    const [first, , second] = struck(ran, 'disk');
    expect(told(ran)).toEqual([{ name: 'disk-failed', node: first, life: 1 }, { name: 'disk-failed', node: second, life: first === second ? 2 : 1 }]);
    expect(struck(ran, 'start')).toEqual([first, second]);
  });

  test('a node whose log has a flipped bit refuses to start, and the run goes on without it', async () => {
    const ran = await experiment('flip-bit', 'paxos');
    expect(violated(ran)).toEqual([]);
    expect(told(ran)).toEqual([{ name: 'log-damaged', node: struck(ran, 'crash')[0], life: 2 }]);
  });

  test('links that become bad, nodes that stop in order and torn tails violate nothing', async () => {
    const ran = await runLocally(`name: mixed\nprotocols: [paxos]\nnodes: 5\nload: { rate: 40/s, timeout: 4s }\nrun: { warmup: 2s, measure: 10s, settle: 4s }\nfaults:
  - { at: 0s, flaky-link: n1 - *, delay: 20ms, jitter: 10ms, for: 3s }
  - { at: 1s, stop: n2, for: 1s }
  - { at: 4s, crash: n3, disk: torn-tail, for: 1s }
  - { at: 7s, slow-disk: n4, fsync: 50ms, for: 1s }\n`, 'mixed');
    expect(violated(ran)).toEqual([]);
    expect(told(ran)).toEqual([{ name: 'torn-tail-cut', node: 'n3', life: 2 }]);
    expect(ran.events.filter((event) => event.type === 'durable' && event.node === 'n4' && event.tookMs >= 50).length).toBeGreaterThan(3);
  });

  test('members are replaced while they work: a dead one, the leader, and one more joins and another leaves', async () => {
    const ran = await experiment('replace-node', 'raft');
    expect(violated(ran)).toEqual([]);
    expect(ran.events.flatMap((event) => (event.type === 'answered' ? [event.reply.outcome] : []))).toEqual(['ok', 'ok', 'ok', 'ok']);
    // Five at the end; of the three that joined, at most one was chosen to leave again.
    const last = ran.events.findLast((event) => event.type === 'status');
    const members = last?.type === 'status' ? last.status.configurations.at(-1)?.members ?? [] : [];
    expect(members).toHaveLength(5);
    expect(members.filter((id) => ['n6', 'n7', 'n8'].includes(id)).length).toBeGreaterThanOrEqual(2);
  });

  test('the load process follows an overload that it knows from the plan', async () => {
    const ran = await experiment('overload', 'raft');
    const [beginMs = 0, endMs = 0] = ran.events.flatMap((event) => (event.type === 'action' ? [event.plannedMs] : []));
    const arrived = ran.events.filter((event) => event.type === 'invoke' && event.intendedMs >= beginMs && event.intendedMs < endMs).length;
    expect(arrived / (40 * (endMs - beginMs) / 1000)).toBeGreaterThan(2.5);
    expect(violated(ran)).toEqual([]);
  });
});

describe('a follower that acknowledges before its entry is durable', () => {
  const POWER_CUT = `name: cut\nprotocols: [raft]\nnodes: 3\ndisk: { fsync: 200ms }\nload: { rate: 60/s, reads: 0%, timeout: 4s }\n`
    + 'run: { warmup: 2s, measure: 7s, settle: 4s }\nfaults:\n  - { at: 2s, crash: all, for: 500ms }\n';
  const PLANT = [{ file: '/node/protocols/raft/server.ts', from: 'this.env.send(this.leader, this.accepted(', to: 'this.env.sendBeforeDurable(this.leader, this.accepted(' }];

  afterEach(() => {
    delete process.env['LAB_PLANT'];
    delete process.env['NODE_OPTIONS'];
  });

  test('is caught when all nodes lose power', async () => {
    // Only the processes that the runner starts see it.
    process.env['LAB_PLANT'] = JSON.stringify(PLANT);
    process.env['NODE_OPTIONS'] = `--import=${join(import.meta.dirname, 'plant-preload.ts')}`;
    expect(violated(await runLocally(POWER_CUT, 'cut'))).toContain('durability');
  });

  test('is not claimed of one that waits', async () => {
    expect(violated(await runLocally(POWER_CUT, 'cut'))).toEqual([]);
  });
});
