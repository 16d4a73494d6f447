// Runs in namespaces, shaped by tc on a real kernel: commit latency is the closed form's, in the open loop and in the closed
// one, links stay over crashes, and a partition heals. Exact in virtual time; elsewhere only what no busy host can spoil.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNetnsRunner } from '../orchestrator/cli/runners/netns.ts';
import { isVirtualTime } from '../orchestrator/cli/virtual-time.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import type { Plan, Summary } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { EXACT, skipsNetem } from './netem-place.ts';
import { REGISTRY, runPlan } from './run-plan.ts';

const PLACE = 'nodes: [us-east-1, eu-west-1, ap-southeast-1]\nnetwork: { wan: aws-5 }\n';
/** Of the median: the goal. */
const RATIO = 0.01;

describe.skipIf(skipsNetem('runs in namespaces, shaped by tc'))('a run on netns with tc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-netns-tc-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function ran(text: string): Promise<Summary> {
    const runner = createNetnsRunner();
    const choice = await runner.chooseShaper?.('auto');
    expect(choice).toEqual({ shaper: 'tc', notice: null });
    const [plan] = makePlans(parseExperiment(text, 'test', REGISTRY), {
      runner: runner.name, supports: runner.supports, shaper: 'tc', ...(isVirtualTime() ? { time: 'virtual' } : {}),
    }) as [Plan];
    const { summary } = await runPlan(runner, plan, { inside: folder, keep: [] });
    expect(summary.verdicts.filter(isViolation)).toEqual([]);
    return summary;
  }
  const value = (summary: Summary, name: string) => summary.metrics[name]?.value ?? Number.NaN;

  test('virtual time is seen by the kernel itself', () => {
    expect(isVirtualTime()).toBe(EXACT);
  });

  test.each([['raft', 'open', '20/s'], ['paxos', 'open', '20/s'], ['raft', 'closed', 'max']])('%s commits in the time of the closed form, %s loop', async (protocol, _, rate) => {
    const summary = await ran(`name: exact\nprotocols: [${protocol}]\n${PLACE}load: { rate: ${rate}, timeout: 3s }\nrun: { warmup: 6s, measure: 10s, settle: 3s }\n`);
    // A link is waited for, never skipped.
    expect(value(summary, 'commit.p50')).toBeGreaterThan((1 - RATIO) * value(summary, 'optimum.p50'));
    expect(value(summary, 'throughput')).toBeGreaterThan(10);
    if (!EXACT) return;
    expect(summary).toMatchObject({ invalid: [], baseline: { fit: true }, plan: { time: 'virtual' }, certificate: { verdict: 'ok' } });
    for (const { region, expectedP50Ms, measuredP50Ms } of summary.expected) expect((measuredP50Ms ?? 0) / expectedP50Ms, region).toBeLessThan(1 + RATIO);
    for (const name of ['loopDelay.max', 'generatorCpu.max', 'nodeCpu.max', 'nodeLoopDelay.max', 'cpuSecondsPer1000Commits']) expect(summary.metrics[name]?.value, name).toBeNull();
  });

  test('a node that was killed comes back to its links, and a leader cut off both ways and one way is replaced', async () => {
    const summary = await ran(`name: faults\nprotocols: [raft]\n${PLACE}load: { rate: 20/s, timeout: 3s }\nrun: { warmup: 6s, measure: 24s, settle: 6s }
faults: [{ at: 2s, crash: any-follower, for: 1s }, { at: 6s, isolate-leader: true, for: 4s }, { at: 16s, isolate-leader: true, direction: out, for: 4s }]\n`);
    expect(value(summary, 'leaderChanges')).toBeGreaterThanOrEqual(2);
    expect(summary.outages.map(({ fault }) => fault)).toEqual(['crash', 'isolate-leader', 'isolate-leader']);
    // Each cut stops the cluster until there is another leader.
    for (const { outageMs } of summary.outages.slice(1)) {
      expect(outageMs).toBeGreaterThan(500);
      if (EXACT) expect(outageMs).toBeLessThan(10_000);
    }
  });
});
