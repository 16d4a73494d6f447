// Actions drawn from a seed, for five nodes: crashes, partitions, clocks that lie. All of it lies within TROUBLE; after it, quiet.
import type { NodeId } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import type { Action } from '../kinds.ts';

type Timed = { readonly atMs: number; readonly action: Action };

const NODES: readonly NodeId[] = ['n1', 'n2', 'n3', 'n4', 'n5'];
export const SPARES: readonly NodeId[] = ['n6', 'n7', 'n8', 'n9', 'n10'];
export const TROUBLE = { fromMs: 2_000, toMs: 20_000 };

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

/**
 * One change of membership after another, most of them of several nodes, all of them at times that do not fit: the leader too is
 * removed, who is to join may be down, and who left goes on running. Five nodes and five spares.
 */
export function reconfigurations(seed: string): readonly Timed[] {
  const random = randomStream(seed, 'reconfigurations');
  const actions: Timed[] = [];
  let members: readonly NodeId[] = NODES;
  const drawn = (from: readonly NodeId[]) => from.filter(() => random() < 0.25);
  for (const node of SPARES) actions.push({ atMs: between(random, 1_000, 4_000), action: { type: 'start', node } });
  // The first before all trouble, so that one at least is done.
  for (let atMs = 1_500; atMs < TROUBLE.toMs - 1_000; atMs += between(random, 200, 3_000)) {
    const add = drawn([...NODES, ...SPARES].filter((node) => !members.includes(node)));
    const remove = atMs === 1_500 ? ['n1'] : drawn(members).slice(0, members.length + add.length - 1);
    if (add.length + remove.length === 0) continue;
    actions.push({ atMs, action: { type: 'reconfigure', add, remove } });
    // As if each were done: one that is not makes the next ones be refused, which is as good a trial.
    members = [...members.filter((node) => !remove.includes(node)), ...add];
  }
  return actions.sort((a, b) => a.atMs - b.atMs);
}

/** One cut after another between two random sides, one way or both. */
export function partitions(seed: string): readonly Timed[] {
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
export function clockTrouble(seed: string): readonly Timed[] {
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
