// The clients of a run, as a pure machine driven in virtual time by the simulator and in real time by the load process.
//
// One command is open per session. Latency counts from the intended time, so a late generator cannot hide a slow server.
// A retry keeps the id. The outcome is `fail` only when every attempt was certainly refused; anything else that did not
// end in `ok` by the timeout is `unknown`, and its session is retired.
import type { Command, NodeId, KeyOperation } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import type { Reply } from '../../node/replica.ts';
import type { ClientEvent, Plan, Workload } from '../kinds.ts';
import { arrivals } from './arrivals.ts';
import { backOffMs } from './back-off.ts';
import { Batches } from './batches.ts';
import { Route } from './route.ts';

export interface ClientPorts {
  /** Ms since the run's start. */
  now(): number;
  /** Runs the callback when now() has reached atMs. */
  at(atMs: number, run: () => void): void;
  /**
   * One attempt from a region to a node, of one command or a batch; answers at most once, one reply a command in their order;
   * a broken connection answers unknown/connection. Includes the client's link delay, both ways.
   */
  request(region: string, to: NodeId, commands: readonly Command[], answer: (replies: readonly Reply[]) => void): void;
  emit(event: ClientEvent): void;
}

type Session = {
  readonly id: string;
  readonly region: string;
  readonly operations: Iterator<KeyOperation, never, Reply | null>;
  sequence: number;
  /** What its previous command was answered: its workload may go by it. */
  answered: Reply | null;
};
type Open = {
  readonly session: Session;
  readonly command: Command<KeyOperation>;
  readonly deadlineMs: number;
  attempts: number;
  /** Attempts without an answer so far. */
  waiting: number;
  /** An attempt was answered `unknown`. */
  uncertain: boolean;
  refusals: number;
  last: NodeId | null;
  refused: (Reply & { outcome: 'fail' }) | null;
  closed: boolean;
};

export class Sessions {
  readonly #plan: Plan;
  readonly #workload: Workload;
  readonly #ports: ClientPorts;
  readonly #arrivals: Iterator<{ readonly atMs: number; readonly region: string }, void>;
  readonly #free = new Map<string, Session[]>();
  readonly #routes = new Map<string, Route>();
  readonly #batches: Batches;
  readonly #backOff: () => number;
  readonly #endMs: number;
  #arrivalsLeft: boolean;
  /** Sessions opened so far; each has a number of its own. */
  opened = 0;
  /** Sessions in use or free; a retired one no longer counts. */
  alive = 0;
  /** Arrivals that found no free session and could not open one. */
  capped = 0;
  /** Commands without a final outcome. */
  outstanding = 0;

  constructor(plan: Plan, workload: Workload, ports: ClientPorts) {
    this.#plan = plan;
    this.#workload = workload;
    this.#ports = ports;
    this.#arrivals = arrivals(plan);
    this.#batches = new Batches(plan.load.batch, ports);
    this.#backOff = randomStream(plan.seed, 'load', 'back-off');
    this.#endMs = plan.warmupMs + plan.measureMs;
    this.#arrivalsLeft = plan.load.ratePerSecond !== null;
    for (const { region } of plan.load.clients) {
      this.#free.set(region, []);
      this.#routes.set(region, new Route(plan, region, (to, state) => ports.emit({ type: 'breaker', region, to, state })));
    }
  }

  /** No arrival is left and none is outstanding. */
  get finished(): boolean {
    const loopEnded = this.#plan.load.ratePerSecond !== null || this.#ports.now() >= this.#endMs;
    return loopEnded && !this.#arrivalsLeft && this.outstanding === 0;
  }

  /** Schedules the arrivals of warm-up and measure window (open loop), or starts every connection (closed loop). */
  start(): void {
    if (this.#plan.load.ratePerSecond !== null) this.#next();
    else for (const { region, count } of this.#plan.load.clients) for (let index = 0; index < count; index++) this.#invoke(this.#openSession(region), this.#ports.now());
  }

  membersAre(members: readonly NodeId[]): void {
    for (const route of this.#routes.values()) route.membersAre(members);
  }

  #next(): void {
    const arrival = this.#arrivals.next();
    if (arrival.done === true) {
      this.#arrivalsLeft = false;
      return;
    }
    const { atMs, region } = arrival.value;
    this.#ports.at(atMs, () => {
      const session = this.#free.get(region)?.pop() ?? (this.alive < this.#plan.load.maxSessions ? this.#openSession(region) : null);
      if (session === null) this.capped++;
      else this.#invoke(session, atMs);
      this.#next();
    });
  }

