// Nodes in containers, shaped by tc in the kernel: 20 links with 20 delays, a crash and a restart; then the same plan in namespaces.
// At each release the test asks the kernel itself what it holds. It needs a daemon whose kernel has netem: `npm run test:docker-tc`
// brings one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createDockerRunner } from '../orchestrator/cli/runners/docker.ts';
import { createNetnsRunner } from '../orchestrator/cli/runners/netns.ts';
import { NodeCluster } from '../orchestrator/cli/runners/node-cluster.ts';
import { isVirtualTime } from '../orchestrator/cli/virtual-time.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import type { Plan, Runner } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import type { KernelSite } from '../netem/shaper.ts';
import { skipsDocker } from './docker-place.ts';
import { EXACT, skipsNetem } from './netem-place.ts';
import { REGISTRY, runPlan } from './run-plan.ts';

const IDS = ['n1', 'n2', 'n3', 'n4', 'n5'];
/** One way, in ms: 20, 22, … 58. Those of clients are shorter. */
const LEAST_MS = 20;
const LINKS = IDS.flatMap((from) => IDS.filter((to) => to !== from).map((to) => ({ from, to }))).map((link, index) => ({ ...link, delayMs: LEAST_MS + 2 * index }));
const EXPERIMENT = `name: docker-tc
protocols: [{ raft: { electionTimeoutMs: [6000, 12000] } }]
nodes: 5
leader: n1
network: { links: { ${LINKS.map(({ from, to, delayMs }) => `"${from} -> ${to}": { delay: ${delayMs}ms }`).join(', ')} } }
load: { rate: 3/s, arrivals: constant, timeout: 10s, retry: 10s }
run: { warmup: 5s, measure: 35s, settle: 20s }
faults: [{ at: 20s, phase: fixed, crash: n5, for: 2s }]
`;
const WITHIN_MS = 900_000;
/** A clock is read in whole µs, and tc rounds. */
const EARLY_MS = 0.2;
/** Of the median: a share of the closed form, and what one processor for all containers adds. */
const TOLERANCE = EXACT ? { share: 0.01, ms: 0.2 } : { share: 0.05, ms: 4 };

/** In ms, rounded: the delays of every netem in the kernel's listing. */
async function delaysIn(kernel: KernelSite | undefined): Promise<readonly number[]> {
  if (kernel === undefined) return [];
  const { code, stdout, stderr } = await kernel.tc(['-j', 'qdisc', 'show', 'dev', kernel.device]);
  if (code !== 0) throw new Error(`tc: ${stderr}`);
  const qdiscs = JSON.parse(stdout) as readonly { readonly kind: string; readonly options: { readonly delay?: { readonly delay: number } } }[];
  return qdiscs.flatMap(({ kind, options }) => (kind === 'netem' ? [Math.round((options.delay?.delay ?? 0) * 1e4) / 10] : [])).sort((a, b) => a - b);
}

