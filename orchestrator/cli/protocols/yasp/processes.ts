// Ranks as processes of the lab's own node, on 127.0.0.1. A process starts held and begins when it is released; its events become the
// log lines of its rank while it runs. What it needs beside the log is in a temporary folder, which is gone at the end.
import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '../../../../node/contract.ts';
import type { HostConfig } from '../../../../node/seat.ts';
import { LabError } from '../../../errors.ts';
import type { LabEvent } from '../../../kinds.ts';
import { type Child, endWithin, startChild } from '../../children.ts';
import { askNode, askStatus } from '../../node-door.ts';
import type { Place } from '../../runners/ports.ts';
import { lineOf, logName } from './log-lines.ts';
import { NODES, seatOf } from './ranks.ts';
import type { Flags } from './ranks.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 20;
const FOLLOW_MS = 200;
const ASK_WITHIN_MS = 2_000;
const GRACE_MS = 3_000;
const BLOCK_BYTES = 1 << 20;
const LIMITS = { maxMessageBytes: 60_000, frameBytes: 8_192 };

export type Places = ReadonlyMap<NodeId, Place>;

export class RankProcess {
  readonly #rank: number;
  readonly #place: Place;
  readonly #log: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'lab-yasp-'));
  readonly #token = randomBytes(24).toString('hex');
  readonly #epochMs = Date.now();
  readonly #child: Child;
  readonly #decoder = new StringDecoder('utf8');
  #read = 0;
  #rest = '';

  /** Held. log: the folder of the logs, which is there. */
  constructor(rank: number, flags: Flags, places: Places, log: string) {
    this.#rank = rank;
    const place = places.get(NODES[rank] ?? '');
    if (place === undefined) throw new Error(`rank ${rank} has no place`);
    this.#place = place;
    this.#log = join(log, logName(rank));
    writeFileSync(this.#log, '');
    mkdirSync(join(this.#folder, 'data'));
    const config: HostConfig = {
      seat: { ...seatOf(rank, flags, LIMITS), life: 1 }, protocol: 'yasp', plugins: [], seed: randomBytes(8).toString('hex'),
      sockets: Object.fromEntries(places), http: place, token: this.#token, secret: null, dataDir: join(this.#folder, 'data'), diskKept: 'keep',
      eventsFile: this.#events, epochMs: this.#epochMs, originNs: process.hrtime.bigint().toString(), clock: { offsetMs: 0, driftPpm: 0, ntp: null },
      fsyncMs: 'real', detail: 'totals', maxPending: 1_000, requestTimeoutMs: 5_000, held: true,
    };
    const file = join(this.#folder, 'config.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    this.#child = startChild(`rank ${rank}`, 'node/host/main.ts', [file]);
  }

  get #events(): string {
    return join(this.#folder, 'events.ndjson');
  }

  /** It answers. */
  async ready(): Promise<void> {
    const deadlineMs = performance.now() + READY_WITHIN_MS;
    while (performance.now() < deadlineMs) {
      this.#assertAlive();
      if ((await askStatus(this.#place, ASK_WITHIN_MS)) !== null) return;
      await sleep(POLL_MS);
    }
    throw new LabError('node-died', `rank ${this.#rank} did not answer within ${READY_WITHIN_MS / 1_000} s of its start`, 'the machine may be overloaded');
  }

  async release(): Promise<void> {
    await askNode(this.#place, { method: 'POST', route: '/control/go', token: this.#token, body: {}, withinMs: ASK_WITHIN_MS });
  }

  /** Until the time is over or it is to stop; the log grows meanwhile. */
  async follow(forMs: number, stop: { readonly requested: boolean }): Promise<void> {
    const endMs = performance.now() + forMs;
    while (!stop.requested && performance.now() < endMs) {
      this.#assertAlive();
      await sleep(Math.min(FOLLOW_MS, Math.max(1, endMs - performance.now())));
      this.#copyLines();
    }
  }

  async close(): Promise<void> {
    this.#child.signal('SIGTERM');
    await endWithin(this.#child, GRACE_MS);
    this.#copyLines();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #assertAlive(): void {
    const { exit } = this.#child;
    if (exit === null) return;
    const line = this.#child.lastError();
    if (line.includes('in use')) throw new LabError('port-in-use', `rank ${this.#rank} runs already, or its port is taken: ${line}`, 'give each process a rank of its own with -i, or all of them another --port');
    throw new LabError('node-died', `rank ${this.#rank} ended (${exit.signal ?? `exit code ${exit.code}`})${line === '' ? '' : `: ${line}`}`, 'the line above says why');
  }

  #copyLines(): void {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    let file: number;
    try {
      file = openSync(this.#events, 'r');
    } catch {
      // It has written nothing yet.
      return;
    }
    try {
      for (let count = readSync(file, block, 0, BLOCK_BYTES, this.#read); count > 0; count = readSync(file, block, 0, BLOCK_BYTES, this.#read)) {
        this.#read += count;
        const lines = (this.#rest + this.#decoder.write(block.subarray(0, count))).split('\n');
        this.#rest = lines.pop() ?? '';
        appendFileSync(this.#log, lines.map((line) => lineOf(JSON.parse(line) as LabEvent, this.#epochMs) ?? '').join(''));
      }
    } finally {
      closeSync(file);
    }
  }
}
