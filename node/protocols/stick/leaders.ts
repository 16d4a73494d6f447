// Who leads a round: the member with the lowest hash(address ++ round), as SHA-256 of the text; two equal hashes: the lower address.
import type { NodeId } from '../../contract.ts';
import { sha256 } from '../../kit/hash.ts';

export class Leaders {
  members: readonly NodeId[] = [];
  known = new Map<number, NodeId>();

  /** Remembers the answers for these members until it is asked of others. */
  of(round: number, members: readonly NodeId[], address: (id: NodeId) => string): NodeId {
    if (members !== this.members) {
      this.members = members;
      this.known.clear();
    }
    let leader = this.known.get(round);
    if (leader === undefined) this.known.set(round, leader = leaderOf(round, members, address));
    return leader;
  }

  forgetBefore(round: number): void {
    for (const old of this.known.keys()) if (old < round) this.known.delete(old);
  }
}

export function leaderOf(round: number, members: readonly NodeId[], address: (id: NodeId) => string): NodeId {
  const ranked = members.map((id) => ({ id, rank: `${sha256(`${address(id)}${round}`)} ${address(id)}` }));
  return ranked.reduce((lowest, next) => (next.rank < lowest.rank ? next : lowest)).id;
}
