// Can the next read still be answered as it was? What it read must begin with the state, to which appends may be added, or with
// what a put or cas that may come before it writes. So a wrong order is given up at once, and not when the read is reached at last.
import type { Model } from '../kinds.ts';
import { Links } from './links.ts';
import type { Call } from './wgl.ts';

/** Of what may replace the state before a read: beyond it nothing is concluded. */
const MAX_ASKED = 64;

/** Of the calls that a search has not taken yet. */
export class Outlook<S> {
  readonly #model: Model<S>;
  readonly #calls: readonly Call[];
  /** Reads, by when they were answered. */
  readonly #reads: Links;
  /** What may replace the state, by when it was asked. */
  readonly #replacing: Links;

  constructor(calls: readonly Call[], model: Model<S>) {
    this.#model = model;
    this.#calls = calls;
    const indices = model.leadsTo === undefined ? [] : [...calls.keys()];
    const call = (index: number) => calls[index] as Call;
    this.#reads = new Links(indices.filter((index) => isRead(call(index))).sort((a, b) => call(a).to - call(b).to), calls.length);
    this.#replacing = new Links(indices.filter((index) => replaces(call(index))).sort((a, b) => call(a).from - call(b).from), calls.length);
  }

  take(index: number): void {
    this.#listOf(index)?.take(index);
  }

  putBack(index: number): void {
    this.#listOf(index)?.putBack(index);
  }

  /** The next read, if nothing can lead from this state to its answer. */
  contradicts(state: S): Call | null {
    const model = this.#model;
    const leadsTo = (from: S, value: string | null) => model.leadsTo?.(from, value) ?? true;
    if (model.leadsTo === undefined || this.#reads.first === this.#reads.end) return null;
    const read = this.#calls[this.#reads.first] as Call;
    if (leadsTo(state, read.value)) return null;
    let asked = 0;
    for (let index = this.#replacing.first; index !== this.#replacing.end; index = this.#replacing.after(index)) {
      const { op, from } = this.#calls[index] as Call;
      if (from > read.to) return read;
      if (++asked > MAX_ASKED || !('value' in op)) return null;
      const { state: anew } = model.step(state, { type: 'put', key: op.key, value: op.value }, null);
      if (leadsTo(anew, read.value)) return null;
    }
    return read;
  }

  #listOf(index: number): Links | null {
    if (this.#model.leadsTo === undefined) return null;
    const call = this.#calls[index] as Call;
    return isRead(call) ? this.#reads : replaces(call) ? this.#replacing : null;
  }
}

function isRead({ op }: Call): boolean {
  return op.type === 'get';
}

/** A cas that compared false changes nothing. */
function replaces({ op, value }: Call): boolean {
  return op.type === 'put' || (op.type === 'cas' && value !== 'false');
}
