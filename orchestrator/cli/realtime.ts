// Makes a Runner of a cluster of real processes: nodes start held, links are applied, all are released at the run's origin,
// the load runs in a process of its own, faults come at their times, and every process writes its events to a file of its
// own, merged at the end. Whatever happens, no process is left.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId, Status } from '../../node/contract.ts';
import type { DiskKept } from '../../node/disk-fault.ts';
import { LinkFailure } from '../../netem/shaper.ts';
import type { Probe, Shaper, Site } from '../../netem/shaper.ts';
import { EXIT, LabError } from '../errors.ts';
import type { LabEvent, Plan, RunContext, RunEvent, Runner } from '../kinds.ts';
import { formatMs } from '../report/figures.ts';
import { leaderOf } from '../resolve.ts';
import { LinkProber, probingMs } from './certify.ts';
import { type Child, endWithin, startChild } from './children.ts';
import { StandingFaults } from './cluster/standing.ts';
import { mergeEvents, readEvents } from './event-file.ts';
import { FaultSchedule } from './fault-schedule.ts';
import { type LoadConfig, type LoadMessage, MEASURE } from './load/config.ts';
import { roundTripsMs } from './load/round-trips.ts';
import { monotonicNs, openRunClock } from './run-clock.ts';
import { RunNetwork } from './run-network.ts';
import { chooseShaper, type TrialSite } from './shaper-choice.ts';

/** What a cluster is told when it opens. */
export type ClusterPlace = {
  /** For its files; exists. */
  readonly folder: string;
  /** Absolute paths of the modules that nodes load. */
  readonly plugins: readonly string[];
  /** Of the nodes' control API. */
  readonly token: string;
  readonly originNs: bigint;
  /** To be called when a node ends that nobody ended. */
  readonly died: (error: LabError) => void;
};

/** Where the load generator runs. */
export type LoadPlace = {
  /** Starts it on this file of configuration; onLine gets each line of its stdout. */
  readonly start: (configFile: string, onLine: (line: string) => void) => Child;
  /** The IPv4 address that the clients of each region send from, when their links are shaped outside the generator; null: it delays by itself. */
  readonly sources: { readonly [region: string]: string } | null;
  /** Of the nodes' doors, where they ask clients for it. */
  readonly token: string | null;
};

/** Beside the folders of the nodes. */
const LOAD = 'load';

/** As a process of this machine. within: words before its command that enter its place. */
export function startLoad(within: readonly string[] = []): LoadPlace['start'] {
  return (configFile, onLine) => startChild('the load process', 'orchestrator/cli/load.ts', [configFile], { onLine, within });
}

/** Where nodes run. They are named before they are started. */
export interface Cluster {
  readonly load: LoadPlace;
  /** Of the nodes, and of the load generator where its links are shaped outside it. */
  readonly sites: readonly Site[];
  url(node: NodeId): string;
  isUp(node: NodeId): boolean;
  /** A new life, held; returns when it answers. */
  start(node: NodeId): Promise<void>;
  release(node: NodeId): Promise<void>;
  /** No process of it exists, not even a paused one. */
  isDown(node: NodeId): boolean;
  /** A fault may let the node end by itself, for want of a disk: it is then down, and no error. */
  mayEnd(node: NodeId, may: boolean): void;
  /** These return the process id that they ended, stopped or woke, or null when there was none. kept: what the next life finds. */
  kill(node: NodeId, kept: DiskKept): Promise<number | null>;
  /** In order, or killed after graceMs. */
  stop(node: NodeId, graceMs: number): Promise<number | null>;
  freeze(node: NodeId): number | null;
  thaw(node: NodeId): number | null;
  status(node: NodeId): Promise<Status | null>;
  /** Its answer; undefined: it does not run, or is stopped. */
  control(node: NodeId, path: `/control/${string}`, body: unknown): Promise<unknown>;
  eventFiles(): readonly string[];
  /** Ends every node in order; none is left. */
  close(): Promise<void>;
}

export type RealtimeParts = {
  readonly name: string;
  readonly summary: string;
  /** Absolute paths, for the nodes and the load process. */
  readonly plugins: readonly string[];
  /** The best first. */
  readonly shapers: readonly Shaper[];
  /** Where the shapers are tried before a run. */
  readonly openTrial: () => Promise<TrialSite>;
  readonly probe: () => Promise<Probe>;
  readonly open: (plan: Plan, place: ClusterPlace) => Promise<Cluster>;
  /** Each opening looks for free ports anew: one that was taken before its node bound it is no error yet. */
  readonly freePorts: boolean;
};

/** From the start of the processes to the origin: at first a guess, then from how long the last ones took. */
const LEAD_MS = { base: 800, perNode: 200, margin: 200, most: 60_000 };
const PORT_ATTEMPTS = 3;
const POLL_MS = 50;
const GRACE_MS = 3_000;
const EVENTS_PER_BREATH = 20_000;

