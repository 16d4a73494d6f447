// The durable log of one node, in virtual time. Group commit: one flush is in flight, and all that is written meanwhile goes
// into the next one. A crash inside a flush keeps a random prefix of what was being flushed; what was reported durable is
// never lost. Entries are kept as text, so that nothing survives that a real disk would not have been given.
import type { Json } from '../node/contract.ts';

type Write = { readonly replaces: boolean; readonly entries: readonly string[]; readonly durable: () => void };

export type DiskPorts = {
  readonly fsyncMs: number;
  later(afterMs: number, run: () => void): void;
  /** One flush is done. */
  flushed(entries: number, bytes: number): void;
};

/** Of a record: length and CRC-32. */
const RECORD_BYTES = 8;

export class Disk {
  readonly #ports: DiskPorts;
  #log: string[] = [];
  #flushing: readonly Write[] = [];
  #queued: Write[] = [];
  /** Counts crashes: a flush of an earlier life reports nothing. */
  #lives = 0;

  constructor(ports: DiskPorts) {
    this.#ports = ports;
  }

  append(entries: readonly Json[], durable: () => void): void {
    this.#write({ replaces: false, entries: entries.map((entry) => JSON.stringify(entry)), durable });
  }

  /** All or nothing. */
  replace(entries: readonly Json[], durable: () => void): void {
    this.#write({ replaces: true, entries: entries.map((entry) => JSON.stringify(entry)), durable });
  }

  /** What the next life starts from. */
  entries(): readonly Json[] {
    return this.#log.map((text) => JSON.parse(text) as Json);
  }

  /** keep: everything that was handed over survives; lose-unsynced: a random prefix of the flush in flight. */
  crash(mode: 'keep' | 'lose-unsynced', random: () => number): void {
    const steps = this.#flushing.reduce((sum, write) => sum + stepsOf(write), 0);
    let kept = mode === 'keep' ? Infinity : Math.floor(random() * (steps + 1));
    for (const write of mode === 'keep' ? [...this.#flushing, ...this.#queued] : this.#flushing) {
      if (kept >= stepsOf(write)) this.#apply(write);
      else if (!write.replaces) this.#log.push(...write.entries.slice(0, kept));
      kept = Math.max(0, kept - stepsOf(write));
    }
    this.#flushing = [];
    this.#queued = [];
    this.#lives++;
  }

  #write(write: Write): void {
    this.#queued.push(write);
    if (this.#flushing.length === 0) this.#flush();
  }

  #flush(): void {
    const life = this.#lives;
    this.#flushing = this.#queued;
    this.#queued = [];
    this.#ports.later(this.#ports.fsyncMs, () => {
      if (life === this.#lives) this.#finish();
    });
  }

  #finish(): void {
    const writes = this.#flushing;
    this.#flushing = [];
    let entries = 0;
    let bytes = 0;
    for (const write of writes) {
      this.#apply(write);
      entries += write.entries.length;
      for (const text of write.entries) bytes += text.length + RECORD_BYTES;
    }
    this.#ports.flushed(entries, bytes);
    if (this.#queued.length > 0) this.#flush();
    for (const write of writes) write.durable();
  }

  #apply(write: Write): void {
    if (write.replaces) this.#log = [...write.entries];
    else this.#log.push(...write.entries);
  }
}

/** The moments of a write at which a crash leaves different logs behind. */
function stepsOf(write: Write): number {
  return write.replaces ? 1 : write.entries.length;
}
