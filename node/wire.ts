// Frame codec.
import type { Json, NodeId } from './contract.ts';

/** Text and checksum primitives, supplied by the host: pure code has no Node.js. */
export interface Bytes {
  encode(text: string): Uint8Array;
  decode(bytes: Uint8Array): string;
  crc32(bytes: Uint8Array): number;
}
export type Envelope = {
  readonly run: string; readonly from: NodeId; readonly to: NodeId; readonly life: number; readonly frame: number;
  readonly kind: 'message' | 'command' | 'reply'; readonly body: Json;
};
