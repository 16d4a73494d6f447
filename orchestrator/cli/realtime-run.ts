// One run on real processes: nodes start held, links are applied, the idle network is measured, all are released at the run's
// origin, the load runs in a process of its own, faults come at their times; every process writes its events to a file of its
// own, merged at the end. Whatever happens, no process is left.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '../../node/contract.ts';
import type { Shaper } from '../../netem/shaper.ts';
import { EXIT, LabError } from '../errors.ts';
import type { LabEvent, Plan, RunContext, RunEvent } from '../kinds.ts';
import { formatMs } from '../report/figures.ts';
import { leaderOf } from '../resolve.ts';
import { membersOf } from '../seats.ts';
import { LinkProber, probingMs } from './certify.ts';
import { type Child, endWithin } from './children.ts';
import { StandingFaults } from './cluster/standing.ts';
import { mergeEvents, readEvents } from './event-file.ts';
import { FaultSchedule } from './fault-schedule.ts';
import { tailEvents } from './live-tail.ts';
import { type LoadConfig, type LoadMessage, MEASURE, MEMBERS } from './load/config.ts';
import { roundTripsMs } from './load/round-trips.ts';
import { openRunClock } from './run-clock.ts';
import { RunNetwork } from './run-network.ts';
import type { Cluster, RealtimeParts } from './realtime.ts';

const POLL_MS = 50;
const GRACE_MS = 3_000;
const EVENTS_PER_BREATH = 20_000;
/** Beside the folders of the nodes. */
const LOAD = 'load';

/** Of the idle network, between the nodes' being ready and the origin. */
export function measuringMs(plan: Plan): number {
  return probingMs(plan) + roundTripsMs(plan);
}

export class RealtimeRun {
  readonly #plan: Plan;
  readonly #context: RunContext;
  readonly #network: RunNetwork;
  readonly #folder: string;
  readonly #originNs: bigint;
  readonly #now: () => number;
  /** Rejects when a node or the load ends unasked. */
  readonly #broken = Promise.withResolvers<never>();
  readonly #events: LabEvent[] = [];
  readonly #standing = new StandingFaults();
  /** As the nodes last said. */
  #leader: NodeId | null = null;
  #cluster: Cluster | null = null;
  #load: Child | null = null;
  #loadReady = Promise.withResolvers<void>();
  #loadMeasured = Promise.withResolvers<void>();
  #loadFinished = Promise.withResolvers<void>();
  /** On the run's clock, before the network is measured: negative enough for that where it was in time. */
  readyAtMs = 0;
  #released = false;
  /** By certify(): its events are all there is. */
  #measured = false;
  #closing = false;
  #endTail: () => Promise<void> = () => Promise.resolve();

  constructor(plan: Plan, context: RunContext, shaper: Shaper, folder: string, originNs: bigint) {
    this.#plan = plan;
    this.#context = context;
    this.#folder = folder;
    this.#originNs = originNs;
    this.#now = openRunClock(originNs);
    this.#network = new RunNetwork(plan, shaper.open({ seed: plan.seed, now: this.#now, failed: (error) => { if (!this.#closing) this.#broken.reject(error); } }));
    // It may break while nobody waits for it; whoever waits next hears of it.
    this.#broken.promise.catch(() => undefined);
  }

