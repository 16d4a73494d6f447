// Log matching: what an epoch puts at a slot is one thing. Two logs that hold an entry of the same epoch at the same slot hold the
// same command there, whether it is committed or only placed. What a node has only placed counts in that life alone: a crash may
// lose it before anybody has heard of it, and a leader that needs no new epoch to go on then puts another there.
import type { CommandId, NodeId, Position } from '../../node/contract.ts';
import type { Check } from '../kinds.ts';
import { Complaints, counted } from './words.ts';

const NAME = { check: 'log-matching', claim: 'agreement' } as const;

/** life 0: committed, so it counts for ever. */
type Entry = { readonly id: CommandId | null; readonly node: NodeId; readonly life: number; readonly atMs: number };

export const logMatching: Check = {
  name: NAME.check,
  summary: 'an epoch has one command at a slot, in every log that has it',
  claim: NAME.claim,
  begin() {
    const positions = new Map<string, Entry[]>();
    const lives = new Map<NodeId, number>();
    const complaints = new Complaints();
    const holds = ({ epoch, slot }: Position, entry: Entry) => {
      const key = `${epoch}.${slot}`;
      const known = positions.get(key);
      if (known === undefined) {
        positions.set(key, [entry]);
        return;
      }
      const counts = known.filter(({ node, life }) => life === 0 || life === lives.get(node));
      const other = counts.find(({ id }) => id !== entry.id);
      if (other !== undefined) {
        complaints.add(() => ({
          because: `epoch ${epoch} has two commands at slot ${slot}: ${other.id ?? 'none'} in the log of ${other.node}, ${entry.id ?? 'none'} in that of ${entry.node}`,
          witness: { epoch, slot, entries: [other, entry] },
        }));
      }
      if (!counts.some(({ node, life, id }) => id === entry.id && (life === 0 || (node === entry.node && entry.life !== 0)))) positions.set(key, [...counts, entry]);
    };
    return {
      observe(event) {
        if (event.type !== 'placed' && event.type !== 'committed') return;
        const { node, life, atMs } = event;
        lives.set(node, life);
        if (event.type === 'placed') holds(event.at, { id: event.id, node, life, atMs });
        else holds(event.at, { id: event.command?.id ?? null, node, life: 0, atMs });
      },
      finish: () => complaints.verdict(NAME, `one command in each of ${counted(positions.size, 'position')}`),
    };
  },
};
