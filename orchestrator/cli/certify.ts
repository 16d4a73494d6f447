// Probes the links of a cluster whose nodes run: before a run, when they are held, every pair; while it goes, a few of them,
// where nothing is done to the network. What comes of it are events; the judge says what they mean.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '../../node/contract.ts';
import type { ProbeOrder, ProbeReport, ProbeSample } from '../../netem/probe.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { LabError } from '../errors.ts';
import type { Plan, RunEvent } from '../kinds.ts';
import { longestDelayMs, type ProbeGroup, probeGroups } from '../probing.ts';
import type { Cluster } from './realtime.ts';
import type { RunNetwork } from './run-network.ts';

export type CertifyPorts = {
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly now: () => number;
  readonly emit: (event: RunEvent) => void;
  readonly progress: (text: string) => void;
  readonly stopped: () => boolean;
};
const WARM_UP_MS = 150;
/** After the last probe should have arrived. */
const SETTLE_MS = 50;
/** For what a busy host delivers later: links without loss are waited for. The plan of the run counts on the first half second. */
const LATE_MS = 3_000;
const LATE_PLANNED_MS = 500;
const POLL_MS = 50;
/** While the run goes, in all. */
const PER_SECOND = 50;
const ROUND_MS = 2_000;

/** How long probing before the run takes, at most about. */
export function probingMs(plan: Plan): number {
  const eachMs = WARM_UP_MS + longestDelayMs(plan) + SETTLE_MS + LATE_PLANNED_MS;
  return probeGroups(plan).reduce((sum, { count, everyMs }) => sum + count * everyMs + eachMs, 0);
}

type Pair = { readonly from: NodeId; readonly to: NodeId; bytes: number; sent: number; readonly samples: ProbeSample[] };

export class LinkProber {
  readonly #ports: CertifyPorts;
  #batch = 0;

  constructor(ports: CertifyPorts) {
    this.#ports = ports;
  }

