// The world: what it promises to machines and to clients, and that a seed fixes every byte.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ClockSpec } from '../node/clock.ts';
import { protocol } from '../node/contract.ts';
import type { Command, Env, Json, Machine } from '../node/contract.ts';
import type { Reply } from '../node/replica.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import type { Link } from '../netem/link.ts';
import { nodeBytes } from '../test/bytes.ts';
import { simulatedStory } from '../test/simulated-story.ts';
import type { WorldEvent } from './surroundings.ts';
import { World } from './world.ts';

const NODES = ['n1', 'n2'];
const PERFECT: ClockSpec = { offsetMs: 0, driftPpm: 0, ntp: null };
type Probe = Env<Json, Json, Json>;

/** A machine made of what a test says it does. */
function open(acts: (env: Probe) => Partial<Machine<Json, Json>>, over: { readonly link?: Partial<Link>; readonly clock?: ClockSpec; readonly fsyncMs?: number } = {}) {
  const events: WorldEvent[] = [];
  const link = { ...PERFECT_LINK, delayMs: 10, ...over.link };
  const status = { role: 'probe', leader: null, epoch: 0, lastSlot: 0, commitSlot: 0, configurations: [] };
  const probe = protocol<Json, Json, Json>({
    name: 'probe', summary: 'what the test says', defaults: {},
    create: (env) => ({ start: () => undefined, message: () => undefined, timer: () => undefined, commands: () => undefined, status: () => status, ...acts(env) }),
  });
  const world = new World({
    protocol: probe, seed: 'world test', epochMs: 1_000_000, fsyncMs: over.fsyncMs ?? 5, requestTimeoutMs: 2000, detail: 'messages', bytes: nodeBytes,
    links: { n1: { n2: link }, n2: { n1: link } },
    clocks: { n1: over.clock ?? PERFECT, n2: over.clock ?? PERFECT },
    seats: NODES.map((self) => ({
      self, members: NODES, joining: false, addresses: {}, options: {}, maxMessageBytes: 10_000, frameBytes: 1400, atFollower: 'redirect', run: 'test',
    })),
  }, (event) => events.push(event));
  for (const node of NODES) world.start(node);
  const traces = (name: string) => events.flatMap((event) => (event.type === 'trace' && event.name === name ? [{ atMs: event.atMs, node: event.node, detail: event.detail }] : []));
  const traffic = (node: string) => events.findLast((event) => event.type === 'traffic' && event.node === node);
  return { world, events, traces, traffic };
}

const put = (sequence: number): Command => ({ id: `c1:${sequence}`, op: { type: 'put', key: 'k', value: 'v' } });
const answers = () => {
  const replies: Reply[] = [];
  return { replies, answer: (reply: Reply) => void replies.push(reply) };
};

describe('a seed', () => {
  test('fixes every byte of the event stream, in one process and across two, and another seed gives another one', () => {
    const hash = (lines: readonly string[]) => createHash('sha256').update(lines.join('\n')).digest('hex');
    const { lines, events } = simulatedStory('seed 1');
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['arrived', 'sent', 'received', 'durable', 'placed', 'committed', 'status', 'rejected', 'traffic', 'clock']));
    expect(hash(simulatedStory('seed 1').lines)).toBe(hash(lines));
    expect(hash(simulatedStory('seed 2').lines)).not.toBe(hash(lines));
    const story = new URL('../test/simulated-story.ts', import.meta.url).href;
    const script = `import { createHash } from 'node:crypto';
      const { simulatedStory } = await import(${JSON.stringify(story)});
      process.stdout.write(createHash('sha256').update(simulatedStory('seed 1').lines.join('\\n')).digest('hex'));`;
    expect(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })).toBe(hash(lines));
  });

  test('numbers the events of each node without gaps across its lives, in order of time', () => {
    const { events } = simulatedStory('seed 3', 20);
    expect(Math.max(...events.map(({ life }) => life))).toBeGreaterThan(1);
    for (const node of ['n1', 'n2', 'n3']) {
      expect(events.filter((event) => event.node === node).map(({ sequence }) => sequence)).toEqual(events.filter((event) => event.node === node).map((_, index) => index));
    }
    expect(events.every((event, index) => event.atMs >= (events[index - 1]?.atMs ?? 0))).toBe(true);
  });
});

