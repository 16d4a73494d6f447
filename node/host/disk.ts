// The durable log of one node: an append-only file, preallocated, with group commit. One flush is in flight; everything
// that is queued meanwhile goes into the next one, as one record and one write. What a callback was told is durable
// survives any crash; an error of the disk ends the node and is never retried, because after a failed fsync nobody knows
// what the disk holds.
//
// Beside the log stands a mark of how far it is durable. A process that is killed leaves all that it wrote, so a crash of the
// machine is played by cutting the log there (dead-disk.ts). The mark itself need not survive a crash.
//
// A replacement goes into a new file, which takes the old one's name once it is durable: all or nothing.
import fs from 'node:fs';
import { join } from 'node:path';
import { assert } from '../assert.ts';
import type { Json } from '../contract.ts';
import { DISK_TRACES } from '../disk-fault.ts';
import type { DiskChange } from '../disk-fault.ts';
import { codeOf, EXIT, Failure } from './failure.ts';
import { recordRoom, recover, writeRecord } from './record.ts';

/** In the folder of a node's disk. */
export const FILE = 'log';
export const NEW_FILE = 'log.new';
export const MARK_FILE = 'log.durable';
/** Of a mark: the inode of the log, then the durable length, as 64-bit numbers. */
export const MARK_BYTES = 16;
/** The file grows by so much at a time, so that a flush changes no metadata and fdatasync is one write. */
const GROWTH_BYTES = 4 << 20;
/** A write buffer above this is not kept. */
const KEPT_BUFFER_BYTES = 4 << 20;
const ZEROS = Buffer.alloc(256 << 10);

type Queued = { readonly replaces: boolean; readonly entries: number; readonly text: string; readonly durable: () => void };

export type DiskSettings = {
  /** Begins each line about a failure. */
  readonly node: string;
  readonly folder: string;
  /** A flush takes at least so long. */
  readonly minimumMs: number;
  /** What a fault has made of the disk, now. */
  readonly change: () => DiskChange | null;
  readonly now: () => number;
  /** After each flush, before its callbacks. */
  readonly flushed: (entries: number, bytes: number, tookMs: number) => void;
  /** After the callbacks of a flush. */
  readonly settled: () => void;
  /** One of DISK_TRACES happened; the process may end right after it. */
  readonly trace: (name: string, detail?: string) => void;
  /** The process is to end; nothing more becomes durable. */
  readonly failed: (failure: Failure) => void;
};

/** Opens or creates the log of a folder, cuts a torn tail, and makes what it returns durable. Throws a Failure. */
export function openDisk(settings: DiskSettings): { readonly disk: Disk; readonly entries: readonly Json[] } {
  const path = join(settings.folder, FILE);
  try {
    fs.mkdirSync(settings.folder, { recursive: true });
    fs.rmSync(join(settings.folder, NEW_FILE), { force: true });
    const existed = fs.existsSync(path);
    const log = existed ? fs.readFileSync(path) : Buffer.alloc(0);
    const found = recover(log);
    if ('damagedAt' in found) {
      settings.trace(DISK_TRACES.damaged);
      throw new Failure(EXIT.machineLacks, `${settings.node}: ${path} is damaged at byte ${found.damagedAt}: a valid record follows at byte ${found.validAt}, `
        + 'so durable entries are lost; restore the file, or let the node join anew with an empty folder');
    }
    const fd = fs.openSync(path, existed ? 'r+' : 'w+');
    if (found.torn) fs.ftruncateSync(fd, found.end);
    const allocated = allocate(fd, found.torn ? found.end : log.length, found.end + 1);
    fs.fsyncSync(fd);
    const folderFd = fs.openSync(settings.folder, 'r');
    fs.fsyncSync(folderFd);
    if (found.torn) settings.trace(DISK_TRACES.torn);
    const markFd = fs.openSync(join(settings.folder, MARK_FILE), 'w+');
    return { disk: new Disk(settings, { fd, inode: inodeOf(fd), end: found.end, allocated, records: found.records }, folderFd, markFd), entries: found.entries };
  } catch (error) {
    throw error instanceof Failure ? error : diskFailure(settings, error);
  }
}

function diskFailure(settings: DiskSettings, error: unknown): Failure {
  const code = codeOf(error);
  const remedy = code === 'ENOSPC' ? 'make room on the disk' : 'check the disk and the rights on the folder';
  return new Failure(EXIT.machineLacks, `${settings.node}: the log in ${settings.folder} cannot be kept (${code}); ${remedy}, then start the node again`, error);
}

/** Fills the file with zeros up to a multiple of GROWTH_BYTES that holds `needed`; returns its size. */
function allocate(fd: number, size: number, needed: number): number {
  if (needed <= size) return size;
  const target = Math.ceil(needed / GROWTH_BYTES) * GROWTH_BYTES;
  for (let at = size; at < target; at += ZEROS.length) writeAll(fd, ZEROS, Math.min(ZEROS.length, target - at), at);
  return target;
}

function writeAll(fd: number, buffer: Buffer, length: number, position: number): void {
  let written = 0;
  while (written < length) written += fs.writeSync(fd, buffer, written, length - written, position + written);
}

type OpenFile = { fd: number; readonly inode: bigint; end: number; allocated: number; records: number };

function inodeOf(fd: number): bigint {
  return fs.fstatSync(fd, { bigint: true }).ino;
}

