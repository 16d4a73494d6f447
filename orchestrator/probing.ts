// How the links of a plan are probed before it runs: which pairs, how often and how many times, so that a median and a loss
// can be told and the machine stays idle. The same for every runner; here also what the simulator's links do to the probes.
import { randomStream } from '../node/kit/random.ts';
import type { ProbeSample } from '../netem/probe.ts';
import type { Probes } from '../netem/certificate.ts';
import { openLink, PERFECT_LINK, scheduledJitter } from '../netem/link.ts';
import type { Link } from '../netem/link.ts';
import type { Plan } from './kinds.ts';
import { membersOf } from './seats.ts';

/** Probes that are sent alike, to each pair so many; they begin together, one group after the other. */
export type ProbeGroup = { readonly pairs: readonly (readonly [from: string, to: string])[]; readonly count: number; readonly everyMs: number };

/** For a median, and for a loss; pairs that lose less than this need more probes than there is time for. */
const DELAY = { count: 50, fewest: 10, everyMs: 20, perMs: 1, budgetMs: 10_000 };
const LOSS = { count: 2_000, fewest: 10, everyMs: 2, perMs: 4, budgetMs: 20_000 };
const LEAST_LOSS_PCT = 0.5;
/** Of one probe with all its headers, about; it only spaces probes on a slow line. */
const WIRE_BYTES = 150;
/** Of a simulated one. */
const SIMULATED_BYTES = 80;

type ProbedPlan = Pick<Plan, 'nodes' | 'links'>;

function linkOf({ links }: ProbedPlan, from: string, to: string): Link {
  return links[from]?.[to] ?? PERFECT_LINK;
}

function group(plan: ProbedPlan, pairs: ProbeGroup['pairs'], { count, fewest, everyMs, perMs, budgetMs }: typeof DELAY): readonly ProbeGroup[] {
  if (pairs.length === 0) return [];
  const slowestMs = Math.max(...pairs.map(([from, to]) => (2 * WIRE_BYTES * 8) / (linkOf(plan, from, to).rateKbit ?? Infinity)));
  const spacedMs = Math.max(everyMs, pairs.length / perMs, slowestMs);
  return [{ pairs, everyMs: spacedMs, count: Math.max(fewest, Math.min(count, Math.floor(budgetMs / spacedMs))) }];
}

/** Every ordered pair of nodes, in one of the groups. */
export function probeGroups(plan: ProbedPlan): readonly ProbeGroup[] {
  const ids = membersOf(plan);
  const pairs = ids.flatMap((from) => ids.flatMap((to) => (from === to ? [] : [[from, to] as const])));
  const many = ([from, to]: readonly [string, string]) => {
    const { lossPct, corruptPct, duplicatePct, reorderPct } = linkOf(plan, from, to);
    return Math.max(lossPct, corruptPct, duplicatePct, reorderPct) >= LEAST_LOSS_PCT;
  };
  return [...group(plan, pairs.filter((pair) => !many(pair)), DELAY), ...group(plan, pairs.filter(many), LOSS)];
}

/** How long a probe may be on its way, at most about. */
export function longestDelayMs(plan: ProbedPlan): number {
  return Math.max(0, ...plan.nodes.flatMap(({ id: from }) => plan.nodes.map(({ id: to }) => {
    const { delayMs, jitterMs } = linkOf(plan, from, to);
    return delayMs + 4 * jitterMs;
  })));
}

/** The same probes over the simulator's links, before its time begins; their random streams are their own. */
export function simulatedProbes(plan: Plan): readonly Probes[] {
  return probeGroups(plan).flatMap(({ pairs, count, everyMs }) => pairs.map(([from, to]) => {
    const link = linkOf(plan, from, to);
    const state = openLink(link, randomStream(plan.seed, 'certificate', from, to), scheduledJitter(link, plan.seed, from, to));
    const arrivals: { readonly atMs: number; readonly sample: ProbeSample }[] = [];
    for (let sequence = 1; sequence <= count; sequence++) {
      const sentMs = (sequence - 1 - count) * everyMs;
      for (const { afterMs, corrupt } of state.transmit(SIMULATED_BYTES, sentMs)) {
        if (!corrupt) arrivals.push({ atMs: sentMs + afterMs, sample: [sequence, sentMs, afterMs] });
      }
    }
    const samples = arrivals.sort((a, b) => a.atMs - b.atMs).map(({ sample }) => sample);
    return { from, to, trip: 'one-way', bytes: SIMULATED_BYTES, sent: count, samples };
  }));
}
