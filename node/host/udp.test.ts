// The socket between real addresses of the loopback network.
import dgram from 'node:dgram';
import { afterEach, expect, test, vi } from 'vitest';
import { openUdp } from './udp.ts';
import type { Udp } from './udp.ts';

const opened: { close(): void }[] = [];
afterEach(() => { for (const socket of opened.splice(0)) socket.close(); });

// Below the ephemeral ports, and its own in each process that tests at once.
const port = 20_000 + (process.pid % 10_000);
const sockets = { n1: { host: '127.0.0.2', port }, n2: { host: '127.0.0.3', port } };

async function open(self: 'n1' | 'n2', received: (frame: Uint8Array) => void = () => undefined): Promise<Udp> {
  const udp = await openUdp({ self, sockets, frameBytes: 1_400, received });
  opened.push(udp);
  return udp;
}

test('a datagram of a member arrives; a foreign sender and one that is too large are counted and dropped', async () => {
  const frames: number[] = [];
  const n1 = await open('n1', (frame) => frames.push(frame.length));
  const n2 = await open('n2');
  const stranger = dgram.createSocket('udp4');
  opened.push(stranger);
  stranger.send(new Uint8Array(10), sockets.n1.port, sockets.n1.host);
  n2.send('n1', new Uint8Array(1_401));
  n2.send('n1', new Uint8Array(1_400));
  n2.send('n1', new Uint8Array(0));
  await vi.waitFor(() => expect(n1.totals).toEqual({ lost: 0, foreign: 1, oversized: 1 }));
  await vi.waitFor(() => expect(frames).toEqual([1_400, 0]));
});

test('what the kernel refuses to send is loss', async () => {
  const n1 = await open('n1');
  n1.send('n2', new Uint8Array(70_000));
  await vi.waitFor(() => expect(n1.totals.lost).toBe(1));
  n1.send('n2', new Uint8Array(10));
  n1.send('n9', new Uint8Array(10));
  expect(n1.totals).toEqual({ lost: 2, foreign: 0, oversized: 0 });
});

test('an address in use and one that this machine has not are told with the remedy', async () => {
  await open('n1');
  await expect(open('n1')).rejects.toThrow(`n1: 127.0.0.2:${port}/udp is in use; stop the process that holds it, or choose another port`);
  const elsewhere = { n1: { host: '192.0.2.1', port } };
  await expect(openUdp({ self: 'n1', sockets: elsewhere, frameBytes: 1_400, received: () => undefined }))
    .rejects.toThrow(/n1: 192\.0\.2\.1:\d+\/udp: this machine has no such address/);
});
