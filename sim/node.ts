// One node of the simulated cluster: what lasts (its disk, its clock, its count of events) and the life it is living. Every
// input of a life passes #input: a dead node loses it, a paused one keeps it, and a bug in the machine is told with its place.
import type { Clock, ClockChange } from '../node/clock.ts';
import type { Command, CommandId, NodeId, Status } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import { assert } from '../node/assert.ts';
import { DISK_TRACES } from '../node/disk-fault.ts';
import type { DiskChange, DiskKept } from '../node/disk-fault.ts';
import { Replica } from '../node/replica.ts';
import type { NodeEvent, Ports, Reply } from '../node/replica.ts';
import type { Seat } from '../node/seat.ts';
import { Disk } from './disk.ts';
import { Moments } from './moments.ts';
import type { Surroundings } from './surroundings.ts';
import { Timers } from './timers.ts';

type Life = {
  readonly number: number;
  readonly replica: Replica;
  readonly timers: Timers;
  /** Who waits for the answer to a command: a client may ask again while its first request is open. */
  readonly waiting: Map<CommandId, ((reply: Reply) => void)[]>;
  readonly traffic: { sent: number; received: number; lost: number; bytes: number; fsyncs: number };
  /** What arrived while the process stood still. */
  readonly held: (() => void)[];
  heldFrames: number;
  readonly moments: Moments;
};

/** A paused process's socket buffer, in datagrams. */
const MAX_HELD_FRAMES = 4096;
/** With detail 'sampled' one frame in so many is told, and one flush. */
const SAMPLE_EVERY = 16;
/** A machine that keeps sending to itself would stop time. */
const MAX_TURNS_PER_INSTANT = 1000;
const UNREACHABLE: Reply = { outcome: 'unknown', reason: 'connection' };

export class SimulatedNode {
  readonly id: NodeId;
  readonly #seat: Omit<Seat, 'life'>;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #disk: Disk;
  readonly #skip: (count: number) => boolean;
  #life: Life | null = null;
  #lives = 0;
  /** The last life that has ended: its machine may still be within a turn, of which nothing may come. */
  #over = 0;
  #paused = false;
  #sequence = 0;
  #instantMs = -1;
  #turns = 0;

