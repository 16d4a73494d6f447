// What every protocol must do, from its own flags: what it claims it must keep under every fault here; what it does not
// claim is run all the same, and what was found is told beside the test. No protocol's name appears.
//
// A failing seed is in the test's name and can be run alone: LAB_SEED=… vitest run test/conformance.test.ts -t '…'
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import type { AnyProtocol, NodeId } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import type { Action } from '../orchestrator/kinds.ts';
import { amongNonsense } from './tamper.ts';
import { findings, planOf, runTrial, violations } from './trial.ts';
import type { Outcome, Scene } from './trial.ts';

type Timed = { readonly atMs: number; readonly action: Action };

const NODES: readonly NodeId[] = ['n1', 'n2', 'n3', 'n4', 'n5'];
const SEEDS = ['1', '2', '3', process.env['LAB_SEED'] ?? `fresh-${Date.now()}`];
/** After the last fault everything that is asked for is answered again, once leaders and clients have found each other. */
const RECOVERY_MS = 10_000;
const TROUBLE = { fromMs: 2_000, toMs: 20_000 };
/** Faults, then quiet. */
export const TROUBLED: Omit<Scene, 'seed'> = { measureMs: TROUBLE.toMs + RECOVERY_MS + 5_000, ratePerSecond: 15, fsyncMs: 8 };
const BAD_LINK = { lossPct: 5, duplicatePct: 5, corruptPct: 2, jitterMs: 15, order: 'reorder', reorderPct: 5 } as const;

const between = (random: () => number, from: number, to: number) => from + random() * (to - from);

/** Each node is killed several times, mostly inside a flush, and always comes back; once all of them lose power together. */
export function crashes(seed: string): readonly Timed[] {
  const actions: Timed[] = [];
  const blackoutMs = between(randomStream(seed, 'blackout'), TROUBLE.fromMs, TROUBLE.toMs - 1_000);
  for (const node of NODES) {
    const random = randomStream(seed, 'crashes', node);
    const killed: number[] = [blackoutMs];
    for (let atMs = between(random, TROUBLE.fromMs, 8_000); atMs < TROUBLE.toMs - 3_000; atMs += between(random, 4_000, 12_000)) killed.push(atMs);
    for (const atMs of killed) {
      actions.push({ atMs, action: { type: 'crash', node, disk: 'lose-unsynced' } });
      actions.push({ atMs: atMs + between(random, 50, 2_500), action: { type: 'restart', node } });
    }
  }
  return actions.sort((a, b) => a.atMs - b.atMs);
}

/** One cut after another between two random sides, one way or both. */
function partitions(seed: string): readonly Timed[] {
  const random = randomStream(seed, 'partitions');
  const actions: Timed[] = [];
  for (let atMs = TROUBLE.fromMs; atMs < TROUBLE.toMs - 4_000; atMs += 4_000) {
    const left = NODES.filter(() => random() < 0.5);
    const right = NODES.filter((node) => !left.includes(node));
    const there = { from: left, to: right };
    const cuts = random() < 0.3 ? [there] : [there, { from: right, to: left }];
    actions.push({ atMs, action: { type: 'cut', overlay: 'partition', cuts } });
    actions.push({ atMs: atMs + between(random, 500, 3_500), action: { type: 'cut', overlay: 'partition', cuts: null } });
  }
  return actions;
}

