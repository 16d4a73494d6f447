// Each built-in fault has an experiment that shows it, and under each of them every protocol keeps what it claims.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBeside } from '../orchestrator/cli/read-file.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import type { LabEvent, Plan } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { createSimulator } from '../orchestrator/simulate.ts';
import { nodeBytes } from './bytes.ts';
import { REGISTRY, runPlan } from './run-plan.ts';

const root = join(import.meta.dirname, '..');
const simulator = createSimulator(nodeBytes, () => Promise.resolve());
const files = globSync('experiments/**/*.yaml', { cwd: root }).sort();
const shown = files.filter((file) => file.startsWith('experiments/faults/'));

/** What only containers can lack; where it is done for real is orchestrator/cli/runners/docker.docker.test.ts. */
const supports = (file: string) => new Set([...simulator.supports, ...(file.startsWith('experiments/docker/') ? ['limit', 'detach', 'attach'] as const : [])]);

function plansOf(file: string) {
  return makePlans(parseExperiment(readFileSync(join(root, file), 'utf8'), file, REGISTRY, [], filesBeside(join(root, file))), { runner: 'sim', supports: supports(file) });
}

const simulate = (plan: Plan) => runPlan(simulator, plan, { keep: ['trace', 'action', 'durable', 'invoke'] });

test('every fault is in an experiment', () => {
  const used = new Set(files.flatMap((file) => plansOf(file)).flatMap((plan) => plan.schedule.map(({ fault }) => fault.name)));
  expect(REGISTRY.faults.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

describe.each(shown)('%s', (file) => {
  test.each(plansOf(file).map((plan) => ({ label: plan.label, plan })))('$label keeps what it claims, and goes on after it', async ({ plan }) => {
    const { summary, events } = await simulate(plan);
    expect(summary.verdicts.filter(isViolation)).toEqual([]);
    expect(events.filter(({ type }) => type === 'action')).toHaveLength(plan.schedule.length);
    // A STICK as written may lose what it was told; nothing else may be without an answer for long.
    expect(summary.metrics['throughput']?.value).toBeGreaterThan(30);
  });
});

const traces = (events: readonly LabEvent[]) => events.flatMap((event) => (event.type === 'trace' && ['disk-failed', 'log-damaged', 'torn-tail-cut'].includes(event.name) ? `${event.name} ${JSON.stringify(event.detail ?? null)}` : []));

test('a disk that fails ends its node, one whose bit is flipped keeps it down, a torn tail is cut: each is told', async () => {
  const [failed, flipped, torn] = await Promise.all(['disk-failure', 'flip-bit', 'crash-disk'].map((name) => simulate(plansOf(`experiments/faults/${name}.yaml`)[0] as ReturnType<typeof plansOf>[number])));
  expect(traces(failed?.events ?? [])).toEqual(['disk-failed "error"', 'disk-failed "full"']);
  expect(traces(flipped?.events ?? [])).toEqual(['log-damaged null']);
  expect(traces(torn?.events ?? [])).toEqual(['torn-tail-cut null']);
});

test('a slow disk slows the flushes of its node alone, and only while the fault lasts', async () => {
  const [plan] = plansOf('experiments/faults/slow-disk.yaml');
  const { events } = await simulate(plan as NonNullable<typeof plan>);
  const actions = events.flatMap((event) => (event.type === 'action' ? [event] : []));
  const [node] = actions[0]?.nodes ?? [];
  const slow = events.flatMap((event) => (event.type === 'durable' && event.tookMs >= 100 ? [event] : []));
  expect(slow.length).toBeGreaterThan(10);
  expect(new Set(slow.map((event) => event.node))).toEqual(new Set([node]));
  expect(slow.every(({ atMs }) => atMs > (actions[0]?.atMs ?? 0) && atMs <= (actions[1]?.atMs ?? 0) + 100)).toBe(true);
});

test('an overload multiplies the arrivals while it lasts, and moves none that came before it', async () => {
  const [plan] = plansOf('experiments/faults/overload.yaml');
  const { events } = await simulate(plan as NonNullable<typeof plan>);
  const { events: calm } = await simulate({ ...plan as NonNullable<typeof plan>, schedule: [] });
  const [beginMs = 0, endMs = 0] = plan?.schedule.map(({ atMs }) => atMs) ?? [];
  const between = (list: readonly LabEvent[], fromMs: number, toMs: number) => list.flatMap((event) => (event.type === 'invoke' && event.intendedMs >= fromMs && event.intendedMs < toMs ? [event.intendedMs] : []));
  expect(between(events, 0, beginMs)).toEqual(between(calm, 0, beginMs));
  const ratio = between(events, beginMs, endMs).length / (40 * (endMs - beginMs) / 1000);
  expect(ratio).toBeGreaterThan(2.5);
  expect(ratio).toBeLessThan(3.5);
});
