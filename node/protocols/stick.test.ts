// `literal`'s machine alone, with every effect recorded; and the properties of whole runs that its document and its analysis name.
import { describe, expect, test } from 'vitest';
import { findings, planOf, violations } from '../../orchestrator/conformance/trial.ts';
import { runTrial } from '../../test/trial.ts';
import { factsOf } from '../../orchestrator/metrics/facts.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { Command, Env, Json, Machine, NodeId, Position } from '../contract.ts';
import { canonicalJson, sha256 } from '../kit/hash.ts';
import { stick } from './stick.ts';
import type { Consensus } from './stick/chain.ts';
import type { Options } from './stick/options.ts';

const GENESIS = { round: 0, hash: sha256('') };
/** stick.md §1.3: who of 10.0.0.1 … 5 leads the rounds 1 … 20. */
const SCHEDULE = [3, 2, 5, 5, 3, 5, 3, 3, 3, 4, 5, 4, 1, 1, 1, 4, 3, 3, 2, 1];

type Effect =
  | { readonly type: 'send'; readonly to: readonly NodeId[]; readonly message: Json }
  | { readonly type: 'persist'; readonly entries: readonly Json[] }
  | { readonly type: 'commit'; readonly id: string | undefined; readonly at: Position }
  | { readonly type: 'alarm'; readonly name: string; readonly atMs: number }
  | { readonly type: 'reject'; readonly id: string };

/** One node of five, in a world where nothing happens by itself. */
function bench(self: NodeId, round: number, options: Partial<Options> = {}, stored: readonly Consensus[] = []) {
  const effects: Effect[] = [];
  const clock = { ms: round * 1000 };
  const env = {
    self, members: ['n1', 'n2', 'n3', 'n4', 'n5'], joining: false, maxMessageBytes: 60_000,
    options: { ...stick.defaults, variant: 'literal', ...options },
    address: (id: NodeId) => `10.0.0.${id.slice(1)}`,
    wallClock: () => clock.ms,
    persist: (...entries: Json[]) => effects.push({ type: 'persist', entries }),
    send: (to: NodeId | readonly NodeId[], message: Json) => effects.push({ type: 'send', to: typeof to === 'string' ? [to] : to, message }),
    commit: (command: Command | null, at: Position) => effects.push({ type: 'commit', id: command?.id, at }),
    place: () => undefined,
    reject: (id: string) => effects.push({ type: 'reject', id }),
    sizeOf: (message: Json) => JSON.stringify(message).length,
    setAlarm: (name: string, atMs: number) => effects.push({ type: 'alarm', name, atMs }),
    trace: () => undefined,
  } as unknown as Env<Json, Consensus, Options>;
  const machine: Machine<Json, Consensus> = stick.create(env);
  machine.start(stored);
  const taken = () => effects.splice(0);
  return {
    machine, clock, taken,
    sends: () => taken().filter((effect) => effect.type === 'send').map(({ to, message }) => ({ to: to.join(' '), message })),
    at: (ms: number, name: string) => {
      clock.ms = ms;
      machine.timer(name);
      machine.turn?.();
    },
  };
}

const put = (id: string): Command => ({ id, op: { type: 'put', key: 'k', value: id } });
const refTo = (consensus: Consensus) => ({ round: consensus.round, hash: sha256(canonicalJson(consensus)) });
function consensus(round: number, last: Consensus | null, ...ids: readonly string[]): Consensus {
  return { round, leader: `10.0.0.${SCHEDULE[round - 1]}`, last_consensus: last === null ? GENESIS : refTo(last), log_entries: ids.map(put) };
}

