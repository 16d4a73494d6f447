// Which faults bring a node back that has lost its disk. A flipped bit does not: its node refuses to start.
import type { Action, Plan, Selector } from '../kinds.ts';
import { fixedNodes } from './selector.ts';

type Entry = Plan['schedule'][number];
type Nodes = Parameters<typeof fixedNodes>[1];

function startedBy({ action }: Entry): Selector | null {
  return action.type === 'start' || action.type === 'restart' ? action.node : null;
}

/** Of one fault a selector means the same nodes throughout; of two, only names and regions do. */
function comesBack(wiped: Extract<Action, { type: 'crash' }>, index: number, later: Entry, nodes: Nodes): boolean {
  const started = startedBy(later);
  if (started === null) return false;
  if (later.fault.index === index) return JSON.stringify(started) === JSON.stringify(wiped.node);
  const lost = fixedNodes(wiped.node, nodes) ?? [];
  return fixedNodes(started, nodes)?.some((id) => lost.includes(id)) === true;
}

/** The faults, by their index, that empty the disk of a node which starts again later; entries: in order of time. */
export function forgettingFaults(entries: readonly Entry[], nodes: Nodes): readonly Entry['fault'][] {
  return entries.flatMap(({ action, fault }, position) => (
    action.type === 'crash' && action.disk === 'wipe' && entries.slice(position + 1).some((later) => comesBack(action, fault.index, later, nodes)) ? [fault] : []
  ));
}
