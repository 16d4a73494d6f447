// The named timers and alarms of one life. A timer lives on the node's clock and is aimed at a true time; it is aimed again
// when the clock changes. Moving a timer to later costs no event: the one that is scheduled finds out and goes on waiting.
import type { Clock } from '../node/clock.ts';

type Timer = {
  readonly name: string;
  /** Which clock, and what it shall have reached; null: cleared. */
  goal: { readonly clock: 'monotonic' | 'wall'; readonly readingMs: number } | null;
  dueMs: number;
  /** When its event in the queue runs; Infinity: there is none. */
  scheduledMs: number;
  /** Of its valid event. */
  ticket: number;
};

export type TimerPorts = {
  readonly clock: Clock;
  now(): number;
  at(atMs: number, run: () => void): void;
  fire(name: string): void;
};

export class Timers {
  readonly #ports: TimerPorts;
  readonly #timers = new Map<string, Timer>();
  #stopped = false;

  constructor(ports: TimerPorts) {
    this.#ports = ports;
  }

  setTimer(name: string, afterMs: number): void {
    const readingMs = this.#ports.clock.monotonic(this.#ports.now()) + afterMs;
    this.#aim(this.#timer(name), { clock: 'monotonic', readingMs });
  }

  setAlarm(name: string, wallClockMs: number): void {
    this.#aim(this.#timer(name), { clock: 'wall', readingMs: wallClockMs });
  }

  clear(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    timer.goal = null;
    timer.dueMs = Infinity;
    if (timer.scheduledMs === Infinity) this.#timers.delete(name);
  }

  /** After a change of the clock. */
  aimAgain(): void {
    if (this.#stopped) return;
    for (const timer of this.#timers.values()) {
      if (timer.goal !== null) this.#aim(timer, timer.goal);
    }
  }

  /** While the node is paused, or for ever when its life has ended. */
  stop(): void {
    this.#stopped = true;
  }

  /** What fell due meanwhile fires now. */
  resume(): void {
    this.#stopped = false;
    this.aimAgain();
  }

  #timer(name: string): Timer {
    let timer = this.#timers.get(name);
    if (timer === undefined) {
      timer = { name, goal: null, dueMs: Infinity, scheduledMs: Infinity, ticket: 0 };
      this.#timers.set(name, timer);
    }
    return timer;
  }

  #aim(timer: Timer, goal: NonNullable<Timer['goal']>): void {
    const { clock } = this.#ports;
    timer.goal = goal;
    timer.dueMs = goal.clock === 'wall' ? clock.whenWall(goal.readingMs, this.#ports.now()) : clock.whenMonotonic(goal.readingMs, this.#ports.now());
    this.#schedule(timer);
  }

  #schedule(timer: Timer): void {
    if (timer.scheduledMs <= timer.dueMs) return;
    timer.scheduledMs = timer.dueMs;
    const ticket = ++timer.ticket;
    this.#ports.at(timer.dueMs, () => {
      if (ticket === timer.ticket) this.#reached(timer);
    });
  }

  #reached(timer: Timer): void {
    timer.scheduledMs = Infinity;
    if (this.#stopped) return;
    if (timer.dueMs > this.#ports.now()) {
      if (timer.goal === null) this.#timers.delete(timer.name);
      else this.#schedule(timer);
      return;
    }
    this.#timers.delete(timer.name);
    this.#ports.fire(timer.name);
  }
}
