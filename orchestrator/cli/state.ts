// Where the lab of this user keeps what its commands must know of each other: one folder that only the user can read, with
// a file for each running cluster. A file whose process is gone counts for nothing.
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../errors.ts';

const OTHERS = 0o077;

/** Made where it is missing. Throws a LabError where it is another user's, or open to others. */
export function stateFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const { uid } = userInfo();
  const folder = runtime === undefined || runtime === '' ? join(tmpdir(), `consensus-lab-${uid}`) : join(runtime, 'consensus-lab');
  const remedy = 'remove it, or set XDG_RUNTIME_DIR to a folder of yours';
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    // In a folder that all may write to, somebody else may have been first. Windows knows no such owner (-1).
    const foreign = !found.isDirectory() || (uid >= 0 && (found.uid !== uid || (found.mode & OTHERS) !== 0));
    if (foreign) throw new LabError('machine-lacks', `${folder} is not a folder that only you can read`, remedy);
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError('machine-lacks', `${folder} cannot be made (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, remedy, cause);
  }
  return folder;
}

/** The command line of a process, words joined by spaces; null: there is none with this id. */
export function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && hasProc()) return null;
  }
  try {
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

function hasProc(): boolean {
  return lstatSync('/proc/self', { throwIfNoEntry: false }) !== undefined;
}

/** What a running cluster tells other commands. */
export type ClusterFile = {
  readonly version: 1;
  readonly name: string;
  readonly pid: number;
  /** Of its control door, on loopback; null: it is starting. */
  readonly url: string | null;
  readonly token: string;
  readonly folder: string;
};

function clusterPath(name: string): string {
  return join(stateFolder(), `cluster-${name}.json`);
}

/** A lab's own process: another one may have got its id since. */
export function isLab(pid: number): boolean {
  return commandOf(pid)?.includes('orchestrator/cli/main.') === true;
}

/** Throws a LabError when a cluster of this name is running. */
export function publishCluster(file: ClusterFile): void {
  const there = readCluster(file.name);
  if (there !== null && there.pid !== process.pid && isLab(there.pid)) {
    throw new LabError('bad-command-line', `a cluster called ${file.name} is running (process ${there.pid})`, 'give this one another name with --cluster, or end the other with Ctrl-C');
  }
  rmSync(clusterPath(file.name), { force: true });
  writeFileSync(clusterPath(file.name), `${JSON.stringify(file)}\n`, { mode: 0o600, flag: 'wx' });
}

export function withdrawCluster(name: string): void {
  rmSync(clusterPath(name), { force: true });
}

function readCluster(name: string): ClusterFile | null {
  try {
    const file = JSON.parse(readFileSync(clusterPath(name), 'utf8')) as ClusterFile;
    return file.version === 1 ? file : null;
  } catch {
    return null;
  }
}

/** Of all clusters, those that were killed too. */
export function clusterFiles(): readonly ClusterFile[] {
  return readdirSync(stateFolder()).flatMap((entry) => {
    const [, name] = /^cluster-(.+)\.json$/.exec(entry) ?? [];
    return (name === undefined ? null : readCluster(name)) ?? [];
  });
}
