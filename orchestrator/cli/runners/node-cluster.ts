// The nodes of a run as processes, wherever a ground puts them: on loopback, or each in a namespace of its own. A crash is
// SIGKILL, a pause SIGSTOP; every start is a new life. A node starts held and is released when its links are applied.
// Whatever happens, close() leaves no process.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '../../../node/assert.ts';
import type { Command, NodeId, Reconfigure, Status } from '../../../node/contract.ts';
import type { DiskKept } from '../../../node/disk-fault.ts';
import type { Reply } from '../../../node/replica.ts';
import type { HostConfig } from '../../../node/seat.ts';
import type { KernelSite, Site } from '../../../netem/shaper.ts';
import { LabError } from '../../errors.ts';
import type { LimitChange, Plan } from '../../kinds.ts';
import { seatOf } from '../../seats.ts';
import { type Child, endWithin, type Exit } from '../children.ts';
import { readReply } from '../load/reply.ts';
import { askNode, askStatus, type NodeDoor } from '../node-door.ts';
import { nodeModules } from '../plugins.ts';
import type { Cluster, ClusterPlace, LoadPlace } from '../realtime.ts';
import type { Room } from '../docker/room.ts';
import type { Place } from './ports.ts';

const READY_POLL_MS = 20;
/** A container may wait long for its turn. */
const READY_WITHIN_MS = 90_000;
const STATUS_WITHIN_MS = 250;
const CONTROL_WITHIN_MS = 5_000;
const GRACE_MS = 3_000;
const MAX_PENDING = 10_000;
/** Exit codes of a node: its machine lacks something, and what it was given is wrong, such as a plug-in that throws. */
const NO_DISK = 4;
const BAD_INPUT = 3;

/** Where one node runs. */
export type NodePlace = {
  readonly id: NodeId;
  /** Of its UDP socket, and of its HTTP door for clients. */
  readonly address: Place;
  /** The lab's own way to it: a UNIX socket; absent: the address. */
  readonly path?: string;
  /** Where a kernel can shape what its present life sends. */
  readonly kernel?: () => KernelSite;
};

/** What carries the nodes of a run. */
export type Ground = {
  readonly places: readonly NodePlace[];
  /** Starts a life of the node on this file of configuration. */
  launch(node: NodeId, configFile: string): Child;
  /** Signs frames; null: they do not leave the machine's loopback. */
  readonly secret: string | null;
  readonly load: LoadPlace;
  /** Where a kernel shapes what the load generator sends. */
  readonly loadSite: Site | null;
  /** Of containers. */
  readonly box?: (node: NodeId) => Box;
  /** After the last node has ended. */
  close(): Promise<void>;
};

/** What a node is in, as far as it can be changed. */
export type Box = Pick<Room, 'limit' | 'detach' | 'attach'>;

type Member = {
  readonly id: NodeId;
  readonly place: NodePlace;
  readonly folder: string;
  life: number;
  child: Child | null;
  ready: boolean;
  paused: boolean;
  /** What its next life is to find, and whether this life was released: one that was not has touched no disk. */
  kept: DiskKept;
  released: boolean;
  /** A fault lets it end by itself, for want of a disk. */
  mayEnd: boolean;
  damaged: boolean;
  /** It may end for want of memory. */
  pressed: boolean;
};

export class NodeCluster implements Cluster {
  readonly load: LoadPlace;
  readonly #plan: Plan;
  readonly #where: ClusterPlace;
  readonly #ground: Ground;
  readonly #members: ReadonlyMap<NodeId, Member>;
  #closed = false;

