// The closed loop: autocannon holds `count` connections for each region, and each asks the next when it is answered.
// autocannon only moves the bytes: what counts is recorded here, because its latencies are whole milliseconds. (Without a
// rate it corrects nothing for coordinated omission, and refuses the option that would turn its correction off.) An answer
// that is not ok, or that does not come in time, ends its connection; another opens after a pause. The circuit breaker is asked
// before each command: where it is open, the connection ends, and another goes elsewhere or waits.
import autocannon from 'autocannon';
import { Pool } from 'undici';
import { assert } from '../../../node/assert.ts';
import type { Command, CommandId, NodeId, KeyOperation } from '../../../node/contract.ts';
import { randomStream } from '../../../node/kit/random.ts';
import type { Reply } from '../../../node/replica.ts';
import type { ClientEvent, Workload } from '../../kinds.ts';
import { backOffMs } from '../../load/back-off.ts';
import { Route } from '../../load/route.ts';
import { headersOf, type LoadConfig, openWays } from './config.ts';
import { askStatus, type Loop } from './open.ts';
import { openRelay, type Relay } from './relay.ts';
import { readReply } from './reply.ts';
import type { Ask } from './round-trips.ts';
import { Timers } from './timers.ts';

type Session = { readonly id: string; readonly operations: Iterator<KeyOperation, never, Reply | null>; sequence: number; answered: Reply | null };
/** Where a connection comes from and goes to; failures: of its forerunners, in a row. */
type Ends = { readonly region: string; readonly to: NodeId; readonly failures: number };
/** What autocannon's types leave out: how a client ends before its time, and that its connection broke. */
type Client = Pick<autocannon.Client, 'setRequests'> & { destroy(): void; on(event: 'connError', listener: () => void): unknown };

/** A refused connection is refused at once: without a pause the loop would spin. */
const REOPEN_AFTER_MS = 50;
const SWEEP_MS = 20;
const NOTHING: autocannon.Request = { method: 'GET', path: '/status' };

class ClosedLoop implements Loop {
  readonly #config: LoadConfig;
  readonly #workload: Workload;
  readonly #emit: (event: ClientEvent) => void;
  readonly #timers: Timers;
  readonly #routes = new Map<string, Route>();
  readonly #relays: ReadonlyMap<string, Relay>;
  readonly #instances = new Set<autocannon.Instance>();
  readonly #pools = new Map<string, Pool>();
  /** Of the open commands: since when, and how its connection ends when that is too long. */
  readonly #open = new Map<CommandId, { readonly sinceMs: number; readonly timeOut: () => void }>();
  readonly #endMs: number;
  readonly #backOff: () => number;
  readonly capped = 0;
  sessions = 0;

  constructor(config: LoadConfig, workload: Workload, timers: Timers, relays: ReadonlyMap<string, Relay>, emit: (event: ClientEvent) => void) {
    this.#config = config;
    this.#workload = workload;
    this.#timers = timers;
    this.#relays = relays;
    this.#emit = emit;
    this.#endMs = config.plan.warmupMs + config.plan.measureMs;
    this.#backOff = randomStream(config.plan.seed, 'load', 'back-off');
    for (const { region } of config.plan.load.clients) this.#routes.set(region, new Route(config.plan, region, (to, state) => emit({ type: 'breaker', region, to, state })));
  }

  get outstanding(): number {
    return this.#open.size;
  }

  get finished(): boolean {
    return this.#timers.now() >= this.#endMs && this.outstanding === 0;
  }

