// The events of one node, NDJSON, appended across its lives. The lines of a turn are written before its datagrams and
// replies leave, so what anybody was told is in the file even after a SIGKILL. A torn last line is cut at the start, and
// the sequence goes on from the line before it.
import fs from 'node:fs';
import type { NodeId } from '../contract.ts';
import type { NodeEvent } from '../replica.ts';
import { codeOf, EXIT, Failure } from './failure.ts';

const INDEX_EVERY_BYTES = 64 << 10;
const BLOCK_BYTES = 64 << 10;
const MAX_TAIL_BYTES = 1 << 20;
/** Of the file: about a day at 1,000 commands/s. A node that is forgotten ends before it has filled the disk. */
const MAX_FILE_BYTES = 16 * 2 ** 30;

/** Opens or creates the file. Throws a Failure where it cannot be written or holds something else. */
export function openEventFile(path: string, node: NodeId, life: number, now: () => number, maxBytes = MAX_FILE_BYTES): EventFile {
  try {
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
    const last = lastLine(fd);
    if (last.end < fs.fstatSync(fd).size) fs.ftruncateSync(fd, last.end);
    const sequence = last.text === '' ? 0 : sequenceOf(last.text);
    if (sequence === null) throw new Failure(EXIT.badInput, `${node}: ${path} does not end with an event; name another eventsFile`);
    return new EventFile(fd, path, node, life, now, last.end, sequence, maxBytes);
  } catch (error) {
    throw error instanceof Failure ? error : eventsFailure(node, path, error);
  }
}

function eventsFailure(node: NodeId, path: string, error: unknown): Failure {
  return new Failure(EXIT.machineLacks, `${node}: events cannot be written to ${path} (${codeOf(error)}); check the folder and the room on its disk`, error);
}

/** The last complete line, and where it ends; '' and 0 for an empty file. */
function lastLine(fd: number): { readonly text: string; readonly end: number } {
  const { size } = fs.fstatSync(fd);
  let from = size;
  let tail = Buffer.alloc(0);
  while (from > 0) {
    const start = Math.max(0, from - BLOCK_BYTES);
    const block = Buffer.alloc(from - start);
    fs.readSync(fd, block, 0, block.length, start);
    tail = Buffer.concat([block, tail]);
    from = start;
    const end = tail.lastIndexOf(10);
    if (end < 0) continue;
    const begin = end === 0 ? -1 : tail.lastIndexOf(10, end - 1);
    if (begin >= 0 || from === 0) return { text: tail.toString('utf8', begin + 1, end), end: from + end + 1 };
  }
  return { text: '', end: 0 };
}

function sequenceOf(line: string): number | null {
  try {
    const { sequence } = JSON.parse(line) as { sequence?: unknown };
    return typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : null;
  } catch {
    return null;
  }
}

export class EventFile {
  readonly #fd: number;
  readonly #path: string;
  readonly #node: NodeId;
  readonly #now: () => number;
  readonly #envelope: string;
  readonly #maxBytes: number;
  #size: number;
  #sequence: number;
  #text = '';
  /** Where lines with a sequence above `after` begin, every INDEX_EVERY_BYTES, so that a tail is read from near its start. */
  readonly #index: { readonly after: number; readonly offset: number }[];

  constructor(fd: number, path: string, node: NodeId, life: number, now: () => number, size: number, sequence: number, maxBytes: number) {
    this.#fd = fd;
    this.#path = path;
    this.#node = node;
    this.#now = now;
    this.#envelope = `,"node":${JSON.stringify(node)},"life":${life},"sequence":`;
    this.#size = size;
    this.#maxBytes = maxBytes;
    this.#sequence = sequence;
    this.#index = [{ after: 0, offset: 0 }, { after: sequence, offset: size }];
  }

  /** Gathers an event; flush() writes it. */
  emit(event: NodeEvent): void {
    const atMs = Math.round(this.#now() * 1000) / 1000;
    this.#text += `{"atMs":${atMs}${this.#envelope}${++this.#sequence},${JSON.stringify(event).slice(1)}\n`;
  }

  /** Throws a Failure when the file cannot take it, or would grow beyond its limit. */
  flush(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    if (this.#size + bytes.length > this.#maxBytes) {
      throw new Failure(EXIT.machineLacks, `${this.#node}: ${this.#path} would grow beyond ${this.#maxBytes} bytes; run for a shorter time, or at a lower rate`);
    }
    try {
      let written = 0;
      while (written < bytes.length) written += fs.writeSync(this.#fd, bytes, written, bytes.length - written, this.#size + written);
    } catch (error) {
      throw eventsFailure(this.#node, this.#path, error);
    }
    this.#size += bytes.length;
    const last = this.#index.at(-1);
    if (last === undefined || this.#size - last.offset >= INDEX_EVERY_BYTES) this.#index.push({ after: this.#sequence, offset: this.#size });
  }

  /** Lines with a sequence above `after`, at most `limit` and about 1 MiB, oldest first. */
  tail(after: number, limit: number): string {
    const start = this.#index.findLast((mark) => mark.after <= after) ?? { offset: 0 };
    const lines: string[] = [];
    let length = 0;
    for (const line of this.#lines(start.offset)) {
      if ((sequenceOf(line) ?? 0) <= after) continue;
      if (lines.length >= limit || length + line.length > MAX_TAIL_BYTES) break;
      lines.push(line);
      length += line.length;
    }
    return lines.map((line) => `${line}\n`).join('');
  }

  *#lines(offset: number): Generator<string> {
    let rest = Buffer.alloc(0);
    let at = offset;
    while (at < this.#size) {
      const block = Buffer.alloc(Math.min(BLOCK_BYTES, this.#size - at));
      at += fs.readSync(this.#fd, block, 0, block.length, at);
      rest = Buffer.concat([rest, block]);
      let begin = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
        yield rest.toString('utf8', begin, end);
        begin = end + 1;
      }
      rest = rest.subarray(begin);
    }
  }

  close(): void {
    this.flush();
    fs.closeSync(this.#fd);
  }
}
