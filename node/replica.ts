// Drives a machine: inputs in, ordered effects out. The same code runs in the simulator and on a host; Ports stand below.
//
// One turn delivers every waiting input, then calls the machine's turn(), then hands all that it persisted to the disk as
// one append. A send carries the number of the last persist before it and leaves when that number is durable; so an author
// writes "persist vote; send vote" and is right. Messages to self pass the same queue and arrive in a later turn.
import { assert } from './assert.ts';
import { Clients, commandOf } from './clients.ts';
import type { AnyProtocol, Command, CommandId, Env, Json, Machine, NodeId, Position, Status } from './contract.ts';
import { KeyValue } from './kv.ts';
import { changesMembers } from './options.ts';
import { Outbox } from './outbox.ts';
import type { Seat } from './seat.ts';
import { Slots } from './slots.ts';
import { decodeBody, decodeFrame, Reassembler, utf8Bytes } from './wire.ts';
import type { Bytes } from './wire.ts';

/** 'unknown' may or may not have happened: checks must allow both. */
export type Reply =
  | { readonly outcome: 'ok'; readonly value: string | null; readonly at: Position }
  | { readonly outcome: 'fail'; readonly reason: 'not-leader' | 'no-quorum' | 'busy' | 'malformed'; readonly leader?: NodeId | undefined }
  | { readonly outcome: 'unknown'; readonly reason: 'timeout' | 'connection' };

export type Input =
  | { readonly type: 'start'; readonly entries: readonly Json[] }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Json }
  | { readonly type: 'timer'; readonly name: string }
  /** from: the node that forwarded it; absent: a client of this node. */
  | { readonly type: 'command'; readonly command: Command; readonly from?: NodeId };

/** The envelope (LabEvent) adds time, node, life and sequence. */
export type NodeEvent =
  /** A command came in, of a client of this node or forwarded; each time that it comes. Kept where single messages are. */
  | { readonly type: 'arrived'; readonly id: CommandId; readonly from?: NodeId | undefined }
  | { readonly type: 'placed'; readonly id: CommandId; readonly at: Position }
  | { readonly type: 'rejected'; readonly id: CommandId; readonly reason: string; readonly leader?: NodeId | undefined }
  /** The state machine took over a state that holds all up to this slot: of another node, or of its own disk. */
  | { readonly type: 'restored'; readonly at: Position }
  | { readonly type: 'committed'; readonly command: Command | null; readonly at: Position; readonly value: string | null }
  /** Only when role, leader, epoch or configuration change. */
  | { readonly type: 'status'; readonly status: Status }
  /** frame: the sender's frame number. message: its type, or the name of its only field; of the driver's own frames, their kind. */
  | { readonly type: 'sent'; readonly peer: NodeId; readonly peerLife: number; readonly frame: number; readonly bytes: number; readonly message?: string }
  | { readonly type: 'received'; readonly peer: NodeId; readonly peerLife: number; readonly frame: number; readonly bytes: number }
  | { readonly type: 'durable'; readonly entries: number; readonly bytes: number; readonly tookMs: number }
  /** Totals of this life, each second and at the end. */
  | { readonly type: 'traffic'; readonly sent: number; readonly received: number; readonly lost: number; readonly corrupt: number;
      readonly foreign: number; readonly oversized: number; readonly bytes: number; readonly fsyncs: number }
  /** Totals of this life, each second and at the end. */
  | { readonly type: 'usage'; readonly cpuUserMs: number; readonly cpuSystemMs: number; readonly rssBytes: number; readonly loopDelayMs: number }
  | { readonly type: 'clock'; readonly errorMs: number }
  | { readonly type: 'trace'; readonly name: string; readonly detail?: Json | undefined };

/** Implemented twice: sim/world.ts and node/host. */
export interface Ports {
  now(): number;
  wallClock(): number;
  random(): number;
  send(to: NodeId, frame: Uint8Array): void;
  /** Group commit: durable() is called in order, once the entries survive any crash. Never re-enters Replica: it queues. */
  append(entries: readonly Json[], durable: () => void): void;
  replace(entries: readonly Json[], durable: () => void): void;
  setTimer(name: string, afterMs: number): void;
  setAlarm(name: string, wallClockMs: number): void;
  clearTimer(name: string): void;
  emit(event: NodeEvent): void;
  /** To the client that this node answers. */
  reply(id: CommandId, reply: Reply): void;
  readonly bytes: Bytes;
}

/** What the state of a transaction is, for GET /tx/<epoch>.<slot>. */
export type Transaction = 'Unknown' | 'Pending' | 'Committed' | 'Invalid';

