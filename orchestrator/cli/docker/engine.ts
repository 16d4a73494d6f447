// The Docker daemon, in the lab's own words: dockerode and its types stay in this file. Every call has a time limit, and whatever
// fails is a LabError with a remedy. What is particular to one daemon is here, so that a swarm can stand beside it.
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { LabError } from '../../errors.ts';
import { splitLines } from '../lines.ts';
import { DaemonLog } from './daemon-log.ts';
import { type Endpoint, findEndpoint } from './endpoint.ts';
import { dockerFailure, statusOf } from './failure.ts';
import { drain, type Heard, type OpenedCommand } from './streams.ts';

export type Labels = { readonly [name: string]: string };
export type Mount = { readonly host: string; readonly inside: string; readonly write: boolean };
export type Limits = { readonly memoryBytes: number; readonly cpus: number | null; readonly pids: number };
export type ContainerSpec = {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly user: string;
  readonly labels: Labels;
  /** With an address of its own; with nothing but loopback; or in that of another container, where it may administer it. */
  readonly network: { readonly name: string; readonly address: string } | 'none' | { readonly of: string };
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
};
export type NetworkSpec = { readonly name: string; readonly subnet: string; readonly gateway: string; readonly labels: Labels };
export type BuildSpec = { readonly context: Buffer; readonly tag: string; readonly args: Labels; readonly labels: Labels };
export type Image = { readonly id: string; readonly tags: readonly string[]; readonly labels: Labels; readonly createdS: number; readonly bytes: number };
/** One life of a container: from a start to its end. */
export type ContainerLife = {
  /** On the daemon's machine. */
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number; readonly outOfMemory: boolean }>;
  readonly write: (text: string) => void;
  readonly closeInput: () => void;
};

const CALL_WITHIN_MS = 30_000;
/** Many at once wait for each other: seconds each on a slow machine. */
const START_WITHIN_MS = 120_000;
const BUILD_WITHIN_MS = 900_000;
/** After its last word. */
const END_KNOWN_WITHIN_MS = 10_000;
/** Older daemons answer 500 to it. */
const NOT_PAUSED = /is not (paused|running)/;
const OLDEST_API = 1.41;
/** cpus are turns of this period. */
const PERIOD_US = 100_000;
/** No limit, to the kernel. */
const NO_QUOTA = -1;
/** For /tmp of a container, whose root cannot be written. */
const TMP_BYTES = 16 << 20;

type Labelled = { readonly id: string; readonly name: string; readonly labels: Labels };

/** Takes it for done when the daemon answers with one of these statuses, or says this. */
function unless(...answers: readonly (number | RegExp)[]): (error: unknown) => void {
  return (error) => {
    const { message, cause } = error instanceof LabError ? error : { message: '', cause: null };
    if (!answers.some((answer) => (typeof answer === 'number' ? answer === statusOf(cause) : answer.test(message)))) throw error;
  };
}

function quotaOf(cpus: number | null): number {
  return cpus === null ? NO_QUOTA : Math.round(cpus * PERIOD_US);
}

/** Finds the daemon and asks for its version. Rejects with a LabError. */
export async function connectDocker(endpoint: Endpoint = findEndpoint()): Promise<Engine> {
  // Where there is no Docker this is known before its client is loaded.
  if ('socketPath' in endpoint.connection && !existsSync(endpoint.connection.socketPath)) throw dockerFailure({ code: 'ENOENT' }, { doing: 'connecting', url: endpoint.url });
  const { default: Dockerode } = await import('dockerode');
  const engine = new Engine(new Dockerode(endpoint.connection), endpoint.url);
  await engine.checkVersion();
  return engine;
}

export class Engine {
  readonly url: string;
  readonly #docker: Docker;

  constructor(docker: Docker, url: string) {
    this.#docker = docker;
    this.url = url;
  }

  async checkVersion(): Promise<void> {
    const { ApiVersion, Version } = await this.#call('asking for its version', () => this.#docker.version());
    if (!(Number(ApiVersion) >= OLDEST_API)) throw new LabError('machine-lacks', `the Docker daemon at ${this.url} is too old: ${Version} (API ${ApiVersion})`, `install Docker Engine 20.10 or newer (API ${OLDEST_API})`);
  }

