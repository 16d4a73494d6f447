// Where the nodes of a run listen: each on a loopback address of its own where the machine has one, else all on 127.0.0.1;
// UDP and HTTP of a node share one port number. Free ones are found by binding them, and bound again by the node: another
// process may come between, which the node then reports.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { NodeId } from '../../../node/contract.ts';
import { LabError } from '../../errors.ts';

export type Place = { readonly host: string; readonly port: number };

const ATTEMPTS = 20;

/** Binds and releases: the port (0 asks for any), or the code of why it could not be. */
type TryBind = (host: string, port: number) => Promise<number | string>;
/** How addresses are tried; a test can be a machine with others. */
export type Binding = { readonly udp: TryBind; readonly tcp: TryBind };

function tryUdp(host: string, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}

function tryTcp(host: string, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(port)));
  });
}

const BINDING: Binding = { udp: tryUdp, tcp: tryTcp };

function taken(node: NodeId, place: string, code: string): LabError {
  if (code === 'EADDRINUSE') {
    return new LabError('port-in-use', `${place}, which ${node} needs, is in use`, 'end the process that holds it, choose another --port, or leave --port out');
  }
  return new LabError('machine-lacks', `${place}, which ${node} needs, cannot be bound (${code})`, 'choose another --port (above 1023)');
}

async function givenPort(node: NodeId, host: string, port: number, binding: Binding): Promise<Place> {
  const udp = await binding.udp(host, port);
  if (typeof udp === 'string') throw taken(node, `${host}:${port}/udp`, udp);
  const tcp = await binding.tcp(host, port);
  if (typeof tcp === 'string') throw taken(node, `${host}:${port}/tcp`, tcp);
  return { host, port };
}

async function freePort(node: NodeId, host: string, used: ReadonlySet<number>, binding: Binding): Promise<Place> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await binding.udp(host, 0);
    if (typeof port === 'string') throw taken(node, `${host}/udp`, port);
    if (!used.has(port) && typeof (await binding.tcp(host, port)) === 'number') return { host, port };
  }
  throw new LabError('port-in-use', `no free port was found on ${host} for ${node}`, 'end what holds so many, or give a base with --port');
}

/** One place for each node; from portBase on in the order of the nodes, or free ones. */
export async function findPlaces(nodes: readonly NodeId[], portBase: number | null, binding: Binding = BINDING): Promise<ReadonlyMap<NodeId, Place>> {
  const places = new Map<NodeId, Place>();
  const used = new Set<number>();
  const ownHosts = typeof (await binding.udp('127.0.0.2', 0)) === 'number';
  for (const [index, node] of nodes.entries()) {
    const host = ownHosts ? `127.0.0.${2 + index}` : '127.0.0.1';
    const place = portBase === null ? await freePort(node, host, used, binding) : await givenPort(node, host, portBase + index, binding);
    used.add(place.port);
    places.set(node, place);
  }
  return places;
}
