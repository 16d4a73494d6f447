// A cluster of real processes to play with: no load, no plan of faults; commands and faults come from another terminal, one by
// one, while others are on. A node that ends by itself is told and can be restarted. close() leaves nothing.
import { randomBytes } from 'node:crypto';
import type { NodeId, KeyOperation } from '../../../node/contract.ts';
import { LinkOverlays } from '../../../netem/overlay.ts';
import type { LinkControl } from '../../../netem/shaper.ts';
import { userspace } from '../../../netem/shell/userspace.ts';
import { named } from '../../builtins.ts';
import type { ExperimentDocument } from '../../document.ts';
import { LabError } from '../../errors.ts';
import { experimentOf } from '../../experiment.ts';
import { readFaultWords, withFaults } from '../../fault-text.ts';
import type { Action, LabEvent, Plan } from '../../kinds.ts';
import { makePlans } from '../../plan.ts';
import { leaderOf } from '../../resolve.ts';
import { membersOf } from '../../seats.ts';
import { type Child, endWithin, startChild } from '../children.ts';
import { FaultSchedule } from '../fault-schedule.ts';
import type { Plugins } from '../plugins.ts';
import { filesBeside } from '../read-file.ts';
import type { Cluster } from '../realtime.ts';
import { monotonicNs, openRunClock } from '../run-clock.ts';
import { createLocalRunner, openLocalCluster } from '../runners/local.ts';
import { StandingFaults } from './standing.ts';
import { submitTo } from './submit.ts';
import type { ClusterStatus, FaultBegun, Healed, Submitted } from './talk.ts';

const GRACE_MS = 3_000;
/** A cluster is played with for longer than a run lasts. */
const LINKS_CHANGE_FOR = '6h';

export type PlayParts = {
  readonly name: string;
  /** Of an experiment with one protocol and no faults. */
  readonly document: ExperimentDocument;
  readonly plugins: Plugins;
  /** For the files of the nodes; exists. */
  readonly folder: string;
  readonly portBase: number | null;
  /** One line for the terminal in which the cluster runs. */
  readonly say: (line: string) => void;
};

type Schedule = Plan['schedule'];

export class PlayCluster {
  readonly plan: Plan;
  readonly #parts: PlayParts;
  readonly #cluster: Cluster;
  readonly #links: LinkControl;
  readonly #faults: FaultSchedule;
  readonly #now: () => number;
  readonly #standing = new StandingFaults();
  readonly #ended = new AbortController();
  /** Until heal: what the faults that are on still have to do. */
  #unhealed = new AbortController();
  #guard: Child | null = null;
  #faultCount = 0;
  #commands = 0;

  /** Starts every node and waits until all are released. */
  static async open(parts: PlayParts): Promise<PlayCluster> {
    const plan = planToPlay(parts);
    if (plan.schedule.length > 0) throw new LabError('bad-command-line', 'a cluster to play with has no faults of its own', 'leave them out, and type lab fault in another terminal');
    const originNs = monotonicNs();
    let play: PlayCluster | null = null;
    const cluster = await openLocalCluster(plan, {
      folder: parts.folder, plugins: parts.plugins.files, token: randomBytes(24).toString('hex'), originNs,
      died: (error) => play?.say(error.message),
    }, parts.portBase);
    play = new PlayCluster(parts, plan, cluster, openRunClock(originNs));
    try {
      await Promise.all(membersOf(plan).map((id) => cluster.start(id)));
      await play.#links.apply(plan.links, cluster.sites);
      await Promise.all(membersOf(plan).map((id) => cluster.release(id)));
    } catch (error) {
      await play.close();
      throw error;
    }
    play.#changeLinks();
    return play;
  }

