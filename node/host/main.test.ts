// Real node processes on loopback: what they survive, what they refuse, and how they end.
import dgram from 'node:dgram';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Processes, startHost } from '../../test/processes.ts';
import type { ClusterOptions } from '../../test/processes.ts';
import type { Command, Status } from '../contract.ts';
import { encodeFrames } from '../wire.ts';
import { nodeBytes } from '../../test/bytes.ts';
import { recordRoom, writeRecord } from './record.ts';

let folder: string;
let open: Processes[];
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'lab-host-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((processes) => processes.close()));
  fs.rmSync(folder, { recursive: true });
});

function cluster(change: Partial<ClusterOptions> = {}): Processes {
  const processes = new Processes({ folder, protocol: 'raft', count: 3, ...change });
  open.push(processes);
  return processes;
}

const put = (sequence: number, value = `v${sequence}`): Command => ({ id: `c1:${sequence}`, op: { type: 'put', key: `k${sequence}`, value } });
const get = (sequence: number, key: string): Command => ({ id: `c1:${sequence}`, op: { type: 'get', key } });

async function statusOf(processes: Processes, id: string): Promise<Status & { readonly held: boolean; readonly life: number }> {
  return JSON.parse((await processes.ask(id, 'GET', '/status')).body) as Status & { held: boolean; life: number };
}

async function leaderOf(processes: Processes): Promise<string> {
  return vi.waitFor(async () => {
    const { leader } = await statusOf(processes, 'n1');
    if (leader === null) throw new Error('no leader yet');
    return leader;
  }, { timeout: 30_000, interval: 20 });
}

type Traffic = { readonly corrupt: number; readonly foreign: number; readonly oversized: number; readonly lost: number };

function traffic(processes: Processes, id: string): Traffic {
  const last = processes.events(id).findLast((event) => event.type === 'traffic');
  if (last?.type !== 'traffic') throw new Error('no traffic yet');
  return last;
}

describe('a cluster', () => {
  test('keeps every acknowledged write over a SIGKILL of the leader and its restart', async () => {
    const processes = cluster();
    await processes.startAll();
    for (let sequence = 1; sequence <= 20; sequence++) await processes.submitUntilOk(processes.ids, put(sequence));
    const leader = await leaderOf(processes);
    await processes.end(leader, 'SIGKILL');
    const others = processes.ids.filter((id) => id !== leader);
    for (let sequence = 21; sequence <= 40; sequence++) await processes.submitUntilOk(others, put(sequence));
    await processes.start(leader);
    await processes.release(leader);
    await vi.waitFor(async () => expect((await statusOf(processes, leader)).commitSlot).toBeGreaterThanOrEqual(40), { timeout: 30_000 });
    for (let slot = 1; slot <= 40; slot++) {
      const reply = await processes.submitUntilOk([leader], get(40 + slot, `k${slot}`));
      expect(reply.value).toBe(`v${slot}`);
    }
    const sequences = processes.events(leader).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    expect(new Set(processes.events(leader).map(({ life }) => life))).toEqual(new Set([1, 2]));
  });

  test('keeps every acknowledged write when all are killed at once', async () => {
    const processes = cluster();
    await processes.startAll();
    await Promise.all(Array.from({ length: 30 }, (_, index) => processes.submitUntilOk(processes.ids, { ...put(index + 1), id: `w${index}:1` })));
    await Promise.all(processes.ids.map((id) => processes.end(id, 'SIGKILL')));
    await processes.startAll();
    for (let slot = 1; slot <= 30; slot++) {
      const reply = await processes.submitUntilOk(processes.ids, get(slot, `k${slot}`));
      expect(reply.value).toBe(`v${slot}`);
    }
  });

  test('answers a transaction by its position, and a batch in its order', async () => {
    const processes = cluster();
    await processes.startAll();
    const { at } = await processes.submitUntilOk(processes.ids, put(1));
    const leader = await leaderOf(processes);
    const asked = await processes.ask(leader, 'GET', `/tx/${at.epoch}.${at.slot}`);
    expect(JSON.parse(asked.body)).toEqual({ ...at, state: 'Committed' });
    const batch = [{ ...put(7), id: 'c7:1' }, { ...get(1, 'k1'), id: 'c8:1' }];
    const { status, body } = await processes.ask(leader, 'POST', '/commands', JSON.stringify(batch));
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject([{ outcome: 'ok', value: null }, { outcome: 'ok', value: 'v1' }]);
  });

  test('a delay of the links delays the commit, and a cut of all links stops it', async () => {
    const processes = cluster({ change: { requestTimeoutMs: 300 } });
    await processes.startAll();
    await processes.submitUntilOk(processes.ids, put(1));
    const link = { delayMs: 0, jitterMs: 0, distribution: 'uniform', lossPct: 100, lossBurst: null, duplicatePct: 0, reorderPct: 0, corruptPct: 0, rateKbit: null, queuePackets: 1000, order: 'keep' };
    const cut = Object.fromEntries(processes.ids.map((id) => [id, link]));
    for (const id of processes.ids) expect((await processes.control(id, 'links', { links: cut })).status).toBe(200);
    expect(await processes.submit('n1', put(2))).not.toMatchObject({ outcome: 'ok' });
    for (const id of processes.ids) await processes.control(id, 'links', { links: {} });
    await processes.submitUntilOk(processes.ids, put(2));
    const leader = await leaderOf(processes);
    await vi.waitFor(() => expect(traffic(processes, leader).lost).toBeGreaterThan(0), { timeout: 10_000 });
  });
});

