// The HTTP door before a scripted node: what is refused, with which status, and that every limit holds.
import type { Server } from 'node:http';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { Command } from '../contract.ts';
import type { Reply } from '../replica.ts';
import { readCommands } from './commands.ts';
import { MAX_BODY_BYTES, MAX_OPEN_REQUESTS, openHttp } from './http.ts';
import type { Node } from './http.ts';

const TOKEN = '0123456789abcdef-secret';
let server: Server;
let port: number;
let calls: string[];
let reply: Reply;
let answers: (() => void)[];
let taken: 'taken' | 'waiting' | 'held' | 'full';

function scripted(): Node {
  return {
    submit: (commands, answer) => {
      if (taken === 'taken') answer(commands.map(() => reply));
      else if (taken === 'waiting') answers.push(() => answer(commands.map(() => reply)));
      if (taken === 'held' || taken === 'full') return taken;
      return () => calls.push(`abandoned ${commands.map(({ id }) => id).join(' ')}`);
    },
    status: () => ({ role: 'leader' }),
    transaction: (at) => (at.slot === 7 ? 'Committed' : 'held'),
    query: (route, query) => (route === 'GET /own' ? { status: 200, body: { ...query } } : { status: 404, body: null }),
    events: (after, limit) => `${after} ${limit}\n`,
    go: () => calls.push('go') === 1,
    setLinks: (links) => calls.push(`links ${Object.keys(links).join(' ')}`),
    changeDisk: (change) => calls.push(`disk ${JSON.stringify(change)}`),
    changeClock: (change) => calls.push(`clock ${JSON.stringify(change)}`),
    probe: ({ to, count }) => {
      calls.push(`probe ${to.join(' ')} ${count}`);
      return to.includes('n9') ? 'n9 is no peer of this node' : null;
    },
    probes: () => ({ pending: 0, frameBytes: 60, sent: [], received: [], unkept: 0 }),
    stop: () => calls.push('stop'),
  };
}

async function opened(config: Parameters<typeof openHttp>[0]): Promise<Server> {
  const [first] = await openHttp(config, 'n1', scripted());
  return first as Server;
}

beforeEach(async () => {
  calls = [];
  answers = [];
  taken = 'taken';
  reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 7 } };
  server = await opened({ http: { host: '127.0.0.1', port: 0 }, token: TOKEN });
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

type Answer = { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: string };