export class Replica {
  readonly protocol: AnyProtocol;
  readonly seat: Seat;
  /** Frames that were dropped, and why; oversized messages were never sent. */
  readonly counters = { corrupt: 0, foreign: 0, oversized: 0 };
  readonly #ports: Ports;
  readonly #machine: Machine<Json, Json>;
  readonly #kv = new KeyValue();
  readonly #slots: Slots;
  readonly #outbox: Outbox;
  readonly #clients: Clients;
  readonly #peers = new Map<NodeId, { life: number; readonly reassembler: Reassembler }>();
  #inputs: Input[] = [];
  /** Timers that fired and wait for their turn; one that an earlier input of the turn moves or clears does not fire. */
  readonly #firing = new Set<string>();
  #reads: { readonly command: Command; readonly afterSlot: number }[] = [];
  #started = false;
  #status: Status;

  constructor(protocol: AnyProtocol, seat: Seat, ports: Ports) {
    this.protocol = protocol;
    this.seat = seat;
    this.#ports = ports;
    this.#slots = new Slots(protocol.epochsRiseWithSlot ?? false);
    for (const id of new Set([...seat.members, ...Object.keys(seat.addresses)])) this.#peers.set(id, { life: 0, reassembler: new Reassembler(seat.maxMessageBytes) });
    this.#outbox = new Outbox(seat, ports, this.counters, (message) => this.#inputs.push({ type: 'message', from: seat.self, message }),
      (peer) => this.#peers.get(peer)?.life ?? 0);
    this.#clients = new Clients(seat, ports, this.#outbox);
    this.#machine = protocol.create(this.#env()) as Machine<Json, Json>;
    this.#status = this.#machine.status();
  }

  /** Queues an input. */
  deliver(input: Input): void {
    if (input.type === 'timer') this.#firing.add(input.name);
    else if (input.type === 'command') this.#ports.emit({ type: 'arrived', id: input.command.id, ...(input.from === undefined ? {} : { from: input.from }) });
    this.#inputs.push(input);
  }