describe('a cluster with a secret', () => {
  test('commits, and takes no frame that is not signed with it', async () => {
    const processes = cluster({ change: { secret: 'the secret of this run' } });
    await processes.startAll();
    for (let sequence = 1; sequence <= 5; sequence++) await processes.submitUntilOk(processes.ids, put(sequence));
    const others = processes.ids.slice(0, 2);
    await processes.end('n3', 'SIGKILL');
    // From the address of a member, and of this run: all but the MAC is right.
    const impostor = dgram.createSocket('udp4');
    const { host, port } = processes.place('n3');
    await new Promise<void>((resolve) => { impostor.bind(port, host, resolve); });
    const claim = nodeBytes.encode('{"type":"appendEntries","term":1000000}');
    const [frame] = encodeFrames({ run: processes.run, from: 'n3', to: 'n1', life: 1, kind: 'message' }, 0, claim, 1_400, nodeBytes);
    for (let number = 0; number < 10; number++) impostor.send(frame as Uint8Array, port, processes.place('n1').host);
    await vi.waitFor(() => expect(traffic(processes, 'n1').foreign).toBe(10), { timeout: 10_000 });
    impostor.close();
    await processes.submitUntilOk(others, put(6));
    expect((await statusOf(processes, 'n1')).epoch).toBeLessThan(1_000);
  });
});

describe('one node', () => {
  test('is held until it is released: it answers its status and takes no command', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    expect(await statusOf(processes, 'n1')).toMatchObject({ node: 'n1', life: 1, held: true });
    const answer = await processes.ask('n1', 'POST', '/commands', JSON.stringify(put(1)));
    expect(answer.status).toBe(503);
    await processes.release('n1');
    await processes.submitUntilOk(['n1'], put(1));
    expect(await statusOf(processes, 'n1')).toMatchObject({ held: false });
  });

  test('counts a thousand malformed datagrams and works on', async () => {
    const processes = cluster({ count: 2 });
    await processes.start('n1');
    await processes.release('n1');
    const peer = dgram.createSocket('udp4');
    const { host, port } = processes.place('n2');
    await new Promise<void>((resolve) => { peer.bind(port, host, resolve); });
    const stranger = dgram.createSocket('udp4');
    const { host: to } = processes.place('n1');
    const [frame] = encodeFrames({ run: processes.run, from: 'n2', to: 'n1', life: 1, kind: 'message' }, 0, nodeBytes.encode('[1,{"term":'), 1_400, nodeBytes);
    const [command] = encodeFrames({ run: processes.run, from: 'n2', to: 'n1', life: 1, kind: 'command' }, 1, nodeBytes.encode('{"id":3}'), 1_400, nodeBytes);
    const [shape] = encodeFrames({ run: processes.run, from: 'n2', to: 'n1', life: 1, kind: 'message' }, 2, nodeBytes.encode('{"type":{},"term":"x"}'), 1_400, nodeBytes);
    const send = (socket: dgram.Socket, bytes: Uint8Array) => new Promise<void>((resolve) => { socket.send(bytes, port, to, () => resolve()); });
    for (let number = 0; number < 1_000; number++) {
      const random = Uint8Array.from({ length: number % 1_400 }, () => Math.floor(Math.random() * 256));
      if (number % 2 === 0) random.set([0x43, 0x4c, 1, number % 5].slice(0, random.length));
      await send(peer, random);
    }
    await send(stranger, frame as Uint8Array);
    await send(peer, new Uint8Array(9_000));
    for (const bytes of [frame, command, shape]) await send(peer, bytes as Uint8Array);
    await vi.waitFor(() => {
      const { corrupt, foreign, oversized } = traffic(processes, 'n1');
      expect({ all: corrupt + foreign, oversized }).toEqual({ all: 1_003, oversized: 1 });
    }, { timeout: 20_000, interval: 100 });
    expect(await statusOf(processes, 'n1')).toMatchObject({ held: false });
    peer.close();
    stranger.close();
  });

  test('ends in order on SIGTERM, with its totals written', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    await processes.release('n1');
    await processes.submitUntilOk(['n1'], put(1));
    expect(await processes.end('n1', 'SIGTERM')).toEqual({ code: 0, signal: null, stderr: '' });
    expect(processes.events('n1').slice(-3).map(({ type }) => type)).toEqual(['traffic', 'usage', 'clock']);
  });

  test('ends in order when it is told to stop, also while it is held', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    expect((await processes.control('n1', 'stop', {})).status).toBe(202);
    expect(await processes.exited('n1')).toEqual({ code: 0, signal: null, stderr: '' });
  });

  test('ends when its parent is gone', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    await processes.release('n1');
    processes.closeInput('n1');
    expect(await processes.exited('n1')).toEqual({ code: 0, signal: null, stderr: '' });
  });

  test('needs the token for control', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    expect((await processes.ask('n1', 'POST', '/control/stop', '{}', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await statusOf(processes, 'n1')).held).toBe(true);
  });
});

