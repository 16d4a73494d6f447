// Log matching: what an epoch puts at a slot is one thing. Two logs that hold an entry of the same epoch at the same slot, on any
// nodes and in any lives, hold the same command there, whether it is committed or only placed.
import type { CommandId, NodeId, Position } from '../../node/contract.ts';
import type { Check } from '../kinds.ts';
import { Complaints, counted } from './words.ts';

const NAME = { check: 'log-matching', claim: 'agreement' } as const;

type Entry = { readonly id: CommandId | null; readonly node: NodeId; readonly atMs: number };

export const logMatching: Check = {
  name: NAME.check,
  summary: 'an epoch has one command at a slot, in every log that has it',
  claim: NAME.claim,
  begin() {
    const entries = new Map<string, Entry>();
    const complaints = new Complaints();
    const holds = ({ epoch, slot }: Position, entry: Entry) => {
      const key = `${epoch}.${slot}`;
      const first = entries.get(key);
      if (first === undefined) entries.set(key, entry);
      else if (first.id !== entry.id) {
        complaints.add(() => ({
          because: `epoch ${epoch} has two commands at slot ${slot}: ${first.id ?? 'none'} in the log of ${first.node}, ${entry.id ?? 'none'} in that of ${entry.node}`,
          witness: { epoch, slot, entries: [first, entry] },
        }));
      }
    };
    return {
      observe(event) {
        if (event.type === 'placed') holds(event.at, { id: event.id, node: event.node, atMs: event.atMs });
        else if (event.type === 'committed') holds(event.at, { id: event.command?.id ?? null, node: event.node, atMs: event.atMs });
      },
      finish: () => complaints.verdict(NAME, `one command in each of ${counted(entries.size, 'position')}`),
    };
  },
};