  /** No node is started yet. */
  constructor(plan: Plan, where: ClusterPlace, ground: Ground) {
    this.#plan = plan;
    this.#where = where;
    this.#ground = ground;
    this.load = ground.load;
    this.#members = new Map(ground.places.map((place) => [place.id, { id: place.id, place, folder: join(where.folder, place.id), life: 0, child: null, ready: false, paused: false, kept: 'keep', released: false, mayEnd: false, damaged: false, pressed: false }]));
    for (const { folder } of this.#members.values()) mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  }

  get sites(): readonly Site[] {
    const nodes = this.#ground.places.map(({ id, address, kernel }): Site => ({ id, address: address.host, control: async (path, body) => { await this.control(id, path, body); }, ...(kernel === undefined ? {} : { kernel: kernel() }) }));
    return this.#ground.loadSite === null ? nodes : [...nodes, this.#ground.loadSite];
  }

  url(node: NodeId): string {
    const { host, port } = this.#member(node).place.address;
    return `http://${host}:${port}`;
  }

  isUp(node: NodeId): boolean {
    const { child, ready, paused } = this.#member(node);
    return child !== null && ready && !paused;
  }

  eventFiles(): readonly string[] {
    return [...this.#members.values()].map((member) => this.#eventsFile(member));
  }

  /** A new life of the node, held; returns when it answers. */
  async start(node: NodeId): Promise<void> {
    const member = this.#member(node);
    if (this.#closed) return;
    assert(member.child === null, `${node} is started while it runs`);
    // Its address is that of its network.
    await (await this.#ground.box?.(node).attach())?.();
    member.life++;
    member.ready = false;
    member.released = false;
    const file = configFile(member);
    writeFileSync(file, JSON.stringify(this.#config(member)), { mode: 0o600 });
    const child = this.#ground.launch(node, file);
    member.child = child;
    void child.exited.then((exit) => {
      // Nobody asked for this end: whoever does takes the child away first.
      if (member.child !== child) return;
      member.child = null;
      if ((exit.code === NO_DISK && (member.mayEnd || member.damaged)) || (exit.signal === 'SIGKILL' && member.pressed)) member.kept = 'lose-unsynced';
      else this.#where.died(died(child, exit));
    });
    try {
      await this.#ready(member, child);
    } finally {
      // It holds the token, and what a failed run leaves is looked at and passed on; the node has read it.
      rmSync(file, { force: true });
    }
  }

  async release(node: NodeId): Promise<void> {
    this.#member(node).released = true;
    await this.control(node, '/control/go', {});
  }

  isDown(node: NodeId): boolean {
    return this.#member(node).child === null;
  }

  mayEnd(node: NodeId, may: boolean): void {
    this.#member(node).mayEnd = may;
  }

  async kill(node: NodeId, kept: DiskKept): Promise<number | null> {
    const member = this.#member(node);
    const child = this.#takeAway(member, kept);
    child?.signal('SIGKILL');
    await child?.exited;
    return child?.pid ?? null;
  }

  async stop(node: NodeId, graceMs: number): Promise<number | null> {
    const member = this.#member(node);
    const child = this.#takeAway(member, 'keep');
    if (child === null) return null;
    child.signal('SIGTERM');
    const { signal } = await endWithin(child, graceMs);
    if (signal === 'SIGKILL') member.kept = 'lose-unsynced';
    return child.pid;
  }

  /** Its end is asked for. A node that is down already keeps what its own end left. */
  #takeAway(member: Member, kept: DiskKept): Child | null {
    const { child } = member;
    if (child === null) return null;
    if (member.released || kept === 'wipe') member.kept = kept;
    if (kept === 'wipe' || kept === 'flip-bit') member.damaged = kept === 'flip-bit';
    member.child = null;
    member.paused = false;
    return child;
  }

  freeze(node: NodeId): number | null {
    const member = this.#member(node);
    member.child?.signal('SIGSTOP');
    member.paused = member.child !== null;
    return member.child?.pid ?? null;
  }

  thaw(node: NodeId): number | null {
    const member = this.#member(node);
    member.paused = false;
    member.child?.signal('SIGCONT');
    return member.child?.pid ?? null;
  }

  async limit(node: NodeId, change: LimitChange): Promise<void> {
    if (change.memoryBytes !== undefined) this.#member(node).pressed = change.memoryBytes !== null;
    await this.#box(node).limit(change);
  }

  async detach(node: NodeId): Promise<void> {
    await this.#box(node).detach();
  }

  async attach(node: NodeId): Promise<() => Promise<void>> {
    return this.#box(node).attach();
  }

  #box(node: NodeId): Box {
    const box = this.#ground.box?.(node);
    assert(box !== undefined, `${node} is no container`);
    return box;
  }

  /** null: it does not run, or does not answer in time. */
  async status(node: NodeId): Promise<Status | null> {
    return this.isUp(node) ? askStatus(doorOf(this.#member(node)), STATUS_WITHIN_MS) : null;
  }

  /** A node that does not run or is stopped hears nothing; it is told everything when it is back. */
  async control(node: NodeId, path: `/control/${string}`, body: unknown): Promise<unknown> {
    if (!this.isUp(node)) return undefined;
    const { child } = this.#member(node);
    try {
      const { status, text } = await askNode(doorOf(this.#member(node)), { method: 'POST', route: path, token: this.#where.token, body, withinMs: CONTROL_WITHIN_MS });
      assert(status >= 200 && status < 300, `${node} answers ${status} to ${path}: ${text.trim()}`);
      return JSON.parse(text);
    } catch (error) {
      // A fault may have ended or stopped it meanwhile; a death of its own is reported as such.
      const { mayEnd, damaged, pressed } = this.#member(node);
      if (child?.exit !== null || !this.isUp(node) || mayEnd || damaged || pressed) return undefined;
      if (error instanceof Error && error.message.startsWith('assertion:')) throw error;
      throw new LabError('node-died', `${node} does not answer ${path}`, 'the machine may be overloaded: fewer nodes or a lower rate', error);
    }
  }

  async reconfigure(node: NodeId, command: Command<Reconfigure>): Promise<Reply> {
    if (!this.isUp(node)) return { outcome: 'fail', reason: 'no-quorum' };
    try {
      const { status, text } = await askNode(doorOf(this.#member(node)), { method: 'POST', route: '/control/reconfigure', token: this.#where.token, body: command, withinMs: CONTROL_WITHIN_MS });
      return readReply(status, text);
    } catch {
      return { outcome: 'unknown', reason: 'connection' };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const children = [...this.#members.values()].flatMap((member) => member.child ?? []);
    for (const member of this.#members.values()) {
      if (member.paused) this.thaw(member.id);
      member.child = null;
    }
    for (const child of children) child.signal('SIGTERM');
    await Promise.all(children.map((child) => endWithin(child, GRACE_MS)));
    // Of those that another node's failure caught while they started.
    for (const member of this.#members.values()) rmSync(configFile(member), { force: true });
    await this.#ground.close();
  }

  #member(node: NodeId): Member {
    const member = this.#members.get(node);
    assert(member !== undefined, `${node} is no node of this plan`);
    return member;
  }

  #eventsFile(member: Member): string {
    return join(member.folder, 'events.ndjson');
  }

  async #ready(member: Member, child: Child): Promise<void> {
    const deadlineMs = performance.now() + READY_WITHIN_MS;
    while (performance.now() < deadlineMs) {
      // It died, and was reported, or a fault or the end of the run took it away.
      if (member.child !== child) return;
      if ((await askStatus(doorOf(member), STATUS_WITHIN_MS)) !== null) {
        member.ready = true;
        return;
      }
      await sleep(READY_POLL_MS);
    }
    throw new LabError('node-died', `${member.id} did not answer within ${READY_WITHIN_MS / 1000} s of its start`, 'the machine may be overloaded: fewer nodes, or nothing else beside the lab');
  }

  #config(member: Member): HostConfig {
    const plan = this.#plan;
    const spec = plan.nodes.find(({ id }) => id === member.id);
    assert(spec !== undefined, `${member.id} is no node of this plan`);
    const { address, path } = member.place;
    return {
      seat: { ...seatOf(plan, member.id), life: member.life },
      protocol: plan.protocol, plugins: nodeModules(this.#where.plugins), seed: plan.seed,
      sockets: Object.fromEntries([...this.#members.values()].map(({ id, place: { address } }) => [id, address])),
      http: { ...address, ...(path === undefined ? {} : { path }) }, token: this.#where.token, secret: this.#ground.secret,
      dataDir: join(member.folder, 'data'), diskKept: member.kept, eventsFile: this.#eventsFile(member),
      epochMs: plan.epochMs, originNs: this.#where.originNs.toString(), clock: spec.clock,
      fsyncMs: plan.fsyncMs, detail: plan.detail,
      maxPending: MAX_PENDING, requestTimeoutMs: plan.load.timeoutMs, held: true,
    };
  }
}

function doorOf({ place: { address, path } }: Member): NodeDoor {
  return path === undefined ? address : { path };
}

function died(child: Child, exit: Exit): LabError {
  const line = child.lastError();
  if (exit.code === 4 && line.includes('in use')) return new LabError('port-in-use', line, 'end the process that holds it, choose another --port, or leave --port out');
  if (exit.code === BAD_INPUT && line.includes('plug-in')) return new LabError('bad-plugin', line, 'its events and its log are kept in the run folder, under work/');
  const how = exit.signal === null ? `exit code ${exit.code}` : exit.signal;
  return new LabError('node-died', `${child.name} ended (${how})${line === '' ? '' : `: ${line}`}`, 'its events and its log are kept in the run folder, under work/');
}

/** Of the present life. */
function configFile({ folder, life }: Member): string {
  return join(folder, `config-${life}.json`);
}
