// One replica on a real machine: the Ports below Replica, and the turns.
//
// Everything that became readable in one turn of the event loop is one turn of the replica. What a turn brings about
// leaves in this order: events to their file, datagrams, the flush of the disk, answers to clients. So nobody is told what
// the event file does not know, and the network works while the disk does.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Link } from '../../netem/link.ts';
import { openClock } from '../clock.ts';
import type { Clock, ClockChange } from '../clock.ts';
import type { AnyProtocol, Command, CommandId, Json, NodeId, Position } from '../contract.ts';
import type { DiskChange } from '../disk-fault.ts';
import { randomStream } from '../kit/random.ts';
import type { ProbeOrder, ProbeReport } from '../../netem/probe.ts';
import { Replica } from '../replica.ts';
import type { NodeEvent, Ports, Reply, Transaction } from '../replica.ts';
import type { HostConfig } from '../seat.ts';
import type { Bytes } from '../wire.ts';
import { bytesUnder } from './bytes.ts';
import { Timers } from './clock.ts';
import { leaveAsCrashed } from './dead-disk.ts';
import { openDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import type { EventFile } from './events.ts';
import type { Node } from './http.ts';
import { Pending } from './pending.ts';
import { Probes } from './probes.ts';
import { Shaping } from './shaping.ts';
import type { Udp } from './udp.ts';

/** Datagrams that wait for a turn; beyond it they are lost. */
const MAX_QUEUED_FRAMES = 16_384;
/** 'sampled' keeps one frame in so many, by its number, so that what was sent and what was received match; and one flush. */
const SAMPLE_EVERY = 16;
/** Messages to self handled in a row before the event loop has its turn. */
const MAX_ROUNDS = 16;
const REPORT_MS = 1_000;
const LOOP_RESOLUTION_MS = 10;

export type HostParts = {
  readonly config: HostConfig;
  readonly protocol: AnyProtocol;
  readonly now: () => number;
  readonly events: EventFile;
  /** The process is to end in order. */
  readonly stop: () => void;
  /** The process is to end at once, with this line. */
  readonly fail: (error: unknown) => void;
};

export class Host implements Node, Ports {
  readonly bytes: Bytes;
  readonly random: () => number;
  readonly now: () => number;
  readonly #parts: HostParts;
  readonly #config: HostConfig;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #shaping: Shaping;
  readonly #pending: Pending;
  readonly #probes: Probes;
  readonly #traffic = { sent: 0, received: 0, bytes: 0 };
  readonly #skips: (count: number) => boolean;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #udp: Udp | null = null;
  #disk: Disk | null = null;
  #diskChange: DiskChange | null = null;
  #replica: Replica | null = null;
  #frames: Uint8Array[] = [];
  #lostFrames = 0;
  #outgoing: { readonly to: NodeId; readonly frame: Uint8Array }[] = [];
  #replies: { readonly id: CommandId; readonly reply: Reply }[] = [];
  #scheduled = false;
  #stopped = false;
  #reporter: NodeJS.Timeout | null = null;

  constructor(parts: HostParts) {
    const { config, now } = parts;
    const { self, life } = config.seat;
    this.#parts = parts;
    this.#config = config;
    this.bytes = bytesUnder(config.secret);
    this.#skips = config.detail === 'messages' ? () => false : config.detail === 'totals' ? () => true : (count) => count % SAMPLE_EVERY !== 0;
    this.random = randomStream(config.seed, 'node', self, life);
    this.#clock = openClock(config.clock, config.epochMs, randomStream(config.seed, 'clock', self));
    this.#timers = new Timers(this.#clock, now, this.#schedule);
    this.now = () => this.#clock.monotonic(now());
    this.#shaping = new Shaping(config.seed, self, now, (to, frame) => this.#udp?.send(to, frame));
    this.#probes = new Probes({
      seat: config.seat, peers: new Set(Object.keys(config.sockets).filter((id) => id !== self)), bytes: this.bytes, originNs: BigInt(config.originNs),
      monotonicNs: () => process.hrtime.bigint(), send: (to, frame) => this.#shaping.send(to, frame),
    });
    this.#pending = new Pending(config.maxPending, config.requestTimeoutMs, now, (id) => this.#replica?.forget(id));
  }

  useSocket(udp: Udp): void {
    this.#udp = udp;
  }

  // Node: what HTTP asks.

  go(): boolean {
    if (this.#replica !== null) return false;
    const { config, protocol, now } = this.#parts;
    const { self, life } = config.seat;
    leaveAsCrashed(config.dataDir, config.diskKept, randomStream(config.seed, 'disk', self, life - 1));
    const opened = openDisk({
      node: self, folder: config.dataDir, change: () => this.#diskChange, minimumMs: config.fsyncMs === 'real' ? 0 : config.fsyncMs, now,
      flushed: (entries, bytes, tookMs) => this.emit({ type: 'durable', entries, bytes, tookMs }),
      settled: this.#schedule,
      trace: (name, detail) => {
        this.emit({ type: 'trace', name, detail });
        this.#parts.events.flush();
      },
      failed: this.#parts.fail,
    });
    this.#disk = opened.disk;
    this.#replica = new Replica(protocol, config.seat, this);
    this.#replica.deliver({ type: 'start', entries: opened.entries });
    this.#loopDelay.enable();
    this.#reporter = setInterval(() => this.#report(), REPORT_MS);
    this.#schedule();
    return true;
  }

  submit(commands: readonly Command[], answer: (replies: readonly Reply[]) => void): 'held' | 'full' | (() => void) {
    const replica = this.#replica;
    if (replica === null || this.#stopped) return 'held';
    if (this.#pending.room < commands.length) return 'full';
    const replies: Reply[] = [];
    let missing = commands.length;
    const abandons: (() => void)[] = [];
    for (const [index, command] of commands.entries()) {
      abandons.push(this.#pending.add(command.id, (reply) => {
        replies[index] = reply;
        if (--missing === 0) answer(replies);
      }));
      replica.deliver({ type: 'command', command });
    }
    this.#schedule();
    return () => {
      for (const abandon of abandons) abandon();
    };
  }

  status(): Json {
    const { seat, protocol } = this.#config;
    const place = { node: seat.self, life: seat.life, run: seat.run, protocol };
    return this.#replica === null ? { ...place, held: true } : { ...place, held: false, ...this.#replica.status() };
  }

  transaction(at: Position): Transaction | 'held' {
    return this.#replica === null ? 'held' : this.#replica.transaction(at);
  }

  query(route: `GET /${string}`, query: { readonly [key: string]: string | undefined }): { readonly status: number; readonly body: Json } {
    return this.#replica === null ? { status: 404, body: null } : this.#replica.query(route, query);
  }

  events(after: number, limit: number): string {
    return this.#parts.events.tail(after, limit);
  }

  setLinks(links: { readonly [to: NodeId]: Link }): void {
    this.#shaping.setLinks(links);
  }

  probe(order: ProbeOrder): string | null {
    return this.#probes.start(order);
  }

  probes(): ProbeReport {
    return this.#probes.report();
  }

  changeDisk(change: DiskChange | null): void {
    this.#diskChange = change === null ? null : { ...this.#diskChange, ...change };
  }

  changeClock(change: ClockChange | null): void {
    this.#clock.change(this.#parts.now(), change);
    this.#timers.aim();
  }

  stop(): void {
    this.#parts.stop();
  }

  // Ports: what the replica asks.

  wallClock(): number {
    return this.#clock.wall(this.#parts.now());
  }

  send(to: NodeId, frame: Uint8Array): void {
    this.#outgoing.push({ to, frame });
  }

  append(entries: readonly Json[], durable: () => void): void {
    this.#disk?.append(entries, durable);
  }

  replace(entries: readonly Json[], durable: () => void): void {
    this.#disk?.replace(entries, durable);
  }

  setTimer(name: string, afterMs: number): void {
    this.#timers.setTimer(name, afterMs);
  }

  setAlarm(name: string, wallClockMs: number): void {
    this.#timers.setAlarm(name, wallClockMs);
  }

  clearTimer(name: string): void {
    this.#timers.clear(name);
  }

  emit(event: NodeEvent): void {
    if (event.type === 'sent' || event.type === 'received') {
      this.#traffic[event.type]++;
      if (event.type === 'sent') this.#traffic.bytes += event.bytes;
      if (this.#skips(event.frame)) return;
    } else if (event.type === 'durable' && this.#skips(this.#disk?.fsyncs ?? 0)) return;
    else if (event.type === 'arrived' && this.#config.detail !== 'messages') return;
    this.#parts.events.emit(event);
  }

  reply(id: CommandId, reply: Reply): void {
    this.#replies.push({ id, reply });
  }

  // Turns.

  /** From the socket; a held node hears nothing but probes. */
  readonly received = (frame: Uint8Array): void => {
    if (this.#probes.received(frame)) return;
    if (this.#replica === null || this.#frames.length >= MAX_QUEUED_FRAMES) this.#lostFrames++;
    else {
      this.#frames.push(frame);
      this.#schedule();
    }
  };

  readonly #schedule = (): void => {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  };

  readonly #turn = (): void => {
    this.#scheduled = false;
    const replica = this.#replica;
    if (replica === null || this.#stopped) return;
    if (this.#frames.length > 0) {
      const frames = this.#frames;
      this.#frames = [];
      for (const frame of frames) replica.receive(frame);
    }
    // After the datagrams: what has arrived may move or clear a timer that is due, and Replica then drops its firing.
    for (let name = this.#timers.take(); name !== null; name = this.#timers.take()) replica.deliver({ type: 'timer', name });
    let rounds = 0;
    while (replica.pending && rounds++ < MAX_ROUNDS) replica.turn();
    this.#settle();
    if (replica.pending) this.#schedule();
  };

  /** What the turn brought about leaves. */
  #settle(): void {
    try {
      this.#parts.events.flush();
    } catch (error) {
      this.#parts.fail(error);
      return;
    }
    if (this.#outgoing.length > 0) {
      const outgoing = this.#outgoing;
      this.#outgoing = [];
      for (const { to, frame } of outgoing) this.#shaping.send(to, frame);
    }
    this.#disk?.flush();
    if (this.#replies.length > 0) {
      const replies = this.#replies;
      this.#replies = [];
      for (const { id, reply } of replies) this.#pending.settle(id, reply);
    }
  }

  #report(): void {
    const udp = this.#udp?.totals;
    const counters = this.#replica?.counters;
    if (udp === undefined || counters === undefined) return;
    this.emit({
      type: 'traffic', ...this.#traffic, lost: udp.lost + this.#shaping.lost + this.#lostFrames, corrupt: counters.corrupt + this.#probes.counters.corrupt,
      foreign: udp.foreign + counters.foreign + this.#probes.counters.foreign, oversized: udp.oversized + counters.oversized, fsyncs: this.#disk?.fsyncs ?? 0,
    });
    const cpu = process.cpuUsage();
    // The histogram holds whole intervals of its own timer.
    const loopDelayMs = Math.max(0, this.#loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
    this.#loopDelay.reset();
    this.emit({ type: 'usage', cpuUserMs: cpu.user / 1000, cpuSystemMs: cpu.system / 1000, rssBytes: process.memoryUsage.rss(), loopDelayMs });
    this.emit({ type: 'clock', errorMs: this.#clock.errorMs(this.#parts.now()) });
    this.#schedule();
  }

  /** Ends in order: no more turns, what was handed to the disk is durable, the last totals are written. */
  async close(): Promise<void> {
    if (this.#reporter !== null) clearInterval(this.#reporter);
    this.#report();
    this.#stopped = true;
    this.#timers.stop();
    this.#probes.stop();
    this.#shaping.stop();
    this.#pending.stop();
    this.#loopDelay.disable();
    this.#udp?.close();
    await this.#disk?.close();
    this.#parts.events.close();
  }
}
