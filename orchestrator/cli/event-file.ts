// NDJSON files of LabEvents: written by one process each, in order of time, and merged into the one stream of the run.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { LabEvent } from '../kinds.ts';

const FLUSH_CHARS = 64 * 1024;
const READ_BYTES = 256 * 1024;

/** Appends lines to a file; what was gathered is written at 64 KiB, at flush() and at close(). */
export class LineFile {
  readonly file: number;
  gathered = '';

  constructor(path: string) {
    this.file = openSync(path, 'a', 0o644);
  }

  write(value: unknown): void {
    this.gathered += `${JSON.stringify(value)}\n`;
    if (this.gathered.length >= FLUSH_CHARS) this.flush();
  }

  flush(): void {
    if (this.gathered === '') return;
    const bytes = Buffer.from(this.gathered);
    for (let written = 0; written < bytes.length;) written += writeSync(this.file, bytes, written);
    this.gathered = '';
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }
}

/** The events of one file. A torn last line, as a SIGKILL leaves it, is passed over. */
export function* readEvents(path: string): Generator<LabEvent, void> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // A process that ended before its first event has no file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const decoder = new TextDecoder();
    const buffer = Buffer.alloc(READ_BYTES);
    let rest = '';
    for (;;) {
      const bytes = readSync(file, buffer);
      if (bytes === 0) return;
      const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as LabEvent;
    }
  } finally {
    closeSync(file);
  }
}

function before(a: LabEvent, b: LabEvent): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.node === b.node ? a.sequence < b.sequence : a.node < b.node;
}

/** Merges sources that are each in order into one stream in order of (atMs, node, sequence). */
export function* mergeEvents(sources: readonly Iterator<LabEvent, void>[]): Generator<LabEvent, void> {
  const heads: { event: LabEvent; readonly source: Iterator<LabEvent, void> }[] = [];
  for (const source of sources) {
    const first = source.next();
    if (first.done !== true) heads.push({ event: first.value, source });
  }
  // A run has few sources: a scan costs less than a heap.
  while (heads.length > 0) {
    let least = 0;
    for (let index = 1; index < heads.length; index++) {
      if (before((heads[index] as { event: LabEvent }).event, (heads[least] as { event: LabEvent }).event)) least = index;
    }
    const head = heads[least] as { event: LabEvent; readonly source: Iterator<LabEvent, void> };
    yield head.event;
    const next = head.source.next();
    if (next.done === true) heads.splice(least, 1);
    else head.event = next.value;
  }
}
