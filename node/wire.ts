// One frame per datagram: a binary header with a CRC-32, then a slice of the JSON body. A message larger than a frame is
// split into frames with consecutive numbers and put together again with bounded memory and time per peer; a lost frame
// loses the message. What is corrupt or foreign is told apart and never reaches a protocol.
//
//   0  magic 'CL'     2  version     3  kind      4  crc32 of the bytes from 8 on, xor kind
//   8  life (u32)     12 frame (u32) 16 part (u16) 18 parts (u16)
//   20 run, from, to: a length byte and ASCII each; the rest is the body
//
// Where the run has a secret (Bytes.mac), the version is 2 and the last 16 bytes of a frame are the MAC of all before them:
// without the secret nobody can say anything, and what is not so signed is foreign. A recorded frame may still be sent
// again. That is harmless: in its own run it is a duplicate that comes late, which links bring too and every protocol
// bears, whatever life it is of; in another run it names the wrong one, and the key is another.
import { assert } from './assert.ts';
import type { Json, NodeId } from './contract.ts';

/** Text and checksum primitives, supplied by the host: pure code has no Node.js. */
export interface Bytes {
  encode(text: string): Uint8Array;
  /** Throws on invalid UTF-8 or replaces it; either is caught as corrupt. */
  decode(bytes: Uint8Array): string;
  crc32(bytes: Uint8Array): number;
  /** MAC_BYTES of a MAC under the run's secret; absent: the run has none. */
  readonly mac?: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

/** probe: measures its link, and is told apart before any replica. */
const KINDS = ['message', 'command', 'reply', 'probe'] as const;
export type Kind = (typeof KINDS)[number];

export type Header = { readonly run: string; readonly from: NodeId; readonly to: NodeId; readonly life: number; readonly kind: Kind };
export type Part = Header & { readonly frame: number; readonly part: number; readonly parts: number; readonly chunk: Uint8Array };

const VERSION = { plain: 1, signed: 2 } as const;
const FIXED_BYTES = 20;
export const MAC_BYTES = 16;

function writeName(frame: Uint8Array, at: number, name: string): number {
  frame[at] = name.length;
  for (let index = 0; index < name.length; index++) frame[at + 1 + index] = name.charCodeAt(index);
  return at + 1 + name.length;
}

function readName(frame: Uint8Array, at: number): string {
  let name = '';
  const end = at + 1 + (frame[at] ?? 0);
  for (let index = at + 1; index < end; index++) name += String.fromCharCode(frame[index] ?? 0);
  return name;
}

function writeU32(frame: Uint8Array, at: number, value: number): void {
  frame[at] = value >>> 24;
  frame[at + 1] = value >>> 16;
  frame[at + 2] = value >>> 8;
  frame[at + 3] = value;
}

function readU32(frame: Uint8Array, at: number): number {
  return (((frame[at] ?? 0) << 24) | ((frame[at + 1] ?? 0) << 16) | ((frame[at + 2] ?? 0) << 8) | (frame[at + 3] ?? 0)) >>> 0;
}

/** Bytes before the body. Names are ASCII of at most 255 characters (asserted). */
function headerBytes(header: Header): number {
  return FIXED_BYTES + 3 + header.run.length + header.from.length + header.to.length;
}

/** The frames of one message, numbered from firstFrame; each at most frameBytes long. */
export function encodeFrames(header: Header, firstFrame: number, body: Uint8Array, frameBytes: number, bytes: Bytes): readonly Uint8Array[] {
  const start = headerBytes(header);
  const { mac } = bytes;
  const signed = mac === undefined ? 0 : MAC_BYTES;
  const room = frameBytes - start - signed;
  assert(room >= 64 && start < 800, `a frame of ${frameBytes} bytes has no room behind a header of ${start}`);
  const parts = Math.max(1, Math.ceil(body.length / room));
  assert(parts <= 0xffff, 'a message has at most 65,535 parts');
  const frames: Uint8Array[] = [];
  const kind = KINDS.indexOf(header.kind);
  for (let part = 0; part < parts; part++) {
    const chunk = parts === 1 ? body : body.subarray(part * room, (part + 1) * room);
    const end = start + chunk.length;
    const frame = new Uint8Array(end + signed);
    frame[0] = 0x43;
    frame[1] = 0x4c;
    frame[2] = mac === undefined ? VERSION.plain : VERSION.signed;
    frame[3] = kind;
    writeU32(frame, 8, header.life);
    writeU32(frame, 12, firstFrame + part);
    frame[16] = part >>> 8;
    frame[17] = part;
    frame[18] = parts >>> 8;
    frame[19] = parts;
    writeName(frame, writeName(frame, writeName(frame, FIXED_BYTES, header.run), header.from), header.to);
    frame.set(chunk, start);
    writeU32(frame, 4, bytes.crc32(frame.subarray(8, end)) ^ kind);
    if (mac !== undefined) frame.set(mac(frame.subarray(0, end)), end);
    frames.push(frame);
  }
  return frames;
}

/** Before it is decoded; undefined: none. */
export function kindOf(datagram: Uint8Array): Kind | undefined {
  return KINDS[datagram[3] ?? KINDS.length];
}

/** 'foreign': not a frame of this version of the lab, or not signed as this run is; 'corrupt': its checksum or its shape is wrong. */
export function decodeFrame(datagram: Uint8Array, bytes: Bytes): Part | 'corrupt' | 'foreign' {
  const { mac } = bytes;
  const end = mac === undefined ? datagram.length : datagram.length - MAC_BYTES;
  const version = mac === undefined ? VERSION.plain : VERSION.signed;
  if (end < FIXED_BYTES || datagram[0] !== 0x43 || datagram[1] !== 0x4c || datagram[2] !== version) return 'foreign';
  const frame = mac === undefined ? datagram : datagram.subarray(0, end);
  const code = frame[3] ?? 0;
  const kind = KINDS[code];
  if (kind === undefined || readU32(frame, 4) !== (bytes.crc32(frame.subarray(8)) ^ code) >>> 0) return 'corrupt';
  // The checksum first: what a link damaged is not taken for a stranger's.
  if (mac !== undefined && !equal(mac(frame), datagram.subarray(end))) return 'foreign';
  const run = readName(frame, FIXED_BYTES);
  const fromAt = FIXED_BYTES + 1 + run.length;
  const from = readName(frame, fromAt);
  const toAt = fromAt + 1 + from.length;
  const to = readName(frame, toAt);
  const start = toAt + 1 + to.length;
  const part = ((frame[16] ?? 0) << 8) | (frame[17] ?? 0);
  const parts = ((frame[18] ?? 0) << 8) | (frame[19] ?? 0);
  if (start > frame.length || part >= parts) return 'corrupt';
  return { run, from, to, kind, life: readU32(frame, 8), frame: readU32(frame, 12), part, parts, chunk: frame.subarray(start) };
}

/** In the same time wherever they differ. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

type Incomplete = { readonly chunks: (Uint8Array | undefined)[]; missing: number; bytes: number; readonly sinceMs: number };

/** Puts the parts of one peer together: at most `maxMessages` begun messages, each of maxMessageBytes, none older than maxAgeMs. */
export class Reassembler {
  readonly maxMessageBytes: number;
  readonly maxMessages = 16;
  readonly maxAgeMs = 10_000;
  begun = new Map<string, Incomplete>();

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** The whole body once its last part is here; null before that; 'oversized' when it could not fit. */
  add(part: Part, nowMs: number): Uint8Array | null | 'oversized' {
    if (part.parts === 1) return part.chunk.length > this.maxMessageBytes ? 'oversized' : part.chunk;
    if ((part.parts - 1) * 64 > this.maxMessageBytes) return 'oversized';
    const key = `${part.life}:${part.kind}:${(part.frame - part.part) >>> 0}:${part.parts}`;
    let message = this.begun.get(key);
    if (message === undefined) {
      this.#makeRoom(nowMs);
      message = { chunks: Array.from({ length: part.parts }), missing: part.parts, bytes: 0, sinceMs: nowMs };
      this.begun.set(key, message);
    }
    if (message.chunks[part.part] !== undefined) return null;
    message.chunks[part.part] = part.chunk.slice();
    message.bytes += part.chunk.length;
    message.missing--;
    if (message.bytes > this.maxMessageBytes) {
      this.begun.delete(key);
      return 'oversized';
    }
    if (message.missing > 0) return null;
    this.begun.delete(key);
    return joined(message);
  }

