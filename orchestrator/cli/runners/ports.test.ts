// Places of nodes: free ones are distinct, a taken one is named.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LabError } from '../../errors.ts';
import { type Binding, findPlaces } from './ports.ts';

const NODES = ['n1', 'n2', 'n3'];

async function errorOf(work: Promise<unknown>): Promise<LabError> {
  const error = await work.then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

test('free ports are one for each node, on loopback', async () => {
  const places = await findPlaces(NODES, null);
  expect([...places.keys()]).toEqual(NODES);
  for (const { host, port } of places.values()) {
    expect(host).toMatch(/^127\.0\.0\.\d$/);
    expect(port).toBeGreaterThan(0);
  }
  expect(new Set([...places.values()].map(({ port }) => port)).size).toBe(3);
});

test('a UDP port that is in use is named with its node and a remedy', async () => {
  const { host, port } = (await findPlaces(['n1'], null)).get('n1') as { host: string; port: number };
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(port, host, resolve); });
  const error = await errorOf(findPlaces(NODES, port));
  socket.close();
  expect(error).toMatchObject({ code: 'port-in-use', message: `${host}:${port}/udp, which n1 needs, is in use` });
  expect(error.hint).toContain('--port');
});

test('a TCP port that is in use is named too', async () => {
  const { host, port } = (await findPlaces(['n1'], null)).get('n1') as { host: string; port: number };
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(port, host, resolve); });
  const error = await errorOf(findPlaces(['n1'], port));
  server.close();
  expect(error).toMatchObject({ code: 'port-in-use', message: `${host}:${port}/tcp, which n1 needs, is in use` });
});

describe('a machine that has no address of loopback but 127.0.0.1', () => {
  let next = 40_000;
  const binding: Binding = {
    udp: (host, port) => Promise.resolve(host === '127.0.0.1' ? port || next++ : 'EADDRNOTAVAIL'),
    tcp: (host, port) => Promise.resolve(host === '127.0.0.1' ? port : 'EADDRNOTAVAIL'),
  };

  test('its nodes share it on distinct free ports', async () => {
    const places = [...(await findPlaces(NODES, null, binding)).values()];
    expect(places.map(({ host }) => host)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    expect(new Set(places.map(({ port }) => port)).size).toBe(3);
  });

  test('its nodes share it on the ports from a given one on', async () => {
    expect([...(await findPlaces(NODES, 7_000, binding)).values()]).toEqual([7_000, 7_001, 7_002].map((port) => ({ host: '127.0.0.1', port })));
  });
});
