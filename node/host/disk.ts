// The durable log of one node: an append-only file, preallocated, with group commit. One flush is in flight; everything
// that is queued meanwhile goes into the next one, as one record and one write. What a callback was told is durable
// survives any crash; an error of the disk ends the node and is never retried, because after a failed fsync nobody knows
// what the disk holds.
//
// A replacement goes into a new file, which takes the old one's name once it is durable: all or nothing.
import fs from 'node:fs';
import { join } from 'node:path';
import { assert } from '../assert.ts';
import type { Json } from '../contract.ts';
import { codeOf, EXIT, Failure } from './failure.ts';
import { recordRoom, recover, writeRecord } from './record.ts';

const FILE = 'log';
const NEW_FILE = 'log.new';
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
  readonly now: () => number;
  /** After each flush, before its callbacks. */
  readonly flushed: (entries: number, bytes: number, tookMs: number) => void;
  /** After the callbacks of a flush. */
  readonly settled: () => void;
  /** The process is to end; nothing more becomes durable. */
  readonly failed: (failure: Failure) => void;
};

/** Opens or creates the log of a folder, cuts a torn tail, and makes what it returns durable. Throws a Failure. */
export function openDisk(settings: DiskSettings): { readonly disk: Disk; readonly entries: readonly Json[]; readonly torn: boolean } {
  const path = join(settings.folder, FILE);
  try {
    fs.mkdirSync(settings.folder, { recursive: true });
    fs.rmSync(join(settings.folder, NEW_FILE), { force: true });
    const existed = fs.existsSync(path);
    const log = existed ? fs.readFileSync(path) : Buffer.alloc(0);
    const found = recover(log);
    if ('damagedAt' in found) {
      throw new Failure(EXIT.machineLacks, `${settings.node}: ${path} is damaged at byte ${found.damagedAt}: a valid record follows at byte ${found.validAt}, `
        + 'so durable entries are lost; restore the file, or let the node join anew with an empty folder');
    }
    const fd = fs.openSync(path, existed ? 'r+' : 'w+');
    if (found.torn) fs.ftruncateSync(fd, found.end);
    const allocated = allocate(fd, found.torn ? found.end : log.length, found.end + 1);
    fs.fsyncSync(fd);
    const folderFd = fs.openSync(settings.folder, 'r');
    fs.fsyncSync(folderFd);
    return { disk: new Disk(settings, { fd, end: found.end, allocated, records: found.records }, folderFd), entries: found.entries, torn: found.torn };
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

type OpenFile = { fd: number; end: number; allocated: number; records: number };

export class Disk {
  /** Flushes of this life. */
  fsyncs = 0;
  readonly #settings: DiskSettings;
  readonly #folderFd: number;
  #file: OpenFile;
  #queue: Queued[] = [];
  #inFlight = false;
  #failed = false;
  #buffer = Buffer.allocUnsafe(256 << 10);
  #idle: (() => void)[] = [];

  constructor(settings: DiskSettings, file: OpenFile, folderFd: number) {
    this.#settings = settings;
    this.#file = file;
    this.#folderFd = folderFd;
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
    const startMs = this.#settings.now();
    const replacement = queue.findLastIndex((queued) => queued.replaces);
    // What stands before a replacement is replaced: it is durable when the replacement is.
    const kept = replacement <= 0 ? queue : queue.slice(replacement);
    const payload = `[${kept.map((queued) => queued.text).filter((text) => text !== '').join(',')}]`;
    try {
      if (replacement >= 0) this.#replaceFile(payload, (bytes) => this.#synced(queue, bytes, startMs));
      else this.#appendRecord(payload, (bytes) => this.#synced(queue, bytes, startMs));
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
    const file: OpenFile = { fd, end: bytes, allocated: allocate(fd, bytes, bytes + 1), records: 1 };
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

  #synced(queue: readonly Queued[], bytes: number, startMs: number): void {
    const { minimumMs, now } = this.#settings;
    const leftMs = startMs + minimumMs - now();
    if (leftMs > 0) {
      setTimeout(() => this.#synced(queue, bytes, startMs), Math.ceil(leftMs));
      return;
    }
    this.fsyncs++;
    this.#inFlight = false;
    this.#settings.flushed(queue.reduce((sum, queued) => sum + queued.entries, 0), bytes, now() - startMs);
    for (const queued of queue) queued.durable();
    this.flush();
    this.#settings.settled();
    if (!this.#inFlight) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#settings.failed(diskFailure(this.#settings, error));
  }
}
