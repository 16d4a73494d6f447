// Rounds that decided nothing, for protocols whose leadership passes on by rule: of the epochs that began in the measure
// window, those in which no client's command was ever committed. A round without a command to decide is not lost, so a
// load too thin to give (nearly) every round one has no such figure.
import type { LabEvent } from '../../kinds.ts';
import type { Window } from '../../metrics/commands.ts';

/** Commands a round on average; of Poisson arrivals fewer than 1 in 1,000 rounds then has none. */
const MIN_COMMANDS = 7;

export class Rounds {
  readonly #window: Window;
  readonly #begunMs = new Map<number, number>();
  readonly #decided = new Set<number>();

  constructor(window: Window) {
    this.#window = window;
  }

  observe(event: LabEvent): void {
    if (event.type === 'status' && !this.#begunMs.has(event.status.epoch)) this.#begunMs.set(event.status.epoch, event.atMs);
    if (event.type === 'committed' && event.command !== null) this.#decided.add(event.at.epoch);
  }

  finish(ratePerSecond: number | null): { readonly all: number; readonly lost: number } | null {
    const { fromMs, toMs } = this.#window;
    const rounds = [...this.#begunMs].filter(([, atMs]) => atMs >= fromMs && atMs < toMs).map(([epoch]) => epoch);
    if (rounds.length === 0 || (ratePerSecond !== null && (ratePerSecond * (toMs - fromMs)) / 1000 < MIN_COMMANDS * rounds.length)) return null;
    return { all: rounds.length, lost: rounds.filter((epoch) => !this.#decided.has(epoch)).length };
  }
}
