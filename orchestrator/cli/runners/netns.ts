// The nodes of a run and its load generator as processes of this machine, each in a network namespace of its own, shaped by
// tc where the kernel can. The lab stays outside and reaches the nodes by UNIX sockets: nothing else leads in or out.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { assert } from '../../../node/assert.ts';
import type { Site } from '../../../netem/shaper.ts';
import { kernelSite } from '../../../netem/shell/namespace.ts';
import { tc } from '../../../netem/shell/tc.ts';
import { userspace } from '../../../netem/shell/userspace.ts';
import { LabError } from '../../errors.ts';
import type { Plan, Runner } from '../../kinds.ts';
import { startChild } from '../children.ts';
import { addressOf, DEVICE, hubLines, LOAD, othersOf, type Spot, spotLines, spotsOf } from '../netns/layout.ts';
import { type Namespace, Namespaces } from '../netns/namespaces.ts';
import { openSocketFolder, socketPath } from '../netns/sockets.ts';
import { type Cluster, type ClusterPlace, createRealtimeRunner, startLoad } from '../realtime.ts';
import type { TrialSite } from '../shaper-choice.ts';
import { NodeCluster } from './node-cluster.ts';

/** Every node has an address of its own. */
const PORT = 7_000;
const HUB = 'hub';

async function openCluster(plan: Plan, where: ClusterPlace): Promise<Cluster> {
  const namespaces = new Namespaces();
  let folder = '';
  const close = async () => {
    await namespaces.close();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  };
  try {
    const spots = spotsOf(plan);
    const placed = await layOut(namespaces, spots);
    folder = openSocketFolder();
    const namespaceOf = (id: string): Namespace => {
      const namespace = placed.get(id);
      assert(namespace !== undefined, `${id} has no namespace`);
      return namespace;
    };
    const siteOf = (spot: Spot) => kernelSite(namespaceOf(spot.id).enter, { device: DEVICE, sources: spot.sources, addresses: othersOf(spots, spot) });
    const [clients] = spots.filter(({ id }) => id === LOAD) as [Spot];
    // The userspace shaper is in the nodes alone: the generator then delays its own requests.
    const outside = plan.shaper !== userspace.name;
    const loadSite: Site = { id: LOAD, address: Object.values(clients.sources)[0] ?? '', control: () => Promise.resolve(), kernel: siteOf(clients) };
    return new NodeCluster(plan, where, {
      places: spots.filter(({ id }) => id !== LOAD).map((spot) => {
        const kernel = siteOf(spot);
        return { id: spot.id, address: { host: addressOf(spots, spot.id), port: PORT }, path: socketPath(folder, spot.id), kernel: () => kernel };
      }),
      launch: (node, configFile) => startChild(node, 'node/host/main.ts', [configFile], { within: namespaceOf(node).enter }),
      secret: randomBytes(24).toString('hex'),
      load: { start: startLoad(namespaceOf(LOAD).enter), sources: outside ? clients.sources : null, token: where.token },
      loadSite: outside ? loadSite : null,
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The namespace of each spot, cabled. */
async function layOut(namespaces: Namespaces, spots: readonly Spot[]): Promise<ReadonlyMap<string, Namespace>> {
  // First, so that the others can be beside it in its user namespace.
  const hub = await namespaces.add(HUB);
  const made = await Promise.all(spots.map(({ id }) => namespaces.add(id)));
  await hub.configure(hubLines(spots, made.map(({ pid }) => pid)));
  await Promise.all(made.map((namespace, index) => namespace.configure(spotLines(spots, spots[index] as Spot))));
  return new Map(spots.map(({ id }, index) => [id, made[index] as Namespace]));
}

/** A namespace with nothing but loopback, to try a shaper in. */
export async function openTrialSite(): Promise<TrialSite & { readonly asRoot: boolean }> {
  const namespaces = new Namespaces();
  try {
    const trial = await namespaces.add('trial');
    await trial.configure(['link set lo up']);
    const kernel = kernelSite(trial.enter, { device: 'lo', sources: {}, addresses: {} });
    return { site: { id: 'trial', address: '127.0.0.1', control: () => Promise.resolve(), kernel }, asRoot: namespaces.asRoot, close: () => namespaces.close() };
  } catch (error) {
    await namespaces.close();
    throw error;
  }
}

/** plugins: absolute paths. */
export function createNetnsRunner(plugins: readonly string[] = []): Runner {
  return createRealtimeRunner({
    name: 'netns',
    summary: 'one process for each node, each in a network namespace of its own, links shaped by tc in the kernel (Linux)',
    plugins,
    shapers: [tc, userspace],
    openTrial: openTrialSite,
    probe: async () => {
      try {
        await (await openTrialSite()).close();
        return { ok: true };
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        return { ok: false, missing: error.message.replace(/^this machine lacks /, ''), hint: error.hint };
      }
    },
    open: openCluster,
    freePorts: false,
  });
}
