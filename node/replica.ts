// Drives a machine: inputs in, ordered effects out.
import type { AnyProtocol, Command, CommandId, Json, NodeId, Position, Status } from './contract.ts';
import type { Seat } from './seat.ts';
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
  | { readonly type: 'command'; readonly command: Command };

/** The envelope (LabEvent) adds time, node, life and sequence. */
export type NodeEvent =
  | { readonly type: 'placed'; readonly id: CommandId; readonly at: Position }
  | { readonly type: 'rejected'; readonly id: CommandId; readonly reason: string; readonly leader?: NodeId | undefined }
  | { readonly type: 'committed'; readonly command: Command | null; readonly at: Position; readonly value: string | null }
  /** Only when role, leader, epoch or configuration change. */
  | { readonly type: 'status'; readonly status: Status }
  /** frame: the sender's frame number. */
  | { readonly type: 'sent' | 'received'; readonly peer: NodeId; readonly peerLife: number; readonly frame: number; readonly bytes: number }
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

export declare class Replica {
  constructor(protocol: AnyProtocol, seat: Seat, ports: Ports);
  /** Queues an input. */
  deliver(input: Input): void;
  /** Queues a datagram. */
  receive(frame: Uint8Array): void;
  /** Handles everything queued as one turn. To be called once after the last waiting input, and after durable(). */
  turn(): void;
  /** After the last turn of an instant: is something queued for another turn? */
  readonly pending: boolean;
  status(): Status;
  query(route: `GET /${string}`, query: { readonly [key: string]: string | undefined }): { readonly status: number; readonly body: Json };
}