describe('rounds', () => {
  test('are led by the member whose hash(address ++ round) is lowest', () => {
    const leaders = SCHEDULE.map((_, index) => bench('n1', index + 1).machine.status().leader);
    expect(leaders).toEqual(SCHEDULE.map((number) => `n${number}`));
  });

  test('are entered by an alarm at the next one, and the leader has one for Phase One', () => {
    const { taken } = bench('n3', 1);
    expect(taken().filter(({ type }) => type === 'alarm')).toEqual([
      { type: 'alarm', name: 'round', atMs: 2000 }, { type: 'alarm', name: 'propose:1', atMs: 1100 },
    ]);
    expect(bench('n1', 1).taken()).toEqual([{ type: 'alarm', name: 'round', atMs: 2000 }]);
  });

  test('only ascend: a clock that is stepped back is waited for', () => {
    const { machine, clock, sends } = bench('n1', 5);
    const first = consensus(5, null, 'c1:1');
    machine.message('n3', { protoconsensus: first });
    clock.ms = 4_000;
    machine.message('n5', { protoconsensus: consensus(4, null, 'c2:1') });
    clock.ms = 5_000;
    machine.message('n3', { protoconsensus: first });
    expect(machine.status().epoch).toBe(5);
    expect(sends()).toEqual([{ to: 'n3', message: { vote: { round: 5, voter: '10.0.0.1' } } }]);
  });
});

describe('forwards', () => {
  test('go at once to the leader of the next round, and again when it starts', () => {
    const { machine, at, sends } = bench('n1', 5);
    machine.commands([put('c1:1')]);
    const forward = { forward: { round: 6, last_consensus: GENESIS, log_entries: [put('c1:1')] } };
    expect(sends()).toEqual([{ to: 'n5', message: forward }]);
    at(6_000, 'round');
    expect(sends()).toEqual([{ to: 'n5', message: forward }]);
  });

  test('that would come too late for the next round go to the one after', () => {
    const delaysMs = { n1: { n5: 300, n3: 50 } };
    const { machine, clock, sends } = bench('n1', 5, { delaysMs });
    clock.ms = 5_800;
    machine.commands([put('c1:1')]);
    clock.ms = 5_801;
    machine.commands([put('c1:2')]);
    expect(sends().map(({ to, message }) => [to, (message as { forward: { round: number } }).forward.round])).toEqual([['n5', 6], ['n3', 7]]);
  });

  test('for the present and the next round are kept, others dropped', () => {
    const { machine, at, sends } = bench('n3', 6);
    for (const [index, round] of [5, 6, 7, 8].entries()) machine.message('n1', { forward: { round, last_consensus: GENESIS, log_entries: [put(`c${round}:${index}`)] } });
    at(7_100, 'propose:7');
    expect(sends().at(-1)?.message).toEqual({ protoconsensus: { round: 7, leader: '10.0.0.3', last_consensus: GENESIS, log_entries: [put('c7:2')] } });
  });

  test('that repeat a stored entry are not proposed again', () => {
    const first = consensus(5, null, 'c1:1');
    const { machine, at, sends } = bench('n5', 6, {}, [first]);
    machine.message('n1', { forward: { round: 6, last_consensus: GENESIS, log_entries: [put('c1:1')] } });
    at(6_100, 'propose:6');
    expect(sends()).toEqual([]);
  });

  test('of an entry that no message can hold are refused at once', () => {
    const { machine, taken } = bench('n1', 5, { batchBytes: 50 });
    taken();
    machine.commands([{ id: 'c1:1', op: { type: 'put', key: 'k', value: 'x'.repeat(80) } }]);
    expect(taken()).toEqual([{ type: 'reject', id: 'c1:1' }]);
  });

  test('beyond the batch cap wait for a later round', () => {
    const { machine, at, sends } = bench('n3', 6, { batchBytes: 150 });
    machine.message('n1', { forward: { round: 7, last_consensus: GENESIS, log_entries: [put('c1:1'), put('c2:1'), put('c3:1')] } });
    at(7_100, 'propose:7');
    expect(sends()).toMatchObject([{ message: { protoconsensus: { log_entries: [put('c1:1'), put('c2:1')] } } }]);
  });
});