  constructor(seat: Omit<Seat, 'life'>, clock: Clock, around: Surroundings) {
    this.id = seat.self;
    this.#seat = seat;
    this.#clock = clock;
    this.#around = around;
    this.#skip = around.detail === 'messages' ? () => false : around.detail === 'totals' ? () => true : (count) => count % SAMPLE_EVERY !== 0;
    this.#disk = new Disk({
      fsyncMs: around.fsyncMs,
      later: (afterMs, run) => around.at(around.now() + afterMs, () => this.#input(run)),
      flushing: () => around.seen(this.id, 'flush'),
      flushed: (entries, bytes, tookMs) => this.#flushed(entries, bytes, tookMs),
      failed: (fault) => this.#diskFailed(fault),
    });
  }

  get isUp(): boolean {
    return this.#life !== null;
  }

  status(): Status | null {
    return this.#life?.replica.status() ?? null;
  }

  query(...route: Parameters<Replica['query']>): ReturnType<Replica['query']> | null {
    return this.#life?.replica.query(...route) ?? null;
  }

  /** A new life from what the disk kept; nothing when it is up. A node whose log is damaged refuses to start. */
  start(): void {
    if (this.#life !== null) return;
    const number = ++this.#lives;
    const log = this.#disk.open();
    if (log === null) {
      this.#emit(number, { type: 'trace', name: DISK_TRACES.damaged });
      return;
    }
    const { protocol } = this.#around;
    const timers = new Timers({
      clock: this.#clock,
      now: () => this.#around.now(),
      at: (atMs, run) => this.#around.at(atMs, run),
      fire: (name) => this.#input(() => this.#life?.replica.deliver({ type: 'timer', name })),
    });
    this.#paused = false;
    this.#guarded(() => {
      this.#life = {
        number, timers, waiting: new Map(), traffic: { sent: 0, received: 0, lost: 0, bytes: 0, fsyncs: 0 }, held: [], heldFrames: 0,
        moments: new Moments((moment) => { if (number > this.#over) this.#around.seen(this.id, moment); }),
        replica: new Replica(protocol, { ...this.#seat, life: number }, this.#ports(number, timers)),
      };
    });
    if (log.torn) this.#emit(number, { type: 'trace', name: DISK_TRACES.torn });
    this.#input(() => this.#life?.replica.deliver({ type: 'start', entries: log.entries }));
    this.#around.seen(this.id, 'started');
  }

  crash(mode: DiskKept): void {
    const life = this.#life;
    if (life === null) return;
    this.#tellTraffic(life);
    life.timers.stop();
    this.#life = null;
    this.#over = life.number;
    this.#disk.crash(mode, randomStream(this.#around.seed, 'disk', this.id, life.number));
    for (const id of life.waiting.keys()) this.#answer(life, id, UNREACHABLE);
  }

  pause(): void {
    if (this.#life === null) return;
    this.#paused = true;
    this.#life.timers.stop();
  }

  resume(): void {
    const life = this.#life;
    if (life === null || !this.#paused) return;
    this.#paused = false;
    life.heldFrames = 0;
    for (const run of life.held.splice(0)) this.#input(run);
    life.timers.resume();
    this.#around.wake(this);
  }

  changeClock(change: ClockChange | null): void {
    this.#clock.change(this.#around.now(), change);
    this.#life?.timers.aimAgain();
  }

  changeDisk(change: DiskChange | null): void {
    this.#disk.change(change);
  }

  receive(frame: Uint8Array): void {
    const life = this.#life;
    if (life === null) return;
    if (this.#paused && ++life.heldFrames > MAX_HELD_FRAMES) life.traffic.lost++;
    else this.#input(() => life.replica.receive(frame));
  }

  request(command: Command, answer: (reply: Reply) => void): void {
    const life = this.#life;
    if (life === null) {
      answer(UNREACHABLE);
      return;
    }
    const waiting = life.waiting.get(command.id);
    if (waiting === undefined) life.waiting.set(command.id, [answer]);
    else waiting.push(answer);
    this.#around.at(this.#around.now() + this.#around.requestTimeoutMs, () => this.#giveUp(life, command.id, answer));
    this.#input(() => life.replica.deliver({ type: 'command', command }));
  }

  /** One turn over all that arrived in this instant. */
  turn(): void {
    const life = this.#life;
    if (life === null || this.#paused) return;
    const nowMs = this.#around.now();
    if (nowMs !== this.#instantMs) {
      this.#instantMs = nowMs;
      this.#turns = 0;
    }
    this.#guarded(() => {
      assert(++this.#turns <= MAX_TURNS_PER_INSTANT, `more than ${MAX_TURNS_PER_INSTANT} turns in one instant`);
      life.replica.turn();
      assert(life.replica.counters.oversized === 0, 'a message is larger than maxMessageBytes');
    });
    if (life.replica.pending) this.#around.wake(this);
  }

  /** Each second and at the end. */
  tell(): void {
    if (this.#life === null || this.#paused) return;
    this.#tellTraffic(this.#life);
    const errorMs = this.#clock.errorMs(this.#around.now());
    if (errorMs !== 0) this.#emit(this.#life.number, { type: 'clock', errorMs });
  }

  #input(run: () => void): void {
    if (this.#life === null) return;
    if (this.#paused) {
      this.#life.held.push(run);
      return;
    }
    this.#guarded(run);
    this.#around.wake(this);
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      const place = `${this.id} at ${this.#around.now()} ms`;
      if (!(error instanceof Error)) throw new Error(`${place}: ${String(error)}`, { cause: error });
      // It stays what it is: whose mistake it was says its class.
      error.message = `${place}: ${error.message}`;
      throw error;
    }
  }

  #ports(life: number, timers: Timers): Ports {
    const around = this.#around;
    const clock = this.#clock;
    const isOver = () => life <= this.#over;
    return {
      now: () => clock.monotonic(around.now()),
      wallClock: () => clock.wall(around.now()),
      random: randomStream(around.seed, 'node', this.id, life),
      send: (to, frame) => { if (!isOver()) this.#send(to, frame); },
      append: (entries, durable) => { if (!isOver()) this.#disk.append(entries, durable); },
      replace: (entries, durable) => { if (!isOver()) this.#disk.replace(entries, durable); },
      setTimer: (name, afterMs) => timers.setTimer(name, afterMs),
      setAlarm: (name, wallClockMs) => timers.setAlarm(name, wallClockMs),
      clearTimer: (name) => timers.clear(name),
      emit: (event) => { if (!isOver()) this.#observe(life, event); },
      reply: (id, reply) => {
        if (!isOver() && this.#life !== null) this.#answer(this.#life, id, reply);
      },
      bytes: around.bytes,
    };
  }

  #send(to: NodeId, frame: Uint8Array): void {
    const transmitted = this.#around.transmit(this.id, to, frame);
    const life = this.#life;
    if (life === null) return;
    if (!transmitted) life.traffic.lost++;
    life.moments.sent();
  }

  #observe(life: number, event: NodeEvent): void {
    if (event.type === 'sent' || event.type === 'received') {
      const traffic = this.#life?.traffic;
      if (traffic !== undefined) {
        traffic[event.type]++;
        if (event.type === 'sent') traffic.bytes += event.bytes;
      }
      if (this.#skip(event.frame)) return;
    } else if (event.type === 'arrived' && this.#around.detail !== 'messages') return;
    this.#emit(life, event);
    if (event.type === 'placed' || event.type === 'committed') this.#around.seen(this.id, event.type);
    else if (event.type === 'status') this.#life?.moments.status(event.status);
  }

  #emit(life: number, event: NodeEvent): void {
    this.#around.emit({ atMs: this.#around.now(), node: this.id, life, sequence: this.#sequence++, ...event });
  }

  #tellTraffic({ number, replica, traffic }: Life): void {
    this.#emit(number, { type: 'traffic', ...traffic, ...replica.counters });
  }

  #diskFailed(fault: 'error' | 'full'): void {
    if (this.#life === null) return;
    this.#emit(this.#life.number, { type: 'trace', name: DISK_TRACES.failed, detail: fault });
    this.crash('lose-unsynced');
  }

  #flushed(entries: number, bytes: number, tookMs: number): void {
    const life = this.#life;
    if (life === null) return;
    if (!this.#skip(life.traffic.fsyncs++)) this.#emit(life.number, { type: 'durable', entries, bytes, tookMs });
    life.moments.durable();
  }

  /** Answers leave the turn that gives them before a client sees them. */
  #answer(life: Life, id: CommandId, reply: Reply): void {
    const waiting = life.waiting.get(id);
    if (waiting === undefined) return;
    life.waiting.delete(id);
    this.#around.at(this.#around.now(), () => {
      for (const answer of waiting) answer(reply);
    });
  }

  #giveUp(life: Life, id: CommandId, answer: (reply: Reply) => void): void {
    const waiting = life.waiting.get(id);
    const index = waiting?.indexOf(answer) ?? -1;
    if (waiting === undefined || index < 0) return;
    waiting.splice(index, 1);
    if (waiting.length === 0) {
      life.waiting.delete(id);
      life.replica.forget(id);
    }
    answer({ outcome: 'unknown', reason: 'timeout' });
  }
}
