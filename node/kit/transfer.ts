// Moves a text that is too large for one message from node to node, in parts. The receiver asks: for as many parts at a time as its
// window allows, for another with each that arrives, and by its timer again for those that were lost. A text is known by
// its SHA-256, so that a transfer goes on where it stopped, with another sender too, and a damaged text is never used.
import { sha256 } from './hash.ts';

/** count: of all parts; part counts from 0. */
export type Part = { readonly id: string; readonly count: number; readonly part: number; readonly text: string };

/** Parts asked for and not here yet, at most. */
const WINDOW = 16;
export const MAX_PARTS = 65_536;
/** Room for the fields around the text; a UTF-16 unit takes up to six bytes where it is escaped. */
const ENVELOPE_BYTES = 512;
const MAX_BYTES_PER_UNIT = 6;

export class Sending {
  readonly text: string;
  readonly id: string;
  readonly unitsPerPart: number;
  readonly count: number;

  constructor(text: string, maxMessageBytes: number) {
    this.text = text;
    this.id = sha256(text);
    this.unitsPerPart = Math.max(1, Math.floor((maxMessageBytes - ENVELOPE_BYTES) / MAX_BYTES_PER_UNIT));
    this.count = Math.max(1, Math.ceil(text.length / this.unitsPerPart));
  }

  /** null: there is no such part. */
  part(number: number): Part | null {
    if (number < 0 || number >= this.count) return null;
    const from = number * this.unitsPerPart;
    return { id: this.id, count: this.count, part: number, text: this.text.slice(from, from + this.unitsPerPart) };
  }
}

export class Receiving {
  readonly id: string;
  readonly count: number;
  parts = new Map<number, string>();
  /** The next part that was never asked for. */
  next = 1;
  /** Asked for and not here. */
  open = new Set<number>();

  constructor({ id, count }: Part) {
    this.id = id;
    this.count = count;
  }

  /** false: not of this text, or here already. Parts that it brings are asked for no more. */
  take({ id, count, part, text }: Part): boolean {
    if (id !== this.id || count !== this.count || part >= count || this.parts.has(part)) return false;
    this.parts.set(part, text);
    this.open.delete(part);
    return true;
  }

  /** What the window allows to ask for, beyond what is on its way. */
  more(): readonly number[] {
    const asked: number[] = [];
    for (; this.open.size < WINDOW && this.next < this.count; this.next++) {
      if (this.parts.has(this.next)) continue;
      this.open.add(this.next);
      asked.push(this.next);
    }
    return asked;
  }

  get isWhole(): boolean {
    return this.parts.size === this.count;
  }

  /** Of all parts; null: it is damaged. */
  text(): string | null {
    let text = '';
    for (let part = 0; part < this.count; part++) text += this.parts.get(part) ?? '';
    return sha256(text) === this.id ? text : null;
  }
}
