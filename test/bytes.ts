// The text and checksum primitives that Node.js supplies to the pure codec.
import { crc32 } from 'node:zlib';
import type { Bytes } from '../node/wire.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

export const nodeBytes: Bytes = {
  encode: (text) => Buffer.from(text, 'utf8'),
  decode: (bytes) => decoder.decode(bytes),
  crc32: (bytes) => crc32(bytes),
};
