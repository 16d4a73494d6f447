// The open loop: Sessions, the same as in the simulator, on real timers and over HTTP with kept-alive connections. A
// connection is opened whenever none is free, so that a request never queues inside the HTTP client.
import { Pool } from 'undici';
import type { Command, NodeId } from '../../../node/contract.ts';
import type { Reply } from '../../../node/replica.ts';
import type { ClientEvent, Workload } from '../../kinds.ts';
import { Sessions } from '../../load/sessions.ts';
import { headersOf, type LoadConfig, openWays } from './config.ts';
import type { Way } from './relay.ts';
import { readReplies } from './reply.ts';
import type { Ask } from './round-trips.ts';
import { Timers } from './timers.ts';

/** What either loop shows to the process around it. */
export interface Loop {
  /** By the way of its requests. */
  readonly ask: Ask;
  start(): void;
  readonly finished: boolean;
  readonly outstanding: number;
  readonly sessions: number;
  readonly capped: number;
  /** The membership has changed: only these are asked from now on. */
  membersAre(members: readonly NodeId[]): void;
  /** Ends every connection; what is open stays without an outcome. */
  close(): Promise<void>;
}

/** Arrivals within so long are given connections before the load begins. */
const CONNECTIONS_FOR_MS = 250;
const MOST_CONNECTIONS_AHEAD = 64;

export function openLoop(config: LoadConfig, workload: Workload, now: () => number, emit: (event: ClientEvent) => void): Loop {
  const { plan } = config;
  const timers = new Timers(now);
  const headers = headersOf(config);
  const wayOf = openWays(config);
  // One for each way that differs: a connection has one local address.
  const pools = new Map<string, Pool>();
  const poolOf = (region: string, to: NodeId): Pool => {
    const { from } = wayOf(region, to);
    const key = `${from ?? ''} ${to}`;
    const pool = pools.get(key) ?? new Pool(config.urls[to] ?? '', {
      pipelining: 1, headersTimeout: plan.load.timeoutMs, bodyTimeout: plan.load.timeoutMs, connectTimeout: plan.load.timeoutMs,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    pools.set(key, pool);
    return pool;
  };
  for (const { region } of plan.load.clients) for (const { id } of plan.nodes) poolOf(region, id);
  const after = (delayMs: Way['thereMs'], run: () => void) => {
    const nowMs = now();
    const dueMs = nowMs + delayMs(nowMs);
    if (dueMs > nowMs) timers.at(dueMs, run);
    else run();
  };
  const ask: Ask = async (region, to) => {
    const { thereMs, backMs } = wayOf(region, to);
    await new Promise<void>((resolve) => { after(thereMs, resolve); });
    await askStatus(poolOf(region, to));
    await new Promise<void>((resolve) => { after(backMs, resolve); });
  };
  const request = (region: string, to: NodeId, commands: readonly Command[], answer: (replies: readonly Reply[]) => void) => {
    const way = wayOf(region, to);
    after(way.thereMs, () => { void submit(poolOf(region, to), headers, commands).then((replies) => after(way.backMs, () => answer(replies))); });
  };
  const sessions = new Sessions(plan, workload, { now, at: (atMs, run) => timers.at(atMs, run), request, emit });
  return {
    ask,
    start() {
      const share = config.sources === null ? 1 : 1 / plan.load.clients.length;
      for (const pool of pools.values()) openConnections(pool, share * (plan.load.ratePerSecond ?? 0));
      sessions.start();
    },
    membersAre: (members) => sessions.membersAre(members),
    get finished() { return sessions.finished; },
    get outstanding() { return sessions.outstanding; },
    get sessions() { return sessions.opened; },
    get capped() { return sessions.capped; },
    async close() {
      await timers.stop();
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

async function submit(pool: Pool, headers: { readonly [name: string]: string }, commands: readonly Command[]): Promise<readonly Reply[]> {
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST', path: '/commands', headers, body: JSON.stringify(commands.length === 1 ? commands[0] : commands),
    });
    return readReplies(statusCode, await body.text(), commands.length);
  } catch {
    return commands.map(() => ({ outcome: 'unknown', reason: 'connection' }));
  }
}

function openConnections(pool: Pool, ratePerSecond: number): void {
  const count = Math.min(MOST_CONNECTIONS_AHEAD, Math.ceil((ratePerSecond * CONNECTIONS_FOR_MS) / 1000));
  for (let index = 0; index < count; index++) {
    // Only the connection matters; a node that does not answer shows in the load itself.
    void askStatus(pool).catch(() => undefined);
  }
}

export async function askStatus(pool: Pool): Promise<void> {
  const { body } = await pool.request({ method: 'GET', path: '/status' });
  await body.dump();
}
