// The load process against a node that is none: a small HTTP server that answers as a test wants. What counts is the
// record: every intended command, its attempts, its outcome, with the client's link delayed both ways.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { Command } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { ClientEvent, LabEvent, Plan } from '../kinds.ts';
import { arrivals } from '../load/arrivals.ts';
import { readEvents } from './event-file.ts';
import { type LoadConfig, type LoadMessage, PAUSED } from './load/config.ts';
import { splitLines } from './lines.ts';
import { openRunClock } from './run-clock.ts';

/** late: ok, LATE_MS later. */
type Answer = (command: Command) => Reply | 'break' | 'silence' | 'late';
type Seen<T extends ClientEvent['type']> = Extract<LabEvent, { type: T }>;

const LATE_MS = 300;
const closing: (() => void)[] = [];
/** What the fake nodes of this test were sent. */
const heard: Command[][] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  heard.length = 0;
});

const ok = (slot: number): Reply => ({ outcome: 'ok', value: null, at: { epoch: 1, slot } });

/** The commands that it was sent, in order, and its URL. */
async function fakeNode(answer: Answer): Promise<{ readonly url: string; readonly commands: Command[]; readonly server: Server }> {
  const commands: Command[] = [];
  heard.push(commands);
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      if (request.method !== 'POST') {
        response.end('{}');
        return;
      }
      const asked = JSON.parse(body) as Command | readonly Command[];
      const list = Array.isArray(asked) ? asked as readonly Command[] : [asked as Command];
      commands.push(...list);
      const replies = list.map(answer);
      const reply = replies.find((one) => typeof one === 'string') ?? (Array.isArray(asked) ? replies : replies[0]);
      if (reply === 'break') request.socket.destroy();
      else if (reply === 'late') setTimeout(() => response.end(JSON.stringify(ok(1))), LATE_MS);
      else if (reply !== 'silence') response.end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, commands, server };
}

function planOf(load: Partial<Plan['load']>, nodes: readonly string[] = ['n1'], delayMs = 0): Plan {
  const link = { ...PERFECT_LINK, delayMs };
  return {
    seed: 'load-test', leader: null, schedule: [], warmupMs: 100, measureMs: 900, settleMs: 12_000,
    nodes: nodes.map((id) => ({ id, address: id, region: 'lan', clock: { offsetMs: 0, driftPpm: 0, ntp: null } })),
    links: { lan: Object.fromEntries(nodes.map((id) => [id, link])), ...Object.fromEntries(nodes.map((id) => [id, { lan: link }])) },
    load: {
      workload: 'register', params: { keys: 4, reads: 0.2, cas: 0 }, clients: [{ region: 'lan', count: 1 }], ratePerSecond: 100, arrivals: 'poisson',
      target: 'nearest', atFollower: 'forward', timeoutMs: 10_000, retryMs: 5_000,
      backOff: { kind: 'exponential', firstMs: 20, mostMs: 1_000 }, breaker: null, batch: 1, maxSessions: 500, ...load,
    },
  } as unknown as Plan;
}

/** Runs the process until it says that it has finished; where it was not ready at its origin, again with more time. */
async function runLoad(plan: Plan, urls: LoadConfig['urls']): Promise<readonly LabEvent[]> {
  for (let leadMs = 1_000; ; leadMs *= 2) {
    const { readyMs, events } = await runLoadOnce(plan, urls, leadMs);
    if (readyMs < 0) return events;
    for (const commands of heard) commands.length = 0;
  }
}