/** As the kernel would report it. */
function emulated(fault: 'error' | 'full'): Error {
  const code = fault === 'full' ? 'ENOSPC' : 'EIO';
  return Object.assign(new Error(`${code}: a fault of the experiment`), { code });
}

export class Disk {
  /** Flushes of this life. */
  fsyncs = 0;
  readonly #settings: DiskSettings;
  readonly #folderFd: number;
  readonly #markFd: number;
  readonly #mark = Buffer.alloc(MARK_BYTES);
  #file: OpenFile;
  #queue: Queued[] = [];
  #inFlight = false;
  #failed = false;
  #buffer = Buffer.allocUnsafe(256 << 10);
  #idle: (() => void)[] = [];

  constructor(settings: DiskSettings, file: OpenFile, folderFd: number, markFd: number) {
    this.#settings = settings;
    this.#file = file;
    this.#folderFd = folderFd;
    this.#markFd = markFd;
    this.#setMark();
  }

  append(entries: readonly Json[], durable: () => void): void {
    this.#enqueue(false, entries, durable);
  }

  replace(entries: readonly Json[], durable: () => void): void {
    this.#enqueue(true, entries, durable);
  }

  #enqueue(replaces: boolean, entries: readonly Json[], durable: () => void): void {
    const text = JSON.stringify(entries).slice(1, -1);
    this.#queue.push({ replaces, entries: entries.length, text, durable });
  }

  /** Begins a flush of all that is queued, unless one is in flight: its end begins the next. */
  flush(): void {
    if (this.#inFlight || this.#failed || this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    this.#inFlight = true;
    const { minimumMs, change, now } = this.#settings;
    const fault = change()?.fault;
    const startMs = now();
    const endMs = startMs + Math.max(minimumMs, change()?.fsyncMs ?? 0);
    const synced = (bytes: number) => this.#synced(queue, bytes, startMs, endMs);
    const replacement = queue.findLastIndex((queued) => queued.replaces);
    // What stands before a replacement is replaced: it is durable when the replacement is.
    const kept = replacement <= 0 ? queue : queue.slice(replacement);
    const payload = `[${kept.map((queued) => queued.text).filter((text) => text !== '').join(',')}]`;
    try {
      if (fault !== undefined) throw emulated(fault);
      if (replacement >= 0) this.#replaceFile(payload, synced);
      else this.#appendRecord(payload, synced);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Resolves when nothing is queued or in flight, then closes the file. */
  async close(): Promise<void> {
    this.flush();
    if (this.#inFlight) await new Promise<void>((resolve) => { this.#idle.push(resolve); });
    fs.closeSync(this.#file.fd);
    fs.closeSync(this.#folderFd);
    fs.closeSync(this.#markFd);
  }

  #record(payload: string, sequence: number): number {
    const room = recordRoom(payload.length);
    if (this.#buffer.length < room) this.#buffer = Buffer.allocUnsafe(room);
    return writeRecord(this.#buffer, payload, sequence);
  }

  #appendRecord(payload: string, synced: (bytes: number) => void): void {
    const file = this.#file;
    assert(file.records < 0xffff_ffff, 'a log holds fewer than 2³² records');
    const bytes = this.#record(payload, ++file.records);
    file.allocated = allocate(file.fd, file.allocated, file.end + bytes);
    writeAll(file.fd, this.#buffer, bytes, file.end);
    file.end += bytes;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) this.#buffer = Buffer.allocUnsafe(256 << 10);
    fs.fdatasync(file.fd, this.#then(() => synced(bytes)));
  }

  #replaceFile(payload: string, synced: (bytes: number) => void): void {
    const { folder } = this.#settings;
    const fd = fs.openSync(join(folder, NEW_FILE), 'w+');
    const bytes = this.#record(payload, 1);
    writeAll(fd, this.#buffer, bytes, 0);
    const file: OpenFile = { fd, inode: inodeOf(fd), end: bytes, allocated: allocate(fd, bytes, bytes + 1), records: 1 };
    fs.fsync(fd, this.#then(() => {
      fs.rename(join(folder, NEW_FILE), join(folder, FILE), this.#then(() => {
        fs.fsync(this.#folderFd, this.#then(() => {
          fs.closeSync(this.#file.fd);
          this.#file = file;
          synced(bytes);
        }));
      }));
    }));
  }

  #then(next: () => void): (error: Error | null) => void {
    return (error) => {
      if (error === null) next();
      else this.#fail(error);
    };
  }

  #synced(queue: readonly Queued[], bytes: number, startMs: number, endMs: number): void {
    const { now } = this.#settings;
    const leftMs = endMs - now();
    if (leftMs > 0) {
      setTimeout(() => this.#synced(queue, bytes, startMs, endMs), Math.ceil(leftMs));
      return;
    }
    this.fsyncs++;
    this.#inFlight = false;
    this.#setMark();
    this.#settings.flushed(queue.reduce((sum, queued) => sum + queued.entries, 0), bytes, now() - startMs);
    for (const queued of queue) queued.durable();
    this.flush();
    this.#settings.settled();
    if (!this.#inFlight) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Before anybody is told that it is durable. */
  #setMark(): void {
    this.#mark.writeBigUInt64LE(this.#file.inode, 0);
    this.#mark.writeBigUInt64LE(BigInt(this.#file.end), 8);
    fs.writeSync(this.#markFd, this.#mark, 0, MARK_BYTES, 0);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#settings.trace(DISK_TRACES.failed, codeOf(error) === 'ENOSPC' ? 'full' : 'error');
    this.#settings.failed(diskFailure(this.#settings, error));
  }
}