/** Clocks run fast or slow, jump by up to 3 s either way, and processes stand still for a while. */
function clockTrouble(seed: string): readonly Timed[] {
  const random = randomStream(seed, 'clocks');
  const actions: Timed[] = NODES.map((node) => ({
    atMs: TROUBLE.fromMs,
    action: { type: 'clock', node, change: { offsetMs: between(random, -2_000, 2_000), driftPpm: between(random, -500, 500) } },
  }));
  for (let atMs = TROUBLE.fromMs; atMs < TROUBLE.toMs - 2_000; atMs += between(random, 300, 1_500)) {
    const node = NODES[Math.floor(random() * NODES.length)] ?? 'n1';
    if (random() < 0.7) actions.push({ atMs, action: { type: 'clock', node, change: { stepMs: between(random, -3_000, 3_000) } } });
    else {
      actions.push({ atMs, action: { type: 'pause', node } });
      actions.push({ atMs: atMs + between(random, 100, 2_000), action: { type: 'resume', node } });
    }
  }
  for (const node of NODES) actions.push({ atMs: TROUBLE.toMs, action: { type: 'clock', node, change: null } });
  return actions.sort((a, b) => a.atMs - b.atMs);
}

const okAfter = (outcome: Outcome, fromMs: number) => outcome.calls.filter((call) => call.atMs >= fromMs && call.outcome === 'ok').length;
const notOkAfter = (outcome: Outcome, fromMs: number) => outcome.calls.filter((call) => call.atMs >= fromMs && call.outcome !== 'ok').length;

/** Everything claimed holds, and something was done: else nothing was shown. What is not claimed is only told. */
async function expectClaims(context: TestContext, outcome: Outcome): Promise<void> {
  for (const finding of findings(outcome)) await context.annotate(`not claimed, found: ${finding}`);
  expect(violations(outcome)).toEqual([]);
  expect(okAfter(outcome, 0)).toBeGreaterThan(0);
}

/** Whoever claims agreement also goes on once the faults are over: nobody is stuck. */
async function expectRecovery(context: TestContext, outcome: Outcome): Promise<void> {
  await expectClaims(context, outcome);
  if (!outcome.claims.includes('agreement')) return;
  expect(notOkAfter(outcome, TROUBLE.toMs + RECOVERY_MS)).toBe(0);
  expect(okAfter(outcome, TROUBLE.toMs + RECOVERY_MS)).toBeGreaterThan(20);
}

async function digest(protocol: AnyProtocol, scene: Scene): Promise<string> {
  const hash = createHash('sha256');
  await runTrial(protocol, { ...scene, detail: 'messages' }, (event) => hash.update(`${JSON.stringify(event)}\n`));
  return hash.digest('hex');
}

/** Registers the tests of one protocol. */
export function conformance(protocol: AnyProtocol): void {
  describe(`${protocol.name} conforms`, () => {
    withoutFaults(protocol);
    underFaults(protocol);
    if (protocol.restartable !== false) underCrashes(protocol);
    atTheLimits(protocol);
  });
}

function withoutFaults(protocol: AnyProtocol): void {
  test('its defaults are plain data, and its flags fit together', () => {
    const { options } = planOf(protocol, { seed: '1' });
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
    const claims = protocol.claims?.(options) ?? ['agreement'];
    expect(claims.includes('linearizability') && !claims.includes('agreement')).toBe(false);
  });

  test.each([1, 3, 5])('commits every command on every one of %i nodes', async (nodes) => {
    const outcome = await runTrial(protocol, { seed: '1', nodes });
    expect(violations(outcome)).toEqual([]);
    expect(findings(outcome)).toEqual([]);
    expect(outcome.calls.filter(({ outcome: answer }) => answer !== 'ok')).toEqual([]);
    expect(outcome.calls.length).toBeGreaterThan(150);
    const commits = [...outcome.commits.values()];
    expect(commits).toHaveLength(nodes);
    expect(Math.min(...commits)).toBeGreaterThanOrEqual(outcome.calls.length - 20);
  });

  test('the same seed gives the same bytes, another seed others', async () => {
    const scene = { ...TROUBLED, measureMs: 12_000, link: BAD_LINK, actions: protocol.restartable === false ? [] : crashes('1').filter(({ atMs }) => atMs < 10_000) };
    const first = await digest(protocol, { ...scene, seed: '1' });
    expect(await digest(protocol, { ...scene, seed: '1' })).toBe(first);
    expect(await digest(protocol, { ...scene, seed: '2' })).not.toBe(first);
  });
}

