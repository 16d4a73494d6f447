// The closed form beside what was measured, for each client region and never pooled: regions differ by hundreds of
// milliseconds, and a mixture of them is nobody's latency. The network in it is the plan's links.
//
// Which samples: commands intended in the measure window, and with faults or scheduled changes of links only those intended so
// long before the first one that they should have ended before it (by the longest latency of the closed form); else all of them.
// Which leader: the node that led throughout that time; where nobody did, a protocol with a stable leader has no rows.
import type { AnyProtocol, Expected, Facts, NodeId } from '../../node/contract.ts';
import type { ExpectedRow, Figure, Plan } from '../kinds.ts';
import { nearestFirst } from '../load/route.ts';
import { ranked } from './commands.ts';
import type { Outcome, Window } from './commands.ts';
import { blend, checkMixture, ksDistance, medianErrorMs, mixtureMean, mixtureQuantile } from './mixture.ts';
import { weightedMedian } from './samples.ts';

/** The entry node of clients that take the nodes in turn. */
const EACH_IN_TURN = '*';

export type ExpectedInput = {
  readonly plan: Plan;
  readonly protocol: AnyProtocol;
  readonly facts: Facts;
  readonly leader: NodeId | null;
  /** By intended time. */
  readonly population: readonly Outcome[];
  /** Until the first fault or change of the links; empty: nothing can be expected. */
  readonly steady: Window;
};

export function expectedRows(input: ExpectedInput): readonly ExpectedRow[] {
  const { plan, protocol, leader, steady } = input;
  if (plan.linkSchedule !== undefined && steady.toMs <= steady.fromMs) return [];
  const leadership = protocol.leadership?.(plan.options) ?? 'stable';
  if (leadership === 'stable' && leader === null) return [];
  return [...new Set(plan.load.clients.map(({ region }) => region))].flatMap((region) => {
    const entries = entriesOf(plan, region, leader);
    if (entries.length === 0) return [];
    const expected = closedForm(input, region, entries, leadership === 'stable' ? leader : null);
    return expected === null ? [] : [row(input, region, entries, leadership === 'stable' ? leader : null, expected)];
  });
}

function entriesOf(plan: Plan, region: string, leader: NodeId | null): readonly NodeId[] {
  const nearest = nearestFirst(plan, region);
  switch (plan.load.target) {
    case 'nearest':
      return nearest.slice(0, 1);
    case 'spread':
      return nearest;
    case 'leader':
      return leader === null ? [] : [leader];
  }
}

/** The closed form that a row was made with. */
export function closedFormOf(input: Pick<ExpectedInput, 'plan' | 'protocol' | 'facts'>, { region, entry, leader }: Pick<ExpectedRow, 'region' | 'entry' | 'leader'>): Expected | null {
  return closedForm(input, region, entry === EACH_IN_TURN ? nearestFirst(input.plan, region) : [entry], leader);
}

function closedForm({ plan, protocol, facts }: Pick<ExpectedInput, 'plan' | 'protocol' | 'facts'>, region: string, entries: readonly NodeId[], leader: NodeId | null): Expected | null {
  const { atFollower, ratePerSecond } = plan.load;
  const parts: { readonly share: number; readonly expected: Expected }[] = [];
  for (const entry of entries) {
    const expected = protocol.expected?.(plan.options, facts, { client: region, entry, leader, atFollower, ratePerSecond }) ?? null;
    if (expected === null) return null;
    checkMixture(expected);
    parts.push({ share: 1 / entries.length, expected });
  }
  return blend(parts);
}

function row({ population, steady, plan }: ExpectedInput, region: string, entries: readonly NodeId[], leader: NodeId | null, expected: Expected): ExpectedRow {
  const windowEndMs = plan.warmupMs + plan.measureMs;
  const untilMs = steady.toMs < windowEndMs ? steady.toMs - Math.max(...expected.map(({ toMs }) => toMs)) : windowEndMs;
  const outcomes = population.filter((outcome) => outcome.region === region && outcome.intendedMs >= steady.fromMs && outcome.intendedMs < untilMs);
  const latencies = ranked(outcomes, 'intendedMs');
  const okMs = outcomes.filter(({ outcome }) => outcome === 'ok').map(({ endedMs, intendedMs }) => endedMs - intendedMs);
  const exact = ({ value, bound }: Figure) => (bound === '=' ? value : null);
  return {
    region, entry: entries.length === 1 ? entries[0] as NodeId : EACH_IN_TURN, leader,
    expectedP50Ms: mixtureQuantile(expected, 0.5), expectedMeanMs: mixtureMean(expected),
    measuredP50Ms: exact(latencies.percentile(0.5)), measuredMeanMs: exact(latencies.mean()),
    samples: latencies.size, samplingErrorMs: medianErrorMs(expected, latencies.size), ksDistance: ksDistance(expected, okMs),
  };
}

/** A ratio whose standard error is larger than this share of the optimum is uncertain. */
const MAX_SAMPLING_ERROR = 0.01;

export function optimumFigures(rows: readonly ExpectedRow[]): { readonly [name: string]: Figure } {
  const ratios = rows.flatMap(({ measuredP50Ms, expectedP50Ms, samples }) => (
    measuredP50Ms === null || expectedP50Ms === 0 ? [] : [{ value: measuredP50Ms / expectedP50Ms, weight: samples }]));
  const uncertain = rows.some(({ samplingErrorMs, expectedP50Ms }) => (samplingErrorMs ?? 0) > MAX_SAMPLING_ERROR * expectedP50Ms) ? { uncertain: true } : {};
  const distances = rows.flatMap(({ ksDistance }) => ksDistance ?? []);
  return {
    'optimum.p50': { value: weightedMedian(rows.map(({ expectedP50Ms, samples }) => ({ value: expectedP50Ms, weight: samples }))), unit: 'ms', bound: '=' },
    'optimum.ratio': { value: weightedMedian(ratios), unit: '', bound: '=', ...uncertain },
    'optimum.ks': { value: distances.length === 0 ? null : Math.max(...distances), unit: '', bound: '=' },
  };
}