describe('a voter', () => {
  const first = consensus(5, null, 'c1:1');
  const second = consensus(6, first, 'c1:2');
  const votes = (sent: readonly { readonly message: Json }[]) => sent.filter(({ message }) => Object.hasOwn(message as object, 'vote')).length;

  test('votes once for what continues its chain', () => {
    const { machine, sends } = bench('n1', 6, {}, [first]);
    machine.message('n5', { protoconsensus: second });
    machine.message('n5', { protoconsensus: second });
    expect(sends()).toEqual([{ to: 'n5', message: { vote: { round: 6, voter: '10.0.0.1' } } }]);
  });

  test.each([
    ['of an earlier round', 'n3', first],
    ['of a later round', 'n3', consensus(7, null, 'c1:1')],
    ['by one who does not lead', 'n2', { ...second, leader: '10.0.0.2' }],
    ['in the name of another', 'n2', second],
    ['with a stale reference', 'n5', consensus(6, null, 'c1:2')],
    ['without an entry', 'n5', consensus(6, first)],
  ])('does not vote for a ProtoConsensus %s', (_, from, proto) => {
    const { machine, sends } = bench('n1', 6, {}, [first]);
    machine.message(from, { protoconsensus: proto });
    expect(votes(sends())).toBe(0);
  });

  test('catches up before it votes', () => {
    const { machine, taken } = bench('n1', 6);
    taken();
    machine.message('n5', { protoconsensus: second });
    machine.message('n5', { protoconsensus: second });
    expect(taken()).toEqual([{ type: 'send', to: ['n5'], message: { fetch: { round: 6, from: GENESIS } } }]);
    machine.message('n5', { catchup: { round: 6, consensuses: [first] } });
    expect(taken()).toEqual([
      { type: 'persist', entries: [first] },
      { type: 'commit', id: 'c1:1', at: { epoch: 5, slot: 1 } },
      { type: 'send', to: ['n5'], message: { vote: { round: 6, voter: '10.0.0.1' } } },
    ]);
  });

  test('answers a fetch with what follows, or not at all', () => {
    const { machine, sends } = bench('n1', 7, {}, [first, second]);
    machine.message('n4', { fetch: { round: 7, from: refTo(first) } });
    machine.message('n4', { fetch: { round: 7, from: { round: 5, hash: 'unknown' } } });
    machine.message('n4', { fetch: { round: 6, from: refTo(first) } });
    expect(sends()).toEqual([{ to: 'n4', message: { catchup: { round: 7, consensuses: [second] } } }]);
  });

  test('never leaves the chain that it stored', () => {
    const { machine, taken } = bench('n1', 6, {}, [first]);
    taken();
    const other = consensus(4, null, 'c9:1');
    machine.message('n5', { catchup: { round: 6, consensuses: [other, consensus(5, other, 'c9:2')] } });
    expect(taken()).toEqual([]);
  });

  test('stores a Consensus whose proposal it never saw', () => {
    const { machine, taken } = bench('n1', 6, {}, [first]);
    taken();
    machine.message('n5', { consensus: second });
    machine.message('n5', { consensus: second });
    expect(taken()).toEqual([{ type: 'persist', entries: [second] }, { type: 'commit', id: 'c1:2', at: { epoch: 6, slot: 2 } }]);
  });
});

describe('the leader', () => {
  const proposing = () => {
    const node = bench('n5', 6);
    node.machine.message('n1', { forward: { round: 6, last_consensus: GENESIS, log_entries: [put('c1:1')] } });
    node.at(6_100, 'propose:6');
    node.taken();
    return node;
  };
  const vote = (number: number, round = 6) => ({ vote: { round, voter: `10.0.0.${number}` } });

  test('publishes with more than half of the servers, its own vote counted', () => {
    const { machine, at, taken } = proposing();
    machine.message('n1', vote(1));
    machine.message('n2', vote(2));
    at(6_700, 'count:6');
    const decided = { ...consensus(6, null, 'c1:1') };
    expect(taken()).toEqual([
      { type: 'persist', entries: [decided] },
      { type: 'send', to: ['n1', 'n2', 'n3', 'n4', 'n5'], message: { consensus: decided } },
    ]);
    machine.message('n5', { consensus: decided });
    expect(taken()).toEqual([{ type: 'commit', id: 'c1:1', at: { epoch: 6, slot: 1 } }]);
  });

  test('counts each voter once, and only votes of this round in the voter\'s own name', () => {
    const { machine, at, sends } = proposing();
    for (const message of [vote(1), vote(1)]) machine.message('n1', message);
    machine.message('n2', vote(2, 5));
    machine.message('n3', vote(4));
    at(6_700, 'count:6');
    expect(sends()).toEqual([]);
  });

  test('without entries says nothing', () => {
    const { at, sends } = bench('n5', 6);
    at(6_100, 'propose:6');
    expect(sends()).toEqual([]);
  });
});

