// Orders of calls from which a search takes members and puts them back, in no time.

/** A doubly linked list of indices below `end`, from which members are taken and put back in reverse order. */
export class Links {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  readonly end: number;

  constructor(order: readonly number[], end: number) {
    this.end = end;
    this.next = new Int32Array(end + 1);
    this.previous = new Int32Array(end + 1);
    let last = end;
    for (const index of order) {
      this.next[last] = index;
      this.previous[index] = last;
      last = index;
    }
    this.next[last] = end;
    this.previous[end] = last;
  }

  get first(): number {
    return this.next[this.end] as number;
  }

  after(index: number): number {
    return this.next[index] as number;
  }

  take(index: number): void {
    const { next, previous } = this;
    next[previous[index] as number] = next[index] as number;
    previous[next[index] as number] = previous[index] as number;
  }

  putBack(index: number): void {
    const { next, previous } = this;
    next[previous[index] as number] = index;
    previous[next[index] as number] = index;
  }
}
