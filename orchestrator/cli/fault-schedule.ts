// Performs a plan's faults and its changes of links on real processes, at their times: selectors are resolved from the statuses
// that the nodes report at that moment, and what was done is recorded with the time at which it was done.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '../../node/contract.ts';
import type { DiskChange, DiskKept } from '../../node/disk-fault.ts';
import { randomStream } from '../../node/kit/random.ts';
import type { Reply } from '../../node/replica.ts';
import type { LinkOverlays } from '../../netem/overlay.ts';
import { LinkSteps } from '../../netem/schedule.ts';
import type { Action, LabEvent, Plan, RunEvent } from '../kinds.ts';
import { nodesOf, Resolver } from '../resolve.ts';
import type { ResolvedAction, View } from '../resolve.ts';
import { submitChange } from '../submission.ts';
import { PAUSED, RESUMED } from './load/config.ts';
import type { Cluster } from './realtime.ts';

type ClockChange = Extract<Action, { type: 'clock' }>['change'];

export type FaultPorts = {
  readonly now: () => number;
  readonly overlays: LinkOverlays;
  /** Makes the links what the overlays say. */
  readonly applyLinks: () => Promise<void>;
  readonly tellLoad: (line: string) => void;
  /** Who the clients are to ask from now on. */
  readonly membersAre: (members: readonly NodeId[]) => void;
  readonly emit: (event: LabEvent) => void;
};

export class FaultSchedule {
  readonly #plan: Plan;
  readonly #cluster: Cluster;
  readonly #ports: FaultPorts;
  readonly #resolver: Resolver;
  /** What a node's clock was told since its plan's: a new life is told again. */
  readonly #clocks = new Map<NodeId, ClockChange[]>();
  /** The same for its disk. */
  readonly #disks = new Map<NodeId, DiskChange>();
  /** By fault: the last that was begun, and whether it was done; those that change the membership. */
  readonly #lastOf = new Map<number, Promise<boolean>>();
  readonly #changing = new Set<number>();
  readonly #refusals = new Map<number, Reply>();
  #changes = 0;
  #sequence = 0;

  constructor(plan: Plan, cluster: Cluster, ports: FaultPorts) {
    this.#plan = plan;
    this.#cluster = cluster;
    this.#ports = ports;
    this.#resolver = new Resolver(plan, randomStream(plan.seed, 'selectors'));
  }

