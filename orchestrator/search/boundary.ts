// Where a target ceases to hold along one value. First values over the whole range, then halves of whatever lies between two
// that were judged differently, the widest first, down to the resolution. A value holds when all of its runs hold, and fails when
// none does; between both the runs disagree, and the interval ends where they agree. That the target holds on one side
// alone is not assumed: each change of the verdict along the range is narrowed, and more than one is said.
import type { Search } from './spec.ts';

export type Verdict = 'holds' | 'fails' | 'mixed';
/** held: of its runs. */
export type Judged = { readonly value: number; readonly held: number; readonly runs: number; readonly verdict: Verdict };
/** Between the last value in a row that holds and the first that fails; null: the range ends, or the target holds again, before one does. */
export type Boundary = { readonly holds: number; readonly fails: number | null; readonly side: 'upper' | 'lower' };
/** boundary: at least one. nowhere: no value holds. everywhere: each does. unfinished: it ended before all of the range was looked at. */
export type Outcome = 'boundary' | 'nowhere' | 'everywhere' | 'unfinished';
export type Result = {
  readonly outcome: Outcome;
  readonly boundaries: readonly Boundary[];
  readonly monotone: boolean;
  /** false: the runs were used up, or it was interrupted. */
  readonly narrowed: boolean;
  readonly points: readonly Judged[];
};

/** From this ratio of its ends a range is divided by ratio, not by difference. */
const BY_RATIO_FROM = 10;
/** Of values, where no step is given. */
const DIGITS = 3;

export class BoundarySearch {
  readonly #search: Search;
  readonly #points = new Map<number, Judged>();

  constructor(search: Search) {
    this.#search = search;
  }

  /** The next value to judge; null: nothing is left to do, or no run is left to do it with. */
  next(): number | null {
    if (this.#runs() + this.#search.repeat > this.#search.runs) return null;
    return this.#wanted();
  }

  judge(value: number, held: number, runs: number): void {
    this.#points.set(value, { value, held, runs, verdict: held === runs ? 'holds' : held === 0 ? 'fails' : 'mixed' });
  }

  result(): Result {
    const points = this.#sorted();
    const boundaries = boundariesOf(points);
    return { outcome: this.#open().length > 0 ? 'unfinished' : outcomeOf(points, boundaries), boundaries, monotone: boundaries.length < 2, narrowed: this.#wanted() === null, points };
  }

  #runs(): number {
    return [...this.#points.values()].reduce((sum, { runs }) => sum + runs, 0);
  }

  #sorted(): readonly Judged[] {
    return [...this.#points.values()].sort((a, b) => a.value - b.value);
  }

  /** Of the values over the whole range, those that are not judged yet; the ends first. */
  #open(): readonly number[] {
    const { low, high, points } = this.#search;
    const inner = Array.from({ length: points - 2 }, (_, index) => this.#rounded(this.#at((index + 1) / (points - 1))));
    return [low, high, ...inner].filter((value) => !this.#points.has(value));
  }

  #wanted(): number | null {
    const [open] = this.#open();
    if (open !== undefined) return open;
    const sorted = this.#sorted();
    let widest: { readonly middle: number; readonly share: number } | null = null;
    for (let index = 1; index < sorted.length; index++) {
      const [left, right] = [sorted[index - 1] as Judged, sorted[index] as Judged];
      const middle = left.verdict === right.verdict ? null : this.#between(left.value, right.value);
      const share = this.#shareOf(right.value) - this.#shareOf(left.value);
      if (middle !== null && (widest === null || share > widest.share)) widest = { middle, share };
    }
    return widest?.middle ?? null;
  }

  get #byRatio(): boolean {
    const { low, high } = this.#search;
    return low > 0 && high / low >= BY_RATIO_FROM;
  }

  /** share: of the way from low to high. */
  #at(share: number): number {
    const { low, high } = this.#search;
    return this.#byRatio ? low * (high / low) ** share : low + (high - low) * share;
  }

  #shareOf(value: number): number {
    const { low, high } = this.#search;
    return this.#byRatio ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  #rounded(value: number): number {
    const { resolution, low } = this.#search;
    if ('absolute' in resolution) return Number((low + Math.round((value - low) / resolution.absolute) * resolution.absolute).toPrecision(12));
    return Number(value.toPrecision(DIGITS));
  }

  /** null: they are as near as they have to be. */
  #between(left: number, right: number): number | null {
    const { resolution, low, high } = this.#search;
    // Near zero a share of the value would never be reached.
    const least = this.#byRatio ? 0 : 0.01 * (high - low);
    const enough = 'absolute' in resolution ? resolution.absolute : resolution.share * Math.max(Math.abs(left), Math.abs(right), least);
    if (right - left <= enough * (1 + 1e-9)) return null;
    const middle = this.#rounded(this.#at((this.#shareOf(left) + this.#shareOf(right)) / 2));
    return middle > left && middle < right && !this.#points.has(middle) ? middle : null;
  }
}

function outcomeOf(points: readonly Judged[], boundaries: readonly Boundary[]): Outcome {
  if (points.every(({ verdict }) => verdict !== 'holds')) return 'nowhere';
  return boundaries.length === 0 ? 'everywhere' : 'boundary';
}

/** One for each end of a row of values that hold, but for the ends of the range. */
function boundariesOf(points: readonly Judged[]): readonly Boundary[] {
  const boundaries: Boundary[] = [];
  const failing = (from: number, step: 1 | -1): number | null => {
    for (let index = from; points[index] !== undefined; index += step) {
      const { verdict, value } = points[index] as Judged;
      if (verdict === 'fails') return value;
      if (verdict === 'holds') return null;
    }
    return null;
  };
  points.forEach(({ verdict, value }, index) => {
    if (verdict !== 'holds') return;
    const [before, after] = [points[index - 1], points[index + 1]];
    if (before !== undefined && before.verdict !== 'holds') boundaries.push({ side: 'lower', holds: value, fails: failing(index - 1, -1) });
    if (after !== undefined && after.verdict !== 'holds') boundaries.push({ side: 'upper', holds: value, fails: failing(index + 1, 1) });
  });
  return boundaries;
}