  /** rootless: its root is the user who runs it; remapped: its users have other numbers than the machine's. */
  async describe(): Promise<{ readonly version: string; readonly rootless: boolean; readonly remapped: boolean; readonly cgroup: string }> {
    const info = await this.#call('asking what it is', () => this.#docker.info()) as {
      readonly ServerVersion: string; readonly SecurityOptions?: readonly string[]; readonly CgroupVersion?: string;
    };
    const has = (name: string) => info.SecurityOptions?.includes(`name=${name}`) === true;
    return { version: info.ServerVersion, rootless: has('rootless'), remapped: has('userns'), cgroup: info.CgroupVersion ?? '1' };
  }

  /** null: it is not there. */
  async image(reference: string): Promise<Image | null> {
    try {
      const found = await this.#call(`looking for the image ${reference}`, (abortSignal) => this.#docker.getImage(reference).inspect({ abortSignal } as object));
      return { id: found.Id, tags: found.RepoTags, labels: found.Config.Labels ?? {}, createdS: Date.parse(found.Created) / 1_000, bytes: found.Size };
    } catch (error) {
      if (error instanceof LabError && statusOf(error.cause) === 404) return null;
      throw error;
    }
  }

  /** Those with a label, the newest first. */
  async images(label: string): Promise<readonly Image[]> {
    const found = await this.#call('listing the images', (abortSignal) => this.#docker.listImages({ filters: { label: [label] }, abortSignal }));
    return found.map(({ Id, RepoTags, Labels, Created, Size }) => ({ id: Id, tags: RepoTags ?? [], labels: Labels ?? {}, createdS: Created, bytes: Size }))
      .sort((a, b) => b.createdS - a.createdS);
  }

  /** Ids of the images of all containers, running or not. */
  async imagesInUse(): Promise<ReadonlySet<string>> {
    const containers = await this.#call('listing the containers', (abortSignal) => this.#docker.listContainers({ all: true, abortSignal }));
    return new Set(containers.map(({ ImageID }) => ImageID));
  }

  /** This name of it, and with its last name the image; nothing to one that is not there, or that a container has begun to use. */
  async removeImage(reference: string): Promise<void> {
    await this.#call(`removing the image ${reference}`, (abortSignal) => this.#docker.getImage(reference).remove({ abortSignal })).catch(unless(404, 409));
  }

  async pull(reference: string, onLine: (line: string) => void): Promise<void> {
    const doing = `pulling the image ${reference}`;
    await this.#call(doing, async (abortSignal) => this.#follow(doing, await this.#docker.pull(reference, { abortSignal }), onLine), BUILD_WITHIN_MS);
  }

  /** onLine gets what the build says. Rejects with the step that failed. */
  async build({ context, tag, args, labels }: BuildSpec, onLine: (line: string) => void): Promise<void> {
    const doing = `building the image ${tag}`;
    await this.#call(doing, async (abortSignal) => {
      // The types know a path or a stream; the call sends a buffer as it is.
      const stream = await this.#docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: tag, buildargs: { ...args }, labels: { ...labels }, forcerm: true, abortSignal });
      await this.#follow(doing, stream, onLine);
    }, BUILD_WITHIN_MS);
  }

  /** A further name for an image. */
  async tag(reference: string, repository: string, tag: string): Promise<void> {
    await this.#call(`naming the image ${reference}`, (abortSignal) => this.#docker.getImage(reference).tag({ repo: repository, tag, abortSignal }));
  }

  /** A root file system as a tar stream. */
  async importImage(archive: NodeJS.ReadableStream, repository: string, tag: string): Promise<void> {
    const doing = `importing the image ${repository}:${tag}`;
    await this.#call(doing, async (abortSignal) => {
      const stream = await this.#docker.importImage(archive, { repo: repository, tag, abortSignal } as object);
      await this.#follow(doing, stream, () => undefined);
    }, BUILD_WITHIN_MS);
  }

  /** Of all networks on the daemon. */
  async subnets(): Promise<readonly string[]> {
    const networks = await this.#call('listing the networks', (abortSignal) => this.#docker.listNetworks({ abortSignal } as object));
    return networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
  }

  /** Internal: nothing in it reaches beyond it. */
  async createNetwork({ name, subnet, gateway, labels }: NetworkSpec): Promise<void> {
    await this.#call(`creating the network ${name} with ${subnet}`, (abortSignal) => this.#docker.createNetwork({
      Name: name, Driver: 'bridge', Internal: true, CheckDuplicate: true, Labels: { ...labels }, IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] }, abortSignal,
    }));
  }

  /** Returns its id. */
  async createContainer(spec: ContainerSpec): Promise<string> {
    const { name, image, command, user, labels, network, mounts, limits } = spec;
    const beside = typeof network === 'object' && 'of' in network;
    const connected = typeof network === 'object' && 'name' in network;
    const { id } = await this.#call(`creating the container ${name}`, (abortSignal) => this.#docker.createContainer({
      name, Image: image, Cmd: [...command], User: user, Labels: { ...labels },
      // Its input ends with the lab, however that ends.
      OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
      ...(beside ? {} : { Hostname: name }),
      ...(connected ? { NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: network.address } } } } } : {}),
      HostConfig: {
        NetworkMode: beside ? `container:${network.of}` : connected ? network.name : network,
        CapDrop: ['ALL'], ...(beside ? { CapAdd: ['NET_ADMIN'] } : {}), SecurityOpt: ['no-new-privileges'], ReadonlyRootfs: true,
        Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,size=${TMP_BYTES}` },
        Mounts: mounts.map(({ host, inside, write }) => ({ Type: 'bind', Source: host, Target: inside, ReadOnly: !write })),
        Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes, PidsLimit: limits.pids,
        ...(limits.cpus === null ? {} : { CpuPeriod: PERIOD_US, CpuQuota: quotaOf(limits.cpus) }),
        // For `docker logs` while it runs; the lab hears everything itself.
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      },
      abortSignal,
    }));
    return id;
  }

  async start(id: string, name: string, heard: Heard): Promise<ContainerLife> {
    const { socket, exitCode } = await this.openContainer(id, name);
    const silent = drain(socket, heard);
    const { State: { Pid } } = await this.#inspect(id);
    const ended = async () => {
      // Whoever waits is not told that the daemon is gone, but its words end then too.
      const known = new AbortController();
      const code = await Promise.race([exitCode(), silent.then(() => sleep(END_KNOWN_WITHIN_MS, null, { signal: known.signal }))]).finally(() => known.abort());
      await silent;
      const state = await this.#inspect(id).then(({ State }) => State, (error: unknown) => {
        if (error instanceof LabError && statusOf(error.cause) !== null) throw error;
        return null;
      });
      if (state === null || (code === null && state.Running)) throw Object.assign(new Error('its connection was closed'), { code: 'ECONNRESET' });
      return { code: code ?? state.ExitCode, outOfMemory: state.OOMKilled };
    };
    return {
      pid: Pid,
      ended: ended().catch((error: unknown) => { throw dockerFailure(error, { doing: `waiting for the container ${name}`, url: this.url }); }),
      write: (text) => { socket.write(text); },
      closeInput: () => { socket.end(); },
    };
  }

  async #inspect(id: string): Promise<Docker.ContainerInspectInfo> {
    return this.#call('looking at a container', (abortSignal) => this.#docker.getContainer(id).inspect({ abortSignal }));
  }

  /** Nothing to one that has ended. */
  async kill(id: string, signal: NodeJS.Signals): Promise<void> {
    await this.#call(`sending ${signal} to a container`, (abortSignal) => this.#docker.getContainer(id).kill({ signal, abortSignal })).catch(unless(404, 409));
  }

  /** Nothing to one that has ended or is paused, as far as the daemon tells. */
  async pause(id: string): Promise<void> {
    await this.#call('pausing a container', (abortSignal) => this.#docker.getContainer(id).pause({ abortSignal })).catch(unless(404, 409));
  }

  async unpause(id: string): Promise<void> {
    await this.#call('waking a container', (abortSignal) => this.#docker.getContainer(id).unpause({ abortSignal })).catch(unless(404, 409, NOT_PAUSED));
  }

  /** From now on, for this life and the next ones. Rejects where it uses more memory, and the kernel does not end it for that. */
  async limit(id: string, { cpus, memoryBytes }: Partial<Limits>): Promise<void> {
    await this.#call('changing the limits of a container', (abortSignal) => this.#docker.getContainer(id).update({
      ...(cpus === undefined ? {} : { CpuPeriod: PERIOD_US, CpuQuota: quotaOf(cpus) }),
      ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }), abortSignal,
    })).catch(unless(404));
  }

  /** Nothing to one that is not connected. */
  async disconnect(id: string, network: string): Promise<void> {
    await this.#call(`disconnecting a container from ${network}`, (abortSignal) => this.#docker.getNetwork(network).disconnect({ Container: id, Force: true, abortSignal }))
      .catch(unless(404, /is not connected/));
  }

  /** With its address, which Docker does not remember. */
  async connect(id: string, network: string, address: string): Promise<void> {
    await this.#call(`connecting a container to ${network}`, (abortSignal) => this.#docker.getNetwork(network).connect({ Container: id, EndpointConfig: { IPAMConfig: { IPv4Address: address } }, abortSignal } as Docker.NetworkConnectOptions));
  }

  /** However it is; nothing when it is not there. */
  async removeContainer(id: string): Promise<void> {
    await this.#call('removing a container', (abortSignal) => this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal })).catch(unless(404, 409));
  }

  async removeNetwork(name: string): Promise<void> {
    await this.#call(`removing the network ${name}`, (abortSignal) => this.#docker.getNetwork(name).remove({ abortSignal })).catch(unless(404));
  }

  /** Containers, running or not, and networks that have this label, with its value. */
  async labelled(label: string): Promise<{ readonly containers: readonly Labelled[]; readonly networks: readonly Labelled[] }> {
    const filters = { label: [label] };
    const [containers, networks] = await this.#call('listing what the lab has left', (abortSignal) => Promise.all([
      this.#docker.listContainers({ all: true, filters, abortSignal }), this.#docker.listNetworks({ filters, abortSignal }),
    ]));
    return {
      containers: containers.map(({ Id, Names, Labels }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, ''), labels: Labels })),
      networks: networks.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, labels: Labels ?? {} })),
    };
  }

  /** As root with every capability, whatever the container itself may do. */
  async openExec(id: string, argv: readonly string[]): Promise<OpenedCommand> {
    return this.#call(`running ${argv[0]} in a container`, async (abortSignal) => {
      const exec = await this.#docker.getContainer(id).exec({ Cmd: [...argv], User: '0', Privileged: true, AttachStdin: true, AttachStdout: true, AttachStderr: true, abortSignal });
      const socket = await exec.start({ hijack: true, stdin: true, abortSignal });
      return { socket, exitCode: () => this.#exitCode(exec) };
    });
  }

  /** Starts a container as if it were one command. Listens before it starts, so that nothing of what it says is lost. */
  async openContainer(id: string, name: string): Promise<OpenedCommand> {
    const container = this.#docker.getContainer(id);
    const doing = `starting the container ${name}`;
    const socket = await this.#call(doing, (abortSignal) => container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true, abortSignal })) as unknown as Duplex;
    try {
      await this.#call(doing, (abortSignal) => container.start({ abortSignal }), START_WITHIN_MS);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // A wait lasts as long as the container: it alone has no limit. It answers at once for one that has ended.
    return { socket, exitCode: async () => (await container.wait() as { readonly StatusCode: number }).StatusCode };
  }

  async #exitCode(exec: Docker.Exec): Promise<number> {
    const { ExitCode } = await this.#call('asking for an exit code', (abortSignal) => exec.inspect({ abortSignal }));
    return ExitCode ?? 1;
  }

  /** Reads the records of a long call; one of them may say that it failed, and then the call has failed. */
  #follow(doing: string, stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
    const log = new DaemonLog(doing, onLine);
    return new Promise((resolve, reject) => {
      splitLines(stream, (line) => log.heard(line));
      stream.on('error', reject).on('end', () => {
        if (log.failure === null) resolve();
        else reject(dockerFailure({ message: log.failure }, { doing: log.doing, url: this.url }));
      });
    });
  }

  async #call<T>(doing: string, work: (abortSignal: AbortSignal) => Promise<T>, withinMs: number = CALL_WITHIN_MS): Promise<T> {
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new LabError('machine-lacks', `the Docker daemon at ${this.url} did not finish ${doing} within ${withinMs / 1_000} s`, "it hangs, or the machine is overloaded: docker info shows whether it answers"));
      controller.abort();
    }, withinMs);
    try {
      return await Promise.race([work(controller.signal), late.promise]);
    } catch (error) {
      throw dockerFailure(error, { doing, url: this.url });
    } finally {
      clearTimeout(timer);
    }
  }
}
