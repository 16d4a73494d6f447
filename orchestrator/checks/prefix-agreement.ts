// Prefix agreement: no two nodes, and no two lives of one node, ever commit different things at a slot. Compared are the
// command (id and operation), the epoch of the position, the value that the state machine answered, and the value that a
// client was told for that position. Keeps the first commit event of each slot; the order of events does not matter.
import type { Check } from '../kinds.ts';
import { commandInWords, commitWitness, Complaints, counted, sameCommand } from './words.ts';
import type { Committed } from './words.ts';

const NAME = { check: 'prefix-agreement', claim: 'agreement' } as const;

export const prefixAgreement: Check = {
  name: NAME.check,
  summary: 'every node and every life commits the same command, epoch and value at each slot',
  claim: NAME.claim,
  begin() {
    const chosen = new Map<number, Committed>();
    const complaints = new Complaints();
    return {
      observe(event) {
        if (event.type === 'committed') {
          const first = chosen.get(event.at.slot);
          if (first === undefined) chosen.set(event.at.slot, event);
          else if (!agree(first, event)) complaints.add(() => ({ because: disagreement(first, event), witness: [commitWitness(first), commitWitness(event)] }));
        } else if (event.type === 'reply' && event.reply.outcome === 'ok') {
          const { reply, id } = event;
          const first = chosen.get(reply.at.slot);
          // A read outside the log is answered with the position it was evaluated after, which is another command's.
          if (first?.command?.id !== id || (first.value === reply.value && first.at.epoch === reply.at.epoch)) return;
          complaints.add(() => ({
            because: `slot ${reply.at.slot}: the client of ${id} was told ${told(reply.value)} at epoch ${reply.at.epoch}, ${first.node} committed it with ${told(first.value)} at epoch ${first.at.epoch}`,
            witness: [commitWitness(first), { atMs: event.atMs, id, reply }],
          }));
        }
      },
      finish: () => complaints.verdict(NAME, `all nodes agree on ${counted(chosen.size, 'slot')}`),
    };
  },
};

function agree(first: Committed, event: Committed): boolean {
  return first.at.epoch === event.at.epoch && first.value === event.value && sameCommand(first.command, event.command);
}

function disagreement(first: Committed, event: Committed): string {
  const side = (at: Committed) => `${at.node}${at.life > 1 ? ` (life ${at.life})` : ''} committed ${commandInWords(at.command)} of epoch ${at.at.epoch}`;
  if (sameCommand(first.command, event.command) && first.at.epoch === event.at.epoch) {
    return `slot ${event.at.slot}: ${first.node} and ${event.node} applied ${commandInWords(event.command)} with different values, ${told(first.value)} and ${told(event.value)}`;
  }
  return `slot ${event.at.slot}: ${side(first)}, ${side(event)}`;
}

function told(value: string | null): string {
  return value === null ? 'nothing' : `'${value}'`;
}
