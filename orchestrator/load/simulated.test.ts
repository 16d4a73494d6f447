// Workloads and options of the load on a whole cluster in virtual time: what clients ask and do reaches the figures.
import { describe, expect, test } from 'vitest';
import { nodeBytes } from '../../test/bytes.ts';
import { type Ran, REGISTRY, runPlan } from '../../test/run-plan.ts';
import { parseExperiment } from '../experiment.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';

async function runsOf(experiment: string, { load, seconds = 8 }: { readonly load?: 'both'; readonly seconds?: number } = {}): Promise<readonly Ran[]> {
  const simulator = createSimulator(nodeBytes, () => Promise.resolve());
  const text = `name: load\nnodes: 3\nnetwork: { wan: aws-5 }\nrun: { warmup: 2s, measure: ${seconds}s }\n${experiment}`;
  const plans = makePlans(parseExperiment(text, 'test', REGISTRY), { runner: 'sim', supports: simulator.supports, ...(load === undefined ? {} : { load }) });
  const runs: Ran[] = [];
  for (const plan of plans) {
    runs.push(await runPlan(simulator, plan));
  }
  return runs;
}

async function runOf(experiment: string, seconds?: number): Promise<Ran> {
  const [run] = await runsOf(experiment, seconds === undefined ? {} : { seconds });
  if (run === undefined) throw new Error('no plan');
  return run;
}

const figure = ({ summary }: Ran, name: string) => summary.metrics[name]?.value ?? NaN;

test.each(REGISTRY.workloads.map(({ name }) => name))('the workload %s is linearizable over a crash of the leader, and its sessions are answered', async (workload) => {
  const run = await runOf(`protocols: [raft]\nload: { workload: ${workload}, rate: 50/s, keys: 3 }\nfaults: [{ at: 3s, crash: leader, for: 2s }]`);
  expect(run.summary.verdicts.map(({ check, valid }) => [check, valid])).toEqual(REGISTRY.checks.map(({ name }) => [name, true]));
  expect(figure(run, 'errors')).toBeLessThan(0.1 * figure(run, 'samples'));
  const operations = new Set(run.events.flatMap((event) => (event.type === 'invoke' ? [event.command.op.type] : [])));
  expect(operations.size).toBeGreaterThanOrEqual(2);
});

test('batches make one seed the same bytes again, and save requests of a node to its leader', async () => {
  const inBatches = (batch: number) => runOf(`protocols: [raft]\nload: { rate: 1500/s, batch: ${batch} }`, 2);
  const [single, batched, again] = [await inBatches(1), await inBatches(32), await inBatches(32)];
  expect(again.events).toEqual(batched.events);
  expect(figure(batched, 'throughput')).toBeGreaterThan(0.99 * figure(single, 'throughput'));
  expect(figure(batched, 'messagesPerCommit')).toBeLessThan(0.9 * figure(single, 'messagesPerCommit'));
});

describe('clients of a node that is down', () => {
  const crash = 'faults: [{ at: 1s, crash: n2, for: 4s }]';
  const load = (more: string) => `protocols: [raft]\n${crash}\nload: { rate: 40/s, target: spread, retry: 200ms${more} }`;

  test('ask it less with a circuit breaker, whose states are recorded', async () => {
    const [without, withBreaker] = [await runOf(load('')), await runOf(load(', breaker: { failures: 2, open: 1500ms }'))];
    const asked = ({ events }: Ran) => events.filter((event) => event.type === 'attempt' && event.to === 'n2' && event.atMs > 3_500 && event.atMs < 6_900).length;
    expect(asked(withBreaker)).toBeLessThan(asked(without));
    const states = withBreaker.events.flatMap((event) => (event.type === 'breaker' && event.to === 'n2' && event.region === 'us-east-1' ? [event.state] : []));
    expect(states.slice(0, 2)).toEqual(['open', 'half-open']);
    expect(states.at(-1)).toBe('closed');
    expect(figure(withBreaker, 'breaker.opened')).toBeGreaterThanOrEqual(3);
    expect(without.events.some(({ type }) => type === 'breaker')).toBe(false);
  });

  test('wait as their back-off says', async () => {
    const longest = async (backoff: string) => figure(await runOf(load(`, backoff: ${backoff}`)), 'backOff.max');
    expect(await longest('none')).toBe(1);
    expect(await longest('{ kind: fixed, first: 70ms }')).toBe(70);
  });
});

test('open and closed loop of one experiment stand side by side, each with its own kind of figures', async () => {
  const runs = await runsOf('protocols: [raft]\nload: { rate: 30/s, connections: 6 }', { load: 'both' });
  expect(runs.map(({ summary }) => summary.plan.label)).toEqual(['raft+open', 'raft+closed']);
  const [open, closed] = runs as readonly [Ran, Ran];
  expect(Math.abs(figure(open, 'offered') - 30)).toBeLessThan(6);
  expect(new Set(closed.events.flatMap((event) => (event.type === 'invoke' ? [event.client] : []))).size).toBe(6);
  // Little's law: six commands are open at any time.
  expect((figure(closed, 'throughput') * figure(closed, 'commit.mean')) / 1000).toBeCloseTo(6, 0);
});