describe('a node that cannot run says so in one line', () => {
  test('a port in use: exit 4', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    const again = startHost([join(folder, 'n1-config.json')]);
    expect(await again.exited).toEqual({ code: 4, signal: null, stderr: `n1: 127.0.0.2:${processes.port}/udp is in use; stop the process that holds it, or choose another port\n` });
  });

  test('an HTTP port in use: exit 4', async () => {
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    const other = { ...processes.config('n1', 1), sockets: { n1: { host: '127.0.0.9', port: processes.port } }, eventsFile: join(folder, 'other.ndjson') };
    fs.writeFileSync(join(folder, 'other.json'), JSON.stringify(other));
    const { code, stderr } = await startHost([join(folder, 'other.json')]).exited;
    expect({ code, stderr }).toEqual({ code: 4, stderr: `n1: 127.0.0.2:${processes.port}/tcp is in use; stop the process that holds it, or choose another port\n` });
  });

  test('no arguments, a file that is missing, an unknown protocol: exit 3', async () => {
    expect(await startHost([]).exited).toMatchObject({ code: 3, stderr: 'usage: node node/host/main.ts CONFIG.json\n' });
    expect(await startHost(['/tmp/no-such.json']).exited).toMatchObject({ code: 3, stderr: '/tmp/no-such.json cannot be read (ENOENT); name the JSON configuration of a node\n' });
    await expect(cluster({ protocol: 'rafd', count: 1 }).start('n1')).rejects.toThrow(/^n1: no protocol is called "rafd"; there are .*raft/);
  });

  test('a damaged log: exit 4, and the log is left as it is', async () => {
    const path = join(folder, 'n1', 'log');
    fs.mkdirSync(join(folder, 'n1'));
    const records = ['[1]', '[2]'].map((payload, index) => {
      const buffer = Buffer.alloc(recordRoom(payload.length));
      return buffer.subarray(0, writeRecord(buffer, payload, index + 1));
    });
    (records[0] as Buffer)[16] = 0;
    fs.writeFileSync(path, Buffer.concat(records));
    const processes = cluster({ count: 1 });
    await processes.start('n1');
    await processes.release('n1').catch(() => undefined);
    const { code, stderr } = await processes.exited('n1');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^n1: .*log is damaged at byte 0: a valid record follows at byte 24.*\n$/);
    expect(fs.readFileSync(path)).toEqual(Buffer.concat(records));
  });

  test('a bug: exit 70 with the assertion and its place', async () => {
    fs.writeFileSync(join(folder, 'n1-config.json'), JSON.stringify(cluster({ count: 1 }).config('n1', 1)));
    // Thrown out of an event of the running node, as an assertion of a protocol would be.
    const bug = join(folder, 'bug.mjs');
    fs.writeFileSync(bug, "setInterval(() => { if (process.listenerCount('SIGTERM') > 0) throw new Error('assertion: planted\\nhere'); }, 5);");
    const { code, stderr } = await startHost([join(folder, 'n1-config.json')], ['--import', bug]).exited;
    expect(code).toBe(70);
    expect(stderr).toMatch(/^n1: a bug: assertion: planted here \(.*bug\.mjs:1\)\n$/);
  });
});
