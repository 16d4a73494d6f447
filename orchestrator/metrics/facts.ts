// The facts of a plan that a closed form is made of: who, how far, how exact the clocks, how slow the disk.
import type { Facts } from '../../node/contract.ts';
import type { Certificate } from '../../netem/certificate.ts';
import { linksAt } from '../../netem/schedule.ts';
import type { Plan } from '../kinds.ts';
import { membersOf } from '../seats.ts';
import { idleErrorMs } from './certified.ts';

export type FactsPlan = Pick<Plan, 'nodes' | 'leader' | 'links' | 'frameBytes' | 'warmupMs' | 'measureMs' | 'settleMs' | 'fsyncMs' | 'shaper' | 'linkSchedule'> & {
  readonly load: Pick<Plan['load'], 'clients'>;
};

/** Of the links at the begin of the measure window. realFsyncMs: what a flush took where the plan says 'real'. certificate: what the links achieved while they were idle; null: they are as planned. */
export function factsOf(plan: FactsPlan, realFsyncMs: number, certificate: Certificate | null = null): Facts {
  const errorMs = idleErrorMs(certificate, plan.shaper);
  const links = linksAt(plan.links, plan.linkSchedule?.tracks ?? [], plan.warmupMs);
  const places = [...new Set([...plan.nodes.map(({ id }) => id), ...plan.load.clients.map(({ region }) => region)])];
  const oneWayMs = Object.fromEntries(places.map((from) => [
    from,
    Object.fromEntries(places.map((to) => [to, from === to ? 0 : Math.max(0, (links[from]?.[to]?.delayMs ?? 0) + errorMs(from, to))])),
  ]));
  return {
    members: membersOf(plan), leader: plan.leader, oneWayMs, clockErrorMs: clockErrorMs(plan),
    fsyncMs: plan.fsyncMs === 'real' ? realFsyncMs : plan.fsyncMs, frameBytes: plan.frameBytes,
  };
}

/**
 * A clock begins at its offset and drifts: over the whole run, or from one poll to the next. A poll is off by its noise,
 * of which three standard deviations are allowed for.
 */
function clockErrorMs(plan: FactsPlan): number {
  const runMs = plan.warmupMs + plan.measureMs + plan.settleMs;
  return Math.max(0, ...plan.nodes.map(({ clock: { offsetMs, driftPpm, ntp } }) => {
    const driftsForMs = ntp === null ? runMs : ntp.pollMs;
    return Math.abs(offsetMs) + Math.abs(driftPpm) * 1e-6 * driftsForMs + (ntp === null ? 0 : 3 * ntp.errorMs);
  }));
}
