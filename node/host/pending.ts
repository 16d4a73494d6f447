// Who waits for which command at this node's HTTP door. Bounded in number and in time: beyond the number a command is not
// taken, after the time its outcome is unknown; who hangs up frees its place at once.
import type { CommandId } from '../contract.ts';
import type { Reply } from '../replica.ts';

type Waiter = { readonly id: CommandId; readonly untilMs: number; readonly answer: (reply: Reply) => void };

export class Pending {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  /** Nobody waits for this command any longer. */
  readonly #forgotten: (id: CommandId) => void;
  readonly #byId = new Map<CommandId, Waiter | Waiter[]>();
  /** In order of arrival, which is the order of their ends. */
  readonly #waiters = new Set<Waiter>();
  #timer: NodeJS.Timeout | null = null;

  constructor(max: number, timeoutMs: number, now: () => number, forgotten: (id: CommandId) => void) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#forgotten = forgotten;
  }

  get room(): number {
    return this.#max - this.#waiters.size;
  }

  /** Calls answer once, unless what it returns is called before. A retry waits beside the first request of the same id. */
  add(id: CommandId, answer: (reply: Reply) => void): () => void {
    const waiter: Waiter = { id, untilMs: this.#now() + this.#timeoutMs, answer };
    const others = this.#byId.get(id);
    if (others === undefined) this.#byId.set(id, waiter);
    else if (Array.isArray(others)) others.push(waiter);
    else this.#byId.set(id, [others, waiter]);
    this.#waiters.add(waiter);
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
    return () => {
      if (this.#waiters.delete(waiter)) this.#drop(waiter);
    };
  }

  settle(id: CommandId, reply: Reply): void {
    const waiters = this.#byId.get(id);
    if (waiters === undefined) return;
    this.#byId.delete(id);
    for (const waiter of Array.isArray(waiters) ? waiters : [waiters]) {
      this.#waiters.delete(waiter);
      waiter.answer(reply);
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #expire(): void {
    const nowMs = this.#now();
    this.#timer = null;
    for (const waiter of this.#waiters) {
      if (waiter.untilMs > nowMs) {
        this.#timer = setTimeout(() => this.#expire(), Math.ceil(waiter.untilMs - nowMs));
        return;
      }
      this.#waiters.delete(waiter);
      this.#drop(waiter);
      waiter.answer({ outcome: 'unknown', reason: 'timeout' });
    }
  }

  #drop(waiter: Waiter): void {
    const waiters = this.#byId.get(waiter.id);
    if (Array.isArray(waiters) && waiters.length > 1) {
      waiters.splice(waiters.indexOf(waiter), 1);
      return;
    }
    this.#byId.delete(waiter.id);
    this.#forgotten(waiter.id);
  }
}
