// The moments of a life that a fault can be bound to, made out from what its machine does: no protocol is named.
import type { Status } from '../node/contract.ts';

/**
 * What a fault can be bound to instead of a time, at the node at which it is seen.
 * started: a life has begun. flush: what it persisted is on its way to the disk. durable: a flush is done, and what waited for it
 * has not left. sent: the first frame since a flush has left, and no other. epoch, role: its status has another one; leads: the
 * role is now leader. placed, committed: as the events.
 */
export type Moment = 'started' | 'flush' | 'durable' | 'sent' | 'epoch' | 'role' | 'leads' | 'placed' | 'committed';

export class Moments {
  readonly #see: (moment: Moment) => void;
  /** As it was told last. */
  #status: Status | null = null;
  /** A flush is done, and no frame has left since. */
  #silent = false;

  /** see: no longer called once the life is over, which it may be after any call. */
  constructor(see: (moment: Moment) => void) {
    this.#see = see;
  }

  durable(): void {
    this.#silent = true;
    this.#see('durable');
  }

  sent(): void {
    if (!this.#silent) return;
    this.#silent = false;
    this.#see('sent');
  }

  status(status: Status): void {
    const before = this.#status;
    this.#status = status;
    if (before?.epoch !== status.epoch) this.#see('epoch');
    if (before?.role === status.role) return;
    this.#see('role');
    if (status.role === 'leader') this.#see('leads');
  }
}