export function createRealtimeRunner(parts: RealtimeParts): Runner {
  let lastReadyMs = 0;
  return {
    name: parts.name,
    summary: parts.summary,
    supports: new Set(['crash', 'stop', 'start', 'restart', 'pause', 'resume', 'cut', 'links', 'clock', 'disk', 'load']),
    probe: parts.probe,
    chooseShaper: (asked) => chooseShaper(parts.name, parts.shapers, parts.openTrial, asked),
    async run(plan, context) {
      const shaper = parts.shapers.find(({ name }) => name === plan.shaper);
      if (shaper === undefined) throw new LabError('not-supported', `the runner ${parts.name} has no shaper ${plan.shaper}`, `it has: ${parts.shapers.map(({ name }) => name).join(', ')}`);
      // The origin is fixed before the processes start; when they are not ready by then, again with more time.
      let leadMs = lastReadyMs > 0 ? 1.3 * lastReadyMs + LEAD_MS.margin : LEAD_MS.base + LEAD_MS.perNode * plan.nodes.length;
      for (let portAttempts = 0; ;) {
        if (leadMs > LEAD_MS.most) throw new LabError('machine-lacks', `${plan.nodes.length} nodes were not ready within ${leadMs / 2000} s`, 'fewer nodes, or nothing else beside the lab');
        try {
          const { readyMs, late } = await attempt(plan, context, shaper, parts, leadMs);
          lastReadyMs = readyMs;
          if (!late) return;
          leadMs *= 2;
        } catch (error) {
          const again = error instanceof LabError && error.code === 'port-in-use' && parts.freePorts && ++portAttempts < PORT_ATTEMPTS;
          if (!again) throw error;
        }
      }
    },
  };
}

/** late: the nodes were not ready at the origin; nothing was released. */
type Outcome = { readonly readyMs: number; readonly late: boolean };

async function attempt(plan: Plan, context: RunContext, shaper: Shaper, parts: RealtimeParts, leadMs: number): Promise<Outcome> {
  const folder = resolve(context.folder, 'work');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const aheadMs = leadMs + measuringMs(plan);
  const run = new RealtimeRun(plan, context, shaper, folder, monotonicNs() + BigInt(Math.round(aheadMs * 1e6)));
  let late: boolean;
  try {
    late = await run.conduct(parts);
  } catch (error) {
    await run.close();
    await run.emitEvents();
    if (!(error instanceof LinkFailure)) throw error;
    throw new LabError(error.kind === 'refused' ? 'not-supported' : 'machine-lacks', error.message, error.hint, error);
  }
  await run.close();
  await run.emitEvents();
  rmSync(folder, { recursive: true, force: true });
  return { readyMs: aheadMs + run.readyAtMs, late };
}

/** Of the idle network, between the nodes' being ready and the origin. */
function measuringMs(plan: Plan): number {
  return probingMs(plan) + roundTripsMs(plan);
}

class RealtimeRun {
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
  #closing = false;

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
    const { nodes } = this.#plan;
    this.#context.progress(`starting ${nodes.length} nodes`, 0);
    const died = (error: LabError) => { if (!this.#closing) this.#broken.reject(error); };
    const cluster = await open(this.#plan, { folder: this.#folder, plugins, token: randomBytes(24).toString('hex'), originNs: this.#originNs, died });
    this.#cluster = cluster;
    this.#startLoad(cluster, plugins);
    await this.#unlessBroken(Promise.all([this.#loadReady.promise, ...nodes.map(({ id }) => cluster.start(id))]));
    await this.#unlessBroken(this.#network.apply(cluster.sites));
    this.readyAtMs = this.#now();
    if (this.#context.stop.requested) return false;
    if (this.readyAtMs > -measuringMs(this.#plan)) return true;
    const prober = this.#prober(cluster);
    await this.#unlessBroken(this.#measure(prober));
    if (this.#context.stop.requested) return false;
    if (this.#now() > 0) return true;
    await sleep(-this.#now());
    this.#released = true;
    await this.#unlessBroken(Promise.all(nodes.map(({ id }) => cluster.release(id))));
    await this.#untilFinished(cluster, prober);
    await this.#count(cluster);
    return false;
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

  get #loadConfig(): string {
    return join(this.#folder, LOAD, 'config.json');
  }

  get #loadEvents(): string {
    return join(this.#folder, LOAD, 'events.ndjson');
  }

  /** Ends the load first, so that it does not see the nodes go. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#load !== null) {
      this.#load.closeInput();
      await endWithin(this.#load, GRACE_MS);
    }
    // It may hold the token, and what a failed run leaves is looked at and passed on.
    rmSync(this.#loadConfig, { force: true });
    await this.#network.close();
    await this.#cluster?.close();
  }

  async emitEvents(): Promise<void> {
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
