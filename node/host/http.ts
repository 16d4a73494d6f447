// The HTTP door of one node. Everything has a limit; whatever is wrong with a request is one line of JSON. /control/* needs
// the run's token, and where the door is not on loopback so does everything but GET /status; a page of a browser reaches
// nothing, because its Origin or its Host gives it away. Who hangs up waits for nothing any longer.
import { createHash, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { ListenOptions, Socket } from 'node:net';
import type { Link } from '../../netem/link.ts';
import type { ClockChange } from '../clock.ts';
import type { DiskChange } from '../disk-fault.ts';
import type { Command, Json, NodeId, Position } from '../contract.ts';
import type { ProbeOrder, ProbeReport } from '../../netem/probe.ts';
import type { Reply, Transaction } from '../replica.ts';
import type { HostConfig } from '../seat.ts';
import { readCommands, readReconfigure } from './commands.ts';
import type { Commands, Malformed } from './commands.ts';
import { readClockChange, readDiskChange, readLinks, readProbes } from './control.ts';
import { bindFailure } from './failure.ts';
import { isLoopback } from './loopback.ts';

/** What the door opens to. */
export interface Node {
  /**
   * 'held': not started yet; 'full': too many commands wait. Then none of them is taken. Else what to call when nobody
   * waits for the answer any longer.
   */
  submit(commands: readonly Command[], answer: (replies: readonly Reply[]) => void): 'held' | 'full' | (() => void);
  status(): Json;
  transaction(at: Position): Transaction | 'held';
  query(route: `GET /${string}`, query: { readonly [key: string]: string | undefined }): { readonly status: number; readonly body: Json };
  events(after: number, limit: number): string;
  /** false: it was released before. */
  go(): boolean;
  setLinks(links: { readonly [to: NodeId]: Link }): void;
  changeClock(change: ClockChange | null): void;
  changeDisk(change: DiskChange | null): void;
  /** Begins to send; null, or what is wrong with the order. */
  probe(order: ProbeOrder): string | null;
  /** Since it was asked last. */
  probes(): ProbeReport;
  stop(): void;
}

export const MAX_BODY_BYTES = 1 << 20;
const MAX_HEADER_BYTES = 8 << 10;
const MAX_CONNECTIONS = 4_096;
/** Requests of one connection that are not answered yet: a client that pipelines more gets 503. */
export const MAX_OPEN_REQUESTS = 64;
const MAX_EVENTS = 10_000;
const REQUEST_MS = 15_000;
const KEPT_ALIVE_MS = 65_000;
const JSON_TYPE = 'application/json';
const NOT_HTTP = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 42\r\n\r\n'
  + '{"error":"not a well-formed HTTP request"}';

/** Binds and listens: at the address, and at the UNIX socket when there is one. Rejects with a Failure. */
export async function openHttp(config: Pick<HostConfig, 'http' | 'token'>, self: NodeId, node: Node): Promise<readonly Server[]> {
  const { host, port, path } = config.http;
  const door = new Door(config, node);
  const servers = [await listen(door, self, { port, host }, `${host}:${port}/tcp`)];
  if (path !== undefined) {
    // Of a life before this one, which was killed.
    rmSync(path, { force: true });
    servers.push(await listen(door, self, { path }, path));
    chmodSync(path, 0o600);
  }
  return servers;
}

async function listen(door: Door, self: NodeId, where: ListenOptions, shownAs: string): Promise<Server> {
  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEPT_ALIVE_MS, noDelay: true,
  }, (request, response) => door.handle(request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = 50;
  server.on('connection', (socket) => door.connected(socket));
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(NOT_HTTP);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(bindFailure(self, shownAs, error)));
    server.listen({ ...where, backlog: 1_024 }, resolve);
  });
  server.removeAllListeners('error');
  return server;
}

/** One connection: its requests that are not answered yet, and what to call for its commands if it ends before that. */
type Line = { open: number; readonly waits: Set<() => void> };

