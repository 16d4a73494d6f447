// What the world is to one of its nodes, and what it is told of it.
import type { AnyProtocol, NodeId } from '../node/contract.ts';
import type { NodeEvent } from '../node/replica.ts';
import type { Detail } from '../node/seat.ts';
import type { Bytes } from '../node/wire.ts';
import type { Moment } from './moments.ts';
import type { SimulatedNode } from './node.ts';

/** atMs: true time since the world began. */
export type WorldEvent = { readonly atMs: number; readonly node: NodeId; readonly life: number; readonly sequence: number } & NodeEvent;

/** What the world is to a node. */
export type Surroundings = {
  readonly protocol: AnyProtocol;
  readonly seed: string;
  readonly fsyncMs: number;
  readonly requestTimeoutMs: number;
  readonly detail: Detail;
  readonly bytes: Bytes;
  now(): number;
  at(atMs: number, run: () => void): void;
  /** false: the link lost it. */
  transmit(from: NodeId, to: NodeId, frame: Uint8Array): boolean;
  /** This node has something for a turn at the end of this instant. */
  wake(node: SimulatedNode): void;
  emit(event: WorldEvent): void;
  /** The node may crash in this call, in the middle of a turn: nothing more leaves that life. */
  seen(node: NodeId, moment: Moment): void;
};
