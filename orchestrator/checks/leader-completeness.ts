// Leader completeness: what was committed in an epoch binds every later one. Once a node in epoch e has committed a command at a
// slot, nobody puts another one there in an epoch above e. This sees a leader that lacks a committed entry when it
// writes over it, before anything wrong is committed.
//
// e is the epoch of the node that committed, its status at the end of that turn, or that of the entry where it is higher: a node
// that has just started learns what is decided before it knows of any leader. So it is no less than the epoch that decided.
import type { CommandId, NodeId } from '../../node/contract.ts';
import type { Check, LabEvent } from '../kinds.ts';
import { Complaints, counted } from './words.ts';

const NAME = { check: 'leader-completeness', claim: 'agreement' } as const;

/** epoch: the lowest in which a node had committed it. */
type Chosen = { readonly id: CommandId | null; readonly node: NodeId; epoch: number };

class LeaderCompleteness {
  readonly complaints = new Complaints();
  readonly chosen = new Map<number, Chosen>();
  readonly #epochs = new Map<NodeId, number>();
  /** Commits of the present turn of a node, whose status comes at its end if it changed. */
  #turn: { readonly node: NodeId; readonly atMs: number; readonly commits: { readonly slot: number; readonly epoch: number; readonly id: CommandId | null }[] } | null = null;

  observe(event: LabEvent): void {
    if (this.#turn !== null && (event.node !== this.#turn.node || event.atMs !== this.#turn.atMs)) this.#settle();
    if (event.type === 'status') this.#epochs.set(event.node, event.status.epoch);
    else if (event.type === 'committed') {
      this.#turn ??= { node: event.node, atMs: event.atMs, commits: [] };
      this.#turn.commits.push({ ...event.at, id: event.command?.id ?? null });
    } else if (event.type === 'placed') {
      const { at, id, node, atMs } = event;
      const chosen = this.chosen.get(at.slot);
      if (chosen === undefined || chosen.id === id || at.epoch <= chosen.epoch) return;
      this.complaints.add(() => ({
        because: `${node} put ${id} at slot ${at.slot} in epoch ${at.epoch}, though ${chosen.node} had committed ${chosen.id ?? 'none'} there in epoch ${chosen.epoch}`,
        witness: { atMs, node, id, at, chosen: { ...chosen } },
      }));
    }
  }

  #settle(): void {
    if (this.#turn === null) return;
    const { node, commits } = this.#turn;
    const known = this.#epochs.get(node) ?? Infinity;
    this.#turn = null;
    for (const { slot, id, epoch: placed } of commits) {
      const epoch = Math.max(known, placed);
      const chosen = this.chosen.get(slot);
      if (chosen === undefined) this.chosen.set(slot, { id, node, epoch });
      else chosen.epoch = Math.min(chosen.epoch, epoch);
    }
  }
}

export const leaderCompleteness: Check = {
  name: NAME.check,
  summary: 'what was committed in an epoch, no later epoch puts anything else in place of',
  claim: NAME.claim,
  begin() {
    const check = new LeaderCompleteness();
    return {
      observe: (event) => check.observe(event),
      finish: () => check.complaints.verdict(NAME, `later epochs kept each of ${counted(check.chosen.size, 'slot')}`),
    };
  },
};