test.each(['a', 'b', 'c', 'd', 'e', 'f'])('a correct protocol keeps agreement and its acknowledged commands through crashes inside flushes (seed %s)', (seed) => {
  const { events, lines } = simulatedStory(seed, 90);
  const slots = new Map<number, string>();
  let commits = 0;
  for (const event of events) {
    if (event.type !== 'committed') continue;
    commits++;
    const text = JSON.stringify([event.command, event.value]);
    expect(slots.get(event.at.slot) ?? text).toBe(text);
    slots.set(event.at.slot, text);
  }
  const acknowledged = lines.map((line) => JSON.parse(line) as { id?: string; reply?: Reply }).flatMap(({ id, reply }) => (reply?.outcome === 'ok' ? [{ id, slot: reply.at.slot }] : []));
  for (const { id, slot } of acknowledged) expect(slots.get(slot)).toContain(`"${id}"`);
  expect([acknowledged.length > 300, commits > slots.size]).toEqual([true, true]);
});

describe('a turn', () => {
  test('is everything that arrives at one node in one instant', () => {
    const { world, traces } = open((env) => ({
      commands: (batch) => env.trace('batch', batch.length),
      message: (from) => env.trace('message', from),
      timer: (name) => env.trace('timer', name),
      start: () => (env.self === 'n1' ? env.setTimer('t', 10) : env.send('n1', 'hello')),
      turn: () => env.trace('turn'),
    }));
    const { answer } = answers();
    world.at(10, () => {
      world.request('n1', put(1), answer);
      world.request('n1', put(2), answer);
    });
    world.advance(20);
    const at10 = (name: string) => traces(name).filter(({ atMs, node }) => atMs === 10 && node === 'n1').map(({ detail }) => detail);
    expect([at10('batch'), at10('message'), at10('timer'), at10('turn')]).toEqual([[2], ['n2'], ['t'], [undefined]]);
  });

  test('that never ends is a bug, told with node and time', () => {
    const { world } = open((env) => ({ message: () => env.send(env.self, 'again'), timer: () => env.send(env.self, 'again'), start: () => env.setTimer('t', 7) }));
    expect(() => world.advance(100)).toThrow('n1 at 7 ms: assertion: more than 1000 turns in one instant');
  });

  test('that throws is a bug, told with node and time', () => {
    const { world } = open((env) => ({
      start: () => env.setTimer('t', env.self === 'n2' ? 3 : 4),
      timer: () => { throw new Error('no such slot'); },
    }));
    expect(() => world.advance(100)).toThrow('n2 at 3 ms: no such slot');
  });

  test('that sends more than a message may hold is a bug', () => {
    const { world } = open((env) => ({ start: () => (env.self === 'n1' ? env.send('n2', 'x'.repeat(10_001)) : undefined) }));
    expect(() => world.advance(1)).toThrow('larger than maxMessageBytes');
  });
});

describe('a client', () => {
  test('of a node that is down learns that the connection failed', () => {
    const { world } = open(() => ({}));
    const { replies, answer } = answers();
    world.crash('n1', 'keep');
    world.request('n1', put(1), answer);
    world.advance(1);
    expect(replies).toEqual([{ outcome: 'unknown', reason: 'connection' }]);
  });

  test('whose node crashes is told so, once for each of its open requests', () => {
    const { world } = open(() => ({}));
    const { replies, answer } = answers();
    world.request('n1', put(1), answer);
    world.request('n1', put(1), answer);
    world.request('n1', put(2), answer);
    world.advance(100);
    expect(replies).toEqual([]);
    world.crash('n1', 'lose-unsynced');
    world.restart('n1');
    world.advance(10_000);
    expect(replies).toEqual([1, 2, 3].map(() => ({ outcome: 'unknown', reason: 'connection' })));
  });

  test('whose command is never answered learns that it timed out', () => {
    const { world } = open(() => ({}));
    const { replies, answer } = answers();
    world.request('n1', put(1), answer);
    world.advance(1999);
    expect(replies).toEqual([]);
    world.advance(2000);
    expect(replies).toEqual([{ outcome: 'unknown', reason: 'timeout' }]);
  });

  test('is answered by the node, in the instant of the answer', () => {
    const { world } = open((env) => ({ commands: ([command]) => (command === undefined ? undefined : env.commit(command, { epoch: 1, slot: 1 })) }));
    const { replies, answer } = answers();
    world.at(5, () => world.request('n1', put(1), answer));
    world.advance(5);
    expect(replies).toEqual([{ outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } }]);
  });
});

