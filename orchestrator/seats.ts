// What a plan tells each replica: the same on every runner, but for its life.
import type { NodeId } from '../node/contract.ts';
import type { Seat } from '../node/seat.ts';
import { LabError } from './errors.ts';
import type { Plan } from './kinds.ts';

/** Those that a run begins with; the others are spares. */
export function membersOf({ nodes }: { readonly nodes: readonly { readonly id: NodeId; readonly joining?: true }[] }): readonly NodeId[] {
  return nodes.flatMap(({ id, joining }) => (joining === true ? [] : id));
}

/** A change of membership that was answered with ok, and its slot. */
export type Change = { readonly slot: number; readonly add: readonly NodeId[]; readonly remove: readonly NodeId[] };

/** The members after these changes. The order of their slots counts: an answer may come long after a later change's. */
export function membersAfter(members: readonly NodeId[], changes: readonly Change[]): readonly NodeId[] {
  return changes.toSorted((a, b) => a.slot - b.slot).reduce((now, { add, remove }) => [...now.filter((id) => !remove.includes(id) && !add.includes(id)), ...add], members);
}

/** By node. Protocols order nodes by them, so that two nodes with one address would take themselves for each other. Throws a LabError. */
function addressesOf({ id: run, nodes }: Plan): { readonly [id: NodeId]: string } {
  nodes.forEach(({ id, address }, index) => {
    const first = nodes.slice(0, index).find((node) => node.address === address);
    if (first !== undefined) throw new LabError('bad-experiment', `the plan ${run} gives ${first.id} and ${id} the same address, ${address}`, 'give each node an address of its own');
  });
  return Object.fromEntries(nodes.map(({ id, address }) => [id, address]));
}

/** The seat of a node; the runner adds the number of its life. */
export function seatOf(plan: Plan, self: NodeId): Omit<Seat, 'life'> {
  return {
    self,
    members: membersOf(plan),
    joining: !membersOf(plan).includes(self),
    addresses: addressesOf(plan),
    options: plan.options,
    maxMessageBytes: plan.maxMessageBytes,
    frameBytes: plan.frameBytes,
    atFollower: plan.load.atFollower,
    run: plan.id,
  };
}
