// The states met so far, about 25 bytes each: a fingerprint of 64 bits and the state that it was first reached from. Two different
// states are taken for one, and one of them not explored, with a probability of about n² / 2^65: one in a million for 6 million
// states, one in 4,000 for 100 million.
const FIRST_CAPACITY = 1 << 16;
/** Of the table. */
const MOST_FULL = 0.7;

export class Visited {
  size = 0;
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #parents = new Uint32Array(FIRST_CAPACITY);
  /** Number of a state plus 1; 0: free. */
  #table = new Uint32Array(2 * FIRST_CAPACITY);

  get bytes(): number {
    return 12 * this.#high.length + 4 * this.#table.length;
  }

  /** The number of the state; -1: it was there before. */
  add(words: Int32Array, length: number, parent: number): number {
    const [high, low] = fingerprint(words, length);
    const mask = this.#table.length - 1;
    let place = low & mask;
    for (let number = this.#table[place]; number !== 0 && number !== undefined; number = this.#table[place]) {
      if (this.#high[number - 1] === high && this.#low[number - 1] === low) return -1;
      place = (place + 1) & mask;
    }
    if (this.size === this.#high.length) this.#grow();
    const number = this.size++;
    this.#high[number] = high;
    this.#low[number] = low;
    this.#parents[number] = parent;
    this.#table[place] = number + 1;
    if (this.size > MOST_FULL * this.#table.length) this.#rehash();
    return number;
  }

  is(number: number, words: Int32Array, length: number): boolean {
    const [high, low] = fingerprint(words, length);
    return this.#high[number] === high && this.#low[number] === low;
  }

  /** From the first state to this one. */
  pathTo(number: number): readonly number[] {
    const path = [number];
    for (let at = number; at !== 0;) {
      at = this.#parents[at] ?? 0;
      path.push(at);
    }
    return path.reverse();
  }

  #grow(): void {
    this.#high = larger(this.#high);
    this.#low = larger(this.#low);
    this.#parents = larger(this.#parents);
  }

  #rehash(): void {
    const table = new Uint32Array(2 * this.#table.length);
    const mask = table.length - 1;
    for (let number = 0; number < this.size; number++) {
      let place = (this.#low[number] ?? 0) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = number + 1;
    }
    this.#table = table;
  }
}

function larger(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(Math.ceil(1.5 * array.length));
  copy.set(array);
  return copy;
}

const result: [number, number] = [0, 0];

/** Two MurmurHash3 lanes (x86, 32 bits) of different constants, mixed with one another at the end. Overwrites what it returned before. */
function fingerprint(words: Int32Array, length: number): readonly [number, number] {
  let a = 0x9747b28c ^ length;
  let b = 0x3c6ef372 ^ length;
  for (let index = 0; index < length; index++) {
    const word = words[index] as number;
    let k = Math.imul(word, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a ^= k;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    k = Math.imul(word, 0x239b961b);
    k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
    b ^= k;
    b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b) | 0;
  }
  a = mixed(a);
  b = mixed((b + a) | 0);
  result[0] = (a + b) >>> 0;
  result[1] = b >>> 0;
  return result;
}

/** MurmurHash3's fmix32. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