  start(): void {
    this.#sweep();
    for (const { region, count } of this.#config.plan.load.clients) {
      // At first every breaker is closed.
      const next = (): Ends => ({ region, to: this.#route(region).choose(0, null, 0) as NodeId, failures: 0 });
      if (this.#config.plan.load.target === 'spread') for (let index = 0; index < count; index++) this.#connect(next(), 1, null);
      else this.#connect(next(), count, null);
    }
  }

  /** A connection to one that left ends when that no longer answers it. */
  membersAre(members: readonly NodeId[]): void {
    for (const route of this.#routes.values()) route.membersAre(members);
  }

  async close(): Promise<void> {
    await this.#timers.stop();
    for (const instance of this.#instances) instance.stop();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    await Promise.all([...this.#relays.values()].map((relay) => relay.close()));
  }

  /** Before the load: autocannon has no connection yet. */
  readonly ask: Ask = (region, to) => {
    const url = this.#urlOf(region, to);
    const pool = this.#pools.get(url) ?? new Pool(url, { pipelining: 1, headersTimeout: this.#config.plan.load.timeoutMs });
    this.#pools.set(url, pool);
    return askStatus(pool);
  };

  #urlOf(region: string, to: NodeId): string {
    return this.#relays.get(`${region} ${to}`)?.url ?? this.#config.urls[to] ?? '';
  }

  /** Cheaper than a timer for each command. */
  #sweep(): void {
    const beforeMs = this.#timers.now() - this.#config.plan.load.timeoutMs;
    for (const { sinceMs, timeOut } of this.#open.values()) {
      if (sinceMs > beforeMs) break;
      timeOut();
    }
    this.#timers.at(this.#timers.now() + SWEEP_MS, () => this.#sweep());
  }

  /** session: goes on with it, or null for a new one on each connection. */
  #connect(ends: Ends, connections: number, session: Session | null): void {
    const { region, to } = ends;
    const { plan } = this.#config;
    const instance = autocannon({
      url: this.#urlOf(region, to),
      connections,
      duration: (plan.warmupMs + plan.measureMs + plan.settleMs) / 1000 + 60,
      // Never its own: it would ask anew by itself.
      timeout: plan.load.timeoutMs / 1000 + 60,
      skipAggregateResult: true,
      setupClient: (client) => this.#attach(client as unknown as Client, ends, session ?? this.#session()),
    }, (error: unknown) => {
      assert(error === null || error === undefined, `autocannon refuses its options: ${String(error)}`);
      this.#instances.delete(instance);
    });
    this.#instances.add(instance);
  }

  #session(): Session {
    const number = ++this.sessions;
    const { plan } = this.#config;
    return { id: `c${number}`, sequence: 0, answered: null, operations: this.#workload.operations(plan.load.params, number, randomStream(plan.seed, 'load', 'session', number)) };
  }

  /** One connection: one open command at a time, until an answer is not ok or the window is over. */
  #attach(client: Client, { region, to, failures: before }: Ends, session: Session): void {
    const route = this.#route(region);
    let failures = before;
    let open: CommandId | null = null;
    let ended = false;
    let constructed = false;
    // The first request is asked for while the client is still being made, and can not be ended yet.
    const leave = (): void => { if (constructed) client.destroy(); else queueMicrotask(() => client.destroy()); };
    const settle = (reply: Reply): void => {
      if (open === null) return;
      const { sinceMs } = this.#open.get(open) as { readonly sinceMs: number };
      this.#open.delete(open);
      session.answered = reply;
      failures = reply.outcome === 'ok' ? 0 : failures + 1;
      route.answered(to, reply.outcome === 'unknown' ? null : reply, sinceMs, this.#timers.now());
      this.#emit({ type: 'reply', client: session.id, id: open, reply });
      open = null;
    };
    const end = (reply: Reply): void => {
      if (ended) return;
      ended = true;
      const id = open;
      settle(reply);
      leave();
      this.#reopen({ region, to, failures }, id, reply, session);
    };
    const setupRequest = (request: autocannon.Request): autocannon.Request => {
      const nowMs = this.#timers.now();
      // When its connection is closed it reconnects by itself and asks anew: the command that was open has no answer.
      if (open !== null) end({ outcome: 'unknown', reason: 'connection' });
      if (nowMs >= this.#endMs) {
        ended = true;
        leave();
      }
      if (!ended && !route.allows(to, nowMs)) {
        ended = true;
        leave();
        this.#timers.at(nowMs, () => this.#connectAnew({ region, to, failures }, undefined, session));
      }
      if (ended) return { ...request, ...NOTHING };
      const command: Command<KeyOperation> = { id: `${session.id}:${++session.sequence}`, op: session.operations.next(session.answered).value };
      open = command.id;
      this.#open.set(command.id, { sinceMs: nowMs, timeOut: () => end({ outcome: 'unknown', reason: 'timeout' }) });
      route.sent(to, nowMs);
      this.#emit({ type: 'invoke', client: session.id, region, command, intendedMs: nowMs });
      this.#emit({ type: 'attempt', client: session.id, id: command.id, to });
      return { ...request, body: JSON.stringify(command) };
    };
    const onResponse = (status: number, body: string): void => {
      if (ended) return;
      const reply = readReply(status, body);
      if (reply.outcome === 'ok') settle(reply);
      else end(reply);
    };
    client.on('connError', () => end({ outcome: 'unknown', reason: 'connection' }));
    client.setRequests([{ method: 'POST', path: '/commands', headers: headersOf(this.#config), setupRequest, onResponse }]);
    constructed = true;
  }

  /** id: the command that had no ok; null: the connection was refused before it had one. */
  #reopen(ends: Ends, id: CommandId | null, reply: Reply, session: Session): void {
    const leader = reply.outcome === 'fail' ? reply.leader : undefined;
    if (leader !== undefined) this.#route(ends.region).leaderIs(leader);
    const waitMs = Math.max(REOPEN_AFTER_MS, backOffMs(this.#config.plan.load.backOff, Math.max(0, ends.failures - 1), this.#backOff));
    if (id !== null) this.#emit({ type: 'back-off', client: session.id, id, waitMs });
    this.#timers.at(this.#timers.now() + waitMs, () => this.#connectAnew(ends, leader, reply.outcome === 'unknown' ? null : session));
  }

  /** To the leader that a refusal named or to the node whose turn it is, as soon as a breaker lets either be asked. */
  #connectAnew(ends: Ends, leader: NodeId | undefined, session: Session | null): void {
    const { region, failures } = ends;
    const route = this.#route(region);
    const nowMs = this.#timers.now();
    if (nowMs >= this.#endMs) return;
    const to = leader !== undefined && route.allows(leader, nowMs) ? leader : route.choose(0, null, nowMs);
    if (to !== null) this.#connect({ region, to, failures }, 1, session);
    else this.#timers.at(Math.max(route.freeAtMs(), nowMs + REOPEN_AFTER_MS), () => this.#connectAnew(ends, leader, session));
  }

  #route(region: string): Route {
    return this.#routes.get(region) as Route;
  }
}

export async function openClosedLoop(config: LoadConfig, workload: Workload, now: () => number, emit: (event: ClientEvent) => void): Promise<Loop> {
  const { plan, urls } = config;
  const timers = new Timers(now);
  const relays = new Map<string, Relay>();
  const wayOf = openWays(config);
  for (const { region } of plan.load.clients) {
    for (const { id } of plan.nodes) {
      const way = wayOf(region, id);
      if (way.delays || way.from !== undefined) relays.set(`${region} ${id}`, await openRelay(urls[id] ?? '', way, timers));
    }
  }
  return new ClosedLoop(config, workload, timers, relays, emit);
}
