// Plays what a crash of the machine leaves of a log: the process alone was killed, and the page cache kept all that it wrote.
// Done before the next life opens the log, on the node's own disk, so that it works wherever a node runs.
import fs from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../contract.ts';
import type { DiskKept } from '../disk-fault.ts';
import { FILE, MARK_BYTES, MARK_FILE, NEW_FILE } from './disk.ts';
import { recordAt, recordRoom, recordSpans, writeRecord } from './record.ts';

/** No record begins like this. */
const UNREADABLE = Buffer.alloc(24, 0xa5);

/** random: [0, 1), of this node's disk. Throws what the file system throws. */
export function leaveAsCrashed(folder: string, kept: DiskKept, random: () => number): void {
  if (kept === 'keep') return;
  fs.rmSync(join(folder, NEW_FILE), { force: true });
  if (kept === 'wipe') {
    for (const file of [FILE, MARK_FILE]) fs.rmSync(join(folder, file), { force: true });
    return;
  }
  const path = join(folder, FILE);
  if (!fs.existsSync(path)) return;
  const fd = fs.openSync(path, 'r+');
  try {
    const durable = durableBytes(folder, fd);
    // A replacement that nobody was told of yet is there as a whole, which a crash may leave too.
    if (durable === null) return;
    if (kept === 'lose-unsynced') {
      losePart(fd, durable, random);
      return;
    }
    fs.ftruncateSync(fd, durable);
    if (kept === 'torn-tail') fs.writeSync(fd, UNREADABLE, 0, UNREADABLE.length, durable);
    else if (kept === 'flip-bit') flipBit(fd, random);
  } finally {
    fs.closeSync(fd);
  }
}

/** null: the mark is of another file, or there is none. */
function durableBytes(folder: string, fd: number): number | null {
  const path = join(folder, MARK_FILE);
  const mark = fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0);
  if (mark.length < MARK_BYTES || mark.readBigUInt64LE(0) !== fs.fstatSync(fd, { bigint: true }).ino) return null;
  return Number(mark.readBigUInt64LE(8));
}

/** Of what was being flushed the first few entries survive, none to all of them alike, as in the simulator. */
function losePart(fd: number, durable: number, random: () => number): void {
  const unsynced = recordAt(fs.readFileSync(fd), durable);
  fs.ftruncateSync(fd, durable);
  if (unsynced === null) return;
  const entries = JSON.parse(unsynced.payload.toString('utf8')) as readonly Json[];
  const kept = Math.floor(random() * (entries.length + 1));
  if (kept === 0) return;
  const payload = JSON.stringify(entries.slice(0, kept));
  const buffer = Buffer.alloc(recordRoom(payload.length));
  fs.writeSync(fd, buffer, 0, writeRecord(buffer, payload, unsynced.sequence), durable);
}

/** In a record before the last: in the last it could not be told from a torn tail, which is cut. */
function flipBit(fd: number, random: () => number): void {
  const spans = recordSpans(fs.readFileSync(fd)).slice(0, -1);
  const span = spans[Math.floor(random() * spans.length)];
  if (span === undefined) return;
  const at = span.from + Math.floor(random() * (span.to - span.from));
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8(0) ^ (1 << Math.floor(random() * 8)), 0);
  fs.writeSync(fd, byte, 0, 1, at);
}
