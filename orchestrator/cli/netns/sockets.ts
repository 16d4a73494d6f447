// The folder of the UNIX sockets by which a lab reaches its nodes in namespaces: in the state folder, which only this user can
// read, one for each lab process. Of a lab that was killed it stays until the next one, or `lab clean`.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../errors.ts';
import { labRecords } from '../process-records.ts';
import { stateFolder } from '../state.ts';

const FOLDER = /^sockets-(\d+)$/;
/** The address of a UNIX socket holds no more on any system. */
const MAX_PATH_BYTES = 103;

/** Made anew for this process, which must have recorded a process of its own before: that tells it from one that is gone. */
export function openSocketFolder(): string {
  for (const stale of staleSocketFolders()) rmSync(stale, { recursive: true, force: true });
  const folder = join(stateFolder(), `sockets-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

export function socketPath(folder: string, name: string): string {
  const path = join(folder, name);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new LabError('machine-lacks', `${path} is too long for a UNIX socket`, 'set XDG_RUNTIME_DIR to a folder with a shorter path');
  return path;
}

/** Those of labs that are gone. */
export function staleSocketFolders(): readonly string[] {
  const living = new Set(labRecords().filter(({ alive }) => alive).map(({ pid }) => pid));
  const state = stateFolder();
  return readdirSync(state).filter((entry) => {
    const [, pid] = FOLDER.exec(entry) ?? [];
    return pid !== undefined && !living.has(Number(pid));
  }).map((entry) => join(state, entry));
}
