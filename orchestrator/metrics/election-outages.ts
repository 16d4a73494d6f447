// Puts what the crash of a leader should cost beside what it did. Only a leader that crashes while nothing else is wrong: what
// several faults cost together has no such form.
import type { AnyProtocol, Facts, NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Outage, Plan } from '../kinds.ts';
import { expectedOutage } from './election-model.ts';
import type { Leaders } from './leaders.ts';

export class LeaderCrashes {
  readonly #crashes: { readonly atMs: number; readonly nodes: readonly NodeId[] }[] = [];

  observe(event: LabEvent & { readonly type: 'action' }): void {
    if (event.action.type === 'crash' && event.nodes.length === 1) this.#crashes.push({ atMs: event.atMs, nodes: event.nodes });
  }

  /** The rows, each with its expected outage where it has one. facts: of the links as they are without any fault. */
  beside(rows: readonly Outage[], run: { readonly plan: Plan; readonly protocol: AnyProtocol; readonly facts: Facts; readonly leaders: Leaders }): readonly Outage[] {
    return rows.map((row, index) => {
      const crash = this.#crashes.find(({ atMs, nodes }) => Math.abs(atMs - row.atMs) < SAME_MS && nodes[0] === run.leaders.at(atMs));
      const alone = run.plan.linkSchedule === undefined && !rows.slice(0, index).some((before) => before.recoveredMs === null || before.atMs + before.recoveredMs > row.atMs);
      if (crash === undefined || !alone) return row;
      const { plan: { options, load: { ratePerSecond } }, protocol, facts } = run;
      const expected = expectedOutage({ protocol, options, facts, leader: crash.nodes[0] as NodeId, ratePerSecond });
      return expected === null ? row : { ...row, expected };
    });
  }
}

/** A fault begins with its first action. */
const SAME_MS = 1;

export function expectedOutageFigure(rows: readonly Outage[]): Figure {
  const means = rows.flatMap(({ expected }) => (expected?.meanMs ?? []));
  return { value: means.length === 0 ? null : Math.max(...means), unit: 'ms', bound: '=' };
}
