// Probes: datagrams that measure links. They leave by the same links and the same socket as a protocol's frames and are
// never handed to a replica, so that a held node can measure too. One way, by the one monotonic clock that the processes of
// a host share; the receiver keeps what arrived until the lab fetches it.
import type { NodeId } from '../contract.ts';
import type { ProbeOrder, ProbeReport, ProbeSample } from '../../netem/probe.ts';
import type { Seat } from '../seat.ts';
import { decodeFrame, encodeFrames, kindOf } from '../wire.ts';
import type { Bytes, Part } from '../wire.ts';

export type ProbeParts = {
  readonly seat: Pick<Seat, 'self' | 'run' | 'life' | 'frameBytes'>;
  /** Whose probes are heard, and who may be probed. */
  readonly peers: ReadonlySet<NodeId>;
  readonly bytes: Bytes;
  readonly originNs: bigint;
  readonly monotonicNs: () => bigint;
  readonly send: (to: NodeId, frame: Uint8Array) => void;
};

/** Records held between two reports; beyond it they are counted. */
const MAX_RECORDS = 262_144;
/** Orders that are being carried out at once. */
const MAX_ORDERS = 16;
const BODY_BYTES = 16;
const MAX_DELAY_NS = 3_600_000_000_000n;
const WARM_UP = 0;

type Running = { readonly order: ProbeOrder; readonly startMs: number; sent: number; timer: NodeJS.Timeout | null };

export class Probes {
  /** Probes that were dropped, and why. */
  readonly counters = { corrupt: 0, foreign: 0 };
  readonly #parts: ProbeParts;
  readonly #running = new Set<Running>();
  readonly #sent = new Map<string, { readonly to: NodeId; readonly batch: number; count: number }>();
  readonly #received = new Map<string, { readonly from: NodeId; readonly batch: number; readonly samples: ProbeSample[] }>();
  #records = 0;
  #unkept = 0;
  #frame = 0;
  #frameBytes = 0;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  /** What is wrong with the order, in words; null: it is being carried out. */
  start(order: ProbeOrder): string | null {
    const stranger = order.to.find((to) => !this.#parts.peers.has(to));
    if (stranger !== undefined) return `${stranger} is no peer of this node`;
    if (this.#running.size >= MAX_ORDERS) return `at most ${MAX_ORDERS} orders at once`;
    if (order.warmUpMs > 0) for (const to of order.to) this.#send(order.batch, to, WARM_UP);
    const running: Running = { order, startMs: performance.now() + order.warmUpMs, sent: 0, timer: null };
    this.#running.add(running);
    this.#continue(running);
    return null;
  }

  /** false: this is no probe. */
  received(frame: Uint8Array): boolean {
    if (kindOf(frame) !== 'probe') return false;
    const arrivedNs = this.#parts.monotonicNs();
    const part = decodeFrame(frame, this.#parts.bytes);
    const { self, run } = this.#parts.seat;
    if (part === 'corrupt' || part === 'foreign') this.counters[part]++;
    else if (part.run !== run || part.to !== self || !this.#parts.peers.has(part.from)) this.counters.foreign++;
    else if (!this.#record(part, arrivedNs)) this.counters.corrupt++;
    return true;
  }

  /** What there is since the last report. */
  report(): ProbeReport {
    const report = {
      pending: [...this.#running].reduce((sum, { order, sent }) => sum + order.count * order.to.length - sent, 0),
      frameBytes: this.#frameBytes, sent: [...this.#sent.values()], received: [...this.#received.values()], unkept: this.#unkept,
    };
    this.#sent.clear();
    this.#received.clear();
    this.#records = 0;
    this.#unkept = 0;
    return report;
  }

  stop(): void {
    for (const { timer } of this.#running) if (timer !== null) clearTimeout(timer);
    this.#running.clear();
  }

  /** Sends what is due, then sleeps until the next is; late ones follow at once. */
  #continue(running: Running): void {
    const { order: { batch, to, count, everyMs }, startMs } = running;
    const gapMs = everyMs / to.length;
    const all = count * to.length;
    while (running.sent < all && startMs + running.sent * gapMs <= performance.now()) {
      const peer = to[running.sent % to.length] as NodeId;
      this.#send(batch, peer, 1 + Math.floor(running.sent / to.length));
      running.sent++;
    }
    if (running.sent === all) this.#running.delete(running);
    else running.timer = setTimeout(() => this.#continue(running), Math.max(1, startMs + running.sent * gapMs - performance.now()));
  }

  #send(batch: number, to: NodeId, sequence: number): void {
    const { seat, bytes, monotonicNs, send } = this.#parts;
    const body = new Uint8Array(BODY_BYTES);
    const view = new DataView(body.buffer);
    view.setUint32(0, batch);
    view.setUint32(4, sequence);
    if (sequence !== WARM_UP) {
      const key = `${to} ${batch}`;
      const counted = this.#sent.get(key) ?? { to, batch, count: 0 };
      counted.count++;
      this.#sent.set(key, counted);
    }
    view.setBigUint64(8, monotonicNs());
    const [frame] = encodeFrames({ run: seat.run, from: seat.self, to, life: seat.life, kind: 'probe' }, this.#frame++ >>> 0, body, seat.frameBytes, bytes);
    this.#frameBytes = (frame as Uint8Array).length;
    send(to, frame as Uint8Array);
  }

  /** false: it does not say what a probe says. */
  #record({ from, chunk }: Part, arrivedNs: bigint): boolean {
    if (chunk.length !== BODY_BYTES) return false;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const sentNs = view.getBigUint64(8);
    const delayNs = arrivedNs - sentNs;
    if (delayNs < 0n || delayNs > MAX_DELAY_NS) return false;
    const batch = view.getUint32(0);
    const sequence = view.getUint32(4);
    if (sequence === WARM_UP) return true;
    if (this.#records >= MAX_RECORDS) {
      this.#unkept++;
      return true;
    }
    this.#records++;
    const key = `${from} ${batch}`;
    const kept = this.#received.get(key) ?? { from, batch, samples: [] };
    // Whole microseconds.
    kept.samples.push([sequence, Number((sentNs - this.#parts.originNs) / 1_000n) / 1_000, Number(delayNs / 1_000n) / 1_000]);
    this.#received.set(key, kept);
    return true;
  }
}
