// Lines on their way to a server: a bounded queue, one request at a time. When it is full the oldest go, counted; when the
// server fails for good the rest is not sent, and whoever asks is told.
import { setTimeout as sleep } from 'node:timers/promises';

export type SenderPorts = {
  /** Resolves when all are acknowledged. */
  readonly write: (lines: readonly string[]) => Promise<void>;
  readonly mayPass: (error: unknown) => boolean;
  readonly chunkLines: number;
  /** Waits before each further attempt. */
  readonly retriesMs: readonly number[];
  readonly mostLines: number;
  /** How long drain() waits at least. */
  readonly patienceMs: number;
};

/** A server that takes fewer lines a second is given up. */
const LEAST_PER_SECOND = 1_000;
const READY_POLL_MS = 5;

export class Sender {
  readonly #ports: SenderPorts;
  #queue: string[] = [];
  #sending: Promise<void> | null = null;
  #closed = false;
  written = 0;
  acknowledged = 0;
  dropped = 0;
  /** Why the server was given up; null: it was not. */
  failure: { readonly error: unknown } | null = null;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  push(line: string): void {
    this.written++;
    if (this.failure !== null || this.#closed) return;
    const { chunkLines, mostLines } = this.#ports;
    if (this.#queue.length >= mostLines) this.dropped += this.#queue.splice(0, chunkLines).length;
    this.#queue.push(line);
    if (this.#queue.length >= chunkLines) this.flush();
  }

  /** Begins to send what there is, however little. */
  flush(): void {
    this.#sending ??= this.#send().finally(() => { this.#sending = null; });
  }

  /** Nothing more is sent; resolves when nothing is on its way. */
  async abandon(): Promise<void> {
    this.#closed = true;
    this.#queue = [];
    await this.#sending;
  }

  /** Resolves when half of the queue is free, or the server was given up. */
  async ready(): Promise<void> {
    while (this.failure === null && this.#queue.length > this.#ports.mostLines / 2) {
      this.flush();
      await sleep(READY_POLL_MS);
    }
  }

  /** Resolves when everything is acknowledged or the server was given up. */
  async drain(): Promise<void> {
    const deadlineMs = performance.now() + this.#ports.patienceMs + (1000 * this.#queue.length) / LEAST_PER_SECOND;
    while (this.failure === null && (this.#queue.length > 0 || this.#sending !== null)) {
      this.flush();
      const late = new AbortController();
      const deadline = sleep(Math.max(0, deadlineMs - performance.now()), 'late', { signal: late.signal }).catch(() => 'sent');
      const ended = await Promise.race([this.#sending, deadline]);
      late.abort();
      if (ended !== 'late') continue;
      this.failure = { error: new DOMException('the server is too slow', 'TimeoutError') };
    }
    this.#closed = true;
    this.#queue = [];
  }

  async #send(): Promise<void> {
    while (this.#queue.length > 0 && this.failure === null) {
      const lines = this.#queue.splice(0, this.#ports.chunkLines);
      await this.#attempt(lines);
    }
  }

  async #attempt(lines: readonly string[]): Promise<void> {
    const { write, mayPass, retriesMs } = this.#ports;
    for (const waitMs of [...retriesMs, null]) {
      try {
        await write(lines);
        this.acknowledged += lines.length;
        return;
      } catch (error) {
        if (waitMs === null || this.#closed || !mayPass(error)) {
          this.failure ??= { error };
          this.#queue = [];
          return;
        }
        await sleep(waitMs);
      }
    }
  }
}
