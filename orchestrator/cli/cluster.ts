// `lab cluster`: starts a cluster of real processes, says how to reach it, and holds it until Ctrl-C. Its place and its token
// stand in a file that only the user can read.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { named } from '../builtins.ts';
import { applyOverrides, ExperimentDocument } from '../document.ts';
import { EXIT, LabError } from '../errors.ts';
import { NAME } from '../schema.ts';
import { openDoor } from './cluster/door.ts';
import { PlayCluster } from './cluster/play.ts';
import { loadPlugins } from './plugins.ts';
import { wanOverride } from './read-file.ts';
import { createRunners } from './run.ts';
import { publishCluster, withdrawCluster } from './state.ts';

export type ClusterFlags = {
  readonly cluster: string;
  readonly on: string;
  readonly wan?: string;
  readonly nodes?: string;
  readonly set: readonly string[];
  readonly plugin: readonly string[];
  readonly out: string;
  readonly port?: number;
  readonly json: boolean;
};

const POLL_MS = 50;

/** Returns when `stop` is requested and nothing is left. */
export async function holdCluster(protocol: string, flags: ClusterFlags, stop: { readonly requested: boolean }): Promise<number> {
  const name = flags.cluster;
  if (!NAME.test(name)) throw new LabError('bad-command-line', `${JSON.stringify(name)} is not a name of a cluster`, 'use up to 40 of a-z, 0-9 and -');
  const plugins = await loadPlugins(flags.plugin);
  named(plugins.registry.protocols, protocol, 'protocol');
  if (named(createRunners(null, plugins), flags.on, 'runner').name !== 'local') {
    throw new LabError('not-supported', `the runner ${flags.on} holds no cluster`, 'a cluster to play with runs with --on local');
  }
  const document = applyOverrides(ExperimentDocument.parse(`name: cluster-${name}\nprotocols: [${protocol}]\nrun: { warmup: 0s, measure: 24h }\n`, 'command line'), [
    ...(flags.wan === undefined ? [] : [wanOverride(flags.wan)]),
    ...(flags.nodes === undefined ? [] : [`nodes=${flags.nodes}`]),
    ...flags.set,
  ]);
  const folder = createFolder(flags.out, name);
  const file = { version: 1, name, pid: process.pid, url: null, token: randomBytes(24).toString('hex'), folder } as const;
  try {
    publishCluster(file);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  try {
    const cluster = await PlayCluster.open({ name, document, plugins, folder, portBase: flags.port ?? null, say: (line) => process.stderr.write(`${line}\n`) });
    const door = await openDoor(cluster, file.token);
    try {
      publishCluster({ ...file, url: door.url });
      announce(cluster, name, flags);
      while (!stop.requested) await sleep(POLL_MS);
    } finally {
      door.close();
      await cluster.close();
    }
  } finally {
    withdrawCluster(name);
    rmSync(folder, { recursive: true, force: true });
  }
  return EXIT.ok;
}

function createFolder(out: string, name: string): string {
  try {
    mkdirSync(out, { recursive: true });
    return mkdtempSync(join(resolve(out), `cluster-${name}-`));
  } catch (cause) {
    throw new LabError('machine-lacks', `no folder for the cluster can be made in ${out} (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give another place with --out', cause);
  }
}

function announce({ plan }: PlayCluster, name: string, { json, cluster }: ClusterFlags): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ version: 1, cluster: name, pid: process.pid, protocol: plan.label, network: plan.network.profile, nodes: plan.nodes.map(({ id, region }) => ({ id, region })) })}\n`);
    return;
  }
  const flag = cluster === 'default' ? '' : ` --cluster ${cluster}`;
  process.stdout.write(`the cluster ${name} is up: ${plan.nodes.length} nodes of ${plan.label} on ${plan.network.profile}; Ctrl-C ends it
in another terminal:
  lab status${flag}
  lab put k v${flag}
  lab get k${flag}
  lab fault crash any --for 5s${flag}
  lab heal${flag}
`);
}
