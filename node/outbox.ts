// The ordered effects of a replica: a send leaves once every earlier persist is durable, and not before.
import { assert } from './assert.ts';
import type { Json, NodeId } from './contract.ts';
import type { Ports } from './replica.ts';
import type { Seat } from './seat.ts';
import { encodeFrames } from './wire.ts';
import type { Kind } from './wire.ts';

/** name: the type of a message, where its protocol gives it one; of what the driver sends itself, its kind. */
type Letter = { readonly kind: Kind; readonly name: string | null; readonly body: Uint8Array };
type Held =
  | { readonly after: number; readonly to: NodeId; readonly letter: Letter }
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
    let letter: Letter | null = null;
    for (const target of targets) {
      if (target === this.#seat.self) {
        if (this.#durable >= this.#written) this.#toSelf(message);
        else this.#held.push({ after: this.#written, to: null, message });
        continue;
      }
      letter ??= this.#letter('message', message);
      if (letter === null) return;
      if (this.#durable >= this.#written) this.#transmit(target, letter);
      else this.#held.push({ after: this.#written, to: target, letter });
    }
  }

  sendBeforeDurable(to: NodeId | readonly NodeId[], message: Json): void {
    const letter = this.#letter('message', message);
    if (letter === null) return;
    for (const target of typeof to === 'string' ? [to] : to) {
      assert(target !== this.#seat.self, 'sendBeforeDurable is never to self: that would count a vote that is not durable');
      this.#transmit(target, letter);
    }
  }

  /** A frame of the driver itself; it promises nothing that a crash could break. */
  sendOwn(to: NodeId, kind: Kind, body: Json): void {
    const letter = this.#letter(kind, body);
    if (letter !== null) this.#transmit(to, letter);
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
      else this.#transmit(held.to, held.letter);
    }
    if (released > 0) this.#held.splice(0, released);
  }

  /** null: larger than a message may be; counted, and asserted to be 0 in the simulator. */
  #letter(kind: Kind, message: Json): Letter | null {
    const body = this.#ports.bytes.encode(JSON.stringify(message));
    if (body.length <= this.#seat.maxMessageBytes) return { kind, name: kind === 'message' ? typeOf(message) : kind, body };
    this.#counters.oversized++;
    return null;
  }

  #transmit(to: NodeId, { kind, name, body }: Letter): void {
    const { run, self, life, frameBytes } = this.#seat;
    const frames = encodeFrames({ run, from: self, to, life, kind }, this.#frame, body, frameBytes, this.#ports.bytes);
    for (const frame of frames) {
      this.#ports.emit({ type: 'sent', peer: to, peerLife: this.#lifeOf(to), frame: this.#frame++, bytes: frame.length, ...(name === null ? {} : { message: name }) });
      this.#ports.send(to, frame);
    }
  }
}

/** Its field `type`; else the name of its only field. */
function typeOf(message: Json): string | null {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
  const { type } = message as { readonly [field: string]: Json | undefined };
  if (typeof type === 'string') return type;
  const [name = null, ...others] = Object.keys(message);
  return others.length === 0 ? name : null;
}