class Door {
  readonly #names: ReadonlySet<string>;
  readonly #token: Buffer;
  readonly #guarded: boolean;
  readonly #node: Node;
  readonly #lines = new WeakMap<Socket, Line>();

  constructor(config: Pick<HostConfig, 'http' | 'token'>, node: Node) {
    const { host, names = [] } = config.http;
    this.#names = new Set([host, 'localhost', ...names]);
    this.#token = digest(`Bearer ${config.token}`);
    this.#guarded = !isLoopback(host);
    this.#node = node;
  }

  connected(socket: Socket): void {
    const line: Line = { open: 0, waits: new Set() };
    this.#lines.set(socket, line);
    socket.once('close', () => {
      for (const abandon of line.waits) abandon();
    });
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '/' } = request;
    const line = this.#lines.get(request.socket) as Line;
    response.sendDate = false;
    line.open++;
    response.once('close', () => { line.open--; });
    if (line.open > MAX_OPEN_REQUESTS) {
      response.shouldKeepAlive = false;
      refuse(response, 503, `a connection has at most ${MAX_OPEN_REQUESTS} requests open`);
    } else if (!this.#isKnownName(request)) {
      refuse(response, 403, 'this Host or Origin is not allowed here');
    } else if (this.#guarded && url !== '/status' && !this.#hasToken(request)) {
      refuse(response, 401, "all but /status needs the run's token here: Authorization: Bearer …");
    } else if (method === 'POST' && url === '/commands') {
      readBody(request, response, (body) => this.#submit(readCommands(body), line, response));
    } else if (method === 'POST' && url.startsWith('/control/')) {
      this.#control(url.slice('/control/'.length), request, line, response);
    } else if (method === 'GET') {
      this.#get(url, response);
    } else {
      refuse(response, 404, `no such route: ${String(method)} ${shown(url)}`);
    }
  }