function underFaults(protocol: AnyProtocol): void {
  test.for(SEEDS)('keeps its claims under loss, duplication, reordering and corruption (seed %s)', async (seed, context) => {
    const outcome = await runTrial(protocol, { ...TROUBLED, seed, link: BAD_LINK });
    await expectClaims(context, outcome);
    if (outcome.claims.includes('agreement')) expect(notOkAfter(outcome, 0)).toBeLessThan(outcome.calls.length / 10);
  });

  test.for(SEEDS)('keeps its claims under partitions, and recovers (seed %s)', async (seed, context) => {
    await expectRecovery(context, await runTrial(protocol, { ...TROUBLED, seed, actions: partitions(seed) }));
  });

  test('a minority commits nothing', async (context) => {
    const cutMs = 5_000;
    const minority = ['n1', 'n2'];
    const cuts = [{ from: minority, to: 'others' as const }, { from: ['n3', 'n4', 'n5'], to: 'others' as const }];
    const invoked = new Map<string, number>();
    const late: string[] = [];
    const outcome = await runTrial(protocol, { seed: '1', actions: [{ atMs: cutMs, action: { type: 'cut', overlay: 'minority', cuts } }] }, (event) => {
      if (event.type === 'invoke') invoked.set(event.command.id, event.atMs);
      if (event.type !== 'committed' || event.command === null || !minority.includes(event.node)) return;
      if ((invoked.get(event.command.id) ?? 0) > cutMs) late.push(`${event.node} ${event.command.id}`);
    });
    await expectClaims(context, outcome);
    if (outcome.claims.includes('agreement')) expect(late).toEqual([]);
  });
}

function underCrashes(protocol: AnyProtocol): void {
  test.for(SEEDS)('a crash inside a flush loses nothing durable, and it recovers (seed %s)', async (seed, context) => {
    await expectRecovery(context, await runTrial(protocol, { ...TROUBLED, seed, actions: crashes(seed) }));
  });

  test.for(SEEDS)('keeps its claims under everything at once (seed %s)', async (seed, context) => {
    const actions = [...crashes(seed), ...partitions(seed), ...clockTrouble(seed)].sort((a, b) => a.atMs - b.atMs);
    await expectClaims(context, await runTrial(protocol, { ...TROUBLED, seed, link: BAD_LINK, actions }));
  });
}

function atTheLimits(protocol: AnyProtocol): void {
  test('commits everything with clocks that differ by 30 ms and drift by 100 ppm', async (context) => {
    const outcome = await runTrial(protocol, { seed: '1', clockOffsetsMs: [0, 15, -15, 7, -9], driftPpm: 100 });
    await expectClaims(context, outcome);
    expect(notOkAfter(outcome, 0)).toBe(0);
  });

  test.for(SEEDS)('keeps its claims with clocks that jump by seconds and processes that stand still, and recovers (seed %s)', async (seed, context) => {
    await expectRecovery(context, await runTrial(protocol, { ...TROUBLED, seed, actions: clockTrouble(seed) }));
  });

  test('no message is larger than allowed, however many commands wait', async (context) => {
    // The simulator asserts the limit on every message.
    const actions: readonly Timed[] = protocol.restartable === false ? [] : [
      { atMs: 3_000, action: { type: 'crash', node: 'n2', disk: 'keep' } }, { atMs: 6_000, action: { type: 'restart', node: 'n2' } },
    ];
    const outcome = await runTrial(protocol, { seed: '1', maxMessageBytes: 2_048, ratePerSecond: 40, measureMs: 12_000, settleMs: 20_000, actions });
    await expectClaims(context, outcome);
  });

  test.for(SEEDS)('nothing that arrives can break it (seed %s)', async (seed, context) => {
    const outcome = await runTrial(amongNonsense(protocol, seed), { seed });
    await expectClaims(context, outcome);
    expect(notOkAfter(outcome, 0)).toBe(0);
  });
}
