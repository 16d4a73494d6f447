// A cluster in virtual time. Synchronous: a heap of what is still to happen, no promises, no host clock, and a random stream
// of its own for each link, node life, disk life and clock; so seed and code fix every byte of the event stream.
//
// All inputs of one instant at one node are one turn. Frames are real bytes, encoded and decoded by the code that a host
// runs, so that a flipped bit meets the real checksum.
import { assert } from '../node/assert.ts';
import { openClock } from '../node/clock.ts';
import type { ClockChange, ClockSpec } from '../node/clock.ts';
import type { DiskChange, DiskKept } from '../node/disk-fault.ts';
import type { AnyProtocol, Command, Json, NodeId, Status } from '../node/contract.ts';
import { EventQueue } from '../node/kit/event-queue.ts';
import { randomStream } from '../node/kit/random.ts';
import type { Reply } from '../node/replica.ts';
import type { Detail, Seat } from '../node/seat.ts';
import type { Bytes } from '../node/wire.ts';
import { openLink, scheduledJitter } from '../netem/link.ts';
import type { Link, LinkMatrix, LinkState } from '../netem/link.ts';
import { LinkOverlays } from '../netem/overlay.ts';
import type { ChangedLink } from '../netem/overlay.ts';
import type { ScheduledLink } from '../netem/schedule.ts';
import type { Moment } from './moments.ts';
import { SimulatedNode } from './node.ts';
import type { WorldEvent } from './surroundings.ts';

export type WorldSpec = {
  readonly protocol: AnyProtocol;
  readonly seats: readonly Omit<Seat, 'life'>[];
  readonly clocks: { readonly [id: NodeId]: ClockSpec };
  readonly seed: string;
  /** Every wall clock starts here. */
  readonly epochMs: number;
  readonly links: LinkMatrix;
  readonly fsyncMs: number;
  /** A node answers unknown/timeout to a command that is open for so long. */
  readonly requestTimeoutMs: number;
  readonly detail: Detail;
  readonly bytes: Bytes;
};

type Channel = { readonly from: NodeId; readonly to: SimulatedNode; readonly random: () => number; link: Link; state: LinkState; cut: boolean };

/** Of traffic and clock events. */
const TELL_EVERY_MS = 1000;

export class World {
  readonly #spec: WorldSpec;
  readonly #nodes = new Map<NodeId, SimulatedNode>();
  readonly #channels = new Map<NodeId, Map<NodeId, Channel>>();
  readonly #overlays: LinkOverlays;
  readonly #queue = new EventQueue();
  readonly #awake = new Set<SimulatedNode>();
  #nowMs = 0;

