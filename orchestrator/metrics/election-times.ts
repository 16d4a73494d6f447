// How long elections take: from each fault that takes the leader to the moment when another node knows that it leads. One that
// is not over when the next leader is taken, or the run ends, counts as endless: it is never left out.
import type { NodeId } from '../../node/contract.ts';
import type { LabEvent } from '../kinds.ts';

export class ElectionTimes {
  #leader: NodeId | null = null;
  #epoch = -1;
  #takenMs: number | null = null;
  readonly #times: number[] = [];

  /** In order of atMs. */
  observe(event: LabEvent): void {
    if (event.type === 'status' && event.status.role === 'leader' && event.status.epoch > this.#epoch) {
      this.#epoch = event.status.epoch;
      this.#leader = event.node;
      if (this.#takenMs !== null) this.#times.push(event.atMs - this.#takenMs);
      this.#takenMs = null;
    }
    if (event.type === 'fault' && event.phase === 'begin' && this.#leader !== null && event.nodes.includes(this.#leader)) this.#taken(event.atMs);
  }

  /** In ms; Infinity: not over. */
  finish(): readonly number[] {
    return this.#takenMs === null ? this.#times : [...this.#times, Infinity];
  }

  #taken(atMs: number): void {
    if (this.#takenMs !== null) this.#times.push(Infinity);
    this.#takenMs = atMs;
    this.#leader = null;
  }
}
