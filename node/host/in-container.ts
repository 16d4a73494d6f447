// One replica in a container that outlives a run (docker-compose.yml): node compose.mjs n1. Each start is a new life: this makes
// the life's configuration from what `lab up` has written, the addresses in NODES, and the volume, and gives it to main.ts.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterFile, HostConfig } from '../seat.ts';
import { codeOf, EXIT, Failure } from './failure.ts';

/** Folders of secrets and of what is kept. */
export type ContainerPlace = { readonly secrets: string; readonly kept: string };

const PORT = 7_000;
const ENTRY = /^([a-z][a-z0-9-]{0,30})=([0-9a-f.:]+)$/;
const MAKE = 'lab up --cluster PROTOCOL makes it';

function secret(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch (error) {
    throw new Failure(EXIT.badInput, `the secret ${name} cannot be read in ${folder} (${codeOf(error)}); ${MAKE}`, error);
  }
}

function readCluster(folder: string): ClusterFile {
  const text = secret(folder, 'cluster.json');
  try {
    const file = JSON.parse(text) as ClusterFile;
    if (file.version === 1) return file;
  } catch {
    // The same remedy.
  }
  throw new Failure(EXIT.badInput, `cluster.json is damaged or of another version of the lab; ${MAKE} again`);
}

/** nodes: 'n1=198.19.248.11 n2=…'. */
function socketsOf(nodes: string): HostConfig['sockets'] {
  return Object.fromEntries(nodes.split(/\s+/).filter((entry) => entry !== '').map((entry) => {
    const [, id, host] = ENTRY.exec(entry) ?? [];
    if (id === undefined || host === undefined) throw new Failure(EXIT.badInput, `NODES: ${JSON.stringify(entry)} is no node and its address; write n1=198.19.248.11 n2=…`);
    return [id, { host, port: PORT }];
  }));
}

/** Counted on the volume, so that no life repeats one before it, however that ended. */
function nextLife(folder: string): number {
  const path = join(folder, 'life');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const life = (existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0) + 1;
    if (!Number.isSafeInteger(life)) throw new Failure(EXIT.badInput, `the count of lives in ${path} is damaged; docker compose down --volumes begins anew`);
    const written = openSync(`${path}.next`, 'w', 0o600);
    writeFileSync(written, String(life));
    fsyncSync(written);
    closeSync(written);
    renameSync(`${path}.next`, path);
    return life;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.machineLacks, `the volume of the node cannot be written at ${folder} (${codeOf(error)}); check its owner and the room on its disk`, error);
  }
}

/** The configuration of the node's next life. Throws a Failure. */
export function nextConfig(self: string, nodes: string, { secrets, kept }: ContainerPlace): HostConfig {
  const { version: _, seat, ...shared } = readCluster(secrets);
  const folder = join(kept, seat.run);
  const life = nextLife(folder);
  return {
    ...shared,
    seat: { ...seat, self, joining: false, life },
    plugins: [], sockets: socketsOf(nodes),
    http: { host: '0.0.0.0', port: PORT, names: [self] }, token: secret(secrets, 'cluster-token'), secret: secret(secrets, 'cluster-key'),
    dataDir: join(folder, 'data'), diskKept: 'keep', eventsFile: join(folder, 'events.ndjson'),
    // The machine's own clock: it is the same for all, and it may have started again since the last life.
    epochMs: Date.now(), originNs: process.hrtime.bigint().toString(), clock: { offsetMs: 0, driftPpm: 0, ntp: null },
    held: false,
  };
}
