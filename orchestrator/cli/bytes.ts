// Text and checksum primitives of Node.js, for the pure code that the lab runs itself (the simulator).
import { crc32 } from 'node:zlib';
import type { Bytes } from '../../node/wire.ts';

const encoder = new TextEncoder();

export const NODE_BYTES: Bytes = {
  encode: (text) => encoder.encode(text),
  decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
  crc32: (bytes) => crc32(bytes),
};
