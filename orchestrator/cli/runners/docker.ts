// The nodes of a run and its load generator as containers of the daemon on this machine, in a network of their own that leads
// nowhere else, shaped by tc where the kernel can. The lab reaches the nodes by UNIX sockets in folders that it shares with them.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assert } from '../../../node/assert.ts';
import type { NodeId } from '../../../node/contract.ts';
import type { HostConfig } from '../../../node/seat.ts';
import type { Site } from '../../../netem/shaper.ts';
import { tc } from '../../../netem/shell/tc.ts';
import { userspace } from '../../../netem/shell/userspace.ts';
import { LabError } from '../../errors.ts';
import type { Plan, Runner } from '../../kinds.ts';
import { type Child, nodeFlags } from '../children.ts';
import { connectDocker, type Engine, type Labels, type Limits } from '../docker/engine.ts';
import { ensureNodeImage } from '../docker/image.ts';
import { OWNER_LABEL, ownOwner, RUN_LABEL } from '../docker/owner.ts';
import { closeSocketFolder, containerUser, moduleInside, openSocketFolder, openSocketPath, pluginMounts, sharedFolder, type User } from '../docker/place.ts';
import { Room } from '../docker/room.ts';
import { type Block, blockText, freeBlocks, gatewayOf, readPool, relocate, routedBlocks } from '../docker/subnets.ts';
import { openTrial, type Trial } from '../docker/trial.ts';
import { kernelOf, type Way, type WayName, WAYS } from '../docker/way.ts';
import { DEVICE, LOAD, othersOf, type Spot, spotsOf } from '../netns/layout.ts';
import { nodeModules } from '../plugins.ts';
import { forgetProcesses } from '../process-records.ts';
import { type Cluster, type ClusterPlace, createRealtimeRunner } from '../realtime.ts';
import type { TrialSite } from '../shaper-choice.ts';
import { NodeCluster } from './node-cluster.ts';

/** Every node has an address of its own. */
const PORT = 7_000;
const LEAD_MS = { base: 1_500, perNode: 400 };
/** Where the experiment gives none. */
const LIMITS: Limits = { memoryBytes: 1 << 30, cpus: null, pids: 256 };
/** In the folder of each container. */
const CONFIG = 'config.json';
const OWN_NAME = 'orchestrator/cli/own-name.ts';
const DEFAULT_POOL = '198.18.0.0/15';

/** What the daemon offers, found once for all runs. way: null when nothing leads into the network of a container. */
type Docker = { readonly engine: Engine; readonly image: string; readonly user: User; readonly way: Way | null };

function labelsOf(run: string): Labels {
  return { [RUN_LABEL]: run, [OWNER_LABEL]: ownOwner() };
}

/** A network with addresses that nothing else has. Another run may have been first: then the next one. */
async function createNetwork(engine: Engine, pool: Block, name: string, labels: Labels): Promise<Block> {
  const free = freeBlocks(pool, [...await engine.subnets(), ...routedBlocks()]);
  for (const block of free) {
    try {
      await engine.createNetwork({ name, subnet: blockText(block), gateway: gatewayOf(block), labels });
      return block;
    } catch (error) {
      if (!(error instanceof LabError && error.code === 'port-in-use') || block === free.at(-1)) throw error;
    }
  }
  throw new LabError('port-in-use', `no addresses are free in ${blockText(pool)} for a network`, 'lab clean removes networks that a killed lab has left; --subnet names another pool');
}

/** As the containers of a run see it. */
function moved(spots: readonly Spot[], block: Block): readonly Spot[] {
  return spots.map(({ id, sources }) => ({ id, sources: Object.fromEntries(Object.entries(sources).map(([row, address]) => [row, relocate(address, block)])) }));
}

class Opening {
  readonly run = `lab-${randomBytes(3).toString('hex')}`;
  readonly #docker: Docker;
  readonly #plan: Plan;
  readonly #where: ClusterPlace;
  readonly #labels: Labels;
  readonly #sockets: string;
  readonly #containers: string[] = [];

  constructor(docker: Docker, plan: Plan, where: ClusterPlace) {
    this.#docker = docker;
    this.#plan = plan;
    this.#where = where;
    this.#labels = labelsOf(plan.id);
    this.#sockets = openSocketFolder(this.run);
  }