test('a new life commits what it stored from slot 1 on', () => {
  const first = consensus(5, null, 'c1:1', 'c2:1');
  const { taken, machine } = bench('n1', 9, {}, [first, consensus(6, first, 'c1:2')]);
  expect(taken().filter(({ type }) => type === 'commit')).toEqual([
    { type: 'commit', id: 'c1:1', at: { epoch: 5, slot: 1 } },
    { type: 'commit', id: 'c2:1', at: { epoch: 5, slot: 2 } },
    { type: 'commit', id: 'c1:2', at: { epoch: 6, slot: 3 } },
  ]);
  expect(machine.status()).toMatchObject({ commitSlot: 3, lastSlot: 3, epoch: 9 });
});

describe('a whole run', () => {
  // A server slower than T − P2 − d = 260 ms publishes into the others' next round; one slower than P2 + d = 740 ms takes
  // nobody's Consensus, so that its own proposals are stale (stick.md §1.5, H4).
  test.each([
    { slowMs: 250, lost: false },
    { slowMs: 270, lost: true },
    { slowMs: 730, lost: true },
    { slowMs: 750, lost: false },
  ])('with one server that turns $slowMs ms slow: confirmed writes lost: $lost', async ({ slowMs, lost }) => {
    const actions = [{ atMs: 5_000, action: { type: 'clock', node: 'n1', change: { stepMs: -slowMs } } as const }];
    const outcome = await runTrial(stick, { seed: '2', nodes: 3, options: { variant: 'literal' }, link: { delayMs: 40 }, fsyncMs: 0, measureMs: 40_000, actions });
    expect(violations(outcome)).toEqual([]);
    expect(findings(outcome).some((finding) => finding.startsWith('durability'))).toBe(lost);
  });

  // 1 % limit of the Kolmogorov–Smirnov distance for n samples: 1.63 / √n. Two leaders are farther away than P0.
  test.each([
    ['literal', 'n1', {}], ['literal', 'n3', {}], ['report', 'n3', {}], ['ack', 'n3', {}], ['report', 'n1', { phaseTwo: 'event' }], ['ack', 'n1', { phaseTwo: 'event' }],
  ])('%s answers at %s as the closed form says: %o', async (variant, entry, more) => {
    const places: { readonly [id: string]: number } = { n1: 0, n2: 50, n3: 90, n4: 170, n5: 240 };
    const links = Object.fromEntries([...Object.keys(places), 'home'].map((from) => [from, Object.fromEntries([...Object.keys(places), 'home'].filter((to) => to !== from).map((to) => {
      const far = Math.abs((places[from] ?? 0) - (places[to] ?? 0));
      return [to, { ...PERFECT_LINK, delayMs: from === 'home' ? (to === entry ? 3 : 20) : to === 'home' ? 3 : far }];
    }))]));
    const scene = { seed: 'law', options: { variant, ...more }, links, target: 'nearest', retryMs: 5_000, ratePerSecond: 25, measureMs: 300_000 } as const;
    const latencies: number[] = [];
    const intended = new Map<string, number>();
    await runTrial(stick, scene, (event) => {
      if (event.type === 'invoke') intended.set(event.command.id, event.intendedMs);
      else if (event.type === 'reply') latencies.push(event.reply.outcome === 'ok' ? event.atMs - (intended.get(event.id) ?? 0) : Infinity);
    });
    const plan = planOf(stick, scene);
    const law = stick.expected?.(plan.options as Options, factsOf(plan, 0), { client: 'home', entry, leader: null, atFollower: 'forward', ratePerSecond: 25 }) ?? [];
    const below = (ms: number) => law.reduce((sum, { weight, fromMs, toMs }) => sum + weight * Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs))), 0);
    latencies.sort((a, b) => a - b);
    expect(latencies.length).toBeGreaterThan(6_000);
    const distance = Math.max(...latencies.map((ms, index) => Math.abs(below(ms) - (index + 0.5) / latencies.length)));
    expect(distance).toBeLessThan(1.63 / Math.sqrt(latencies.length));
  });
});
