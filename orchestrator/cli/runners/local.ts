// The nodes of a run as processes of this machine, on loopback: the runner that needs nothing of the machine.
import { userspace } from '../../../netem/shell/userspace.ts';
import type { Plan, Runner } from '../../kinds.ts';
import { startChild } from '../children.ts';
import { type Cluster, type ClusterPlace, createRealtimeRunner, startLoad } from '../realtime.ts';
import { NodeCluster } from './node-cluster.ts';
import { type Binding, findPlaces } from './ports.ts';

/** Finds the places of the nodes; none is started yet. portBase as below. */
export async function openLocalCluster(plan: Plan, where: ClusterPlace, portBase: number | null, binding?: Binding): Promise<Cluster> {
  const places = await findPlaces(plan.nodes.map(({ id }) => id), portBase, binding);
  return new NodeCluster(plan, where, {
    places: [...places].map(([id, address]) => ({ id, address })),
    launch: (node, configFile) => startChild(node, 'node/host/main.ts', [configFile]),
    secret: null, load: { start: startLoad(), sources: null, token: null }, loadSite: null,
    close: () => Promise.resolve(),
  });
}

/** portBase: the port of the first node, the next ones follow; null: free ones. plugins: absolute paths. binding: the machine's own. */
export function createLocalRunner(portBase: number | null, plugins: readonly string[] = [], binding?: Binding): Runner {
  return createRealtimeRunner({
    name: 'local',
    summary: 'one process for each node on this machine, UDP over loopback, real disk and real time',
    plugins,
    shapers: [userspace],
    openTrial: () => Promise.resolve({ site: { id: 'trial', address: '127.0.0.1', control: () => Promise.resolve() }, close: () => Promise.resolve() }),
    probe: () => Promise.resolve({ ok: true }),
    open: (plan, where) => openLocalCluster(plan, where, portBase, binding),
    freePorts: portBase === null,
  });
}
