// What a hunt draws with: a stream of numbers, and the shapes that its quantities have.
export class Dice {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  between(from: number, to: number): number {
    return from + this.#random() * (to - from);
  }

  /** As likely between 1 and 2 as between 10 and 20. */
  scaled(from: number, to: number): number {
    return from * (to / from) ** this.#random();
  }

  /** from … to. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T | undefined;
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  /** Some of them, in their order; neither none nor all where there are two or more. */
  some<T>(items: readonly T[]): readonly T[] {
    const chosen = items.filter(() => this.chance(0.5));
    if (chosen.length > 0 && chosen.length < items.length) return chosen;
    const at = Math.floor(this.#random() * items.length);
    return items.slice(at, at + 1);
  }
}
