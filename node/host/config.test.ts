// The configuration of a node: one line that names the field.
import { expect, test } from 'vitest';
import type { HostConfig } from '../seat.ts';
import { checkConfig, readConfig } from './config.ts';

const good: HostConfig = {
  seat: {
    self: 'n1', members: ['n1', 'n2'], joining: false, addresses: { n1: 'a', n2: 'b' }, options: {}, maxMessageBytes: 60_000, frameBytes: 1_400,
    atFollower: 'forward', run: 'run-1', life: 1,
  },
  protocol: 'raft', plugins: [], seed: '1', sockets: { n1: { host: '127.0.0.2', port: 7101 }, n2: { host: '127.0.0.3', port: 7101 } },
  http: { host: '127.0.0.2', port: 7201 }, token: '0123456789abcdef', secret: null, dataDir: '/tmp/n1', diskKept: 'keep', eventsFile: '/tmp/n1.ndjson', epochMs: 0, originNs: '0',
  clock: { offsetMs: 0, driftPpm: 0, ntp: null }, fsyncMs: 'real', detail: 'totals', maxPending: 1_000, requestTimeoutMs: 1_000, held: true,
};

test('a good configuration is taken', () => {
  expect(checkConfig(good, 'c.json')).toBe(good);
});

test('sockets elsewhere are taken with a secret', () => {
  const elsewhere = { ...good, sockets: { ...good.sockets, n2: { host: '10.0.0.3', port: 7101 } }, secret: '0123456789abcdef', http: { ...good.http, names: ['n1', 'n1.lab'] } };
  expect(checkConfig(elsewhere, 'c.json')).toBe(elsewhere);
});

test.each<[string, unknown]>([
  ['the configuration must be', []],
  ['protocol must be', { ...good, protocol: 3 }],
  ['plugins must be', { ...good, plugins: ['./mine.ts'] }],
  ['seat.self must be', { ...good, seat: { ...good.seat, self: '../n1' } }],
  ['seat.members must be', { ...good, seat: { ...good.seat, members: ['n1', 'n1'] } }],
  ['seat.life must be', { ...good, seat: { ...good.seat, life: 0 } }],
  ['sockets must be', { ...good, sockets: { n1: { host: 'localhost', port: 1 } } }],
  ['sockets.n2 must be given', { ...good, sockets: { n1: good.sockets['n1'] } }],
  ['http must be', { ...good, http: { host: '127.0.0.1', port: 70_000 } }],
  ['token must be', { ...good, token: 'short' }],
  ['secret must be', { ...good, secret: 'short' }],
  ['secret must be given, because 10.0.0.3 is not on loopback', { ...good, sockets: { ...good.sockets, n2: { host: '10.0.0.3', port: 7101 } } }],
  ['http.names must be', { ...good, http: { ...good.http, names: ['n1', 'a b'] } }],
  ['http.path must be an absolute path of at most 103 bytes', { ...good, http: { ...good.http, path: `/tmp/${'s'.repeat(100)}` } }],
  ['originNs must be', { ...good, originNs: 5 }],
  ['clock must be', { ...good, clock: { offsetMs: 0, driftPpm: 0, ntp: {} } }],
  ['fsyncMs must be', { ...good, fsyncMs: -1 }],
  ['maxPending must be', { ...good, maxPending: 0 }],
  ['seat.frameBytes must be at least', { ...good, seat: { ...good.seat, frameBytes: 300, run: 'r'.repeat(200) } }],
])('"%s" is said with the file', (wrong, value) => {
  expect(() => checkConfig(value, 'c.json')).toThrow(`c.json: ${wrong}`);
});

test('a file that is missing is said with its name', () => {
  expect(() => readConfig('/tmp/there-is-no-such.json')).toThrow('/tmp/there-is-no-such.json cannot be read (ENOENT); name the JSON configuration of a node');
});
