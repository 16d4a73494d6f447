// How long a request or an answer is under way between a client's region and a node: by the plan's links, and by what
// network.schedule makes of them at the moment at which it leaves.
import type { LinkStep } from '../../netem/schedule.ts';
import type { Plan } from '../kinds.ts';

/** Ms, one way. */
export type ClientDelay = (from: string, to: string, atMs: number) => number;

export function openClientDelay({ links, linkSchedule }: Pick<Plan, 'links' | 'linkSchedule'>): ClientDelay {
  const planned = (from: string, to: string) => links[from]?.[to]?.delayMs ?? 0;
  if (linkSchedule === undefined) return planned;
  const tracks = new Map<string, readonly LinkStep[]>();
  for (const track of linkSchedule.tracks) for (const [from, to] of track.links) tracks.set(`${from} ${to}`, track.steps);
  return (from, to, atMs) => {
    const steps = tracks.get(`${from} ${to}`);
    if (steps === undefined) return planned(from, to);
    return steps[countUpTo(steps, atMs) - 1]?.link?.delayMs ?? planned(from, to);
  };
}

/** How many steps have come at this time. */
function countUpTo(steps: readonly LinkStep[], atMs: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] as LinkStep).atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
