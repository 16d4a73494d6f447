// A TCP relay on loopback between a client's region and a node, for a load generator that can neither delay by itself nor
// choose the address that it sends from. Order is kept.
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Timers } from './timers.ts';

export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * thereMs, backMs: the delay that is added each way to what leaves at this time; delays: ever. from: the local address towards
 * the target; undefined: any.
 */
export type Way = {
  readonly delays: boolean;
  readonly thereMs: (atMs: number) => number;
  readonly backMs: (atMs: number) => number;
  readonly from?: string | undefined;
};

export async function openRelay(target: string, { delays, thereMs, backMs, from: localAddress }: Way, timers: Timers): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const carry = (from: Socket, to: Socket, delayMs: Way['thereMs']) => {
    sockets.add(from);
    from.setNoDelay(true);
    let lastMs = 0;
    const later = (run: () => void) => {
      if (!delays) return run();
      const nowMs = timers.now();
      // A stream: where the delay becomes shorter, nothing overtakes what left before.
      lastMs = Math.max(lastMs, nowMs + delayMs(nowMs));
      timers.at(lastMs, run);
    };
    from.on('data', (chunk) => later(() => { if (to.writable) to.write(chunk); }));
    // Either end may break; the other learns of it one delay later.
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
  };
  const server = createServer((client) => {
    const node = connect({ port: Number(port), host: hostname, ...(localAddress === undefined ? {} : { localAddress }) });
    carry(client, node, thereMs);
    carry(node, client, backMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}