  /** seen: may do to the world what a fault does, in the very instant. */
  constructor(spec: WorldSpec, emit: (event: WorldEvent) => void, seen: (node: NodeId, moment: Moment) => void = () => undefined) {
    this.#spec = spec;
    this.#overlays = new LinkOverlays(spec.links);
    const { protocol, seed, fsyncMs, requestTimeoutMs, detail, bytes } = spec;
    for (const seat of spec.seats) {
      const clock = spec.clocks[seat.self];
      assert(clock !== undefined, `no clock for ${seat.self}`);
      this.#nodes.set(seat.self, new SimulatedNode(seat, openClock(clock, spec.epochMs, randomStream(seed, 'clock', seat.self)), {
        protocol, seed, fsyncMs, requestTimeoutMs, detail, bytes, emit, seen,
        now: () => this.#nowMs,
        at: (atMs, run) => this.at(atMs, run),
        transmit: (from, to, frame) => this.#transmit(from, to, frame),
        wake: (node) => this.#awake.add(node),
      }));
    }
    this.#tellAt(TELL_EVERY_MS);
  }

  /** Virtual ms since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** A first life, or the next one from what the disk kept. Nothing happens to a node that is up. */
  start(node: NodeId): void {
    this.#node(node).start();
  }

  /** A new life; one that is up loses what no flush covers. */
  restart(node: NodeId): void {
    this.#node(node).crash('lose-unsynced');
    this.#node(node).start();
  }

  crash(node: NodeId, disk: DiskKept): void {
    this.#node(node).crash(disk);
  }

  /** In order: what was handed to the disk is durable. It is done at once, whatever grace a process would need. */
  stop(node: NodeId): void {
    this.#node(node).crash('keep');
  }

  /** Its inputs wait until it resumes; beyond 4,096 frames they are lost. */
  pause(node: NodeId): void {
    this.#node(node).pause();
  }

  resume(node: NodeId): void {
    this.#node(node).resume();
  }

  /** One way each; null takes this overlay off. */
  cut(overlay: string, pairs: readonly (readonly [NodeId, NodeId])[] | null): void {
    this.#overlays.cut(overlay, pairs);
    for (const row of this.#channels.values()) {
      for (const channel of row.values()) channel.cut = this.#overlays.isCut(channel.from, channel.to.id);
    }
  }

  /** One way each; null takes this overlay off. A link that stays as it was keeps its state. */
  links(overlay: string, changes: readonly ChangedLink[] | null): void {
    this.#overlays.change(overlay, changes);
    for (const row of this.#channels.values()) for (const channel of row.values()) this.#refresh(channel);
  }

  /** What the plan has for these links from now on, under whatever faults lay over them. */
  schedule(links: readonly ScheduledLink[]): void {
    this.#overlays.schedule(links);
    for (const [from, to] of links) {
      const channel = this.#channels.get(from)?.get(to);
      if (channel !== undefined) this.#refresh(channel);
    }
  }

  #refresh(channel: Channel): void {
    const link = this.#overlays.uncut(channel.from, channel.to.id);
    if (link === channel.link) return;
    channel.link = link;
    channel.state = this.#openLink(link, channel.from, channel.to.id, channel.random);
  }

  /** null: back to the plan's disk. */
  disk(node: NodeId, change: DiskChange | null): void {
    this.#node(node).changeDisk(change);
  }

  /** null: back to the plan's clock. */
  clock(node: NodeId, change: ClockChange | null): void {
    this.#node(node).changeClock(change);
  }

  /** Arrives at the node in this instant; is answered once, whatever happens to the node. */
  request(node: NodeId, command: Command, answer: (reply: Reply) => void): void {
    this.at(this.#nowMs, () => this.#node(node).request(command, answer));
  }

  at(timeMs: number, run: () => void): void {
    assert(timeMs >= this.#nowMs, `${timeMs} ms lies before now, ${this.#nowMs} ms`);
    this.#queue.push(timeMs, run);
  }

  /** null: it is down. */
  status(node: NodeId): Status | null {
    return this.#node(node).status();
  }

  isUp(node: NodeId): boolean {
    return this.#node(node).isUp;
  }

  /** null: it is down. */
  query(node: NodeId, route: `GET /${string}`, query: { readonly [key: string]: string | undefined }): { readonly status: number; readonly body: Json } | null {
    return this.#node(node).query(route, query);
  }

  /** Everything up to and at this time happens. */
  advance(toMs: number): void {
    for (;;) {
      const { nextMs } = this.#queue;
      if (nextMs > this.#nowMs && this.#awake.size > 0) {
        this.#turns();
        continue;
      }
      if (nextMs > toMs) break;
      this.#nowMs = nextMs;
      this.#queue.pop()?.();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  /** The last totals of every life. */
  close(): void {
    for (const node of this.#nodes.values()) node.tell();
  }

  #turns(): void {
    const awake = [...this.#awake];
    this.#awake.clear();
    for (const node of awake) node.turn();
  }

  #tellAt(atMs: number): void {
    this.at(atMs, () => {
      for (const node of this.#nodes.values()) node.tell();
      this.#tellAt(atMs + TELL_EVERY_MS);
    });
  }

  #node(id: NodeId): SimulatedNode {
    const node = this.#nodes.get(id);
    assert(node !== undefined, `no node ${id} in this world`);
    return node;
  }

  #transmit(from: NodeId, to: NodeId, frame: Uint8Array): boolean {
    const channel = this.#channels.get(from)?.get(to) ?? this.#openChannel(from, to);
    if (channel === null || channel.cut) return false;
    const deliveries = channel.state.transmit(frame.length, this.#nowMs);
    for (const { afterMs, corrupt } of deliveries) {
      const arriving = corrupt ? flipped(frame, channel.random) : frame;
      this.#queue.push(this.#nowMs + afterMs, () => channel.to.receive(arriving));
    }
    return deliveries.length > 0;
  }

  #openLink(link: Link, from: NodeId, to: NodeId, random: () => number): LinkState {
    return openLink(link, random, scheduledJitter(link, this.#spec.seed, from, to));
  }

  /** null: to nobody. */
  #openChannel(from: NodeId, to: NodeId): Channel | null {
    const target = this.#nodes.get(to);
    if (target === undefined) return null;
    const link = this.#overlays.uncut(from, to);
    const random = randomStream(this.#spec.seed, 'link', from, to);
    const channel = { from, to: target, random, link, cut: this.#overlays.isCut(from, to), state: this.#openLink(link, from, to, random) };
    const row = this.#channels.get(from);
    if (row === undefined) this.#channels.set(from, new Map([[to, channel]]));
    else row.set(to, channel);
    return channel;
  }
}

/** A copy with one bit flipped. */
function flipped(frame: Uint8Array, random: () => number): Uint8Array {
  const copy = frame.slice();
  const bit = Math.floor(random() * copy.length * 8);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
