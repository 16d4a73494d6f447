// The states that are still to be expanded, oldest first, as words in one array: number, length, and the words of each.
const FIRST_WORDS = 1 << 16;

export class Frontier {
  size = 0;
  #words = new Int32Array(FIRST_WORDS);
  #begin = 0;
  #end = 0;

  get bytes(): number {
    return 4 * this.#words.length;
  }

  push(number: number, words: Int32Array, length: number): void {
    if (this.#end + length + 2 > this.#words.length) this.#makeRoom(length + 2);
    this.#words[this.#end] = number;
    this.#words[this.#end + 1] = length;
    this.#words.set(words.subarray(0, length), this.#end + 2);
    this.#end += length + 2;
    this.size++;
  }

  /** Writes the words of the oldest into `words` and returns its number and their count; null: there is none. */
  shift(words: Int32Array): { readonly number: number; readonly length: number } | null {
    if (this.size === 0) return null;
    const number = this.#words[this.#begin] as number;
    const length = this.#words[this.#begin + 1] as number;
    words.set(this.#words.subarray(this.#begin + 2, this.#begin + 2 + length));
    this.#begin += length + 2;
    this.size--;
    return { number, length };
  }

  #makeRoom(words: number): void {
    const used = this.#end - this.#begin;
    const next = 2 * (used + words) > this.#words.length ? new Int32Array(2 * (used + words)) : this.#words;
    if (next === this.#words) next.copyWithin(0, this.#begin, this.#end);
    else next.set(this.#words.subarray(this.#begin, this.#end));
    this.#words = next;
    this.#begin = 0;
    this.#end = used;
  }
}