  /** Queues a datagram; what is corrupt, foreign or not JSON is counted and dropped. */
  receive(frame: Uint8Array): void {
    const part = decodeFrame(frame, this.#ports.bytes);
    if (part === 'corrupt' || part === 'foreign') {
      this.counters[part]++;
      return;
    }
    const peer = this.#peers.get(part.from);
    if (peer === undefined || part.run !== this.seat.run || part.to !== this.seat.self || part.from === this.seat.self) {
      this.counters.foreign++;
      return;
    }
    peer.life = Math.max(peer.life, part.life);
    this.#ports.emit({ type: 'received', peer: part.from, peerLife: part.life, frame: part.frame, bytes: frame.length });
    const body = peer.reassembler.add(part, this.#ports.now());
    if (body === null) return;
    if (body === 'oversized') {
      this.counters.oversized++;
      return;
    }
    const json = decodeBody(body, this.#ports.bytes);
    if (json === undefined) this.counters.corrupt++;
    else if (part.kind === 'message') this.#inputs.push({ type: 'message', from: part.from, message: json });
    else if (part.kind === 'reply') this.#clients.relayed(json);
    else this.#forwarded(part.from, json);
  }

  /** Is something queued for another turn? */
  get pending(): boolean {
    return this.#inputs.length > 0;
  }

  /** Handles everything queued as one turn. To be called once after the last waiting input, and after durable(). */
  turn(): void {
    const inputs = this.#inputs;
    if (inputs.length === 0) return;
    this.#inputs = [];
    const commands: Command[] = [];
    for (const input of inputs) {
      if (input.type === 'start') {
        assert(!this.#started, 'a replica starts once');
        this.#started = true;
        this.#machine.start(input.entries);
      } else if (!this.#started) continue;
      else if (input.type === 'message') this.#machine.message(input.from, input.message);
      else if (input.type === 'timer') {
        if (this.#firing.delete(input.name)) this.#machine.timer(input.name);
      } else if (this.#accept(input.command, input.from ?? null)) commands.push(input.command);
    }
    if (!this.#started) return;
    if (commands.length > 0) this.#machine.commands(commands);
    this.#machine.turn?.();
    this.#observeStatus();
    this.#outbox.flush();
  }

  status(): Status {
    return this.#machine.status();
  }

  /** The client of this id waits no longer. */
  forget(id: CommandId): void {
    this.#clients.forget(id);
  }

  transaction(at: Position): Transaction {
    return this.#slots.transaction(at);
  }

  query(route: `GET /${string}`, query: { readonly [key: string]: string | undefined }): { readonly status: number; readonly body: Json } {
    const handler = this.#machine.routes?.[route];
    return handler === undefined ? { status: 404, body: { error: `no such route: ${route}` } } : handler(query);
  }

  /** false: answered from the sessions, or not the machine's affair now. */
  #accept(command: Command, from: NodeId | null): boolean {
    const { id, op } = command;
    if (op.type === 'reconfigure' && !(changesMembers(this.protocol, this.seat.options) && [...op.add, ...op.remove].every((node) => this.#peers.has(node)))) {
      this.#clients.refuse(id, from);
      return false;
    }
    const answer = this.#kv.answered(command.id);
    if (answer === undefined) return this.#clients.open(command, from);
    this.#clients.answerApplied(command.id, from, answer);
    return false;
  }

  #forwarded(from: NodeId, body: Json): void {
    const command = commandOf(body);
    if (command === null) this.counters.corrupt++;
    else this.deliver({ type: 'command', command, from });
  }

  #observeStatus(): void {
    const before = this.#status;
    const status = this.#machine.status();
    this.#status = status;
    const same = before.role === status.role && before.leader === status.leader && before.epoch === status.epoch
      && before.configurations.length === status.configurations.length
      && before.configurations.every((configuration, index) => configuration.slot === status.configurations[index]?.slot);
    if (same && this.#slots.reported) return;
    this.#slots.reported = true;
    this.#ports.emit({ type: 'status', status });
    if (status.leader !== null && status.leader !== before.leader) {
      for (const command of this.#clients.leaderIs(status.leader)) this.#inputs.push({ type: 'command', command });
    }
  }

  #commit(command: Command | null, at: Position): void {
    assert(at.slot === this.#slots.applied + 1, `${this.seat.self} commits slot ${at.slot} after slot ${this.#slots.applied}`);
    const value = command === null ? null : this.#kv.apply(command, at);
    this.#slots.commit(at);
    this.#ports.emit({ type: 'committed', command, at, value });
    if (command !== null) {
      const answer = this.#kv.answered(command.id);
      if (answer !== undefined) this.#clients.applied(command.id, answer);
    }
    if (this.#reads.length > 0) this.#serveReads();
  }

  #serveReads(): void {
    const ready = this.#reads.filter((read) => read.afterSlot <= this.#slots.applied);
    if (ready.length === 0) return;
    this.#reads = this.#reads.filter((read) => read.afterSlot > this.#slots.applied);
    for (const { command } of ready) {
      this.#clients.served(command.id, { outcome: 'ok', value: this.#kv.read(command.op), at: this.#slots.last });
    }
  }

  #env(): Env<Json, Json, Json> {
    const { seat } = this;
    const ports = this.#ports;
    const outbox = this.#outbox;
    return {
      self: seat.self,
      members: seat.members,
      joining: seat.joining,
      options: seat.options,
      maxMessageBytes: seat.maxMessageBytes,
      address: (id) => {
        const address = seat.addresses[id];
        assert(address !== undefined, `no address of ${id}`);
        return address;
      },
      now: () => ports.now(),
      wallClock: () => ports.wallClock(),
      random: () => ports.random(),
      persist: (...entries) => outbox.persist(entries),
      checkpoint: (entries) => outbox.checkpoint(entries),
      send: (to, message) => outbox.send(to, message),
      sendBeforeDurable: (to, message) => outbox.sendBeforeDurable(to, message),
      place: (id, at) => {
        if (!this.#slots.place(id, at) || id === null) return;
        this.#clients.placed(id);
        ports.emit({ type: 'placed', id, at });
      },
      commit: (command, at) => this.#commit(command, at),
      reject: (id, reason, leader) => {
        ports.emit({ type: 'rejected', id, reason, leader });
        this.#clients.rejected(id, reason, leader);
      },
      serve: (command, afterSlot) => {
        this.#reads.push({ command, afterSlot });
        this.#serveReads();
      },
      sizeOf: (message) => utf8Bytes(JSON.stringify(message)),
      snapshot: () => ({ state: this.#kv.snapshot(), at: this.#slots.last }),
      restore: (state, at) => {
        assert(at.slot >= this.#slots.applied, `restore goes back from slot ${this.#slots.applied} to ${at.slot}`);
        this.#kv.restore(state);
        this.#slots.restore(at);
        ports.emit({ type: 'restored', at });
      },
      setTimer: (name, afterMs) => {
        this.#firing.delete(name);
        ports.setTimer(name, afterMs);
      },
      setAlarm: (name, wallClockMs) => {
        this.#firing.delete(name);
        ports.setAlarm(name, wallClockMs);
      },
      clearTimer: (name) => {
        this.#firing.delete(name);
        ports.clearTimer(name);
      },
      trace: (name, detail) => ports.emit({ type: 'trace', name, detail }),
    };
  }
}
