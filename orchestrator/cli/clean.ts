// `lab clean`: ends processes and removes folders that a lab which was killed has left, and old results on request. It touches
// only what the lab has written down itself, and nothing that a running lab uses.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.ts';
import { readDuration } from '../units.ts';
import { cleanDocker, type DockerLeftOver } from './docker/left-over.ts';
import { staleSocketFolders } from './netns/sockets.ts';
import { isRunning, labRecords, type ProcessRecord } from './process-records.ts';
import { clusterFiles, isLab, withdrawCluster } from './state.ts';

export type CleanFlags = { readonly out: string; readonly results: boolean; readonly olderThan?: string; readonly dryRun: boolean; readonly json: boolean };
type Cleaned = { readonly what: 'process' | 'folder' | 'record'; readonly name: string } | DockerLeftOver;

const GRACE_MS = 2_000;
const POLL_MS = 20;
const DAYS = /^(\d+(?:\.\d+)?)d$/;
const DAY_MS = 86_400_000;
/** As `lab run` names a folder: EXPERIMENT-20260131T235959Z, and -2 for the second of one second. */
const RESULTS = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z(-\d+)?$/;

/** Prints what it did, or would do. */
export async function cleanUp(flags: CleanFlags): Promise<void> {
  const olderThanMs = ageOf(flags);
  const cleaned = [
    // First: a process in a paused container cannot end.
    ...await cleanDocker(flags.dryRun),
    ...await cleanProcesses(flags.dryRun),
    ...cleanClusters(flags.dryRun),
    ...staleSocketFolders().map((folder) => removed(folder, flags.dryRun)),
    ...cleanWork(flags.out, flags.dryRun),
    ...(olderThanMs === null ? [] : cleanResults(flags.out, olderThanMs, flags.dryRun)),
  ];
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ version: 1, dryRun: flags.dryRun, cleaned }, null, 2)}\n`);
    return;
  }
  const [end, remove] = flags.dryRun ? ['would end', 'would remove'] : ['ended', 'removed'];
  const words = { process: end, folder: remove, record: remove, container: `${remove} the container`, network: `${remove} the network`, image: `${remove} the image` };
  process.stdout.write(cleaned.length === 0 ? 'nothing is left over\n' : cleaned.map(({ what, name }) => `${words[what]} ${name}\n`).join(''));
}

/** Of the results to remove; null: none. */
function ageOf({ results, olderThan }: CleanFlags): number | null {
  if (!results) {
    if (olderThan !== undefined) throw new LabError('bad-command-line', '--older-than is about results', 'add --results');
    return null;
  }
  if (olderThan === undefined) throw new LabError('bad-command-line', '--results does not say how old', 'add --older-than, such as --older-than 7d');
  const [, days] = DAYS.exec(olderThan) ?? [];
  if (days !== undefined) return Number(days) * DAY_MS;
  const read = readDuration(olderThan);
  if (!('value' in read)) throw new LabError('bad-command-line', `--older-than: ${read.problem}`, 'write it as 7d, or in h, m or s');
  return read.value;
}

async function cleanProcesses(dryRun: boolean): Promise<readonly Cleaned[]> {
  const cleaned: Cleaned[] = [];
  for (const { path, alive, processes } of labRecords()) {
    if (alive) continue;
    for (const record of processes.filter(isRunning)) {
      if (!dryRun) await end(record);
      cleaned.push({ what: 'process', name: `${record.name} (process ${record.pid})` });
    }
    if (!dryRun) rmSync(path, { force: true });
    cleaned.push({ what: 'record', name: path });
  }
  return cleaned;
}

async function end(record: ProcessRecord): Promise<void> {
  // A stopped process hears nothing else before it goes on.
  for (const signal of ['SIGTERM', 'SIGCONT'] as const) kill(record, signal);
  const deadlineMs = performance.now() + GRACE_MS;
  while (isRunning(record)) {
    if (performance.now() > deadlineMs) kill(record, 'SIGKILL');
    if (performance.now() > deadlineMs + GRACE_MS) throw new LabError('machine-lacks', `${record.name} (process ${record.pid}) cannot be ended`, 'end it as the user who owns it');
    await sleep(POLL_MS);
  }
}

function kill(record: ProcessRecord, signal: NodeJS.Signals): void {
  try {
    if (isRunning(record)) process.kill(record.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function cleanClusters(dryRun: boolean): readonly Cleaned[] {
  return clusterFiles().filter(({ pid }) => !isLab(pid)).flatMap(({ name, folder }): readonly Cleaned[] => {
    // Named as `lab cluster` does: whatever else the file may say is not removed.
    const own = basename(folder).startsWith(`cluster-${name}-`) && existsSync(folder);
    if (!dryRun) {
      if (own) rmSync(folder, { recursive: true, force: true });
      withdrawCluster(name);
    }
    return [...(own ? [{ what: 'folder', name: folder } as const] : []), { what: 'record', name: `the cluster ${name}` }];
  });
}

/** The folders of results under `out`, with those of their runs. */
function resultFolders(out: string): readonly { readonly folder: string; readonly atMs: number; readonly runs: readonly string[] }[] {
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
    const [, year, month, day, hour, minute, second] = RESULTS.exec(name) ?? [];
    if (year === undefined) return [];
    const folder = join(out, name);
    const runs = readdirSync(folder).map((run) => join(folder, run)).filter((run) => existsSync(join(run, 'plan.json')));
    return runs.length === 0 ? [] : [{ folder, runs, atMs: Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) }];
  });
}

/** A running lab has a process with a file in this folder, or one that was given a folder around it: what runs in a kernel of its own is not seen. */
function isInUse(folder: string): boolean {
  const start = `${resolve(folder)}/`;
  const uses = ({ folder: base, mark }: ProcessRecord): boolean => {
    const path = resolve(base, mark);
    return path.startsWith(start) || start.startsWith(`${path}/`);
  };
  return labRecords().some(({ alive, processes }) => alive && processes.some((record) => isRunning(record) && uses(record)));
}

/** What a run that failed has kept of its nodes: their data, logs and events. */
function cleanWork(out: string, dryRun: boolean): readonly Cleaned[] {
  return resultFolders(out).flatMap(({ runs }) => runs.map((run) => join(run, 'work')))
    .filter((work) => existsSync(work) && !isInUse(work))
    .map((work) => removed(work, dryRun));
}

function cleanResults(out: string, olderThanMs: number, dryRun: boolean): readonly Cleaned[] {
  return resultFolders(out)
    .filter(({ folder, atMs }) => atMs < Date.now() - olderThanMs && !isInUse(folder))
    .map(({ folder }) => removed(folder, dryRun));
}

function removed(folder: string, dryRun: boolean): Cleaned {
  if (!dryRun) rmSync(folder, { recursive: true, force: true });
  return { what: 'folder', name: folder };
}
