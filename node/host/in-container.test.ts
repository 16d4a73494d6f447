// The configuration of a node's life in a container: valid, counted from life to life, and one line for whatever is missing.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterFile } from '../../orchestrator/cli/services/cluster-file.ts';
import { PROTOCOLS } from '../registry.ts';
import { checkConfig } from './config.ts';
import { nextConfig } from './in-container.ts';

const NODES = 'n1=198.19.248.11 n2=198.19.248.12 n3=198.19.248.13 n4=198.19.248.14 n5=198.19.248.15';
let folder = '';
let place = { secrets: '', kept: '' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-container-'));
  place = { secrets: join(folder, 'secrets'), kept: join(folder, 'kept') };
  for (const path of [place.secrets, place.kept]) mkdirSync(path);
  for (const name of ['cluster-token', 'cluster-key']) writeFileSync(join(place.secrets, name), `${name}-0123456789abcdef\n`);
  give('raft');
});
afterEach(() => rmSync(folder, { recursive: true }));

function give(protocol: string): void {
  writeFileSync(join(place.secrets, 'cluster.json'), JSON.stringify(clusterFile(protocol)));
}

test.each(PROTOCOLS.map(({ name }) => name))('%s: what a node takes, guarded by the token, signed by the key', (protocol) => {
  give(protocol);
  const config = nextConfig('n3', NODES, place);
  expect(checkConfig(config, 'cluster.json')).toBe(config);
  expect(config).toMatchObject({ protocol, held: false, token: 'cluster-token-0123456789abcdef', secret: 'cluster-key-0123456789abcdef', seat: { self: 'n3', life: 1 }, sockets: { n5: { host: '198.19.248.15', port: 7_000 } } });
});

test('each start is a new life, and another protocol finds nothing of this one', () => {
  const lives = [1, 2, 3].map(() => nextConfig('n1', NODES, place));
  expect(lives.map(({ seat }) => seat.life)).toEqual([1, 2, 3]);
  expect(new Set(lives.map(({ dataDir }) => dataDir)).size).toBe(1);
  give('stick');
  const other = nextConfig('n1', NODES, place);
  expect(other.seat.life).toBe(1);
  expect(other.dataDir).not.toBe(lives[0]?.dataDir);
});

test('a life that was cut while it was counted is not given again', () => {
  const { run } = nextConfig('n1', NODES, place).seat;
  writeFileSync(join(place.kept, run, 'life.next'), 'torn');
  expect(nextConfig('n1', NODES, place).seat.life).toBe(2);
  expect(readFileSync(join(place.kept, run, 'life'), 'utf8')).toBe('2');
});

test.each<readonly [string, () => void, string, RegExp]>([
  ['no token', () => rmSync(join(place.secrets, 'cluster-token')), NODES, /^the secret cluster-token cannot be read in \S+ \(ENOENT\); lab up --cluster PROTOCOL makes it$/],
  ['a damaged cluster', () => writeFileSync(join(place.secrets, 'cluster.json'), '{"version":1'), NODES, /^cluster\.json is damaged/],
  ['another version', () => writeFileSync(join(place.secrets, 'cluster.json'), '{"version":2}'), NODES, /of another version/],
  ['a wrong address', () => undefined, 'n1=here', /^NODES: "n1=here" is no node and its address/],
  ['a damaged count', () => { const { run } = nextConfig('n1', NODES, place).seat; writeFileSync(join(place.kept, run, 'life'), 'x'); }, NODES, /^the count of lives in \S+ is damaged/],
  ['a volume that is a file', () => { rmSync(place.kept, { recursive: true }); writeFileSync(place.kept, ''); }, NODES, /^the volume of the node cannot be written at \S+ \(ENOTDIR\)/],
])('%s is one line', (_name, plant, nodes, line) => {
  plant();
  expect(() => nextConfig('n1', nodes, place)).toThrow(line);
});
