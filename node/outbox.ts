// The ordered effects of a replica: a send leaves once every earlier persist is durable, and not before.
import { assert } from './assert.ts';
import type { Json, NodeId } from './contract.ts';
import type { Ports } from './replica.ts';
import type { Seat } from './seat.ts';
import { encodeFrames } from './wire.ts';
import type { Kind } from './wire.ts';

type Held =
  | { readonly after: number; readonly to: NodeId; readonly body: Uint8Array }
  | { readonly after: number; readonly to: null; readonly message: Json };
type Write = { readonly number: number; readonly replaces: boolean; entries: readonly Json[] };

export class Outbox {
  readonly #seat: Seat;
  readonly #ports: Ports;
  readonly #counters: { oversized: number };
  readonly #toSelf: (message: Json) => void;
  readonly #lifeOf: (peer: NodeId) => number;
  #writes: Write[] = [];
  /** Writes handed over or gathered so far, and those that are durable. */
  #written = 0;
  #durable = 0;
  #held: Held[] = [];
  #frame = 0;

  constructor(seat: Seat, ports: Ports, counters: { oversized: number }, toSelf: (message: Json) => void, lifeOf: (peer: NodeId) => number) {
    this.#seat = seat;
    this.#ports = ports;
    this.#counters = counters;
    this.#toSelf = toSelf;
    this.#lifeOf = lifeOf;
  }

  persist(entries: readonly Json[]): void {
    if (entries.length === 0) return;
    const last = this.#writes.at(-1);
    if (last !== undefined) last.entries = last.entries.concat(entries);
    else this.#writes.push({ number: ++this.#written, replaces: false, entries });
  }

  /** Takes the place of what this turn persisted before it, too. */
  checkpoint(entries: readonly Json[]): void {
    this.#writes = [{ number: ++this.#written, replaces: true, entries }];
  }

  send(to: NodeId | readonly NodeId[], message: Json): void {
    const targets = typeof to === 'string' ? [to] : to;
    let body: Uint8Array | null = null;
    for (const target of targets) {
      if (target === this.#seat.self) {
        if (this.#durable >= this.#written) this.#toSelf(message);
        else this.#held.push({ after: this.#written, to: null, message });
        continue;
      }
      body ??= this.#encode(message);
      if (body === null) return;
      if (this.#durable >= this.#written) this.#transmit(target, 'message', body);
      else this.#held.push({ after: this.#written, to: target, body });
    }
  }

  sendBeforeDurable(to: NodeId | readonly NodeId[], message: Json): void {
    const body = this.#encode(message);
    if (body === null) return;
    for (const target of typeof to === 'string' ? [to] : to) {
      assert(target !== this.#seat.self, 'sendBeforeDurable is never to self: that would count a vote that is not durable');
      this.#transmit(target, 'message', body);
    }
  }

  /** A frame of the driver itself; it promises nothing that a crash could break. */
  sendOwn(to: NodeId, kind: Kind, body: Json): void {
    const encoded = this.#encode(body);
    if (encoded !== null) this.#transmit(to, kind, encoded);
  }

  /** Hands what this turn persisted to the disk. */
  flush(): void {
    const writes = this.#writes;
    if (writes.length === 0) return;
    this.#writes = [];
    for (const { number, replaces, entries } of writes) {
      const durable = () => this.#release(number);
      if (replaces) this.#ports.replace(entries, durable);
      else this.#ports.append(entries, durable);
    }
  }

  #release(durable: number): void {
    assert(durable > this.#durable, 'writes become durable in order');
    this.#durable = durable;
    let released = 0;
    for (const held of this.#held) {
      if (held.after > durable) break;
      released++;
      if (held.to === null) this.#toSelf(held.message);
      else this.#transmit(held.to, 'message', held.body);
    }
    if (released > 0) this.#held.splice(0, released);
  }

  /** null: larger than a message may be; counted, and asserted to be 0 in the simulator. */
  #encode(message: Json): Uint8Array | null {
    const body = this.#ports.bytes.encode(JSON.stringify(message));
    if (body.length <= this.#seat.maxMessageBytes) return body;
    this.#counters.oversized++;
    return null;
  }

  #transmit(to: NodeId, kind: Kind, body: Uint8Array): void {
    const { run, self, life, frameBytes } = this.#seat;
    const frames = encodeFrames({ run, from: self, to, life, kind }, this.#frame, body, frameBytes, this.#ports.bytes);
    for (const frame of frames) {
      this.#ports.emit({ type: 'sent', peer: to, peerLife: this.#lifeOf(to), frame: this.#frame++, bytes: frame.length });
      this.#ports.send(to, frame);
    }
  }
}