  /** Against DNS rebinding: a foreign name in Host, or a page of another origin. */
  #isKnownName(request: IncomingMessage): boolean {
    const { host = '', origin } = request.headers;
    const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
    const known = this.#names.has(name) || isIP(name) !== 0;
    return known && (origin === undefined || origin === `http://${host}`);
  }

  #hasToken(request: IncomingMessage): boolean {
    return timingSafeEqual(digest(request.headers.authorization ?? ''), this.#token);
  }

  #submit(read: Commands | Malformed, line: Line, response: ServerResponse): void {
    if ('malformed' in read) {
      answer(response, 400, { outcome: 'fail', reason: 'malformed', error: read.malformed });
      return;
    }
    let abandon: (() => void) | null = null;
    const taken = this.#node.submit(read.commands, (replies) => {
      if (abandon !== null) line.waits.delete(abandon);
      const first = replies[0] as Reply;
      if (read.batch) answer(response, 200, replies);
      else answer(response, statusOf(first), first);
    });
    if (typeof taken === 'function') {
      if (response.headersSent) return;
      abandon = taken;
      line.waits.add(abandon);
      return;
    }
    const error = taken === 'held' ? 'this node is held; POST /control/go releases it' : 'too many commands wait here';
    answer(response, 503, { outcome: 'fail', reason: 'busy', error });
  }

  #get(url: string, response: ServerResponse): void {
    const [path = '/', search = ''] = url.split('?', 2);
    const query = Object.fromEntries(new URLSearchParams(search));
    if (path === '/status') answer(response, 200, this.#node.status());
    else if (path === '/events') this.#events(query, response);
    else if (path.startsWith('/tx/')) this.#transaction(path.slice('/tx/'.length), response);
    else {
      const { status, body } = this.#node.query(`GET ${path as `/${string}`}`, query);
      if (status === 404) refuse(response, 404, `no such route: GET ${shown(path)}`);
      else answer(response, status, body);
    }
  }

  #transaction(text: string, response: ServerResponse): void {
    const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
    if (match === null) {
      refuse(response, 400, 'a transaction is /tx/<epoch>.<slot>');
      return;
    }
    const at = { epoch: Number(match[1]), slot: Number(match[2]) };
    const state = this.#node.transaction(at);
    if (state === 'held') refuse(response, 503, 'this node is held; POST /control/go releases it');
    else answer(response, 200, { epoch: at.epoch, slot: at.slot, state });
  }

  #events(query: { readonly [key: string]: string | undefined }, response: ServerResponse): void {
    const after = query['after'] ?? '0';
    const limit = query['limit'] ?? '1000';
    if (!/^\d{1,15}$/.test(after) || !/^\d{1,6}$/.test(limit) || Number(limit) > MAX_EVENTS) {
      refuse(response, 400, `after is a sequence number, limit at most ${MAX_EVENTS}`);
      return;
    }
    send(response, 200, 'application/x-ndjson', this.#node.events(Number(after), Number(limit)));
  }

  #control(action: string, request: IncomingMessage, line: Line, response: ServerResponse): void {
    if (!this.#hasToken(request)) {
      refuse(response, 401, "/control/* needs the run's token: Authorization: Bearer …");
      return;
    }
    readBody(request, response, (text) => {
      let body: unknown = {};
      try {
        if (text !== '') body = JSON.parse(text);
      } catch {
        refuse(response, 400, 'the body is not JSON');
        return;
      }
      if (action === 'reconfigure') this.#submit(readReconfigure(body), line, response);
      else this.#act(action, body, response);
    });
  }

  #act(action: string, body: unknown, response: ServerResponse): void {
    /** Does it with what the body says, or says what is wrong with it. */
    const obeyed = <T extends object>(read: T | Malformed, act: (read: T) => string | null | void): void => {
      const wrong = 'malformed' in read ? read.malformed : act(read) ?? null;
      if (wrong === null) answer(response, 200, {});
      else refuse(response, 400, wrong);
    };
    const node = this.#node;
    switch (action) {
      case 'go':
        if (node.go()) answer(response, 200, {});
        else refuse(response, 409, 'this node was released before');
        return;
      case 'links':
        return obeyed(readLinks(body), ({ links }) => { node.setLinks(links); });
      case 'clock':
        return obeyed(readClockChange(body), ({ change }) => { node.changeClock(change); });
      case 'disk':
        return obeyed(readDiskChange(body), ({ change }) => { node.changeDisk(change); });
      case 'probe':
        return obeyed(readProbes(body), ({ order }) => node.probe(order));
      case 'probes':
        return answer(response, 200, node.probes());
      case 'stop':
        response.on('finish', () => node.stop());
        return answer(response, 202, {});
      default:
        refuse(response, 404, 'control has go, links, clock, disk, probe, probes, reconfigure, stop');
    }
  }
}

function statusOf(reply: Reply): number {
  if (reply.outcome === 'ok') return 200;
  if (reply.outcome === 'unknown') return 504;
  if (reply.reason === 'malformed') return 400;
  return reply.reason === 'not-leader' ? 409 : 503;
}

/** Equal lengths, so that a comparison takes the same time for every guess. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function shown(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path;
}

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (!response.headersSent) {
      response.shouldKeepAlive = false;
      refuse(response, 413, `a body has at most ${MAX_BODY_BYTES} bytes`);
    }
  });
  request.on('end', () => {
    if (bytes <= MAX_BODY_BYTES) done(chunks.length === 1 ? (chunks[0] as Buffer).toString('utf8') : Buffer.concat(chunks).toString('utf8'));
  });
  // A client that goes away while it speaks has asked nothing.
  request.on('error', () => undefined);
}

function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, JSON_TYPE, `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const headers: (string | number)[] = ['content-type', type, 'content-length', Buffer.byteLength(text)];
  if (status === 503) headers.push('retry-after', 1);
  else if (status === 401) headers.push('www-authenticate', 'Bearer');
  response.writeHead(status, headers as unknown as http.OutgoingHttpHeader[]);
  response.end(text);
}