function ask(method: string, path: string, body = '', headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

const command: Command = { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v' } };
const PROBES = { batch: 1, to: ['n2', 'n3'], count: 50, everyMs: 20, warmUpMs: 100 };
const control = (path: string, body: unknown) => ask('POST', `/control/${path}`, JSON.stringify(body), { authorization: `Bearer ${TOKEN}` });

describe('commands', () => {
  test.each<[Reply, number]>([
    [{ outcome: 'ok', value: 'v', at: { epoch: 1, slot: 7 } }, 200],
    [{ outcome: 'fail', reason: 'not-leader', leader: 'n2' }, 409],
    [{ outcome: 'fail', reason: 'no-quorum' }, 503],
    [{ outcome: 'fail', reason: 'busy' }, 503],
    [{ outcome: 'unknown', reason: 'timeout' }, 504],
  ])('the reply %j is answered with status %i', async (given, status) => {
    reply = given;
    const answer = await ask('POST', '/commands', JSON.stringify(command));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual(given);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  });

  test('a batch is answered in its order with status 200', async () => {
    const answer = await ask('POST', '/commands', JSON.stringify([command, { ...command, id: 'c2:1' }]));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual([reply, reply]);
  });

  test.each(['held', 'full'] as const)('a node that is %s answers 503 and when to come again', async (state) => {
    taken = state;
    const answer = await ask('POST', '/commands', JSON.stringify(command));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(answer.body)).toMatchObject({ outcome: 'fail', reason: 'busy' });
  });

  const op = command.op;
  test.each<[string, unknown]>([
    ['not JSON', undefined],
    ['an empty batch', []],
    ['at most 1000', Array.from({ length: 1001 }, (_, index) => ({ id: `c1:${index}`, op }))],
    ['is in this batch already', [command, command]],
    ['a command is an object', 'put'],
    ['a command is an object', null],
    ['id:', { id: 'C1:1', op }],
    ['id:', { id: 'c1:1234567890123', op }],
    ['id:', { id: 'c1', op }],
    ['id:', { op }],
    ['unknown; a command has', { ...command, at: 1 }],
    ['op:', { id: 'c1:1', op: 'get' }],
    ['op.type:', { id: 'c1:1', op: { type: 'delete', key: 'k' } }],
    ['op.type:', { id: 'c1:1', op: { type: 'toString', key: 'k' } }],
    ['op.key:', { id: 'c1:1', op: { type: 'get', key: '' } }],
    ['op.key:', { id: 'c1:1', op: { type: 'get', key: 'k'.repeat(257) } }],
    ['op.value:', { id: 'c1:1', op: { type: 'put', key: 'k' } }],
    ['op.value:', { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v'.repeat((16 << 10) + 1) } }],
    ['op.value:', { id: 'c1:1', op: { type: 'put', key: 'k', value: '\u20ac'.repeat(6_000) } }],
    ['op.expect:', { id: 'c1:1', op: { type: 'cas', key: 'k', value: 'v' } }],
    ['unknown; get has', { id: 'c1:1', op: { type: 'get', key: 'k', value: 'v' } }],
    ['op.type:', { id: 'c1:1', op: { type: 'reconfigure', add: ['n4'], remove: [] } }],
  ])('malformed is answered with 400 and "%s"', async (wrong, body) => {
    const answer = await ask('POST', '/commands', body === undefined ? '{"id":' : JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ outcome: 'fail', reason: 'malformed', error: expect.stringContaining(wrong) as string });
  });

  test('a value of exactly 16 KiB and a key of 256 characters are taken', () => {
    const body = JSON.stringify({ id: 'c1:1', op: { type: 'put', key: 'k'.repeat(256), value: 'v'.repeat(16 << 10) } });
    expect(readCommands(body)).toHaveProperty('commands');
  });

  test('no JSON at all makes the reader throw', () => {
    fc.assert(fc.property(fc.json(), (body) => {
      expect(Object.keys(readCommands(body))).toSatisfy((keys: string[]) => keys.includes('malformed') || keys.includes('commands'));
    }));
  });

  test('a body above 1 MiB is answered with 413', async () => {
    const answer = await ask('POST', '/commands', ' '.repeat(MAX_BODY_BYTES + 1));
    expect(answer.status).toBe(413);
  });
});

describe('reading', () => {
  test('status, transactions, events and the routes of the protocol', async () => {
    expect(JSON.parse((await ask('GET', '/status')).body)).toEqual({ role: 'leader' });
    expect(JSON.parse((await ask('GET', '/tx/2.7')).body)).toEqual({ epoch: 2, slot: 7, state: 'Committed' });
    expect((await ask('GET', '/tx/2.8')).status).toBe(503);
    expect((await ask('GET', '/tx/2')).status).toBe(400);
    expect((await ask('GET', '/events?after=3&limit=5')).body).toBe('3 5\n');
    expect((await ask('GET', '/events?limit=99999')).status).toBe(400);
    expect(JSON.parse((await ask('GET', '/own?x=1')).body)).toEqual({ x: '1' });
  });

  test.each([['GET', '/nothing'], ['PUT', '/commands'], ['POST', '/status'], ['DELETE', '/']])('%s %s is 404 in one line', async (method, path) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatch(/^\{"error":"no such route: [^\n]*"\}\n$/);
  });
});

describe('control', () => {
  test.each([{}, { authorization: 'Bearer wrong' }, { authorization: TOKEN }, { authorization: `Bearer ${TOKEN}x` }])('without the token (%j) nothing happens', async (headers) => {
    const answer = await ask('POST', '/control/go', '{}', headers);
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(calls).toEqual([]);
  });

  test('a node is released once', async () => {
    expect((await control('go', {})).status).toBe(200);
    expect((await control('go', {})).status).toBe(409);
  });

  test('links and clock changes arrive, and stop comes after its answer', async () => {
    expect((await control('links', { links: { n2: PERFECT_LINK, 'us-east-1': PERFECT_LINK } })).status).toBe(200);
    expect((await control('clock', { change: { stepMs: 20 } })).status).toBe(200);
    expect((await control('probe', PROBES)).status).toBe(200);
    expect((await control('probe', { ...PROBES, to: ['n9'] })).body).toContain('n9 is no peer');
    expect(JSON.parse((await control('probes', {})).body)).toMatchObject({ pending: 0, received: [] });
    expect((await control('clock', { change: null })).status).toBe(200);
    expect((await control('stop', {})).status).toBe(202);
    expect(calls).toEqual(['links n2 us-east-1', 'clock {"stepMs":20}', 'probe n2 n3 50', 'probe n9 50', 'clock null', 'stop']);
  });

  test.each<[string, unknown]>([
    ['links', {}], ['links', { links: { n2: {} } }], ['links', { links: { n2: { ...PERFECT_LINK, lossPct: 101 } } }],
    ['links', { links: { n2: { ...PERFECT_LINK, delayMs: -1 } } }], ['links', { links: { '../n2': PERFECT_LINK } }],
    ['clock', {}], ['clock', { change: { leapMs: 1 } }], ['clock', { change: { toString: 1 } }], ['clock', { change: { driftPpm: 1e9 } }],
    ['clock', { change: { ntp: { pollMs: 0 } } }],
    ...[
      {}, { type: 'put', key: 'k', value: 'v' }, { type: 'reconfigure', add: [] }, { type: 'reconfigure', add: [], remove: [] }, { type: 'reconfigure', add: ['n4', 'n4'], remove: [] },
      { type: 'reconfigure', add: ['n4'], remove: ['n4'] }, { type: 'reconfigure', add: ['../n4'], remove: [] }, { type: 'reconfigure', add: 'n4', remove: [] },
      { type: 'reconfigure', add: Array.from({ length: 65 }, (_, index) => `n${index}`), remove: [] }, { type: 'reconfigure', add: ['n4'], remove: [], more: 1 },
    ].map((op): [string, unknown] => ['reconfigure', { id: 'lab1:1', op }]),
    ['reconfigure', []], ['reconfigure', { id: 'lab1', op: { type: 'reconfigure', add: ['n4'], remove: [] } }],
    ['probe', {}], ['probe', []], ['probe', { ...PROBES, to: [] }], ['probe', { ...PROBES, to: ['n2', 'n2'] }], ['probe', { ...PROBES, to: 'n2' }],
    ['probe', { ...PROBES, count: 100_001 }], ['probe', { ...PROBES, count: 60_000, to: ['n2', 'n3'] }], ['probe', { ...PROBES, everyMs: 0 }],
    ['probe', { ...PROBES, batch: -1 }], ['probe', { ...PROBES, batch: 0.5 }], ['probe', { ...PROBES, warmUpMs: null }],
  ])('/control/%s refuses %j', async (path, body) => {
    expect((await control(path, body)).status).toBe(400);
    expect(calls).toEqual([]);
  });

  test('a change of membership is a command, and comes here alone', async () => {
    const command = { id: 'lab1:1', op: { type: 'reconfigure', add: ['n4'], remove: ['n1'] } };
    const { status, body } = await control('reconfigure', command);
    expect([status, JSON.parse(body)]).toEqual([200, { outcome: 'ok', value: null, at: { epoch: 1, slot: 7 } }]);
    expect((await ask('POST', '/control/reconfigure', JSON.stringify(command))).status).toBe(401);
    expect((await ask('POST', '/commands', JSON.stringify(command))).body).toContain('reconfigure is for POST /control/reconfigure');
  });

  test('an unknown action is 404', async () => {
    expect((await control('explode', {})).status).toBe(404);
  });
});

describe('the door', () => {
  test.each([
    { host: 'evil.example' }, { host: 'evil.example:80' }, { host: '127.0.0.1.evil.example' },
    { host: 'localhost', origin: 'http://evil.example' }, { host: 'localhost', origin: 'null' },
  ])('a page of another origin is refused: %j', async (headers) => {
    expect((await ask('GET', '/status', '', headers)).status).toBe(403);
  });

  test.each(['localhost:1', '127.0.0.9:7101', '[::1]:80'])('Host %s is a name of this machine', async (host) => {
    expect((await ask('GET', '/status', '', { host })).status).toBe(200);
  });

  test('what is not HTTP gets one line and the connection ends', async () => {
    const text = await new Promise<string>((resolve) => {
      let answer = '';
      net.connect(port, '127.0.0.1').setEncoding('utf8').on('data', (chunk) => { answer += chunk; }).on('close', () => resolve(answer)).write('\u0000\u0001\r\n\r\n');
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\n\{"error":"not a well-formed HTTP request"\}$/s);
  });

  test('headers above 8 KiB are refused', async () => {
    expect((await ask('GET', '/status', '', { 'x-long': 'x'.repeat(9_000) })).status).toBe(400);
  });

  test('who hangs up waits no longer, and who was answered is not taken for one', async () => {
    taken = 'waiting';
    const requests = ['c1:1', 'c2:1'].map((id) => {
      const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/commands', agent: false });
      request.on('error', () => undefined).end(JSON.stringify({ ...command, id }));
      return request;
    });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    const answered = new Promise((resolve) => { requests[1]?.once('response', (response) => response.resume().once('close', resolve)); });
    requests[0]?.destroy();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    for (const answer of answers) answer();
    await answered;
    expect(calls).toEqual([expect.stringMatching(/^abandoned c[12]:1$/)]);
  });

  test('a connection that pipelines more requests than it may is told so and ended', async () => {
    taken = 'waiting';
    const body = JSON.stringify(command);
    const one = `POST /commands HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    let text = '';
    const ended = new Promise<void>((resolve) => {
      net.connect(port, '127.0.0.1').setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('close', () => resolve()).write(one.repeat(MAX_OPEN_REQUESTS + 5));
    });
    await vi.waitFor(() => expect(answers).toHaveLength(MAX_OPEN_REQUESTS));
    for (const answer of answers) answer();
    await ended;
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(MAX_OPEN_REQUESTS);
    expect(text).toContain(`a connection has at most ${MAX_OPEN_REQUESTS} requests open`);
  });

  test('a connection is kept for the next request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let request = 0; request < 3; request++) {
      await new Promise<void>((resolve) => {
        const sent = http.get({ host: '127.0.0.1', port, path: '/status', agent }, (response) => { response.resume().on('end', resolve); });
        sent.on('socket', (socket) => { socket.once('connect', () => ports.add(socket.localPort)); ports.add(socket.localPort); });
      });
    }
    agent.destroy();
    ports.delete(undefined);
    expect(ports.size).toBe(1);
  });
});

describe('a door that is not on loopback', () => {
  beforeEach(async () => {
    server.close();
    server = await opened({ http: { host: '0.0.0.0', port: 0, names: ['n1.lab'] }, token: TOKEN });
    port = (server.address() as AddressInfo).port;
  });

  test.each([['POST', '/commands'], ['GET', '/events'], ['GET', '/tx/1.1'], ['GET', '/own'], ['POST', '/control/go']])('%s %s needs the token', async (method, path) => {
    const body = method === 'POST' ? JSON.stringify(command) : '';
    expect(await ask(method, path, body)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(await ask(method, path, body, { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 });
    expect((await ask(method, path, body, { authorization: `Bearer ${TOKEN}` })).status).not.toBe(401);
  });

  test('its status is open, under its configured names and no other', async () => {
    expect((await ask('GET', '/status', '', { host: 'n1.lab:80' })).status).toBe(200);
    expect((await ask('GET', '/status', '', { host: 'n2.lab:80' })).status).toBe(403);
  });
});

describe('a door with a UNIX socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-door-'));
  const path = join(folder, 'n1');
  afterAll(() => rmSync(folder, { recursive: true }));

  function askPath(method: string, route: string, headers: http.OutgoingHttpHeaders = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: path, method, path: route, headers, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      request.on('error', reject).end();
    });
  }

  test('only this user can open it, it asks for the token as the other does, and a file of a life before is no hindrance', async () => {
    for (let life = 0; life < 2; life++) {
      const doors = await openHttp({ http: { host: '198.18.0.11', port: 0, path }, token: TOKEN }, 'n1', scripted()).catch((error: unknown) => error);
      // Nothing here has the address of a node in a namespace.
      expect(String(doors)).toContain('198.18.0.11:0/tcp: this machine has no such address');
      const servers = await openHttp({ http: { host: '0.0.0.0', port: 0, path }, token: TOKEN }, 'n1', scripted());
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(await askPath('GET', '/status')).toBe(200);
      expect(await askPath('POST', '/control/go')).toBe(401);
      expect(await askPath('GET', '/events')).toBe(401);
      expect(await askPath('GET', '/events', { authorization: `Bearer ${TOKEN}` })).toBe(200);
      servers[0]?.close();
      // The second stays open, as that of a process that was killed.
      servers[1]?.unref();
      if (life === 1) servers[1]?.close();
    }
  });
});