  /** Every pair of nodes. Ends early when the run is stopped. Throws a LabError when nothing arrives anywhere, though every link should carry. */
  async idle(): Promise<void> {
    const groups = probeGroups(this.#ports.plan);
    let [sent, arrived] = [0, 0];
    for (const [index, group] of groups.entries()) {
      const { pairs, count, everyMs } = group;
      const seconds = Math.ceil((count * everyMs) / 1000);
      this.#ports.progress(`probing ${pairs.length} idle links ${count} times, ${seconds} s${groups.length > 1 ? ` (${index + 1} of ${groups.length})` : ''}`);
      for (const pair of await this.#probe(group, WARM_UP_MS)) {
        this.#emit('idle', pair);
        if (this.#loses(pair.from, pair.to)) continue;
        sent += pair.sent;
        arrived += pair.samples.length;
      }
      if (this.#ports.stopped()) return;
    }
    if (sent > 0 && arrived === 0) {
      throw new LabError('machine-lacks', `none of ${sent} datagrams between the nodes arrived, on links without loss`,
        'this machine drops them or changes their senders: look for a firewall, or a rule that a Docker daemon has left (iptables -t nat -S POSTROUTING)');
    }
  }

  /** Until stopped or ended, round after round; each node probes another peer in each. quietMs: for so long nothing is planned; 0 while a fault is on. */
  async during(network: Pick<RunNetwork, 'changes' | 'isAsPlanned'>, quietMs: () => number, ended: AbortSignal): Promise<void> {
    const ids = this.#ports.plan.nodes.map(({ id }) => id);
    const neededMs = ROUND_MS + longestDelayMs(this.#ports.plan) + SETTLE_MS + LATE_PLANNED_MS;
    for (let round = 0; !ended.aborted && !this.#ports.stopped() && ids.length > 1; round++) {
      const step = 1 + (round % (ids.length - 1));
      const pairs = ids.map((from, index) => [from, ids[(index + step) % ids.length] as NodeId] as const)
        .filter(([from, to]) => [from, to].every((id) => this.#ports.cluster.isUp(id)) && network.isAsPlanned(from, to));
      if (quietMs() < neededMs || pairs.length === 0) {
        await this.#wait(POLL_MS * 4, ended);
        continue;
      }
      const changes = network.changes;
      const count = Math.max(1, Math.floor((PER_SECOND * ROUND_MS) / 1000 / ids.length));
      const probed = await this.#probe({ pairs, count, everyMs: ROUND_MS / count }, 0, ended);
      // What began meanwhile may have changed a link.
      if (ended.aborted || quietMs() === 0 || network.changes > changes) continue;
      for (const pair of probed) if (pair.samples.length > 0) this.#emit('during', pair);
    }
  }

  #emit(phase: 'idle' | 'during', { from, to, bytes, sent, samples }: Pair): void {
    this.#ports.emit({ type: 'certificate', phase, from, to, trip: 'one-way', bytes, sent, samples });
  }

  async #probe({ pairs, count, everyMs }: ProbeGroup, warmUpMs: number, ended?: AbortSignal): Promise<readonly Pair[]> {
    const { plan } = this.#ports;
    const batch = ++this.#batch;
    const found = new Map(pairs.map(([from, to]): [string, Pair] => [`${from} ${to}`, { from, to, bytes: 0, sent: 0, samples: [] }]));
    const senders = [...new Set(pairs.map(([from]) => from))];
    await Promise.all(senders.map((from, index) => {
      const to = pairs.flatMap(([each, peer]) => (each === from ? [peer] : []));
      // Senders take turns too, as far as they begin together.
      const order: ProbeOrder = { batch, to, count, everyMs, warmUpMs: warmUpMs + (index * everyMs) / (to.length * senders.length) };
      return this.#ask(from, '/control/probe', order);
    }));
    await this.#wait(warmUpMs + count * everyMs + longestDelayMs(plan) + SETTLE_MS, ended);
    const missing = () => [...found.values()].some(({ from, to, sent, samples }) => sent < count || (samples.length < sent && !this.#loses(from, to)));
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      await this.#collect(batch, found);
      if (!missing() || waitedMs >= LATE_MS || this.#ports.stopped() || ended?.aborted === true) return [...found.values()];
      await this.#wait(POLL_MS, ended);
    }
  }

  async #collect(batch: number, found: ReadonlyMap<string, Pair>): Promise<void> {
    const { plan } = this.#ports;
    await Promise.all(plan.nodes.map(async ({ id }) => {
      const report = await this.#ask(id, '/control/probes', {}) as ProbeReport | undefined;
      if (report === undefined) return;
      for (const { to, batch: of, count } of report.sent) {
        const pair = of === batch ? found.get(`${id} ${to}`) : undefined;
        if (pair === undefined) continue;
        pair.sent += count;
        pair.bytes = report.frameBytes;
      }
      for (const { from, batch: of, samples } of report.received) if (of === batch) found.get(`${from} ${id}`)?.samples.push(...samples);
    }));
  }

  /** A node that ends is told of by whoever started it; here it only has no answer. */
  async #ask(node: NodeId, path: `/control/${string}`, body: unknown): Promise<unknown> {
    try {
      return await this.#ports.cluster.control(node, path, body);
    } catch (error) {
      if (error instanceof LabError && error.code === 'node-died') return undefined;
      throw error;
    }
  }

  #loses(from: NodeId, to: NodeId): boolean {
    const { lossPct, corruptPct } = this.#ports.plan.links[from]?.[to] ?? PERFECT_LINK;
    return lossPct > 0 || corruptPct > 0;
  }

  /** Or until the run is stopped or ended. */
  async #wait(ms: number, ended?: AbortSignal): Promise<void> {
    const untilMs = performance.now() + ms;
    for (;;) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0 || this.#ports.stopped() || ended?.aborted === true) return;
      await sleep(Math.min(leftMs, POLL_MS));
    }
  }
}