  async open(pool: Block): Promise<Cluster> {
    const { engine } = this.#docker;
    const block = await createNetwork(engine, pool, this.run, this.#labels);
    const spots = moved(spotsOf(this.#plan), block);
    // The userspace shaper is in the nodes alone: the generator then delays its own requests.
    const outside = this.#plan.shaper !== userspace.name;
    const rooms = new Map(await Promise.all(spots.map(async (spot) => [spot.id, await this.#room(spot, spots, block, outside)] as const)));
    const roomOf = (id: string): Room => {
      const room = rooms.get(id);
      assert(room !== undefined, `${id} has no container`);
      return room;
    };
    const clients = spots.find(({ id }) => id === LOAD)?.sources ?? {};
    const loadSite: Site = { id: LOAD, address: Object.values(clients)[0] ?? '', control: () => Promise.resolve(), get kernel() { return roomOf(LOAD).kernel; } };
    return new NodeCluster(this.#plan, this.#where, {
      places: spots.filter(({ id }) => id !== LOAD).map(({ id, sources }) => ({
        id, address: { host: sources[id] ?? '', port: PORT }, path: this.#socketPath(id), ...(outside ? { kernel: () => roomOf(id).kernel } : {}),
      })),
      box: roomOf,
      launch: (node, configFile) => this.#launch(roomOf(node), configFile),
      secret: randomBytes(24).toString('hex'),
      load: {
        start: (configFile, onLine) => {
          this.#docker.user.give(dirname(configFile));
          return roomOf(LOAD).start(onLine);
        },
        sources: outside ? clients : null, token: this.#where.token,
      },
      loadSite: outside ? loadSite : null,
      close: () => this.close(),
    });
  }

  async #room(spot: Spot, spots: readonly Spot[], block: Block, outside: boolean): Promise<Room> {
    const { engine, image, user, way } = this.#docker;
    const { id, sources } = spot;
    // A generator that waits for its turn would be late.
    const limits = id === LOAD ? LIMITS : this.#plan.limits ?? LIMITS;
    const folder = join(this.#where.folder, id);
    const [first = '', ...more] = Object.values(sources);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const module = id === LOAD ? 'orchestrator/cli/load.ts' : 'node/host/main.ts';
    const name = `${this.run}-${id}`;
    const configFile = join(folder, CONFIG);
    const sockets = id === LOAD ? [] : [sharedFolder(dirname(openSocketPath(this.#sockets, id, user)))];
    const container = await engine.createContainer({
      name, image, command: ['node', ...nodeFlags(), moduleInside(module), configFile], user: user.text, labels: this.#labels, limits,
      network: { name: this.run, address: first }, mounts: [sharedFolder(folder), ...sockets, ...pluginMounts(this.#where.plugins)],
    });
    this.#containers.push(container);
    return new Room(engine, {
      container: { id: container, name: id === LOAD ? 'the load process' : id, limits },
      network: this.run,
      configFile,
      place: { device: DEVICE, sources, addresses: othersOf(spots, spot) },
      moreAddresses: outside ? more.map((address) => `${address}/${block.bits}`) : [],
      way: outside ? way : null,
      failed: (error) => { if (error instanceof LabError) this.#where.died(error); },
    });
  }

  #socketPath(id: NodeId): string {
    return openSocketPath(this.#sockets, id, this.#docker.user);
  }

  /** The container always reads the same file: it is a link to that of this life. */
  #launch(room: Room, configFile: string): Child {
    const config = JSON.parse(readFileSync(configFile, 'utf8')) as HostConfig;
    const own = nodeModules(config.plugins)[0];
    const plugins = config.plugins.map((path) => (path === own ? moduleInside(OWN_NAME) : path));
    writeFileSync(configFile, JSON.stringify({ ...config, plugins }));
    const folder = dirname(configFile);
    const link = join(folder, CONFIG);
    rmSync(link, { force: true });
    symlinkSync(basename(configFile), link);
    this.#docker.user.give(folder);
    return room.start();
  }

  async close(): Promise<void> {
    const { engine } = this.#docker;
    await Promise.all(this.#containers.map((id) => engine.removeContainer(id)));
    await engine.removeNetwork(this.run);
    forgetProcesses();
    closeSocketFolder(this.#sockets);
  }
}

async function openCluster(docker: Docker, pool: Block, plan: Plan, where: ClusterPlace): Promise<Cluster> {
  const opening = new Opening(docker, plan, where);
  try {
    return await opening.open(pool);
  } catch (error) {
    await opening.close();
    throw error;
  }
}

/** What the daemon has is found once, and said on stderr while it takes long. */
async function prepare(ways: readonly WayName[]): Promise<{ readonly docker: Docker; readonly trial: Trial }> {
  const engine = await connectDocker();
  const { tag } = await ensureNodeImage(engine, null, (line) => process.stderr.write(`docker: ${line}\n`));
  const user = containerUser((await engine.describe()).rootless);
  const trial = await openTrial(engine, { image: tag, user, labels: labelsOf('trial'), limits: LIMITS, ways });
  return { docker: { engine, image: tag, user, way: 'way' in trial.way ? trial.way.way : null }, trial };
}

/** pool: where the networks of runs have their addresses from. way: how tc gets into containers; absent: the first that works. */
export type DockerChoice = { readonly pool?: string | undefined; readonly way?: WayName | undefined };

/** plugins: absolute paths. */
export function createDockerRunner(plugins: readonly string[] = [], { pool = DEFAULT_POOL, way }: DockerChoice = {}): Runner {
  const block = readPool(pool);
  let found: Docker | null = null;
  const openTrialSite = async (): Promise<TrialSite> => {
    const { docker, trial } = await prepare(way === undefined ? WAYS : [way]);
    found = docker;
    const missing = 'missing' in trial.way ? trial.way.missing : '';
    const entering = docker.way === null ? Promise.reject(new Error(missing)) : Promise.resolve(docker.way.enter(trial.inside));
    const kernel = kernelOf(entering, { device: 'lo', sources: {}, addresses: {} }, null);
    return {
      site: { id: 'trial', address: '127.0.0.1', control: () => Promise.resolve(), kernel },
      close: async () => {
        await entering.then((entrance) => entrance.close(), () => undefined);
        await trial.close();
      },
    };
  };
  return createRealtimeRunner({
    name: 'docker',
    summary: 'one container for each node on the Docker daemon of this machine, in a network of their own, links shaped by tc in the kernel',
    plugins,
    shapers: [tc, userspace],
    openTrial: openTrialSite,
    // The trial says what is missing.
    probe: () => Promise.resolve({ ok: true }),
    open: async (plan, where) => {
      if (found === null) await (await openTrialSite()).close();
      assert(found !== null, 'the daemon was not looked at');
      return openCluster(found, block, plan, where);
    },
    freePorts: false,
    supports: ['limit', 'detach', 'attach'],
    lead: LEAD_MS,
  });
}
