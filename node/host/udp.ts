// The UDP socket of one node. Only the other members' addresses are heard; what is too large or comes from elsewhere is
// counted and dropped, and so is what the kernel refuses to send: to a protocol all of it is loss, never an exception.
import dgram from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { NodeId } from '../contract.ts';
import { bindFailure } from './failure.ts';

/** Bursts wait in the kernel while a turn runs. Linux grants at most net.core.rmem_max, doubled. */
const RECEIVE_BUFFER_BYTES = 4 << 20;

export type Address = { readonly host: string; readonly port: number };

export type UdpSettings = {
  readonly self: NodeId;
  readonly sockets: { readonly [id: NodeId]: Address };
  readonly frameBytes: number;
  /** One call per accepted datagram; all that is readable comes before the next turn of the event loop. */
  readonly received: (frame: Uint8Array) => void;
};

/** Binds the node's socket. Rejects with a Failure. */
export async function openUdp(settings: UdpSettings): Promise<Udp> {
  const own = settings.sockets[settings.self] as Address;
  const family = isIPv6(own.host) ? 6 : 4;
  const socket = dgram.createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    // Addresses are literal: the resolver's extra turn of the loop for each datagram is saved.
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => reject(bindFailure(settings.self, `${own.host}:${own.port}/udp`, error)));
    socket.bind(own.port, own.host, resolve);
  });
  socket.removeAllListeners('error');
  return new Udp(settings, socket);
}

export class Udp {
  /** Of this life. lost: refused by the kernel. */
  readonly totals = { lost: 0, foreign: 0, oversized: 0 };
  readonly #socket: dgram.Socket;
  readonly #sockets: ReadonlyMap<NodeId, Address>;
  #closed = false;

  constructor(settings: UdpSettings, socket: dgram.Socket) {
    this.#socket = socket;
    this.#sockets = new Map(Object.entries(settings.sockets));
    const known = new Set<string>();
    for (const [id, { host, port }] of this.#sockets) if (id !== settings.self) known.add(`${host}:${port}`);
    socket.on('message', (frame, sender) => {
      if (!known.has(`${sender.address}:${sender.port}`)) this.totals.foreign++;
      else if (frame.length > settings.frameBytes) this.totals.oversized++;
      else settings.received(frame);
    });
    socket.on('error', () => { this.totals.lost++; });
  }

  send(to: NodeId, frame: Uint8Array): void {
    const address = this.#sockets.get(to);
    if (this.#closed || address === undefined) {
      this.totals.lost++;
      return;
    }
    this.#socket.send(frame, address.port, address.host, this.#sent);
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.totals.lost++;
  };

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }
}
