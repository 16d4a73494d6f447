// One real node process before 100,000 datagrams and 10,000 HTTP bodies at random, damaged and forged: it stays up, counts
// every one of them, answers every request, and its memory does not grow. The cluster's other member is this test.
// `npm run test:fuzz` does ten times as many of each (LAB_FUZZ_TIMES), and tells the figures.
import dgram from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandOf } from '../node/clients.ts';
import type { Json } from '../node/contract.ts';
import { readCommands } from '../node/host/commands.ts';
import { randomStream } from '../node/kit/random.ts';
import { raft } from '../node/protocols/raft.ts';
import { decodeBody, decodeFrame, encodeFrames, Reassembler } from '../node/wire.ts';
import { nodeBytes } from './bytes.ts';
import { damagedFrame, forgedFrame, sentFrames } from './frames.ts';
import type { Sent } from './frames.ts';
import { Processes } from './processes.ts';
import { damaged } from '../orchestrator/conformance/nonsense.ts';

const TIMES = Number(process.env['LAB_FUZZ_TIMES'] ?? '1');
const DATAGRAMS = 100_000 * TIMES;
/** They fit into the smallest receive buffer, so that none is lost in the kernel. */
const BURST = 50;
const BODIES = 10_000 * TIMES;
const TIMEOUT_MS = 120_000 * TIMES;
const CONNECTIONS = 8;
const RSS_GROWTH_BYTES = 100 << 20;
const FRAME_BYTES = 1_400;
const SEED = process.env['LAB_SEED'] ?? `fresh-${Date.now()}`;

let folder: string;
let cluster: Processes;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lab-fuzz-'));
  cluster = new Processes({ folder, protocol: raft.name, count: 2, change: { requestTimeoutMs: 50 } });
  await cluster.start('n1');
  await cluster.release('n1');
});
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true });
});

/** Of the long run alone. */
function tell(text: string): void {
  if (TIMES > 1) console.log(text);
}

type Counts = { received: number; foreign: number; corrupt: number; oversized: number };

/** What the node must make of each datagram, by the same codec. */
class Expected {
  readonly counts: Counts = { received: 0, foreign: 0, corrupt: 0, oversized: 0 };
  readonly #reassembler = new Reassembler(60_000);

  add(frame: Uint8Array): void {
    const { counts } = this;
    if (frame.length > FRAME_BYTES) {
      counts.oversized++;
      return;
    }
    const part = decodeFrame(frame, nodeBytes);
    if (typeof part === 'string') {
      counts[part]++;
      return;
    }
    if (part.run !== cluster.run || part.from !== 'n2' || part.to !== 'n1') {
      counts.foreign++;
      return;
    }
    counts.received++;
    const body = this.#reassembler.add(part, 0);
    if (body === null) return;
    if (body === 'oversized') counts.oversized++;
    else {
      const json = decodeBody(body, nodeBytes);
      if (json === undefined || (part.kind === 'command' && commandOf(json) === null)) counts.corrupt++;
    }
  }
}

function randomBytes(random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: Math.floor(random() ** 3 * (FRAME_BYTES + 20)) }, () => random() * 256);
  // A right beginning leads further in.
  if (random() < 0.5) bytes.set([0x43, 0x4c, 1, Math.floor(random() * 4)].slice(0, bytes.length));
  return bytes;
}

function datagram(sent: readonly Sent[], random: () => number): Uint8Array {
  const one = sent[Math.floor(random() * sent.length)] as Sent;
  const kind = random();
  if (kind < 0.3) return randomBytes(random);
  if (kind < 0.6) return damagedFrame(one.frame, random);
  if (kind < 0.7) return one.frame; // of another run
  return forgedFrame(one, { run: cluster.run, from: random() < 0.95 ? 'n2' : 'n3', to: random() < 0.95 ? 'n1' : 'n2' }, random);
}

type Line = { readonly type: string; readonly rssBytes?: number } & Partial<Counts>;

