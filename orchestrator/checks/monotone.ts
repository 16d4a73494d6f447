// Monotone commit and epoch: within one life of a node neither falls, and nothing is reported committed beyond what is in the log.
// Across lives both may: what was not durable is forgotten, and a restarted node commits again from slot 1.
import type { NodeId } from '../../node/contract.ts';
import type { Check } from '../kinds.ts';
import { Complaints, counted } from './words.ts';

const NAME = { check: 'monotone', claim: null } as const;

type Life = { life: number; epoch: number; commitSlot: number; slot: number };

export const monotone: Check = {
  name: NAME.check,
  summary: 'within a life of a node its epoch and its commit slot never fall',
  claim: NAME.claim,
  begin() {
    const lives = new Map<NodeId, Life>();
    const complaints = new Complaints();
    let statuses = 0;
    const lifeOf = (node: NodeId, life: number): Life => {
      let known = lives.get(node);
      if (known === undefined || known.life !== life) lives.set(node, known = { life, epoch: 0, commitSlot: 0, slot: 0 });
      return known;
    };
    return {
      observe(event) {
        if (event.type === 'committed') {
          const life = lifeOf(event.node, event.life);
          life.slot = Math.max(life.slot, event.at.slot);
        } else if (event.type === 'status') {
          const { atMs, node, status: { epoch, commitSlot, lastSlot } } = event;
          const life = lifeOf(node, event.life);
          const before = { ...life };
          statuses++;
          const fell = epoch < before.epoch ? `its epoch fell from ${before.epoch} to ${epoch}` : commitSlot < Math.max(before.commitSlot, before.slot) ? `its commit slot fell from ${Math.max(before.commitSlot, before.slot)} to ${commitSlot}` : null;
          const wrong = fell ?? (commitSlot > lastSlot ? `it has committed slot ${commitSlot}, but its log ends at slot ${lastSlot}` : null);
          if (wrong !== null) complaints.add(() => ({ because: `${node} at ${atMs} ms: ${wrong}`, witness: { node, atMs, life: event.life, before, status: event.status } }));
          Object.assign(life, { epoch: Math.max(life.epoch, epoch), commitSlot: Math.max(life.commitSlot, commitSlot) });
        }
      },
      finish: () => complaints.verdict(NAME, `no epoch and no commit slot fell in ${counted(statuses, 'status')}`),
    };
  },
};
