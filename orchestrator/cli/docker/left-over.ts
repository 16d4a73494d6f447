// What labs that are gone have left with Docker: their containers, their networks, the folders of the sockets into them, and
// images of nodes that later sources have replaced.
import { rmSync } from 'node:fs';
import { LabError } from '../../errors.ts';
import { connectDocker, type Engine } from './engine.ts';
import { earlierImages } from './image.ts';
import { isGone, OWNER_LABEL } from './owner.ts';
import { staleSocketFolders } from './place.ts';

export type DockerLeftOver = { readonly what: 'container' | 'network' | 'image' | 'folder'; readonly name: string };

/** Removes what it finds, or says only what. Rejects when a daemon that a gone lab has used does not answer. */
export async function cleanDocker(dryRun: boolean): Promise<readonly DockerLeftOver[]> {
  const folders = staleSocketFolders();
  const engine = await connect(folders.length > 0);
  const found = engine === null ? [] : await cleanDaemon(engine, dryRun);
  // They say that a daemon was used: they go last.
  if (!dryRun) for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  return [...found, ...folders.map((name) => ({ what: 'folder' as const, name }))];
}

/** null: there is none, and none is needed. */
async function connect(needed: boolean): Promise<Engine | null> {
  try {
    return await connectDocker();
  } catch (error) {
    if (!needed && error instanceof LabError) return null;
    throw error;
  }
}

/** Containers first: a network that is used stays. */
async function cleanDaemon(engine: Engine, dryRun: boolean): Promise<readonly DockerLeftOver[]> {
  const { containers, networks } = await engine.labelled(OWNER_LABEL);
  const left = <T extends { readonly labels: { readonly [name: string]: string } }>(items: readonly T[]) => items.filter(({ labels }) => isGone(labels[OWNER_LABEL] ?? ''));
  const [goneContainers, goneNetworks] = [left(containers), left(networks)];
  const images = await earlierImages(engine);
  if (!dryRun) {
    await Promise.all(goneContainers.map(({ id }) => engine.removeContainer(id)));
    await Promise.all(goneNetworks.map(({ id }) => engine.removeNetwork(id)));
    for (const image of images) await engine.removeImage(image);
  }
  return [...goneContainers.map(({ name }) => ({ what: 'container' as const, name })), ...goneNetworks.map(({ name }) => ({ what: 'network' as const, name })), ...images.map((name) => ({ what: 'image' as const, name }))];
}
