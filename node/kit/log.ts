// A replicated log in memory: indices count from 1 and have no gaps, and terms never fall from one entry to the next.
// What an entry takes in a message is measured once, however often it is sent.
import { assert } from '../assert.ts';

export class Log<Entry extends { readonly term: number }> {
  entries: Entry[] = [];
  /** Of the entry with the same place in `entries`; 0: not measured yet. */
  bytes: number[] = [];

  get lastIndex(): number {
    return this.entries.length;
  }

  get lastTerm(): number {
    return this.termAt(this.entries.length);
  }

  /** 0 before the first entry and beyond the last one. */
  termAt(index: number): number {
    return this.entries[index - 1]?.term ?? 0;
  }

  at(index: number): Entry {
    const entry = this.entries[index - 1];
    assert(entry !== undefined, `the log of ${this.entries.length} entries has no index ${index}`);
    return entry;
  }

  append(entry: Entry, bytes = 0): number {
    assert(entry.term >= this.lastTerm, `the term falls from ${this.lastTerm} to ${entry.term}`);
    this.bytes.push(bytes);
    return this.entries.push(entry);
  }

  /** Removes the entries from this index on. */
  truncate(from: number): void {
    assert(from >= 1, `index ${from} does not exist`);
    if (from > this.entries.length) return;
    this.entries.length = from - 1;
    this.bytes.length = from - 1;
  }

  /** Entries from this index on, of at most maxBytes together, but at least one where there is one. */
  slice(from: number, maxBytes: number, bytesOf: (entry: Entry) => number): { readonly entries: readonly Entry[]; readonly bytes: number } {
    let end = from - 1;
    let bytes = 0;
    for (; end < this.entries.length; end++) {
      const size = this.bytes[end] || bytesOf(this.at(end + 1));
      this.bytes[end] = size;
      if (bytes > 0 && bytes + size > maxBytes) break;
      bytes += size;
    }
    return { entries: this.entries.slice(from - 1, end), bytes };
  }

  /** The first index that has the term of this one. */
  firstOfTermAt(index: number): number {
    return this.lastUpToTerm(this.termAt(index) - 1) + 1;
  }

  /** The last index whose term is at most this one; 0: there is none. */
  lastUpToTerm(term: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.termAt(middle) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
