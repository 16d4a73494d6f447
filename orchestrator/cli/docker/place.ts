// What containers share with the lab: the user that they run as, the folders that they see, and the sockets by which the lab
// reaches them. Folders appear inside under the path that they have outside, so that no configuration needs translation.
import { lchownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { LabError } from '../../errors.ts';
import { nearestPackage } from '../plugins.ts';
import { stateFolder } from '../state.ts';
import { modulePath, PACKAGE_ROOT } from '../tree.ts';
import type { Mount } from './engine.ts';
import { isProcessGone, ownProcess } from './owner.ts';

/** Of the image (node/host/Dockerfile). */
const NOBODY = 65_532;
const INSIDE = '/lab';
const SOCKETS = /^docker-(.+)$/;
/** The address of a UNIX socket holds no more on any system. */
const MAX_SOCKET_BYTES = 103;

export type User = {
  /** As Docker takes it: 'uid:gid'. */
  readonly text: string;
  /** Gives it a path that the lab has made, and all below: not every file system gives a new file to who made it (hostfs). */
  give(path: string): void;
};

/** The lab's own user, unless that is root: then one without rights. A rootless daemon's root is the lab's user. */
export function containerUser(rootless: boolean): User {
  const [uid = NOBODY, gid = NOBODY] = [process.getuid?.(), process.getgid?.()];
  if (rootless) return { text: '0:0', give: () => undefined };
  if (uid !== 0) return { text: `${uid}:${gid}`, give: () => undefined };
  return { text: `${NOBODY}:${NOBODY}`, give: (path) => giveAll(path, NOBODY) };
}

function giveAll(path: string, owner: number): void {
  const below = lstatSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  // A link is given itself, never what it leads to.
  for (const each of [path, ...below.map((name) => join(path, name))]) lchownSync(each, owner, owner);
}

/** A module of the lab, named as in the checkout, in the image. */
export function moduleInside(module: string): string {
  return `${INSIDE}/${relative(PACKAGE_ROOT, modulePath(module)).split(sep).join('/')}`;
}

/** Plug-ins are read where they lie, with what they import beside them. files: absolute paths. */
export function pluginMounts(files: readonly string[]): readonly Mount[] {
  const folders = files.map((file) => dirname(nearestPackage(dirname(file))?.file ?? file));
  return [...new Set(folders)].map((folder) => ({ host: folder, inside: folder, write: false }));
}

export function sharedFolder(folder: string): Mount {
  return { host: folder, inside: folder, write: true };
}

/** For the sockets of one run, in the state folder, which only this user can read. */
export function openSocketFolder(run: string): string {
  const folder = join(stateFolder(), `docker-${ownProcess()}`, run);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** In a folder of its own, as each container sees only its own. */
export function openSocketPath(folder: string, name: string, user: User): string {
  const own = join(folder, name);
  const path = join(own, 'door');
  if (Buffer.byteLength(path) > MAX_SOCKET_BYTES) throw new LabError('machine-lacks', `${path} is too long for a UNIX socket`, 'set XDG_RUNTIME_DIR to a folder with a shorter path');
  mkdirSync(own, { recursive: true, mode: 0o700 });
  user.give(own);
  return path;
}

export function closeSocketFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const own = dirname(folder);
  if (readdirSync(own).length === 0) rmSync(own, { recursive: true, force: true });
}

/** Those of labs that are gone. */
export function staleSocketFolders(): readonly string[] {
  const state = stateFolder();
  return readdirSync(state).filter((entry) => {
    const [, owner] = SOCKETS.exec(entry) ?? [];
    return owner !== undefined && isProcessGone(owner);
  }).map((entry) => join(state, entry));
}
