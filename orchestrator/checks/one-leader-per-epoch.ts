// At most one node takes the role `leader` in an epoch: a term of Raft, a ballot of Paxos, a round of STICK. A node may
// lead the epoch of its last life again (STICK's round leader comes from a hash, not from a vote).
import type { NodeId } from '../../node/contract.ts';
import type { Check } from '../kinds.ts';
import { Complaints, counted } from './words.ts';

const NAME = { check: 'one-leader-per-epoch', claim: 'one-leader-per-epoch' } as const;

export const oneLeaderPerEpoch: Check = {
  name: NAME.check,
  summary: 'no two nodes lead in the same epoch',
  claim: NAME.claim,
  begin() {
    const leaders = new Map<number, { readonly node: NodeId; readonly atMs: number }>();
    const complaints = new Complaints();
    return {
      observe(event) {
        if (event.type !== 'status' || event.status.role !== 'leader') return;
        const { atMs, node, status: { epoch } } = event;
        const first = leaders.get(epoch);
        if (first === undefined) leaders.set(epoch, { node, atMs });
        else if (first.node !== node) {
          complaints.add(() => ({ because: `epoch ${epoch}: both ${first.node} and ${node} lead`, witness: { epoch, leaders: [first, { node, atMs }] } }));
        }
      },
      finish: () => complaints.verdict(NAME, `one leader in each of ${counted(leaders.size, 'epoch')} that had one`),
    };
  },
};