  #openSession(region: string): Session {
    const number = ++this.opened;
    this.alive++;
    const random = randomStream(this.#plan.seed, 'load', 'session', number);
    return { id: `c${number}`, region, operations: this.#workload.operations(this.#plan.load.params, number, random), sequence: 0, answered: null };
  }

  #invoke(session: Session, intendedMs: number): void {
    const command: Command<KeyOperation> = { id: `${session.id}:${++session.sequence}`, op: session.operations.next(session.answered).value };
    const open: Open = {
      session, command, deadlineMs: intendedMs + this.#plan.load.timeoutMs, attempts: 0, waiting: 0,
      uncertain: false, refusals: 0, last: null, refused: null, closed: false,
    };
    this.outstanding++;
    this.#ports.emit({ type: 'invoke', client: session.id, region: session.region, command, intendedMs });
    this.#ports.at(open.deadlineMs, () => this.#timeOut(open));
    this.#attempt(open, null);
  }

  /** leader: where a refusal sent it; else the route chooses. */
  #attempt(open: Open, leader: NodeId | null): void {
    if (open.closed) return;
    const route = this.#route(open);
    const nowMs = this.#ports.now();
    const to = leader !== null && route.allows(leader, nowMs) ? leader : route.choose(open.attempts, open.last, nowMs);
    if (to === null) {
      open.refused ??= { outcome: 'fail', reason: 'busy' };
      this.#attemptLater(open, route.freeAtMs() - nowMs);
      return;
    }
    const number = open.attempts++;
    open.last = to;
    route.sent(to, nowMs);
    open.waiting++;
    let answered = false;
    this.#ports.emit({ type: 'attempt', client: open.session.id, id: open.command.id, to });
    this.#batches.request(open.session.region, to, open.command, (reply) => {
      if (answered) return;
      answered = true;
      open.waiting--;
      this.#answered(open, to, reply, nowMs);
    });
    const retryAtMs = nowMs + this.#plan.load.retryMs;
    if (retryAtMs >= open.deadlineMs) return;
    this.#ports.at(retryAtMs, () => {
      if (open.closed || answered || open.attempts !== number + 1) return;
      route.answered(to, null, nowMs, this.#ports.now());
      this.#attempt(open, null);
    });
  }

  #answered(open: Open, from: NodeId, reply: Reply, sentMs: number): void {
    this.#route(open).answered(from, reply, sentMs, this.#ports.now());
    if (open.closed) return;
    if (reply.outcome === 'ok') {
      this.#close(open, reply);
      return;
    }
    if (reply.outcome === 'unknown') {
      open.uncertain = true;
    } else {
      open.refused = reply;
      if (reply.reason === 'malformed') {
        this.#close(open, reply);
        return;
      }
      if (reply.leader !== undefined && open.refusals === 0) {
        this.#route(open).leaderIs(reply.leader);
        open.refusals++;
        this.#attempt(open, reply.leader);
        return;
      }
    }
    this.#attemptLater(open, 0);
  }

  #attemptLater(open: Open, leastMs: number): void {
    const waitMs = Math.max(leastMs, backOffMs(this.#plan.load.backOff, open.refusals++, this.#backOff));
    const attempts = open.attempts;
    this.#ports.emit({ type: 'back-off', client: open.session.id, id: open.command.id, waitMs });
    this.#ports.at(this.#ports.now() + waitMs, () => {
      if (open.attempts === attempts) this.#attempt(open, null);
    });
  }

  #timeOut(open: Open): void {
    if (open.closed) return;
    const certain = !open.uncertain && open.waiting === 0 && open.refused !== null;
    this.#close(open, certain && open.refused !== null ? open.refused : { outcome: 'unknown', reason: 'timeout' });
  }

  #close(open: Open, reply: Reply): void {
    const { session } = open;
    open.closed = true;
    session.answered = reply;
    this.outstanding--;
    this.#ports.emit({ type: 'reply', client: session.id, id: open.command.id, reply });
    const retired = reply.outcome === 'unknown';
    if (retired) this.alive--;
    if (this.#plan.load.ratePerSecond !== null) {
      if (!retired) this.#free.get(session.region)?.push(session);
    } else if (this.#ports.now() < this.#endMs) {
      this.#invoke(retired ? this.#openSession(session.region) : session, this.#ports.now());
    }
  }

  #route(open: Open): Route {
    return this.#routes.get(open.session.region) as Route;
  }
}