test(`a node goes on after ${DATAGRAMS} datagrams and counts each of them (LAB_SEED=${SEED})`, async () => {
  const sent = await sentFrames(raft, { seed: SEED, nodes: 3, measureMs: 4_000, settleMs: 1_000, ratePerSecond: 40, link: { lossPct: 3 } });
  const random = randomStream(SEED, 'datagrams');
  const expected = new Expected();
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(cluster.place('n2').port, cluster.place('n2').host, resolve); });
  let answered: (body: Json | undefined) => void = () => undefined;
  socket.on('message', (frame) => {
    const part = decodeFrame(frame, nodeBytes);
    if (typeof part !== 'string' && part.kind === 'reply') answered(decodeBody(part.chunk, nodeBytes));
  });
  const { host, port } = cluster.place('n1');
  const send = (frame: Uint8Array) => {
    expected.add(frame);
    socket.send(frame, port, host);
  };
  /** A forwarded command is refused at once, because nobody leads: then all before it was heard. */
  const heard = async (number: number) => {
    const id = `ping:${number}`;
    const command = nodeBytes.encode(JSON.stringify({ id, op: { type: 'get', key: 'k' } }));
    const [ping] = encodeFrames({ run: cluster.run, from: 'n2', to: 'n1', life: 1, kind: 'command' }, number, command, FRAME_BYTES, nodeBytes);
    const answer = new Promise<void>((resolve) => {
      answered = (body) => { if ((body as { id?: Json } | undefined)?.id === id) resolve(); };
    });
    send(ping as Uint8Array);
    await answer;
  };
  for (let count = 1; count <= DATAGRAMS; count++) {
    send(datagram(sent, random));
    if (count % BURST === 0) await heard(count);
  }
  socket.close();
  expect((await cluster.ask('n1', 'GET', '/status')).status).toBe(200);
  // Its totals come once a second.
  let last: Line | undefined;
  for (let attempt = 0; attempt < 100 && last?.received !== expected.counts.received; attempt++) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    last = cluster.events('n1').findLast((event) => event.type === 'traffic');
  }
  expect(last).toMatchObject(expected.counts);
  for (const count of Object.values(expected.counts)) expect(count).toBeGreaterThan(DATAGRAMS / 1_000);
  tell(`${DATAGRAMS} datagrams, and those that asked whether it was still there: ${JSON.stringify(expected.counts)}`);
}, TIMEOUT_MS);

function randomBody(random: () => number): string {
  const id = `s${Math.floor(random() * 50)}:${Math.floor(random() * 1_000)}`;
  const key = `k${Math.floor(random() * 10)}`;
  const command: Json = { id, op: random() < 0.5 ? { type: 'cas', key, value: 'v'.repeat(random() * 100), expect: null } : { type: 'put', key, value: '' } };
  const kind = random();
  if (kind < 0.05) return JSON.stringify(command);
  if (kind < 0.5) return JSON.stringify(damaged(random() < 0.2 ? [command, command] : command, random));
  const text = JSON.stringify(command);
  if (kind < 0.7) return Buffer.from(damagedFrame(Buffer.from(text), random)).toString('latin1');
  if (kind < 0.8) return '['.repeat(random() * 10_000);
  if (kind < 0.81) return `"${'x'.repeat((1 << 20) + random() * 1_000)}"`;
  return String.fromCharCode(...Uint8Array.from({ length: random() * 200 }, () => random() * 256));
}

test(`a node answers ${BODIES} HTTP bodies, and what is no HTTP, in one line each (LAB_SEED=${SEED})`, async () => {
  const random = randomStream(SEED, 'bodies');
  const { host, port } = cluster.place('n1');
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const post = (body: string) => new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = http.request({ host, port, method: 'POST', path: '/commands', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
    });
    // A body that is too large is answered before it is read to its end.
    request.on('error', (error: NodeJS.ErrnoException) => { if (body.length > 1 << 20) resolve({ status: 413, text: '{}\n' }); else reject(error); }).end(body);
  });
  const statuses = new Map<number, number>();
  let left = BODIES;
  const worker = async () => {
    while (left-- > 0) {
      const body = randomBody(random);
      const { status, text } = await post(body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const wanted = Buffer.byteLength(body) > 1 << 20 ? [413] : 'malformed' in readCommands(body) ? [400] : [200, 503, 504];
      expect(wanted, body.slice(0, 200)).toContain(status);
      expect(text).toMatch(/^[{[][^\n]*\n$/);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(BODIES);
  for (let number = 0; number < 200; number++) {
    await new Promise<void>((resolve) => {
      net.connect(port, host).on('error', () => undefined).on('close', () => resolve()).resume().end(randomBytes(random));
    });
  }
  expect((await cluster.ask('n1', 'GET', '/status')).status).toBe(200);
  tell(`${BODIES} HTTP bodies, answers by status: ${JSON.stringify(Object.fromEntries(statuses))}`);
}, TIMEOUT_MS);

test('its memory did not grow, and it ends in order', async () => {
  expect(await cluster.end('n1', 'SIGTERM')).toEqual({ code: 0, signal: null, stderr: '' });
  const rss = cluster.events('n1').flatMap((event) => (event.type === 'usage' ? [event.rssBytes] : []));
  expect(rss.length).toBeGreaterThan(1);
  tell(`memory in MB, each tenth of the time: ${Array.from({ length: 11 }, (_, tenth) => Math.round((rss[Math.floor((rss.length - 1) * tenth / 10)] ?? 0) / 1e6)).join(' ')}`);
  expect(Math.max(...rss) - (rss[0] ?? 0)).toBeLessThan(RSS_GROWTH_BYTES);
});