  /** The plan's schedules, or other faults in their words. Ends when the last entry is done; fails with the first that cannot be done. */
  async perform(ended: AbortSignal, faults?: Plan['schedule']): Promise<void> {
    const failed = Promise.withResolvers<never>();
    const done = [this.#timeline(faults ?? this.#plan.schedule, ended, failed.reject), ...(faults === undefined ? [this.#changeLinks(ended)] : [])];
    await Promise.race([Promise.all(done), failed.promise]);
  }

  /** Desired state: whatever is due by now is one change, and while it is being made the next ones gather. */
  async #changeLinks(ended: AbortSignal): Promise<void> {
    const { links: planned, linkSchedule } = this.#plan;
    const steps = new LinkSteps(planned, linkSchedule?.tracks ?? []);
    while (steps.nextMs < Infinity && await this.#until(steps.nextMs, ended)) {
      const { plannedMs, skipped, links } = steps.advance(this.#ports.now());
      this.#ports.overlays.schedule(links);
      await this.#ports.applyLinks();
      if (!ended.aborted) this.#own({ type: 'scheduled-links', plannedMs, skipped });
    }
  }

  /** false: it ended before. */
  async #until(atMs: number, ended: AbortSignal): Promise<boolean> {
    while (this.#ports.now() < atMs && !ended.aborted) {
      // A setTimeout may fire a millisecond early: the clock is read again.
      await sleep(Math.max(1, atMs - this.#ports.now()), undefined, { signal: ended }).catch(() => undefined);
    }
    return !ended.aborted;
  }

  async #timeline(schedule: Plan['schedule'], ended: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    const begun: Promise<unknown>[] = [];
    for (const entry of schedule) {
      if (!await this.#until(entry.atMs, ended)) return;
      const { index } = entry.fault;
      const before = this.#lastOf.get(index);
      // A change of membership waits for the new node, and what follows it for its answer.
      const waits = before !== undefined && (entry.action.type === 'reconfigure' || this.#changing.has(index));
      if (entry.action.type === 'reconfigure') this.#changing.add(index);
      // A restart takes as long as a process takes to start: the next entry does not wait for it.
      const done = waits ? before.then(async (ok) => ok && !ended.aborted && this.#act(entry, await this.#resolve(entry), ended)) : this.#act(entry, await this.#resolve(entry), ended);
      this.#lastOf.set(index, done);
      begun.push(done.catch(fail));
    }
    await Promise.all(begun);
  }

  /** What a change of membership by this fault was answered instead of ok; null: nothing else. */
  refusalOf(index: number): Reply | null {
    return this.#refusals.get(index) ?? null;
  }

  async #resolve(entry: Plan['schedule'][number]): Promise<ResolvedAction> {
    return this.#resolver.resolve(entry, await this.#view());
  }

  /** false: the change of membership was not answered with ok, or the run ended before. */
  async #act(entry: Plan['schedule'][number], action: ResolvedAction, ended: AbortSignal): Promise<boolean> {
    if (ended.aborted) return false;
    const nodes = nodesOf(action);
    const { name, index, phase } = entry.fault;
    if (phase === 'begin') this.#own({ type: 'fault', phase, name, index, nodes });
    this.#own({ type: 'action', action: entry.action, plannedMs: entry.atMs, nodes });
    if (action.type === 'reconfigure') {
      if (!await this.#change(action, index, ended)) return false;
    } else await this.#perform(action);
    if (phase === 'end') this.#own({ type: 'fault', phase, name, index, nodes });
    return true;
  }

  async #change({ nodes, add, remove }: Extract<ResolvedAction, { type: 'reconfigure' }>, index: number, ended: AbortSignal): Promise<boolean> {
    if (nodes.length === 0) return false;
    const command = { id: `lab${++this.#changes}:1`, op: { type: 'reconfigure', add, remove } } as const;
    const answered = Promise.withResolvers<Reply>();
    submitChange(command, {
      now: this.#ports.now,
      later: (afterMs, run) => void sleep(afterMs, undefined, { signal: ended }).then(run, () => undefined),
      view: (use) => void this.#view().then((view) => { if (!ended.aborted) use(view); }),
      ask: (node, _, answer) => void this.#cluster.reconfigure(node, command).then(answer),
      emit: (event) => { if (!ended.aborted) this.#own(event); },
    }, answered.resolve);
    const reply = await answered.promise;
    if (reply.outcome !== 'ok') {
      this.#refusals.set(index, reply);
      return false;
    }
    this.#resolver.changed({ slot: reply.at.slot, add, remove });
    this.#ports.membersAre(this.#resolver.members);
    return true;
  }

  async #view(): Promise<View> {
    const ids = this.#plan.nodes.map(({ id }) => id);
    const statuses = await Promise.all(ids.map((id) => this.#cluster.status(id)));
    return new Map(ids.map((id, index) => [id, { status: statuses[index] ?? null, up: this.#cluster.isUp(id) }]));
  }

  #own(event: RunEvent): void {
    this.#ports.emit({ atMs: this.#ports.now(), node: 'lab', life: 0, sequence: this.#sequence++, ...event });
  }

  async #perform(action: ResolvedAction): Promise<void> {
    switch (action.type) {
      case 'crash':
        await Promise.all(action.nodes.map((node) => this.#crash(node, action.disk)));
        return;
      case 'stop':
        await Promise.all(action.nodes.map(async (node) => this.#tell(RESUMED, await this.#cluster.stop(node, action.graceMs))));
        return;
      case 'start':
        await Promise.all(action.nodes.filter((node) => this.#cluster.isDown(node)).map((node) => this.#begin(node)));
        return;
      case 'restart':
        await Promise.all(action.nodes.map(async (node) => {
          await this.#crash(node, 'lose-unsynced');
          await this.#begin(node);
        }));
        return;
      case 'pause':
        for (const node of action.nodes) this.#tell(PAUSED, this.#cluster.freeze(node));
        return;
      case 'resume':
        for (const node of action.nodes) this.#tell(RESUMED, this.#cluster.thaw(node));
        // Links may have changed while they could not hear of it.
        await this.#ports.applyLinks();
        return;
      case 'detach':
        await Promise.all(action.nodes.map((node) => this.#cluster.detach(node)));
        return;
      case 'attach':
        await this.#attach(action.nodes);
        return;
      case 'limit':
        await Promise.all(action.nodes.map((node) => this.#cluster.limit(node, action)));
        return;
      case 'cut':
        this.#ports.overlays.cut(action.overlay, action.pairs);
        await this.#ports.applyLinks();
        return;
      case 'links':
        this.#ports.overlays.change(action.overlay, action.links);
        await this.#ports.applyLinks();
        return;
      case 'clock':
        await Promise.all(action.nodes.map((node) => this.#clock(node, action.change)));
        return;
      case 'disk':
        await Promise.all(action.nodes.map((node) => this.#disk(node, action.change)));
        return;
      case 'reconfigure':
      case 'load':
        // The load process knows the schedule.
    }
  }

  #tell(word: string, pid: number | null): void {
    if (pid !== null) this.#ports.tellLoad(`${word} ${pid}`);
  }

  /** A new device has no links: nothing is sent before they are made. */
  async #attach(nodes: readonly NodeId[]): Promise<void> {
    const releases = await Promise.all(nodes.map((node) => this.#cluster.attach(node)));
    await this.#ports.applyLinks();
    await Promise.all(releases.map((release) => release()));
  }

  async #crash(node: NodeId, kept: DiskKept): Promise<void> {
    // A stopped process that is killed must not be woken later: its id may be another's by then.
    this.#tell(RESUMED, await this.#cluster.kill(node, kept));
  }

  /** A new life, told all that its node was told. */
  async #begin(node: NodeId): Promise<void> {
    await this.#cluster.start(node);
    await this.#ports.applyLinks();
    for (const change of this.#clocks.get(node) ?? []) await this.#cluster.control(node, '/control/clock', { change });
    const disk = this.#disks.get(node);
    if (disk !== undefined) await this.#cluster.control(node, '/control/disk', { change: disk });
    await this.#cluster.release(node);
  }

  async #disk(node: NodeId, change: DiskChange | null): Promise<void> {
    if (change === null) this.#disks.delete(node);
    else this.#disks.set(node, { ...this.#disks.get(node), ...change });
    this.#cluster.mayEnd(node, this.#disks.get(node)?.fault !== undefined);
    await this.#cluster.control(node, '/control/disk', { change });
  }

  async #clock(node: NodeId, change: ClockChange): Promise<void> {
    this.#clocks.set(node, change === null ? [] : [...(this.#clocks.get(node) ?? []), change]);
    await this.#cluster.control(node, '/control/clock', { change });
  }
}