  /** true: the nodes were not ready at the origin; nothing was released. */
  async conduct({ open, plugins }: RealtimeParts): Promise<boolean> {
    const members = membersOf(this.#plan);
    const cluster = await this.#open(open, plugins);
    this.#context.reached?.('placed');
    this.#startLoad(cluster, plugins);
    await this.#unlessBroken(Promise.all([this.#loadReady.promise, ...members.map((id) => cluster.start(id))]));
    await this.#unlessBroken(this.#network.apply(cluster.sites));
    this.readyAtMs = this.#now();
    if (this.#context.stop.requested) return false;
    if (this.readyAtMs > -measuringMs(this.#plan)) return true;
    this.#context.reached?.('ready');
    const prober = this.#prober(cluster);
    await this.#unlessBroken(this.#measure(prober));
    this.#context.reached?.('certified');
    if (this.#context.stop.requested) return false;
    if (this.#now() > 0) return true;
    await sleep(-this.#now());
    this.#released = true;
    this.#context.reached?.('released');
    await this.#unlessBroken(Promise.all(members.map((id) => cluster.release(id))));
    this.#context.began?.(Math.round(Date.now() - this.#now()));
    this.#tail(cluster);
    await this.#untilFinished(cluster, prober);
    await this.#count(cluster);
    return false;
  }

  /** Held nodes and their links, and no load. It is never late: there is no run. */
  async certify({ open, plugins }: RealtimeParts): Promise<boolean> {
    const cluster = await this.#open(open, plugins);
    await this.#unlessBroken(Promise.all(membersOf(this.#plan).map((id) => cluster.start(id))));
    await this.#unlessBroken(this.#network.apply(cluster.sites));
    this.readyAtMs = this.#now();
    await this.#unlessBroken(this.#prober(cluster).idle());
    await this.#count(cluster);
    this.#measured = true;
    return false;
  }

  async #open(open: RealtimeParts['open'], plugins: readonly string[]): Promise<Cluster> {
    this.#context.progress(`starting ${membersOf(this.#plan).length} nodes`, 0);
    const died = (error: LabError) => { if (!this.#closing) this.#broken.reject(error); };
    const cluster = await open(this.#plan, { folder: this.#folder, plugins, token: randomBytes(24).toString('hex'), originNs: this.#originNs, died });
    this.#cluster = cluster;
    return cluster;
  }

  #prober(cluster: Cluster): LinkProber {
    return new LinkProber({
      plan: this.#plan, cluster, now: this.#now, emit: (event) => this.#own(event), progress: (text) => this.#context.progress(text, 0),
      stopped: () => this.#context.stop.requested || this.#closing,
    });
  }

  /** The idle network: between the nodes, then from the clients to them. */
  async #measure(prober: LinkProber): Promise<void> {
    await prober.idle();
    if (this.#context.stop.requested) return;
    this.#load?.writeLine(MEASURE);
    const measured = new AbortController();
    await Promise.race([this.#loadMeasured.promise, this.#untilStopRequested(measured.signal)]);
    measured.abort();
  }

  /** What the kernel counted of the links that nothing was done to. */
  async #count(cluster: Cluster): Promise<void> {
    const ids = this.#plan.nodes.map(({ id }) => id);
    const sites = cluster.sites.filter(({ id }) => !ids.includes(id) || cluster.isUp(id));
    const links = await this.#network.counters(sites);
    if (links !== null) this.#own({ type: 'counters', links });
  }

  #own(event: RunEvent): void {
    this.#record({ atMs: this.#now(), node: 'lab', life: 0, sequence: 0, ...event });
  }

  /** Of the lab's own; they share one sequence. */
  #record(event: LabEvent): void {
    this.#events.push({ ...event, sequence: this.#events.length });
    this.#standing.observe(event);
  }

  /** How long nothing will be done to the cluster, in ms; 0: a fault is on. */
  #quietMs(): number {
    if (this.#standing.rows().length > 0) return 0;
    const nowMs = this.#now();
    return Math.min(Infinity, ...this.#plan.schedule.flatMap(({ atMs }) => (atMs > nowMs ? [atMs - nowMs] : [])));
  }

  async #untilFinished(cluster: Cluster, prober: LinkProber): Promise<void> {
    const schedule = new FaultSchedule(this.#plan, cluster, {
      now: this.#now,
      overlays: this.#network.overlays,
      applyLinks: () => this.#network.apply(cluster.sites),
      tellLoad: (line) => this.#load?.writeLine(line),
      membersAre: (members) => this.#load?.writeLine([MEMBERS, ...members].join(' ')),
      emit: (event) => this.#record(event),
    });
    const stopped = new AbortController();
    const faults = schedule.perform(stopped.signal);
    // After the end of the run nobody waits for the faults that were still being done.
    faults.catch(() => undefined);
    const interrupted = this.#untilStopRequested(stopped.signal);
    const probing = prober.during(this.#network, () => this.#quietMs(), stopped.signal);
    probing.catch(() => undefined);
    try {
      // The faults may be over long before the load is, but one that cannot be done ends the run.
      await this.#unlessBroken(Promise.race([this.#loadFinished.promise, interrupted, faults.then(() => this.#loadFinished.promise), probing.then(() => this.#loadFinished.promise)]));
    } finally {
      stopped.abort();
    }
  }

  async #untilStopRequested(ended: AbortSignal): Promise<void> {
    while (!this.#context.stop.requested && !ended.aborted) await sleep(POLL_MS);
  }

  #unlessBroken<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#broken.promise]);
  }

  #startLoad(cluster: Cluster, plugins: readonly string[]): void {
    const config: LoadConfig = {
      plan: this.#plan, plugins, originNs: this.#originNs.toString(), eventsFile: this.#loadEvents,
      urls: Object.fromEntries(this.#plan.nodes.map(({ id }) => [id, cluster.url(id)])), sources: cluster.load.sources, token: cluster.load.token,
    };
    mkdirSync(join(this.#folder, LOAD), { recursive: true, mode: 0o700 });
    writeFileSync(this.#loadConfig, JSON.stringify(config), { mode: 0o600 });
    const onLine = (line: string) => this.#heard(JSON.parse(line) as LoadMessage);
    const load = cluster.load.start(this.#loadConfig, onLine);
    this.#load = load;
    void load.exited.then(({ code, signal }) => {
      if (this.#closing) return;
      // What it was given was checked before, but what a plug-in does was not.
      if (code === EXIT.badInput) this.#broken.reject(new LabError('bad-plugin', load.lastError(), 'its events are kept in the run folder, under work/'));
      else this.#broken.reject(new LabError('load-failed', `the load process ended (${signal ?? `exit code ${code}`}): ${load.lastError()}`, 'its events are kept in the run folder, under work/'));
    });
  }

  #heard(message: LoadMessage): void {
    if (message.type === 'ready') this.#loadReady.resolve();
    else if (message.type === 'measured') this.#loadMeasured.resolve();
    else if (message.type === 'finished') this.#loadFinished.resolve();
    else if (this.#released) {
      const { warmupMs, measureMs, settleMs } = this.#plan;
      const nowMs = this.#now();
      const phase = nowMs < warmupMs ? 'warm-up' : nowMs < warmupMs + measureMs ? 'measuring' : 'settling';
      this.#context.progress(`${phase}: ${this.#wordsOf(message)}`, nowMs / (warmupMs + measureMs + settleMs));
      void this.#askLeader();
    }
  }

  #wordsOf({ ok, notOk, outstanding, okPerSecond, p50Ms, p99Ms }: Extract<LoadMessage, { type: 'progress' }>): string {
    const faults = this.#standing.rows().map(({ name, nodes }) => `${name} ${nodes.join(' ')}`.trimEnd());
    return [
      `${okPerSecond.toFixed(0)}/s`, ...(p50Ms === null || p99Ms === null ? [] : [`p50 ${formatMs(p50Ms)} ms`, `p99 ${formatMs(p99Ms)} ms`]),
      `leader ${this.#leader ?? 'none'}`, ...faults, `${ok} ok`, ...(notOk === 0 ? [] : [`${notOk} not`]), `${outstanding} open`,
    ].join(', ');
  }

  /** For the next line. */
  async #askLeader(): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === null || this.#closing) return;
    const ids = this.#plan.nodes.map(({ id }) => id);
    const statuses = await Promise.all(ids.map((id) => cluster.status(id)));
    this.#leader = leaderOf(new Map(ids.map((id, index) => [id, { status: statuses[index] ?? null, up: cluster.isUp(id) }])));
  }

  #tail(cluster: Cluster): void {
    const { live } = this.#context;
    if (live !== undefined) this.#endTail = tailEvents({ files: [...cluster.eventFiles(), this.#loadEvents], own: this.#events, now: this.#now, observe: live });
  }

  get #loadConfig(): string {
    return join(this.#folder, LOAD, 'config.json');
  }

  get #loadEvents(): string {
    return join(this.#folder, LOAD, 'events.ndjson');
  }

  /** Ends the load first, so that it does not see the nodes go. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#endTail();
    if (this.#load !== null) {
      this.#load.closeInput();
      await endWithin(this.#load, GRACE_MS);
    }
    // It may hold the token, and what a failed run leaves is looked at and passed on.
    rmSync(this.#loadConfig, { force: true });
    await this.#network.close();
    await this.#cluster?.close();
  }

  /** Throws a LabError where a process that ran has no events any more: figures without them would look whole. */
  checkEvents(): void {
    const cluster = this.#cluster;
    if (cluster === null || !this.#released) return;
    const started = cluster.eventFiles().filter((_, index) => this.#plan.nodes[index]?.joining !== true);
    const gone = [...started, this.#loadEvents].find((path) => !existsSync(path));
    if (gone !== undefined) throw new LabError('bad-result', `${gone} was removed while its run went on`, 'run it again, and leave its folder alone meanwhile');
  }

  async emitEvents(): Promise<void> {
    if (this.#measured) for (const event of this.#events) this.#context.emit(event);
    if (this.#cluster === null || !this.#released) return;
    this.#context.progress('reading the events', 1);
    const files = [...this.#cluster.eventFiles(), this.#loadEvents].map((path) => readEvents(path));
    let count = 0;
    for (const event of mergeEvents([...files, this.#events.values()])) {
      this.#context.emit(event);
      if (++count % EVENTS_PER_BREATH === 0) await sleep(0);
    }
  }
}
