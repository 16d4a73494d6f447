// The promises of one ballot: how far each acceptor's has come, page by page, and what they hold in each slot.
import type { NodeId } from '../../contract.ts';
import type { Promise1, Vote } from './messages.ts';

export class Promises {
  /** Where each acceptor's next page begins; null: complete. Absent: nothing came yet. */
  pages = new Map<NodeId, number | null>();
  /** The latest vote in each slot. */
  found = new Map<number, Vote>();
  /** Who has accepted in each slot, by ballot. */
  voters = new Map<number, Map<number, Set<NodeId>>>();

  clear(): void {
    this.pages.clear();
    this.found.clear();
    this.voters.clear();
  }

  /** Votes below a slot are left out. Returns the last slot in which it holds anything; 0: in none. */
  add(from: NodeId, promise: Promise1, first: number): number {
    let last = 0;
    for (const vote of promise.votes) {
      if (vote.slot < first) continue;
      last = Math.max(last, vote.slot);
      const known = this.found.get(vote.slot);
      if (known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)) this.found.set(vote.slot, vote);
      this.count(from, vote);
    }
    this.pages.set(from, promise.next);
    return last;
  }

  count(from: NodeId, { slot, ballot }: Vote): void {
    if (ballot === null) return;
    let ballots = this.voters.get(slot);
    if (ballots === undefined) this.voters.set(slot, ballots = new Map<number, Set<NodeId>>());
    const voters = ballots.get(ballot);
    if (voters === undefined) ballots.set(ballot, new Set([from]));
    else voters.add(from);
  }

  isComplete(acceptor: NodeId): boolean {
    return this.pages.get(acceptor) === null;
  }

  /** Has this acceptor accepted in the slot in exactly this ballot? */
  accepted(slot: number, ballot: number, acceptor: NodeId): boolean {
    return this.voters.get(slot)?.get(ballot)?.has(acceptor) === true;
  }

  forget(slot: number): void {
    this.found.delete(slot);
    this.voters.delete(slot);
  }

  /** The last slot in which anything was found. */
  get last(): number {
    let last = 0;
    for (const slot of this.found.keys()) if (slot > last) last = slot;
    return last;
  }
}
