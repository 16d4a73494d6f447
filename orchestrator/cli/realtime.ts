// Makes a Runner of a cluster of real processes, wherever they are: what it needs of a cluster, and when the origin of a run is.
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, NodeId, Reconfigure, Status } from '../../node/contract.ts';
import type { DiskKept } from '../../node/disk-fault.ts';
import type { Reply } from '../../node/replica.ts';
import { LinkFailure } from '../../netem/shaper.ts';
import type { Probe, Shaper, Site } from '../../netem/shaper.ts';
import { LabError } from '../errors.ts';
import type { Action, LimitChange, Plan, RunContext, Runner } from '../kinds.ts';
import { type Child, startChild } from './children.ts';
import { monotonicNs } from './run-clock.ts';
import { chooseShaper, type TrialSite } from './shaper-choice.ts';
import { measuringMs, RealtimeRun } from './realtime-run.ts';

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
  /** Its memory or processors, where it is a container. One that ends for want of memory is down, and no error, until that limit is the plan's again. */
  limit(node: NodeId, change: LimitChange): Promise<void>;
  /** Its network device, where it is a container; nothing to one that has none, or one. What attach() returns lets it send: its links are to be made before. */
  detach(node: NodeId): Promise<void>;
  attach(node: NodeId): Promise<() => Promise<void>>;
  status(node: NodeId): Promise<Status | null>;
  /** Asks a node for a change of membership; whatever stands in its way is a reply. */
  reconfigure(node: NodeId, command: Command<Reconfigure>): Promise<Reply>;
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
  /** Beyond what any process can do. */
  readonly supports?: readonly Action['type'][];
  readonly open: (plan: Plan, place: ClusterPlace) => Promise<Cluster>;
  /** Each opening looks for free ports anew: one that was taken before its node bound it is no error yet. */
  readonly freePorts: boolean;
  /** In ms: a first guess of how long the nodes take to start. Absent: as processes of this machine do. */
  readonly lead?: { readonly base: number; readonly perNode: number };
};

/** From the start of the processes to the origin: at first a guess, then from how long the last ones took. */
const LEAD_MS = { base: 800, perNode: 200, margin: 200, most: 240_000 };
const PORT_ATTEMPTS = 3;

/** certificate: only the idle network is measured, and nothing is released. */
type Purpose = 'run' | 'certificate';

export function createRealtimeRunner(parts: RealtimeParts): Runner {
  const { lead = LEAD_MS } = parts;
  let lastReadyMs = 0;
  const conduct = async (plan: Plan, context: RunContext, purpose: Purpose): Promise<void> => {
    const shaper = parts.shapers.find(({ name }) => name === plan.shaper);
    if (shaper === undefined) throw new LabError('not-supported', `the runner ${parts.name} has no shaper ${plan.shaper}`, `it has: ${parts.shapers.map(({ name }) => name).join(', ')}`);
    // The origin is fixed before the processes start; when they are not ready by then, again with more time.
    let leadMs = lastReadyMs > 0 ? 1.3 * lastReadyMs + LEAD_MS.margin : lead.base + lead.perNode * plan.nodes.length;
    for (let portAttempts = 0; ;) {
      if (leadMs > LEAD_MS.most) throw new LabError('machine-lacks', `${plan.nodes.length} nodes took ${(lastReadyMs / 1_000).toFixed(0)} s to be ready`, 'fewer nodes, or nothing else beside the lab');
      try {
        const { readyMs, late } = await attempt(plan, context, shaper, parts, leadMs, purpose);
        lastReadyMs = readyMs;
        if (!late) return;
        leadMs = Math.max(2 * leadMs, 1.3 * readyMs + LEAD_MS.margin);
      } catch (error) {
        const again = error instanceof LabError && error.code === 'port-in-use' && parts.freePorts && ++portAttempts < PORT_ATTEMPTS;
        if (!again) throw error;
      }
    }
  };
  return {
    name: parts.name,
    summary: parts.summary,
    supports: new Set(['crash', 'stop', 'start', 'restart', 'pause', 'resume', 'cut', 'links', 'clock', 'disk', 'reconfigure', 'load', ...(parts.supports ?? [])]),
    probe: parts.probe,
    chooseShaper: (asked) => chooseShaper(parts.name, parts.shapers, parts.openTrial, asked),
    run: (plan, context) => conduct(plan, context, 'run'),
    certify: (plan, context) => conduct(plan, context, 'certificate'),
  };
}

/** late: the nodes were not ready at the origin; nothing was released. */
type Outcome = { readonly readyMs: number; readonly late: boolean };

async function attempt(plan: Plan, context: RunContext, shaper: Shaper, parts: RealtimeParts, leadMs: number, purpose: Purpose): Promise<Outcome> {
  const folder = resolve(context.folder, 'work');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const aheadMs = leadMs + measuringMs(plan);
  const run = new RealtimeRun(plan, context, shaper, folder, monotonicNs() + BigInt(Math.round(aheadMs * 1e6)));
  let late: boolean;
  try {
    late = purpose === 'run' ? await run.conduct(parts) : await run.certify(parts);
  } catch (error) {
    // What has ended the run may stand in the way of its end too, such as a daemon that is gone.
    await run.close().catch(() => undefined);
    await run.emitEvents();
    if (!(error instanceof LinkFailure)) throw error;
    throw new LabError(error.kind === 'refused' ? 'not-supported' : 'machine-lacks', error.message, error.hint, error);
  }
  await run.close();
  run.checkEvents();
  await run.emitEvents();
  rmSync(folder, { recursive: true, force: true });
  return { readyMs: aheadMs + run.readyAtMs, late };
}
