// The events of a run on real processes while it goes: once a second what was added to their files is read, passing over
// the lines of single messages unread, and handed on in order, two seconds late, so that no file is behind. It waits for
// nobody and nobody waits for it: when it cannot keep up it ends, and the run's events are read when the run has ended.
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import type { LabEvent } from '../kinds.ts';

/** Many, and of no use before the end. */
const LEFT_OUT: ReadonlySet<string> = new Set<LabEvent['type']>(['sent', 'received', 'durable', 'arrived', 'placed', 'committed', 'rejected', 'attempt', 'back-off', 'trace']);

export type LivePorts = {
  readonly files: readonly string[];
  /** The lab's own events so far; it grows. */
  readonly own: readonly LabEvent[];
  /** The run's clock. */
  readonly now: () => number;
  /** In order of atMs. */
  readonly observe: (event: LabEvent) => void;
};

const EVERY_MS = 1_000;
/** Behind the clock; load and nodes write their lines within a tenth of a second. */
const WATERMARK_MS = 2_000;
const BLOCK_BYTES = 256 * 1024;
/** Of one file in one pass. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_WAITING = 500_000;
const NEWLINE = 10;
const QUOTE = 34;
const TYPE = '"type":"';

type Source = { readonly path: string; file: FileHandle | null; offset: number; rest: Buffer };

/** Begins at once; the function that it returns ends it. */
export function tailEvents(ports: LivePorts): () => Promise<void> {
  const ended = new AbortController();
  const tail = new LiveTail(ports);
  const done = tail.run(ended.signal);
  return async () => {
    ended.abort();
    await done;
  };
}

class LiveTail {
  readonly #ports: LivePorts;
  readonly #sources: readonly Source[];
  #ownRead = 0;
  #waiting: LabEvent[] = [];

  constructor(ports: LivePorts) {
    this.#ports = ports;
    this.#sources = ports.files.map((path) => ({ path, file: null, offset: 0, rest: Buffer.alloc(0) }));
  }

  async run(ended: AbortSignal): Promise<void> {
    try {
      while (!ended.aborted && await this.#pass(ended)) await sleep(EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
    } catch {
      // What is wrong with a file or a line is told when the run is read as a whole.
    } finally {
      for (const { file } of this.#sources) await file?.close();
    }
  }

  /** false: it cannot keep up. */
  async #pass(ended: AbortSignal): Promise<boolean> {
    const watermarkMs = this.#ports.now() - WATERMARK_MS;
    for (const source of this.#sources) if (!await this.#read(source, ended)) return false;
    this.#waiting.push(...this.#ports.own.slice(this.#ownRead));
    this.#ownRead = this.#ports.own.length;
    if (this.#waiting.length > MOST_WAITING) return false;
    const due = this.#waiting.filter(({ atMs }) => atMs <= watermarkMs);
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > watermarkMs);
    due.sort((a, b) => a.atMs - b.atMs || (a.node === b.node ? a.sequence - b.sequence : a.node < b.node ? -1 : 1));
    for (const event of due) this.#ports.observe(event);
    return true;
  }

  async #read(source: Source, ended: AbortSignal): Promise<boolean> {
    // A process that has not begun has no file.
    source.file ??= await open(source.path).catch(() => null);
    if (source.file === null) return true;
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let read = 0; read < MOST_BYTES; ) {
      const { bytesRead } = await source.file.read(block, 0, BLOCK_BYTES, source.offset);
      if (bytesRead === 0 || ended.aborted) return true;
      read += bytesRead;
      source.offset += bytesRead;
      source.rest = this.#lines(Buffer.concat([source.rest, block.subarray(0, bytesRead)]));
      await breathe();
    }
    return false;
  }

  /** Returns what is behind the last whole line. */
  #lines(text: Buffer): Buffer {
    let from = 0;
    for (let to = text.indexOf(NEWLINE); to >= 0; from = to + 1, to = text.indexOf(NEWLINE, from)) {
      // The first field of this name is the event's own.
      const type = text.indexOf(TYPE, from, 'latin1') + TYPE.length;
      if (!LEFT_OUT.has(text.toString('latin1', type, text.indexOf(QUOTE, type)))) this.#waiting.push(JSON.parse(text.toString('utf8', from, to)) as LabEvent);
    }
    return text.subarray(from);
  }
}