describe.skipIf(await skipsDocker('containers shaped by tc') || skipsNetem('containers shaped by tc'))('a run on docker with tc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-docker-tc-'));
  afterEach(() => { vi.restoreAllMocks(); });
  afterAll(() => rmSync(folder, { recursive: true }));

  const planOn = (runner: Runner, text = EXPERIMENT): Plan => {
    const [plan] = makePlans(parseExperiment(text, 'test', REGISTRY), { runner: runner.name, supports: runner.supports, shaper: 'tc', ...(isVirtualTime() ? { time: 'virtual' } : {}) });
    return plan as Plan;
  };

  test('20 links keep 20 delays, are there before each release, and commits take the time of the closed form', async () => {
    const runner = createDockerRunner();
    expect(await runner.chooseShaper?.('auto')).toEqual({ shaper: 'tc', notice: null });
    const held: { readonly node: string; readonly delays: readonly number[] }[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- called with its node's cluster below
    const { release } = NodeCluster.prototype;
    vi.spyOn(NodeCluster.prototype, 'release').mockImplementation(async function (this: NodeCluster, node) {
      held.push({ node, delays: await delaysIn(this.sites.find(({ id }) => id === node)?.kernel) });
      await release.call(this, node);
    });
    const { summary } = await runPlan(runner, planOn(runner), { inside: folder, keep: [] });
    expect(summary.verdicts.filter(isViolation)).toEqual([]);
    // The first five at once, in whatever order tc has answered; then n5 again.
    const inOrder = [...held.slice(0, IDS.length).sort((left, right) => (left.node < right.node ? -1 : 1)), ...held.slice(IDS.length)];
    expect(inOrder.map(({ node, delays }) => ({ node, delays: delays.filter((delayMs) => delayMs >= LEAST_MS) }))).toEqual(
      [...IDS, 'n5'].map((node) => ({ node, delays: LINKS.filter(({ from }) => from === node).map(({ delayMs }) => delayMs) })),
    );
    expect(summary.metrics['throughput']?.value).toBeGreaterThan(1);
    // Whatever the host does, no link is skipped: nothing arrives before its time.
    for (const { from, to, errorMs } of summary.certificate?.rows ?? []) expect(errorMs?.min, `${from} ${to}`).toBeGreaterThan(-EARLY_MS);
    for (const { region, expectedP50Ms, measuredP50Ms } of summary.expected) expect(measuredP50Ms, region).toBeGreaterThan(0.99 * expectedP50Ms);
    const busy = summary.invalid.find((reason) => reason.startsWith('the load generator'));
    if (busy !== undefined) {
      console.log(`this host is too busy to say how late links and commits are: ${busy}`);
      return;
    }
    expect(summary.certificate).toMatchObject({ verdict: 'ok' });
    expect(summary.expected.length).toBeGreaterThan(0);
    for (const { region, expectedP50Ms, measuredP50Ms } of summary.expected) expect(measuredP50Ms, region).toBeLessThan((1 + TOLERANCE.share) * expectedP50Ms + TOLERANCE.ms);
    const namespaces = createNetnsRunner();
    const { summary: twin } = await runPlan(namespaces, planOn(namespaces), { inside: folder, keep: [] });
    expect(twin.certificate).toMatchObject({ verdict: 'ok' });
    for (const [index, { region, expectedP50Ms, measuredP50Ms }] of summary.expected.entries()) {
      const [mine, other] = [measuredP50Ms ?? Number.NaN, twin.expected[index]?.measuredP50Ms ?? Number.NaN];
      console.log(`${region}: p50 ${mine.toFixed(3)} ms in containers, ${other.toFixed(3)} in namespaces, closed form ${expectedP50Ms.toFixed(3)}`);
      expect(Math.abs(mine - other), region).toBeLessThan(TOLERANCE.share * other + TOLERANCE.ms);
    }
  }, WITHIN_MS);

  test.each(['exec', 'sidecar'] as const)('tc gets into containers by %s too, before each release', async (way) => {
    const runner = createDockerRunner([], { way });
    expect(await runner.chooseShaper?.('auto')).toEqual({ shaper: 'tc', notice: null });
    const plan = planOn(runner, `name: ${way}\nprotocols: [{ raft: { electionTimeoutMs: [6000, 12000] } }]\nnodes: 3\nleader: n1\nnetwork: { wan: lan, scale: 40 }
load: { rate: 3/s, arrivals: constant, timeout: 10s, retry: 10s }\nrun: { warmup: 5s, measure: 10s, settle: 10s }\nfaults: [{ at: 2s, phase: fixed, crash: n3, for: 2s }]\n`);
    const { summary } = await runPlan(runner, plan, { inside: folder, keep: [] });
    expect(summary.verdicts.filter(isViolation)).toEqual([]);
    expect(summary.metrics['throughput']?.value).toBeGreaterThan(1);
    for (const { from, to, errorMs } of summary.certificate?.rows ?? []) expect(errorMs?.min, `${from} ${to}`).toBeGreaterThan(-EARLY_MS);
    if (EXACT) expect(summary.certificate).toMatchObject({ verdict: 'ok' });
  }, WITHIN_MS);
});