  #makeRoom(nowMs: number): void {
    for (const [key, message] of this.begun) {
      if (this.begun.size < this.maxMessages && nowMs - message.sinceMs <= this.maxAgeMs) break;
      this.begun.delete(key);
    }
  }
}

function joined(message: Incomplete): Uint8Array {
  const body = new Uint8Array(message.bytes);
  let at = 0;
  for (const chunk of message.chunks) {
    if (chunk === undefined) continue;
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** Deeper JSON can be parsed, but whoever writes or walks it again would overflow the stack. */
const MAX_DEPTH = 2_000;

/** The JSON of a body, or undefined when it is none, or too deep. */
export function decodeBody(body: Uint8Array, bytes: Bytes): Json | undefined {
  // Counting is quick, and most bodies are too short or too flat to need more.
  if (body.length > 2 * MAX_DEPTH && openers(body) > MAX_DEPTH && depthOf(body) > MAX_DEPTH) return undefined;
  try {
    return JSON.parse(bytes.decode(body)) as Json;
  } catch {
    return undefined;
  }
}

/** Brackets and braces that open, those in texts too. */
function openers(body: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < body.length; index++) if (((body[index] ?? 0) | 0x20) === 0x7b) count++;
  return count;
}

/** Of JSON; whatever of other bytes. */
function depthOf(body: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let text = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index] ?? 0;
    if (text) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) text = false;
    } else if (byte === 0x22) text = true;
    else if ((byte | 0x20) === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((byte | 0x20) === 0x7d) depth--;
  }
  return deepest;
}

/** Length in UTF-8, without encoding. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
      bytes += 2;
      index++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
