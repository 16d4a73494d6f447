// Durability: a write whose client was told `ok` at a slot stays there. No node, in any life, before or after, commits
// anything else at that slot; a restarted node commits again from slot 1, or from behind a state that it restored, so it must
// bring back every acknowledged write that it reaches. At the end a member that is up must have reached the last of them, or nothing proves that they survived:
// the verdict is then unknown. Reads are not writes: one served outside the log carries another command's position.
import type { CommandId, NodeId, Reconfigure } from '../../node/contract.ts';
import type { Check, LabEvent, Plan, Verdict } from '../kinds.ts';
import { membersAfter, membersOf } from '../seats.ts';
import type { Change } from '../seats.ts';
import { commandInWords, commitWitness, Complaints, counted } from './words.ts';
import type { Committed } from './words.ts';

const NAME = { check: 'durability', claim: 'durability' } as const;

/** slot: how far this life has committed. */
type Reached = { life: number; slot: number; down: boolean };
const ENDS: ReadonlySet<string> = new Set(['crash', 'stop']);

type Acknowledged = { readonly atMs: number; readonly id: CommandId };

class Durability {
  readonly #complaints = new Complaints();
  readonly #open = new Map<CommandId, true>();
  readonly #acknowledged = new Map<number, Acknowledged>();
  /** What was committed at a slot before anything was acknowledged there: the first commit, and those that differ from it. */
  readonly #committed = new Map<number, Committed>();
  readonly #forks = new Map<number, Committed[]>();
  readonly #nodes = new Map<NodeId, Reached>();
  readonly #members: readonly NodeId[];
  /** Asked for, and those that were answered with ok. */
  readonly #changes = new Map<CommandId, Reconfigure>();
  readonly #done: Change[] = [];
  #lastSlot = 0;

  constructor(plan: Plan) {
    this.#members = membersOf(plan);
  }

  observe(event: LabEvent): void {
    switch (event.type) {
      case 'committed':
        return this.#commit(event);
      case 'restored':
        this.#reach(event.node, event.life, event.at.slot);
        return;
      case 'submitted':
        this.#changes.set(event.command.id, event.command.op);
        this.#open.set(event.command.id, true);
        return;
      case 'invoke':
        if (event.command.op.type !== 'get') this.#open.set(event.command.id, true);
        return;
      case 'answered':
        if (event.reply.outcome === 'ok') this.#changed(event.id, event.reply.at.slot);
        if (this.#open.delete(event.id) && event.reply.outcome === 'ok') this.#acknowledge({ atMs: event.atMs, id: event.id }, event.reply.at.slot);
        return;
      case 'reply':
        if (this.#open.delete(event.id) && event.reply.outcome === 'ok') this.#acknowledge({ atMs: event.atMs, id: event.id }, event.reply.at.slot);
        return;
      case 'action':
        if (ENDS.has(event.action.type)) for (const id of event.nodes) this.#node(id).down = true;
        else if (event.action.type === 'restart' || event.action.type === 'start') for (const id of event.nodes) this.#node(id).down = false;
        return;
      default:
    }
  }

  finish(): Verdict {
    // Who left may keep what the members have lost.
    const members = membersAfter(this.#members, this.#done);
    const reached = [...this.#nodes].reduce((most, [id, node]) => (node.down || !members.includes(id) ? most : Math.max(most, node.slot)), 0);
    const verdict = this.#complaints.verdict(NAME, `${counted(this.#acknowledged.size, 'acknowledged write')} kept`);
    if (verdict.valid !== true || reached >= this.#lastSlot) return verdict;
    return {
      ...NAME, valid: 'unknown', witness: { lastAcknowledgedSlot: this.#lastSlot, reachedSlot: reached },
      because: `writes were acknowledged up to slot ${this.#lastSlot}, but at the end no ${this.#changes.size > 0 ? 'member' : 'node'} that is up has committed beyond slot ${reached}`,
    };
  }

  #changed(id: CommandId, slot: number): void {
    const op = this.#changes.get(id);
    if (op !== undefined) this.#done.push({ slot, add: op.add, remove: op.remove });
  }

  #reach(id: NodeId, life: number, slot: number): void {
    const node = this.#node(id);
    if (node.life !== life) Object.assign(node, { life, slot: 0 });
    node.slot = Math.max(node.slot, slot);
  }

  #commit(event: Committed): void {
    const { slot } = event.at;
    this.#reach(event.node, event.life, slot);
    const acknowledged = this.#acknowledged.get(slot);
    const first = this.#committed.get(slot);
    if (first === undefined) this.#committed.set(slot, event);
    else if (acknowledged === undefined && first.command?.id !== event.command?.id) {
      const fork = this.#forks.get(slot);
      if (fork === undefined) this.#forks.set(slot, [event]);
      else if (!fork.some((other) => other.command?.id === event.command?.id)) fork.push(event);
    }
    if (acknowledged !== undefined) this.#compare(acknowledged, event);
  }

  #acknowledge(acknowledged: Acknowledged, slot: number): void {
    this.#lastSlot = Math.max(this.#lastSlot, slot);
    this.#acknowledged.set(slot, acknowledged);
    const first = this.#committed.get(slot);
    if (first !== undefined) this.#compare(acknowledged, first);
    for (const event of this.#forks.get(slot) ?? []) this.#compare(acknowledged, event);
    this.#forks.delete(slot);
  }

  #compare(acknowledged: Acknowledged, event: Committed): void {
    if (event.command?.id === acknowledged.id) return;
    const life = event.life > 1 ? ` in its life ${event.life}` : '';
    this.#complaints.add(() => ({
      because: `the write ${acknowledged.id}, acknowledged at slot ${event.at.slot}, is lost: ${event.node} committed ${commandInWords(event.command)} there${life}`,
      witness: { acknowledged: { ...acknowledged, slot: event.at.slot }, committed: commitWitness(event) },
    }));
  }

  #node(id: NodeId): Reached {
    let node = this.#nodes.get(id);
    if (node === undefined) this.#nodes.set(id, node = { life: 0, slot: 0, down: false });
    return node;
  }
}

export const durability: Check = {
  name: NAME.check,
  summary: 'an acknowledged write stays at its slot, on every node and across crashes',
  claim: NAME.claim,
  begin(plan) {
    const durability = new Durability(plan);
    return { observe: (event) => durability.observe(event), finish: () => durability.finish() };
  },
};
