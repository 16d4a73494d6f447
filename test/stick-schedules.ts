// Random schedules of STICK's machines alone: messages in any order, lost and repeated, nodes in different rounds at once, disks that
// stay behind, crashes that keep any prefix of what was being written. No time, no network, no driver: thousands of runs a minute.
import type { Command, Env, Json, Machine, NodeId } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import { stick } from '../node/protocols/stick.ts';
import type { Options } from '../node/protocols/stick/options.ts';

const ROUND_MS = 1000;
const LOST = { any: 0.15, aimed: 0.02 };
const REPEATED = 0.05;
/** Of all steps. */
const CRASHES = { any: 0.03, aimed: 0.02 };
/** Share of the draws of what is late in which it stays on the way. */
const KEPT_BACK = 0.97;
const MOST_ROUNDS_DOWN = 3;

type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: Json };
type Held = { readonly after: number; readonly to: NodeId; readonly message: Json };
type Node = { id: NodeId; machine: Machine<Json, Json>; clockMs: number; alarms: Map<string, number>; disk: Json[]; durable: number; held: Held[]; life: number };

export type Schedule = {
  readonly nodes: number; readonly rounds: number; readonly options: Partial<Options>;
  /** What a new life finds of this entry on its disk; null: nothing. */
  readonly survives?: (entry: Json) => Json | null;
  /** Aimed at promises: what a promise should keep a node from lies on the way for long, and is the first that the node hears when it comes back, rounds later. */
  readonly late?: 'protoconsensus' | 'consensus';
};

/** null: it is another message. */
function roundOf(message: Json, name: string | undefined): number | null {
  return (message as { readonly [name: string]: { readonly round: number } | undefined })[name ?? '']?.round ?? null;
}

/** How the run forked, or null; and how much was decided. */
export function runSchedule(seed: string, { nodes: count, rounds, options, survives = (entry) => entry, late }: Schedule): { readonly fork: string | null; readonly decided: number } {
  const kind = late === undefined ? 'any' : 'aimed';
  const random = randomStream(seed, 'schedule');
  const below = (limit: number) => Math.floor(random() * limit);
  const ids = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const letters: Letter[] = [];
  const decided = new Map<number, string>();
  const forks: string[] = [];

  const post = (from: NodeId, to: NodeId, message: Json): void => {
    if (random() < LOST[kind]) return;
    for (let copies = random() < REPEATED ? 2 : 1; copies > 0; copies--) letters.push({ from, to, message });
  };
  const envOf = (node: Node): Env<Json, Json, Options> => {
    const { life } = node;
    const list = (to: NodeId | readonly NodeId[]) => (typeof to === 'string' ? [to] : to);
    return {
      self: node.id, members: ids, joining: false, options: { ...stick.defaults, roundMs: ROUND_MS, ...options }, maxMessageBytes: 60_000,
      address: (id: NodeId) => id, now: () => 0, wallClock: () => node.clockMs, random,
      persist: (...entries: Json[]) => { node.disk.push(...entries); },
      send: (to: NodeId | readonly NodeId[], message: Json) => { for (const each of list(to)) node.held.push({ after: node.disk.length, to: each, message }); },
      sendBeforeDurable: (to: NodeId | readonly NodeId[], message: Json) => { for (const each of list(to)) post(node.id, each, message); },
      commit: (command: Command | null, { epoch, slot }: { epoch: number; slot: number }) => {
        const what = `${epoch} ${command?.id ?? 'nothing'}`;
        const before = decided.get(slot) ?? what;
        decided.set(slot, before);
        if (before !== what) forks.push(`slot ${slot}: ${before}, and ${node.id} in its life ${life}: ${what}`);
      },
      place: () => undefined, reject: () => undefined, trace: () => undefined, sizeOf: () => 100,
      setAlarm: (name: string, atMs: number) => node.alarms.set(name, atMs),
    } as unknown as Env<Json, Json, Options>;
  };
  const begin = (node: Node): void => {
    node.life++;
    node.alarms = new Map();
    node.held = [];
    node.machine = stick.create(envOf(node));
    node.machine.start(structuredClone(node.disk));
    node.machine.turn?.();
  };
  const flush = (node: Node): void => {
    node.durable = node.disk.length;
    for (const { to, message } of node.held.splice(0)) {
      if (to === node.id) turn(node, () => node.machine.message(node.id, message));
      else post(node.id, to, message);
    }
  };
  const turn = (node: Node, input: () => void): void => {
    input();
    node.machine.turn?.();
    if (random() < 0.9) flush(node);
  };
  const crash = (node: Node): void => {
    node.disk.length = node.durable + below(node.disk.length - node.durable + 1);
    node.disk = node.disk.flatMap((entry) => survives(entry) ?? []);
    node.durable = node.disk.length;
    if (late !== undefined) node.clockMs += (1 + below(MOST_ROUNDS_DOWN)) * ROUND_MS;
    begin(node);
    const waiting = letters.flatMap((letter) => ({ letter, round: letter.to === node.id ? roundOf(letter.message, late) : null })).sort((a, b) => (a.round ?? 0) - (b.round ?? 0));
    for (const { letter, round } of waiting) {
      if (round === null) continue;
      letters.splice(letters.indexOf(letter), 1);
      turn(node, () => node.machine.message(letter.from, structuredClone(letter.message)));
    }
  };

  const nodes = ids.map((id): Node => ({ id, machine: null as never, clockMs: ROUND_MS, alarms: new Map(), disk: [], durable: 0, held: [], life: 0 }));
  for (const node of nodes) begin(node);
  let commands = 0;
  for (let step = 0; step < rounds * count * 60 && forks.length === 0; step++) {
    const node = nodes[below(count)] as Node;
    const draw = random();
    if (draw < CRASHES[kind]) crash(node);
    else if (draw < 0.07) flush(node);
    else if (draw < 0.12) turn(node, () => node.machine.commands([{ id: `c${++commands}:1`, op: { type: 'put', key: 'k', value: 'v' } }]));
    else if (letters.length > 0 && draw < 0.9) {
      const [letter] = letters.splice(below(letters.length), 1) as [Letter];
      if (roundOf(letter.message, late) !== null && random() < KEPT_BACK) {
        letters.push(letter);
        continue;
      }
      const to = nodes[ids.indexOf(letter.to)] as Node;
      turn(to, () => to.machine.message(letter.from, structuredClone(letter.message)));
    } else {
      const [next] = [...node.alarms].sort((a, b) => a[1] - b[1]);
      if (next === undefined || next[1] > rounds * ROUND_MS) continue;
      node.alarms.delete(next[0]);
      node.clockMs = Math.max(node.clockMs, next[1]);
      turn(node, () => node.machine.timer(next[0]));
    }
  }
  return { fork: forks[0] ?? null, decided: decided.size };
}
