// A process whose Paxos has a planted error: one text in one file is replaced as it is loaded (it must be there exactly once).
// Prints what forks: recorded scenarios that now commit two values in one slot, and, if it is asked to hunt, the seeds of
// simulated runs in which the lab's own agreement check is violated.
// Argument: {"file", "from", "to", "seeds", "options", "maxMessageBytes"} as JSON.
import type { Json, NodeId } from '../node/contract.ts';
import type { Scene } from '../orchestrator/conformance/trial.ts';
import type { Action } from '../orchestrator/kinds.ts';
import { plantTexts } from './planting.ts';

const { file, from, to, seeds, options, maxMessageBytes } = JSON.parse(process.argv[2] ?? '{}') as {
  file: string; from: string; to: string; seeds: number; options: Json; maxMessageBytes: number;
};

plantTexts([{ file, from, to }]);

const { paxos } = await import('../node/protocols/paxos.ts');
const { randomStream } = await import('../node/kit/random.ts');
const { forkingScenarios } = await import('./forks.ts');
const { runTrial } = await import('./trial.ts');

const MEASURE_MS = 5_000;

/** Crashes inside flushes and cuts, one after another, at random. */
function trouble(seed: string, nodes: readonly NodeId[]): readonly { readonly atMs: number; readonly action: Action }[] {
  const random = randomStream(seed, 'trouble');
  const actions: { atMs: number; action: Action }[] = [];
  const end = { crash: 600, cut: 900 };
  for (let atMs = 500; atMs < MEASURE_MS; atMs += 20 + random() * 200) {
    const node = nodes[Math.floor(random() * nodes.length)] ?? 'n1';
    if (random() < 0.5) {
      actions.push({ atMs, action: { type: 'crash', node, disk: 'lose-unsynced' } });
      actions.push({ atMs: atMs + random() * end.crash, action: { type: 'restart', node } });
    } else {
      const left = nodes.filter(() => random() < 0.5);
      const right = nodes.filter((other) => !left.includes(other));
      const there = { from: left, to: right };
      const overlay = `cut ${atMs}`;
      actions.push({ atMs, action: { type: 'cut', overlay, cuts: random() < 0.3 ? [there] : [there, { from: right, to: left }] } });
      actions.push({ atMs: atMs + 100 + random() * end.cut, action: { type: 'cut', overlay, cuts: null } });
    }
  }
  for (const node of nodes) actions.push({ atMs: MEASURE_MS + 1_000, action: { type: 'restart', node } });
  return actions.sort((a, b) => a.atMs - b.atMs);
}

const LINK = { lossPct: 8, duplicatePct: 20, jitterMs: 8, order: 'reorder' } as const;
function sceneOf(number: number): Scene {
  const seed = `planted-${number}`;
  const nodes = 3 + (number % 3);
  const ids = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  return { seed, nodes, options, actions: trouble(seed, ids), ratePerSecond: 60, measureMs: MEASURE_MS, settleMs: 2_000, fsyncMs: 6, maxMessageBytes, link: LINK };
}

/** A violated agreement, or a machine that its driver stops because it commits out of order. */
async function isSeen(number: number): Promise<boolean> {
  try {
    const { verdicts } = await runTrial(paxos, sceneOf(number));
    return verdicts.some(({ claim, valid }) => claim === 'agreement' && valid === false);
  } catch (error) {
    if (error instanceof Error && /commits slot \d+ after slot \d+/.test(error.message)) return true;
    throw error;
  }
}

const forkingSeeds: string[] = [];
for (let number = 1; number <= seeds && forkingSeeds.length === 0; number++) {
  if (await isSeen(number)) forkingSeeds.push(`planted-${number}`);
}
console.log(JSON.stringify({ scenarios: forkingScenarios(paxos), seeds: forkingSeeds }));