  private constructor(parts: PlayParts, plan: Plan, cluster: Cluster, now: () => number) {
    this.plan = plan;
    this.#parts = parts;
    this.#cluster = cluster;
    this.#now = now;
    this.#links = userspace.open({ seed: plan.seed, now, failed: (error) => this.say(String(error)) });
    const overlays = new LinkOverlays(plan.links);
    let applied = Promise.resolve();
    // One after the other, so that an older matrix cannot overtake a newer one.
    const apply = () => {
      applied = applied.catch(() => undefined).then(() => this.#links.apply(overlays.matrix(), cluster.sites));
      return applied;
    };
    this.#faults = new FaultSchedule(plan, cluster, {
      now,
      overlays,
      applyLinks: apply,
      tellLoad: (line) => this.#tellGuard(line),
      // People ask whoever is up.
      membersAre: () => undefined,
      emit: (event) => this.#heard(event),
    });
  }

  say(line: string): void {
    if (!this.#ended.signal.aborted) this.#parts.say(`${(this.#now() / 1000).toFixed(1)} s  ${line}`);
  }

  async status(): Promise<ClusterStatus> {
    const { plan } = this;
    const statuses = await Promise.all(plan.nodes.map(({ id }) => this.#cluster.status(id)));
    const view = new Map(plan.nodes.map(({ id }, index) => [id, { status: statuses[index] ?? null, up: this.#cluster.isUp(id) }]));
    return {
      cluster: this.#parts.name, protocol: plan.label, network: plan.network.profile, upMs: this.#now(), leader: leaderOf(view),
      nodes: plan.nodes.map(({ id, region }, index) => {
        const status = statuses[index] ?? null;
        return {
          id, region, url: this.#cluster.url(id), up: this.#cluster.isUp(id), role: status?.role ?? null, leader: status?.leader ?? null,
          epoch: status?.epoch ?? null, lastSlot: status?.lastSlot ?? null, commitSlot: status?.commitSlot ?? null,
        };
      }),
      faults: this.#standing.rows(),
    };
  }

  /** Each is a session of its own: nothing is between the commands of a person but time. */
  async submit(op: KeyOperation, at: NodeId | null): Promise<Submitted> {
    const nodes = this.plan.nodes.map(({ id }) => ({ name: id }));
    if (at !== null) named(nodes, at, 'node');
    const id = `play${++this.#commands}:1`;
    return submitTo(async () => {
      const leader = at === null ? (await this.status()).leader : at;
      const up = nodes.map(({ name }) => name).filter((node) => (at === null ? this.#cluster.isUp(node) : node === at));
      return up.sort((left, right) => Number(right === leader) - Number(left === leader)).map((node) => [node, this.#cluster.url(node)] as const);
    }, { id, op });
  }

  /** Answers once the fault has begun; what follows comes at its time. */
  async fault(words: readonly string[]): Promise<FaultBegun> {
    const entries = this.#scheduleOf(words);
    const { name, index } = (entries[0] as Schedule[number]).fault;
    const firstMs = (entries[0] as Schedule[number]).atMs;
    const endsAfterMs = Math.round(Math.max(...entries.map(({ atMs }) => atMs)) - firstMs);
    await this.#faults.perform(this.#ended.signal, entries.filter(({ atMs }) => atMs === firstMs));
    const reply = this.#faults.refusalOf(index);
    if (reply !== null) throw new LabError('not-supported', `lab fault ${words.join(' ')}: the members were not changed: ${reply.outcome === 'ok' ? '' : reply.reason}`, 'lab status shows which are up and who leads; a change needs a majority, and they are made one at a time');
    const nodes = this.#standing.nodesOf(index);
    if (nodes.length === 0 && entries.some(({ action }) => action.type === 'reconfigure' && action.add.length > 0)) {
      throw new LabError('not-supported', `lab fault ${words.join(' ')}: no spare is left`, 'start the cluster with more, such as --set spares=3');
    }
    if (nodes.length === 0 && entries.some(({ action }) => 'node' in action)) {
      throw new LabError('not-supported', `lab fault ${words.join(' ')}: no node fits at this moment`, 'lab status shows which are up and who leads; name a node');
    }
    this.#background(entries.filter(({ atMs }) => atMs > firstMs), name);
    return { name, nodes, endsAfterMs: endsAfterMs === 0 ? null : endsAfterMs };
  }

  /** Undoes every fault that is on. */
  async heal(): Promise<Healed> {
    // A fault that comes and goes would come again.
    this.#unhealed.abort();
    this.#unhealed = new AbortController();
    const undo = this.#standing.undo();
    const fault = { name: 'heal', index: this.#faultCount++, phase: 'middle' } as const;
    await this.#faults.perform(this.#ended.signal, undo.map((action) => ({ atMs: this.#now(), action, fault })));
    return { undone: undo.map(wordsOf) };
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#links.close();
    await this.#cluster.close();
    if (this.#guard === null) return;
    this.#guard.closeInput();
    await endWithin(this.#guard, GRACE_MS);
  }

  #scheduleOf(words: readonly string[]): Schedule {
    const origin = `lab fault ${words.join(' ')}`;
    const index = this.#faultCount++;
    const atMs = this.#now();
    try {
      const { schedule } = planOf(this.#parts, withFaults(this.#parts.document, [readFaultWords(words)], [origin]), `1.${index}`);
      return schedule.map((entry) => ({
        atMs: atMs + entry.atMs, fault: { ...entry.fault, index },
        // Of its own, so that healing one fault takes off nothing of another.
        action: 'overlay' in entry.action ? { ...entry.action, overlay: `${entry.action.overlay}-${index}` } : entry.action,
      }));
    } catch (error) {
      // There is only this one fault: its number says nothing to the one who typed it.
      if (error instanceof LabError) throw new LabError(error.code, error.message.replace(': faults.0.', ': '), error.hint, error);
      throw error;
    }
  }

  #background(entries: Schedule, name: string): void {
    this.#faults.perform(AbortSignal.any([this.#ended.signal, this.#unhealed.signal]), entries).catch((error: unknown) => {
      this.say(`${name} could not be ended: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  #changeLinks(): void {
    this.#faults.perform(this.#ended.signal).catch((error: unknown) => this.say(`the links do not change any more: ${error instanceof Error ? error.message : String(error)}`));
  }

  #heard(event: LabEvent): void {
    this.#standing.observe(event);
    if (event.type === 'action') this.say(`${wordsOf(event.action)}${event.nodes.length > 0 && !('node' in event.action && event.nodes[0] === event.action.node) ? `: ${event.nodes.join(' ')}` : ''}`);
  }

  #tellGuard(line: string): void {
    this.#guard ??= startChild('the guard', 'orchestrator/cli/cluster/guard.ts', [this.#parts.folder]);
    this.#guard.writeLine(line);
  }
}

function planToPlay(parts: PlayParts): Plan {
  const plan = planOf(parts, parts.document, '1');
  if (plan.linkSchedule === undefined) return plan;
  const { linkSchedule = plan.linkSchedule } = planOf(parts, parts.document.with(['run', 'measure'], LINKS_CHANGE_FOR, 'lab cluster'), '1');
  return { ...plan, linkSchedule };
}

function planOf({ plugins, name }: PlayParts, document: ExperimentDocument, seed: string): Plan {
  // There is no load that a fault could change.
  const supports = new Set([...createLocalRunner(null).supports].filter((type: string) => type !== 'load'));
  const plans = makePlans(experimentOf(document, plugins.registry, filesBeside(document.file)), { runner: 'local', supports, seed });
  const [plan] = plans;
  if (plan === undefined || plans.length > 1) throw new LabError('bad-command-line', `the cluster ${name} would be ${plans.length} clusters`, 'give one protocol, and no sweep');
  return plan;
}

function wordsOf(action: Action): string {
  const selector = 'node' in action ? action.node : '';
  const subject = 'overlay' in action ? action.overlay : typeof selector === 'string' ? selector : selector.region;
  return `${action.type} ${subject}`.trimEnd();
}