async function runLoadOnce(plan: Plan, urls: LoadConfig['urls'], leadMs: number): Promise<{ readonly readyMs: number; readonly events: readonly LabEvent[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-load-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const eventsFile = join(folder, 'load.ndjson');
  const originNs = process.hrtime.bigint() + BigInt(leadMs) * 1_000_000n;
  const config: LoadConfig = { plan, plugins: [], urls, sources: null, token: null, eventsFile, originNs: originNs.toString() };
  const file = join(folder, 'load.json');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [fileURLToPath(new URL('load.ts', import.meta.url)), file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: LoadMessage[] = [];
  const now = openRunClock(originNs);
  let readyMs = Infinity;
  const exited = new Promise<number | null>((resolve) => { child.on('close', resolve); });
  splitLines(child.stdout, (line) => {
    const message = JSON.parse(line) as LoadMessage;
    said.push(message);
    if (message.type === 'ready') readyMs = now();
    if (message.type === 'finished') child.stdin.end();
  });
  expect(await exited).toBe(0);
  expect(said[0]).toEqual({ type: 'ready' });
  expect(said.at(-1)).toEqual({ type: 'finished' });
  return { readyMs, events: [...readEvents(eventsFile)] };
}

function only<T extends ClientEvent['type']>(events: readonly LabEvent[], type: T): readonly Seen<T>[] {
  return events.filter((event): event is Seen<T> => event.type === type);
}

test('the open loop sends every arrival of the plan once, never before its time, and records its outcome', async () => {
  const node = await fakeNode(() => ok(1));
  const plan = planOf({});
  const events = await runLoad(plan, { n1: node.url });
  const invoked = only(events, 'invoke');
  expect(invoked.map(({ intendedMs }) => intendedMs)).toEqual([...arrivals(plan)].map(({ atMs }) => atMs));
  expect(invoked.length).toBeGreaterThan(20);
  expect(invoked.every(({ atMs, intendedMs }) => atMs >= intendedMs)).toBe(true);
  expect(only(events, 'reply').map(({ reply }) => reply)).toEqual(invoked.map(() => ok(1)));
  expect(node.commands.map(({ id }) => id).sort()).toEqual(invoked.map(({ command }) => command.id).sort());
  expect(only(events, 'generator').at(-1)).toMatchObject({ capped: 0 });
});

test("the client's link delays each way", async () => {
  const node = await fakeNode(() => ok(1));
  const events = await runLoad(planOf({}, ['n1'], 60), { n1: node.url });
  const sentAt = new Map(only(events, 'invoke').map(({ atMs, command }) => [command.id, atMs]));
  const latencies = only(events, 'reply').map(({ atMs, id }) => atMs - (sentAt.get(id) ?? Infinity));
  expect(Math.min(...latencies)).toBeGreaterThanOrEqual(120);
});

test('an attempt that breaks is repeated elsewhere under the same id', async () => {
  const broken = await fakeNode(() => 'break');
  const whole = await fakeNode(() => ok(1));
  const events = await runLoad(planOf({}, ['n1', 'n2']), { n1: broken.url, n2: whole.url });
  const ids = only(events, 'invoke').map(({ command }) => command.id).sort();
  expect(whole.commands.map(({ id }) => id).sort()).toEqual(ids);
  expect(broken.commands.length).toBeGreaterThan(0);
  expect(ids).toEqual(expect.arrayContaining(broken.commands.map(({ id }) => id)));
  expect(only(events, 'reply').every(({ reply }) => reply.outcome === 'ok')).toBe(true);
});

test('a batch is one request, and each of its commands has its own answer', async () => {
  let requests = 0;
  const node = await fakeNode(({ id }) => ({ outcome: 'ok', value: id, at: { epoch: 1, slot: 1 } }));
  node.server.on('request', ({ method }) => { if (method === 'POST') requests++; });
  const events = await runLoad(planOf({ ratePerSecond: 1_000, batch: 8, maxSessions: 5_000 }), { n1: node.url });
  const invoked = only(events, 'invoke').map(({ command }) => command.id);
  expect(node.commands.map(({ id }) => id).sort()).toEqual(invoked.sort());
  expect(requests).toBeLessThan(0.8 * invoked.length);
  expect(only(events, 'reply').every(({ id, reply }) => reply.outcome === 'ok' && reply.value === id)).toBe(true);
});

test.each([100, null])('a circuit breaker keeps attempts from a node that breaks each of them (rate %s)', async (ratePerSecond) => {
  const broken = await fakeNode(() => 'break');
  const whole = await fakeNode(() => ok(1));
  const load = { ratePerSecond, breaker: { failures: 2, openMs: 60_000 }, clients: [{ region: 'lan', count: 2 }] };
  const events = await runLoad(planOf(load, ['n1', 'n2']), { n1: broken.url, n2: whole.url });
  const states = only(events, 'breaker');
  expect(states.map(({ to, state }) => [to, state])).toEqual([['n1', 'open']]);
  expect(only(events, 'attempt').filter(({ to, sequence }) => to === 'n1' && sequence > (states[0]?.sequence ?? Infinity))).toEqual([]);
  expect(only(events, 'back-off').length).toBeGreaterThan(0);
  expect(whole.commands.length).toBeGreaterThan(10);
});

test('the closed loop keeps one command open on each connection and asks again when it is answered', async () => {
  const node = await fakeNode(() => ok(1));
  const events = await runLoad(planOf({ ratePerSecond: null, clients: [{ region: 'lan', count: 4 }] }), { n1: node.url });
  const invoked = only(events, 'invoke');
  expect(invoked.length).toBeGreaterThan(4);
  expect(new Set(invoked.map(({ client }) => client)).size).toBe(4);
  const open = new Set<string>();
  for (const event of events) {
    if (event.type === 'invoke') {
      expect(open.has(event.client)).toBe(false);
      open.add(event.client);
    } else if (event.type === 'reply') open.delete(event.client);
  }
  expect(open.size).toBe(0);
  expect(node.commands.map(({ id }) => id).sort()).toEqual(invoked.map(({ command }) => command.id).sort());
});

test('in the closed loop a broken connection leaves its command unknown, and another goes on elsewhere', async () => {
  const broken = await fakeNode(({ id }) => (id.endsWith(':5') ? 'break' : ok(1)));
  const whole = await fakeNode(() => ok(2));
  const events = await runLoad(planOf({ ratePerSecond: null, clients: [{ region: 'lan', count: 2 }] }, ['n1', 'n2']), { n1: broken.url, n2: whole.url });
  const replies = only(events, 'reply');
  const unknown = replies.filter(({ reply }) => reply.outcome !== 'ok');
  expect(unknown.map(({ reply }) => reply)).toEqual(unknown.map(() => ({ outcome: 'unknown', reason: 'connection' })));
  expect(unknown.map(({ id }) => id)).toEqual(expect.arrayContaining(['c1:5', 'c2:5']));
  expect(whole.commands.length).toBeGreaterThan(0);
  expect(replies.length).toBe(only(events, 'invoke').length);
});

test('in the closed loop an answer that does not come is unknown by timeout, and a refused connection does not spin', async () => {
  const silent = await fakeNode(() => 'silence');
  const events = await runLoad(planOf({ ratePerSecond: null, timeoutMs: 300 }, ['n1', 'n2']), { n1: silent.url, n2: 'http://127.0.0.1:9' });
  const replies = only(events, 'reply').map(({ reply }) => reply);
  expect(replies[0]).toEqual({ outcome: 'unknown', reason: 'timeout' });
  expect(replies).toContainEqual({ outcome: 'unknown', reason: 'connection' });
  // 1,000 ms of connections that are refused at once, one every 50 ms.
  expect(replies.length).toBeLessThan(40);
});

test('in the closed loop a connection leaves a node whose circuit breaker has opened meanwhile', async () => {
  const failing = await fakeNode(({ id }) => (id === 'c1:1' ? 'break' : id === 'c2:1' ? 'late' : ok(1)));
  const whole = await fakeNode(() => ok(2));
  const load = { ratePerSecond: null, breaker: { failures: 1, openMs: 60_000 }, clients: [{ region: 'lan', count: 2 }] };
  const events = await runLoad(planOf(load, ['n1', 'n2']), { n1: failing.url, n2: whole.url });
  expect(only(events, 'breaker').map(({ to, state }) => [to, state])).toEqual([['n1', 'open']]);
  expect(failing.commands.map(({ id }) => id).sort()).toEqual(['c1:1', 'c2:1']);
  // Its session goes on: nothing of it failed.
  expect(whole.commands.map(({ id }) => id)).toContain('c2:2');
  expect(only(events, 'reply').filter(({ reply }) => reply.outcome !== 'ok').map(({ id }) => id)).toEqual(['c1:1']);
  expect(only(events, 'invoke').length).toBe(only(events, 'reply').length);
});

test('in the closed loop a connection waits where there is no other node to ask', async () => {
  const node = await fakeNode(({ id }) => (id === 'c1:1' ? 'break' : id === 'c2:1' ? 'late' : ok(1)));
  const load = { ratePerSecond: null, breaker: { failures: 1, openMs: 500 }, clients: [{ region: 'lan', count: 2 }] };
  const events = await runLoad(planOf(load), { n1: node.url });
  const states = only(events, 'breaker');
  expect(states.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed']);
  const [opened, tried] = states.map(({ atMs }) => atMs);
  const meanwhile = only(events, 'attempt').filter(({ atMs }) => atMs > (opened ?? 0) && atMs < (tried ?? 0));
  expect(meanwhile).toEqual([]);
  expect((tried ?? 0) - (opened ?? 0)).toBeGreaterThanOrEqual(500);
  expect(only(events, 'attempt').length).toBeGreaterThan(3);
});

test('the closed loop has its links delayed too', async () => {
  const node = await fakeNode(() => ok(1));
  const events = await runLoad(planOf({ ratePerSecond: null, clients: [{ region: 'lan', count: 2 }] }, ['n1'], 40), { n1: node.url });
  const sentAt = new Map(only(events, 'invoke').map(({ atMs, command }) => [command.id, atMs]));
  const latencies = only(events, 'reply').map(({ atMs, id }) => atMs - (sentAt.get(id) ?? Infinity));
  expect(latencies.length).toBeGreaterThan(0);
  expect(Math.min(...latencies)).toBeGreaterThanOrEqual(80);
});

test('a closed loop that is begun after its window asks nothing and ends', async () => {
  const node = await fakeNode(() => ok(1));
  const { events } = await runLoadOnce(planOf({ ratePerSecond: null, clients: [{ region: 'lan', count: 3 }] }), { n1: node.url }, -5_000);
  expect(only(events, 'invoke')).toEqual([]);
  expect(node.commands).toEqual([]);
});

test('a load process whose lab is gone wakes the nodes that were stopped, though its last words reach nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-load-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const stopped = spawn('sleep', ['60'], { stdio: 'ignore' });
  closing.push(() => stopped.kill('SIGKILL'));
  stopped.kill('SIGSTOP');
  const stateOf = () => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${stopped.pid}/status`, 'utf8'))?.[1];
  const node = await fakeNode(() => ok(1));
  const config: LoadConfig = {
    plan: { ...planOf({}), measureMs: 60_000 }, plugins: [], urls: { n1: node.url }, sources: null, token: null,
    eventsFile: join(folder, 'load.ndjson'), originNs: process.hrtime.bigint().toString(),
  };
  const file = join(folder, 'load.json');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [fileURLToPath(new URL('load.ts', import.meta.url)), file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => { child.on('close', resolve); });
  await new Promise<void>((resolve) => { splitLines(child.stdout, (line) => { if (line.includes('progress')) resolve(); }); });
  child.stdin.write(`${PAUSED} ${stopped.pid}\n`);
  // It goes on saying how it goes, once a second.
  child.stdout.destroy();
  const before = node.commands.length;
  while (node.commands.length < before + 250 && child.exitCode === null) await sleep(50);
  expect([child.exitCode, stateOf()]).toEqual([null, 'T']);
  child.stdin.end();
  expect(await exited).toBe(0);
  expect(stateOf()).toBe('S');
});
