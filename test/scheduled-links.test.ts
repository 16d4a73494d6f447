// Runs whose links change by plan: in the simulator latencies follow the closed form of each moment, on real processes no
// command is quicker than the links that the events say were in force, a restarted node's own among them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createLocalRunner } from '../orchestrator/cli/runners/local.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { isViolation } from '../orchestrator/judge.ts';
import type { Plan, Runner } from '../orchestrator/kinds.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { createSimulator } from '../orchestrator/simulate.ts';
import { nodeBytes } from './bytes.ts';
import { type Ran, REGISTRY, runPlan } from './run-plan.ts';

const simulator = createSimulator(nodeBytes, () => Promise.resolve());
const folder = mkdtempSync(join(tmpdir(), 'lab-scheduled-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(text: string, runner: Runner): Promise<Ran> {
  const [plan] = makePlans(parseExperiment(text, 'test', REGISTRY), { runner: runner.name, supports: runner.supports }) as [Plan];
  return runPlan(runner, plan, { inside: folder });
}

const text = (schedule: readonly string[], more = '') => `
name: scheduled
protocols: [raft]
nodes: 3
leader: n1
disk: { fsync: 0ms }
network:
  links: { "* - *": { delay: 20ms } }
  schedule: [${schedule.join(', ')}]
load: { workload: register, keys: 50, reads: 0%, rate: 100/s, target: leader, timeout: 3s }
run: { warmup: 2s, measure: 12s, settle: 3s }
${more}`;

/** Intended time and latency of the commands that were answered, in ms since the measure window began. */
function latencies({ plan, events }: Ran): readonly { readonly atMs: number; readonly ms: number }[] {
  const intended = new Map(events.flatMap((event) => (event.type === 'invoke' ? [[event.command.id, event.intendedMs] as const] : [])));
  return events.flatMap((event) => (event.type === 'reply' && event.reply.outcome === 'ok' ? [{ atMs: (intended.get(event.id) ?? 0) - plan.warmupMs, ms: event.atMs - (intended.get(event.id) ?? 0) }] : []));
}

function medianBetween(ran: Ran, fromMs: number, toMs: number): number {
  const some = latencies(ran).filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ ms }) => ms).sort((a, b) => a - b);
  expect(some.length).toBeGreaterThan(20);
  return some[Math.floor(some.length / 2)] as number;
}

const changes = ({ events }: Ran) => events.filter((event) => event.type === 'scheduled-links');

describe('in the simulator', () => {
  test('a step moves the median from one closed form to the other and back; the optimum is of the first', async () => {
    const ran = await run(text(['{ at: 4s, delay: 60ms, for: 4s }']), simulator);
    const forms = await Promise.all([20, 60].map(async (delay) => {
      const still = await run(text([]).replace('delay: 20ms', `delay: ${delay}ms`), simulator);
      return still.summary.expected[0]?.expectedP50Ms;
    }));
    expect(forms).toEqual([80, 240]);
    expect([medianBetween(ran, 0, 3900), medianBetween(ran, 4000, 7700), medianBetween(ran, 8100, 12_000)]).toEqual([80, 240, 80].map((ms) => expect.closeTo(ms, 6)));
    expect(changes(ran).map(({ atMs, plannedMs, skipped }) => [atMs, plannedMs, skipped])).toEqual([[6000, 6000, 0], [10_000, 10_000, 0]]);
    expect(ran.summary.expected[0]).toMatchObject({ expectedP50Ms: 80, measuredP50Ms: expect.closeTo(80, 6) });
    expect(ran.summary.expected[0]?.samples).toBeLessThan(420);
    expect(ran.summary.outages).toEqual([]);
    expect(ran.summary.verdicts.filter(isViolation)).toEqual([]);
  });

  test('what changed before the window is what is expected in it', async () => {
    const { summary } = await run(text(['{ at: 1s, from: start, delay: 60ms }']), simulator);
    expect(summary.expected[0]).toMatchObject({ expectedP50Ms: 240, measuredP50Ms: expect.closeTo(240, 6) });
    expect(summary.expected[0]?.samples).toBeGreaterThan(1000);
  });

  test('a ramp takes the median along, each second as far as the ramp', async () => {
    const ran = await run(text(['{ at: 1s, links: [n1 - n2, n1 - n3], delay: { to: 120ms, over: 10s, steps: 10 } }']), simulator);
    // In the second k of the ramp the links to both followers take 20 + 10 k ms each way.
    for (const second of [1, 4, 7]) expect(medianBetween(ran, 1000 + second * 1000, 1700 + second * 1000)).toBeCloseTo(40 + 2 * (20 + 10 * second), 6);
  });

  test('a fault adds to the delay that is scheduled, and a period goes on under it', async () => {
    const schedule = ['{ at: 0s, links: [n1 -> n2, n1 -> n3], every: 4s, steps: [{ after: 2s, delay: 50ms, for: 2s }] }'];
    const ran = await run(text(schedule, 'faults: [{ at: 4s, phase: fixed, flaky-link: n1 -> *, loss: 0%, delay: 7ms, for: 4s }]'), simulator);
    const medians = [0, 2000, 4000, 6000, 8000, 10_000].map((fromMs) => medianBetween(ran, fromMs + 100, fromMs + 1900));
    expect(medians).toEqual([80, 110, 87, 117, 80, 110].map((ms) => expect.closeTo(ms, 6)));
    expect(ran.summary.outages).toHaveLength(1);
  });

  test('the same seed gives the same bytes', async () => {
    const twice = await Promise.all([1, 2].map(() => run(text(['{ at: 1s, every: 500ms, steps: [{ delay: 30ms, loss: 5%, for: 100ms }] }']), simulator)));
    expect(JSON.stringify(twice[1]?.events)).toBe(JSON.stringify(twice[0]?.events));
  });
});

describe('on real processes', () => {
  test('changes come in order at their times or later, and no command is quicker than the links in force', async () => {
    const schedule = ['{ at: 2s, delay: 60ms }', '{ at: 3s, links: n2 -> n3, every: 200ms, steps: [{ delay: 70ms, for: 100ms }], for: 2s }'];
    // Only n2 is left to make a majority with n1, and its second life has to find the links as they are then.
    const faults = 'faults: [{ at: 500ms, phase: fixed, crash: n3 }, { at: 6s, phase: fixed, crash: n2, for: 1s }]';
    const ran = await run(text(schedule, faults), createLocalRunner(null));
    const { plan, summary } = ran;
    const due = new Set(plan.linkSchedule?.tracks.flatMap(({ steps }) => steps.map(({ atMs }) => atMs)));
    const made = changes(ran);
    expect(made.length + made.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(due.size);
    expect(made.every(({ plannedMs, atMs }) => due.has(plannedMs) && atMs >= plannedMs)).toBe(true);
    expect(made.map(({ plannedMs }) => plannedMs)).toEqual(made.map(({ plannedMs }) => plannedMs).sort((a, b) => a - b));
    expect(summary.metrics['linkLag.max']?.value).toBe(Math.max(...made.map(({ plannedMs, atMs }) => atMs - plannedMs)));
    expect(summary.verdicts.filter(isViolation)).toEqual([]);
    const inForceMs = (made[0]?.atMs ?? 0) - plan.warmupMs;
    // To the leader, to n2 and back, and to the client again; each way may be a millisecond short.
    const after = latencies(ran).filter(({ atMs }) => atMs >= inForceMs);
    expect(after.filter(({ atMs }) => atMs > 8000).length).toBeGreaterThan(20);
    expect(Math.min(...after.map(({ ms }) => ms))).toBeGreaterThan(4 * 60 - 4);
  });
});