describe('a node that is paused', () => {
  const busy = (env: Probe): Partial<Machine<Json, Json>> => ({
    start: () => { env.setTimer('t', 50); if (env.self === 'n2') env.setTimer('send', 60); },
    timer: (name) => { env.trace(name, env.now()); if (name === 'send') env.send('n1', 'hello'); },
    message: () => env.trace('message'),
    commands: (batch) => env.trace('batch', batch.length),
  });

  test('does nothing, and then everything that waited at once', () => {
    const { world, traces } = open(busy);
    world.advance(40);
    world.pause('n1');
    world.request('n1', put(1), () => undefined);
    world.advance(500);
    const ofN1 = (name: string) => traces(name).filter(({ node }) => node === 'n1').map(({ atMs }) => atMs);
    expect([ofN1('t'), ofN1('message'), ofN1('batch')]).toEqual([[], [], []]);
    world.resume('n1');
    world.advance(1000);
    expect([ofN1('t'), ofN1('message'), ofN1('batch')]).toEqual([[500], [500], [500]]);
  });

  test('can crash and comes back running', () => {
    const { world, traces } = open(busy);
    world.pause('n1');
    world.advance(100);
    world.crash('n1', 'keep');
    world.resume('n1');
    expect([world.isUp('n1'), world.status('n1')]).toEqual([false, null]);
    world.advance(200);
    world.restart('n1');
    world.advance(300);
    expect(traces('t').filter(({ node }) => node === 'n1').map(({ atMs }) => atMs)).toEqual([250]);
  });

  test('loses frames beyond its buffer, and counts them', () => {
    const { world, traces, traffic } = open((env) => ({
      start: () => { if (env.self === 'n2') env.setTimer('flood', 100); },
      timer: () => { for (let count = 0; count < 5000; count++) env.send('n1', count); },
      message: () => env.trace('message'),
    }));
    world.pause('n1');
    world.advance(500);
    world.resume('n1');
    world.advance(2000);
    expect(traces('message').length).toBe(4096);
    expect(traffic('n1')).toMatchObject({ received: 4096, lost: 904 });
    expect(traffic('n2')).toMatchObject({ sent: 5000, lost: 0 });
  });
});

describe('a link of the world', () => {
  const chatter = (env: Probe): Partial<Machine<Json, Json>> => ({
    start: () => env.setTimer('t', 10),
    timer: () => { env.send(env.self === 'n1' ? 'n2' : 'n1', env.now()); env.setTimer('t', 10); },
    message: (_from, message) => env.trace('heard', message),
  });

  test('that is cut one way loses that way only, until its own overlay is taken off', () => {
    const { world, traces } = open(chatter);
    world.cut('f1', [['n1', 'n2']]);
    world.cut('f2', [['n2', 'n2']]);
    world.advance(1000);
    world.cut('f2', null);
    world.advance(2000);
    expect(traces('heard').filter(({ node }) => node === 'n2')).toEqual([]);
    expect(traces('heard').filter(({ node }) => node === 'n1').length).toBe(199);
    world.cut('f1', null);
    world.advance(2100);
    expect(traces('heard').filter(({ node }) => node === 'n2').length).toBe(9);
  });

  test('that corrupts flips a bit of real bytes, which the checksum finds', () => {
    const { world, traces, traffic } = open(chatter, { link: { corruptPct: 100 } });
    world.advance(20_000);
    expect(traces('heard')).toEqual([]);
    const { corrupt, foreign, sent } = { corrupt: 0, foreign: 0, sent: 0, ...traffic('n1') };
    expect([corrupt > 1800, foreign > 10, corrupt + foreign]).toEqual([true, true, sent - 1]);
  });

  test('to a node that is down loses what arrives there', () => {
    const { world, traces } = open(chatter);
    world.advance(95);
    world.crash('n2', 'keep');
    world.advance(200);
    world.restart('n2');
    world.advance(215);
    expect(traces('heard').filter(({ node }) => node === 'n2').map(({ detail }) => detail)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 200]);
  });
});

