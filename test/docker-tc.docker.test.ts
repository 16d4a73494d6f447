// Nodes in containers, shaped by tc in the kernel: 20 links with 20 delays, a crash and a restart. At each release the test asks
// the kernel itself what it holds. It needs a daemon whose kernel has netem: `npm run test:docker-tc` brings one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { BUILTINS, createRegistry, named } from '../orchestrator/builtins.ts';
import { createDockerRunner } from '../orchestrator/cli/runners/docker.ts';
import { NodeCluster } from '../orchestrator/cli/runners/node-cluster.ts';
import { isVirtualTime } from '../orchestrator/cli/virtual-time.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation, judge } from '../orchestrator/judge.ts';
import type { Plan } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import type { KernelSite } from '../netem/shaper.ts';
import { skipsDocker } from './docker-place.ts';
import { EXACT, skipsNetem } from './netem-place.ts';

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

  test('20 links keep 20 delays, are there before each release, and commits take the time of the closed form', async () => {
    const registry = createRegistry([BUILTINS]);
    const runner = createDockerRunner();
    expect(await runner.chooseShaper?.('auto')).toEqual({ shaper: 'tc', notice: null });
    const [plan] = makePlans(parseExperiment(EXPERIMENT, 'test', registry), { runner: runner.name, supports: runner.supports, shaper: 'tc', ...(isVirtualTime() ? { time: 'virtual' } : {}) }) as [Plan];
    const held: { readonly node: string; readonly delays: readonly number[] }[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- called with its node's cluster below
    const { release } = NodeCluster.prototype;
    vi.spyOn(NodeCluster.prototype, 'release').mockImplementation(async function (this: NodeCluster, node) {
      held.push({ node, delays: await delaysIn(this.sites.find(({ id }) => id === node)?.kernel) });
      await release.call(this, node);
    });
    const judging = judge(plan, { protocol: named(registry.protocols, plan.protocol, 'protocol'), workload: named(registry.workloads, plan.load.workload, 'workload'), checks: registry.checks });
    await runner.run(plan, { folder: mkdtempSync(join(folder, 'run-')), stop: { requested: false }, progress: () => undefined, emit: (event) => judging.observe(event) });
    const summary = judging.finish(false);
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
    for (const { region, expectedP50Ms, measuredP50Ms } of summary.expected) expect(measuredP50Ms, region).toBeLessThan((1 + TOLERANCE.share) * expectedP50Ms + TOLERANCE.ms);
  }, WITHIN_MS);
});
