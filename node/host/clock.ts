// Time of one node process. True time is CLOCK_MONOTONIC since the run's origin, which every process of one host shares; the
// machine's timers and alarms follow the node's own clock, and never fire before that clock has reached their time.
import type { Clock } from '../clock.ts';

/** Ms since originNs; the same instant reads the same in every process. */
export function openTrueTime(originNs: bigint): () => number {
  // performance.now() is the same clock counted from the start of this process, without the cost of a bigint.
  const before = performance.now();
  const offsetMs = Number(process.hrtime.bigint() - originNs) / 1e6 - (before + performance.now()) / 2;
  return () => performance.now() + offsetMs;
}

/** setTimeout takes no more; a longer wait is looked at again. */
const LONGEST_TIMEOUT_MS = 60_000;

type Timer = { readonly wall: boolean; readonly readsMs: number; dueMs: number };

export class Timers {
  readonly #clock: Clock;
  readonly #now: () => number;
  /** Something is due: take() it. */
  readonly #due: () => void;
  /** Few names, moved often: a scan when one is due is cheaper than a heap. */
  readonly #timers = new Map<string, Timer>();
  #timeout: NodeJS.Timeout | null = null;
  #armedForMs = Infinity;

  constructor(clock: Clock, now: () => number, due: () => void) {
    this.#clock = clock;
    this.#now = now;
    this.#due = due;
  }

  setTimer(name: string, afterMs: number): void {
    this.#set(name, false, this.#clock.monotonic(this.#now()) + afterMs);
  }

  setAlarm(name: string, wallClockMs: number): void {
    this.#set(name, true, wallClockMs);
  }

  clear(name: string): void {
    this.#timers.delete(name);
  }

  /** A timer that is due, and no longer set; null: none is. The earliest comes first. */
  take(): string | null {
    const nowMs = this.#now();
    if (this.#armedForMs > nowMs) return null;
    let first: string | null = null;
    let firstMs = Infinity;
    for (const [name, timer] of this.#timers) {
      if (timer.dueMs >= firstMs || timer.dueMs > nowMs) continue;
      if (this.#reads(timer, nowMs) < timer.readsMs) {
        timer.dueMs = this.#dueMs(timer.wall, timer.readsMs, nowMs);
        continue;
      }
      first = name;
      firstMs = timer.dueMs;
    }
    if (first === null) this.#arm(nowMs);
    else this.#timers.delete(first);
    return first;
  }

  /** The clock has been changed: each timer is due when the clock as it is now reads its time. */
  aim(): void {
    const nowMs = this.#now();
    for (const timer of this.#timers.values()) timer.dueMs = this.#dueMs(timer.wall, timer.readsMs, nowMs);
    this.#arm(nowMs);
  }

  stop(): void {
    this.#timers.clear();
    if (this.#timeout !== null) clearTimeout(this.#timeout);
  }

  #set(name: string, wall: boolean, readsMs: number): void {
    const nowMs = this.#now();
    const dueMs = this.#dueMs(wall, readsMs, nowMs);
    this.#timers.set(name, { wall, readsMs, dueMs });
    // A timer that is moved later leaves the timeout as it is: it then finds nothing due and is set again.
    if (dueMs < this.#armedForMs) this.#armFor(dueMs, nowMs);
  }

  #reads(timer: Timer, trueMs: number): number {
    return timer.wall ? this.#clock.wall(trueMs) : this.#clock.monotonic(trueMs);
  }

  #dueMs(wall: boolean, readsMs: number, fromMs: number): number {
    return wall ? this.#clock.whenWall(readsMs, fromMs) : this.#clock.whenMonotonic(readsMs, fromMs);
  }

  #arm(nowMs: number): void {
    let firstMs = Infinity;
    for (const timer of this.#timers.values()) firstMs = Math.min(firstMs, timer.dueMs);
    this.#armFor(firstMs, nowMs);
  }

  #armFor(dueMs: number, nowMs: number): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    this.#timeout = null;
    this.#armedForMs = dueMs;
    if (dueMs === Infinity) return;
    // Whole milliseconds, rounded down: setTimeout is late by up to one as it is.
    this.#timeout = setTimeout(() => this.#fire(), Math.min(Math.max(0, Math.floor(dueMs - nowMs)), LONGEST_TIMEOUT_MS));
  }

  #fire(): void {
    this.#timeout = null;
    const nowMs = this.#now();
    if (this.#armedForMs <= nowMs) this.#due();
    else this.#armFor(this.#armedForMs, nowMs);
  }
}
