// The durable log of one node, in virtual time. Group commit: one flush is in flight, and all that is written meanwhile goes
// into the next one. A crash inside a flush keeps a random prefix of what was being flushed; what was reported durable is
// never lost but by a flipped bit or a wiped disk. Entries are kept as text, so that nothing survives that a real disk would
// not have been given.
import type { Json } from '../node/contract.ts';
import type { DiskChange, DiskKept } from '../node/disk-fault.ts';

type Write = { readonly replaces: boolean; readonly entries: readonly string[]; readonly durable: () => void };

export type DiskPorts = {
  readonly fsyncMs: number;
  later(afterMs: number, run: () => void): void;
  /** A flush has begun; the node may crash in this call. */
  flushing(): void;
  /** One flush is done, and nothing that waited for it has happened yet; the node may crash in this call. */
  flushed(entries: number, bytes: number, tookMs: number): void;
  /** A flush failed: the node is to end. */
  failed(fault: 'error' | 'full'): void;
};

/** What the next life finds. torn: something unreadable stood at the end, and was cut. null: the log is damaged. */
export type FoundLog = { readonly entries: readonly Json[]; readonly torn: boolean } | null;

/** Of a record: length and CRC-32. */
const RECORD_BYTES = 8;

export class Disk {
  readonly #ports: DiskPorts;
  #log: string[] = [];
  #flushing: readonly Write[] = [];
  #queued: Write[] = [];
  /** Counts crashes: a flush of an earlier life reports nothing. */
  #lives = 0;
  /** In the log: one record for each flush. */
  #records = 0;
  #torn = false;
  #damaged = false;
  #change: DiskChange | null = null;

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

  /** null: back to the plan's disk. What is being flushed now is not touched. */
  change(change: DiskChange | null): void {
    this.#change = change === null ? null : { ...this.#change, ...change };
  }

  /** A torn tail is cut by being found. */
  open(): FoundLog {
    if (this.#damaged) return null;
    const torn = this.#torn;
    this.#torn = false;
    return { entries: this.entries(), torn };
  }

  entries(): readonly Json[] {
    return this.#log.map((text) => JSON.parse(text) as Json);
  }

  /** A flipped bit needs a record before the last one: in the last one it could not be told from a torn tail. */
  crash(mode: DiskKept, random: () => number): void {
    const steps = this.#flushing.reduce((sum, write) => sum + stepsOf(write), 0);
    let kept = mode === 'keep' ? Infinity : mode === 'lose-unsynced' ? Math.floor(random() * (steps + 1)) : 0;
    for (const write of mode === 'keep' ? [...this.#flushing, ...this.#queued] : this.#flushing) {
      if (kept >= stepsOf(write)) this.#apply(write);
      else if (!write.replaces) this.#log.push(...write.entries.slice(0, kept));
      kept = Math.max(0, kept - stepsOf(write));
    }
    if (mode === 'torn-tail') this.#torn = true;
    if (mode === 'flip-bit' && this.#records > 1) this.#damaged = true;
    if (mode === 'wipe') {
      this.#log = [];
      this.#records = 0;
      this.#damaged = false;
      this.#torn = false;
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
    const fault = this.#change?.fault;
    const tookMs = Math.max(this.#ports.fsyncMs, this.#change?.fsyncMs ?? 0);
    this.#flushing = this.#queued;
    this.#queued = [];
    this.#ports.later(tookMs, () => {
      if (life !== this.#lives) return;
      if (fault === undefined) this.#finish(tookMs);
      else this.#ports.failed(fault);
    });
    this.#ports.flushing();
  }

  #finish(tookMs: number): void {
    const writes = this.#flushing;
    this.#flushing = [];
    let entries = 0;
    let bytes = 0;
    if (writes.some(({ replaces }) => replaces)) this.#records = 0;
    this.#records++;
    for (const write of writes) {
      this.#apply(write);
      entries += write.entries.length;
      for (const text of write.entries) bytes += text.length + RECORD_BYTES;
    }
    this.#ports.flushed(entries, bytes, tookMs);
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
