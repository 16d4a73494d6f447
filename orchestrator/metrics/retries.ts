// How clients met what was not answered: attempts beyond the first, waits between them, and circuit breakers that opened.
import type { CommandId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { count, isIn, measureWindow } from './commands.ts';
import type { Window } from './commands.ts';

export class Retries {
  readonly #window: Window;
  readonly #withBreaker: boolean;
  /** Invoked, and not yet sent. */
  readonly #fresh = new Set<CommandId>();
  #retries = 0;
  #longestMs: number | null = null;
  #opened = 0;

  constructor(plan: Plan) {
    this.#window = measureWindow(plan);
    this.#withBreaker = plan.load.breaker !== null;
  }

  observe(event: LabEvent): void {
    const counts = isIn(this.#window, event.atMs);
    if (event.type === 'invoke') this.#fresh.add(event.command.id);
    else if (event.type === 'attempt') {
      const first = this.#fresh.delete(event.id);
      if (!first && counts) this.#retries++;
    } else if (event.type === 'reply') this.#fresh.delete(event.id);
    else if (event.type === 'back-off') {
      if (counts) this.#longestMs = Math.max(this.#longestMs ?? 0, event.waitMs);
    } else if (event.type === 'breaker' && event.state === 'open' && counts) this.#opened++;
  }

  figures(): { readonly [name: string]: Figure } {
    return {
      retries: count(this.#retries), 'backOff.max': { value: this.#longestMs, unit: 'ms', bound: '=' },
      'breaker.opened': count(this.#withBreaker ? this.#opened : null),
    };
  }
}
