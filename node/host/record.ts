// The bytes of the log. One record is one group commit: all that was flushed together, as a JSON array of entries.
//
//   0  magic 'CLR1'    4  crc32 of the bytes from 8 on    8  length of the payload    12 sequence (from 1 in each file)
//   16 payload, then zeros to a multiple of 8                                          (u32, little-endian)
//
// A flush begins only when the one before it is durable. So a bad record with nothing valid behind it is the torn tail of
// a flush that nobody was promised; a bad record with a valid one behind it was durable once, and is a damaged disk.
// The payload is JSON text, which holds no zero byte; a header does (its length is below 16 MiB), so no value passes for one.
import { crc32 } from 'node:zlib';
import type { Json } from '../contract.ts';

const HEADER_BYTES = 16;
const ALIGN = 8;
const MAGIC = 0x31524c43;

function alignedBytes(length: number): number {
  return Math.ceil(length / ALIGN) * ALIGN;
}

/** Bytes that a payload of so many UTF-16 units may take at most. */
export function recordRoom(characters: number): number {
  return HEADER_BYTES + characters * 3 + ALIGN;
}

/** Writes one record at the start of the buffer, which has recordRoom(payload.length); returns its length. */
export function writeRecord(buffer: Buffer, payload: string, sequence: number): number {
  const length = buffer.write(payload, HEADER_BYTES, 'utf8');
  const end = HEADER_BYTES + length;
  const aligned = alignedBytes(end);
  buffer.fill(0, end, aligned);
  buffer.writeUInt32LE(MAGIC, 0);
  buffer.writeUInt32LE(length, 8);
  buffer.writeUInt32LE(sequence, 12);
  buffer.writeUInt32LE(crc32(buffer.subarray(8, end)), 4);
  return aligned;
}

type Found = { readonly sequence: number; readonly payload: Buffer; readonly end: number };

/** null: no whole record begins there. */
export function recordAt(log: Buffer, at: number): Found | null {
  if (at + HEADER_BYTES > log.length || log.readUInt32LE(at) !== MAGIC) return null;
  const end = at + HEADER_BYTES + log.readUInt32LE(at + 8);
  if (end > log.length || log.readUInt32LE(at + 4) !== crc32(log.subarray(at + 8, end))) return null;
  return { sequence: log.readUInt32LE(at + 12), payload: log.subarray(at + HEADER_BYTES, end), end: alignedBytes(end) };
}

/** Where each record of a log begins and where what its checksum covers ends. */
export function recordSpans(log: Buffer): readonly { readonly from: number; readonly to: number }[] {
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (let found = recordAt(log, 0), from = 0; found !== null; from = found.end, found = recordAt(log, from)) {
    spans.push({ from, to: from + HEADER_BYTES + found.payload.length });
  }
  return spans;
}

function nextRecord(log: Buffer, from: number): number | null {
  for (let at = from; at + HEADER_BYTES <= log.length; at += ALIGN) if (recordAt(log, at) !== null) return at;
  return null;
}

export type Recovered =
  /** The log ends at `end`; torn: something unreadable begins there and is to be cut. */
  | { readonly entries: readonly Json[]; readonly end: number; readonly records: number; readonly torn: boolean }
  /** A bad record at `damagedAt`, a valid one behind it. */
  | { readonly damagedAt: number; readonly validAt: number };

/** What a log file holds. */
export function recover(log: Buffer): Recovered {
  const entries: Json[] = [];
  let at = 0;
  let records = 0;
  for (;;) {
    const found = recordAt(log, at);
    if (found === null || found.sequence !== records + 1) break;
    // One by one: a spread of a long array overflows the stack.
    for (const entry of JSON.parse(found.payload.toString('utf8')) as Json[]) entries.push(entry);
    records++;
    at = found.end;
  }
  const rest = log.subarray(at);
  const torn = !rest.equals(Buffer.alloc(rest.length));
  const validAt = torn ? nextRecord(log, at) : null;
  if (validAt !== null) return { damagedAt: at, validAt };
  return { entries, end: at, records, torn };
}