describe('a timer', () => {
  test('fires once its own clock has reached the time, drift and all', () => {
    const { world, traces } = open((env) => {
      let goal = 0;
      return {
        start: () => { goal = env.now() + 333.3; env.setTimer('t', 333.3); },
        timer: () => { env.trace('late', env.now() - goal); goal = env.now() + 333.3; env.setTimer('t', 333.3); },
      };
    }, { clock: { offsetMs: 0, driftPpm: 250, ntp: null } });
    world.advance(100_000);
    expect(traces('late').length).toBe(600);
    for (const { detail } of traces('late')) expect([Number(detail) >= 0, Number(detail) < 1e-6]).toEqual([true, true]);
    expect(traces('late')[0]?.atMs).toBeCloseTo(333.3 / 1.00025, 6);
  });

  test('has one pending firing per name, at the time that was set last', () => {
    const { world, traces } = open((env) => ({
      start: () => { for (const [name, afterMs] of [['later', 10], ['later', 50], ['sooner', 50], ['sooner', 20], ['never', 30], ['turned', 15]] as const) env.setTimer(name, afterMs); env.clearTimer('never'); env.setAlarm('turned', 1_000_040); },
      timer: (name) => env.trace(name),
    }));
    world.advance(1000);
    const ofN1 = (name: string) => traces(name).filter(({ node }) => node === 'n1').map(({ atMs }) => atMs);
    expect(['later', 'sooner', 'never', 'turned'].map(ofN1)).toEqual([[50], [20], [], [40]]);
  });

  test('that is an alarm follows the wall clock when it is stepped, forward and back', () => {
    const { world, traces } = open((env) => ({
      start: () => { env.setAlarm('a', 1_000_500); env.setTimer('t', 500); },
      timer: (name) => env.trace(name, env.wallClock()),
    }));
    world.advance(100);
    world.clock('n1', { stepMs: 200 });
    world.clock('n2', { stepMs: -1000 });
    world.advance(5000);
    expect(traces('a')).toEqual([{ atMs: 300, node: 'n1', detail: 1_000_500 }, { atMs: 1500, node: 'n2', detail: 1_000_500 }]);
    expect(traces('t').map(({ atMs }) => atMs)).toEqual([500, 500]);
  });
});

describe('totals', () => {
  test('of traffic come each second and at the end of a life; the clock is told of when it errs', () => {
    const { world, events } = open(() => ({}));
    world.advance(1500);
    world.crash('n1', 'keep');
    world.clock('n2', { offsetMs: 3 });
    world.advance(2500);
    world.close();
    const times = (node: string, type: string) => events.filter((event) => event.node === node && event.type === type).map(({ atMs }) => atMs);
    expect([times('n1', 'traffic'), times('n2', 'traffic')]).toEqual([[1000, 1500], [1000, 2000, 2500]]);
    expect([times('n1', 'clock'), times('n2', 'clock')]).toEqual([[], [2000, 2500]]);
  });

  test('count what a flush held, and a command of a turn is durable after the fsync', () => {
    const { world, events, traces } = open((env) => ({
      start: () => { env.persist('a', 'b'); env.send(env.self, 'durable'); },
      message: () => env.trace('durable'),
    }), { fsyncMs: 8 });
    world.advance(100);
    expect(traces('durable').map(({ atMs }) => atMs)).toEqual([8, 8]);
    expect(events.find(({ type }) => type === 'durable')).toMatchObject({ atMs: 8, entries: 2, bytes: 22, tookMs: 8 });
  });
});

test('a query reaches the routes of a machine, and nothing when the node is down', () => {
  const { world } = open(() => ({ routes: { 'GET /echo': (query) => ({ status: 200, body: query }) } }));
  world.advance(1);
  expect(world.query('n1', 'GET /echo', { a: 'b' })).toEqual({ status: 200, body: { a: 'b' } });
  world.crash('n1', 'keep');
  expect(world.query('n1', 'GET /echo', {})).toBeNull();
});
