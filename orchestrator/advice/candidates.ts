// Everything that could be run on a network: each protocol that claims to be safe, with the options that it offers for it, led from
// each of the nodes where a leader stays; and what the closed forms say of each.
import type { AnyProtocol, Claim, Expected, Facts, Json, NodeId } from '../../node/contract.ts';
import type { Registry } from '../builtins.ts';
import { named } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import type { ReadFile } from '../files.ts';
import type { Action, ExpectedOutage, Plan } from '../kinds.ts';
import { nearestFirst } from '../load/route.ts';
import { expectedOutage } from '../metrics/election-model.ts';
import { closedFormOf } from '../metrics/expected.ts';
import { factsOf } from '../metrics/facts.ts';
import { blend, mixtureQuantile } from '../metrics/mixture.ts';
import { makePlans } from '../plan.ts';
import type { Wish } from './wish.ts';

export type Candidate = {
  readonly protocol: string;
  /** As the experiment gives them. */
  readonly options: { readonly [name: string]: Json };
  readonly because: string;
  /** null: none stays. */
  readonly leader: NodeId | null;
  readonly leaderRegion: string | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Range of the election timeout, or the longest period; what outages depend on. */
  readonly timesMs: readonly number[];
  readonly plan: Plan;
};
export type Candidates = { readonly all: readonly Candidate[]; readonly leftOut: readonly string[] };
export type Planner = { readonly wish: Wish; readonly registry: Registry; readonly readFile: ReadFile; readonly supports: ReadonlySet<Action['type']> };

const SAFE: readonly Claim[] = ['agreement', 'validity', 'linearizability', 'durability'];

export type Entry = Pick<Candidate, 'protocol' | 'options' | 'leader'>;
/** What is done beside: a crash of the leader, and how often. */
export type Conditions = { readonly name: string; readonly measure: string; readonly repeat: number; readonly crash: boolean };
/** Rounds by the clock are as long as clocks are wrong. */
export const CLOCKS = '±5ms';
const PLAIN: Conditions = { name: 'advice', measure: '20s', repeat: 1, crash: false };

/** As a file has it. A node that leads by turns is killed like one that stays. */
export function experimentFor({ nodes, clients, wan, rate }: Wish, { protocol, options, leader }: Entry, { name, measure, repeat, crash }: Conditions): Json {
  return {
    name, protocols: [{ [protocol]: options }], nodes, ...(leader === null ? {} : { leader }), network: { wan },
    clocks: { offset: CLOCKS }, disk: { fsync: '1ms' }, load: { workload: 'register', keys: 1000, rate, clients, timeout: '10s' }, run: { warmup: '3s', measure, repeat },
    ...(crash ? { faults: [{ at: '2s', crash: leader ?? 'n1', for: '15s' }] } : {}),
  };
}

export function plansOf({ wish, registry, readFile, supports }: Planner, entry: Entry, conditions = PLAIN): readonly Plan[] {
  const text = JSON.stringify(experimentFor(wish, entry, conditions));
  return makePlans(parseExperiment(text, 'advice', registry, [], readFile), { runner: 'sim', supports });
}

/** 1 ms where the plan leaves it to the machine. */
function factsFor(plan: Plan): Facts {
  return factsOf(plan, 1);
}

export function candidatesOf(planner: Planner): Candidates {
  const all: Candidate[] = [];
  const leftOut: string[] = [];
  for (const protocol of planner.registry.protocols) {
    const offered = offersOf(planner, protocol);
    if (offered.length === 0) leftOut.push(`${protocol.name}: it offers nothing for ${planner.wish.nodes.length} nodes of which ${planner.wish.tolerate} may be down`);
    for (const { options, because } of offered) {
      const unled = plansOf(planner, { protocol: protocol.name, options, leader: null })[0] as Plan;
      const claims = protocol.claims?.(unled.options) ?? SAFE;
      const missing = SAFE.filter((claim) => !claims.includes(claim));
      if (missing.length > 0) {
        leftOut.push(`${protocol.name} (${because}): it does not claim ${missing.join(', ')}`);
        continue;
      }
      const stays = (protocol.leadership?.(unled.options) ?? 'stable') === 'stable';
      const places = (stays ? unled.nodes.map(({ id }) => id) : [null]).filter((leader) => mayLead(planner, { protocol: protocol.name, options, leader }));
      if (stays && places.length < unled.nodes.length) leftOut.push(`${protocol.name} (${because}): it can be led from ${places.length} of ${unled.nodes.length} nodes alone`);
      const found = places.flatMap((leader) => candidateOf(planner, protocol, { options, because }, leader) ?? []);
      if (found.length === 0) leftOut.push(`${protocol.name} (${because}): it states no latency for this`);
      all.push(...found);
    }
  }
  return { all, leftOut };
}

/** A protocol may refuse some leaders at planning, in its own words; that it can be planned without one is known. */
function mayLead(planner: Planner, entry: Entry): boolean {
  try {
    return plansOf(planner, entry).length > 0;
  } catch (error) {
    if (error instanceof LabError && error.code === 'bad-experiment') return false;
    throw error;
  }
}

type Offer = Pick<Candidate, 'options' | 'because'>;

function offersOf(planner: Planner, protocol: AnyProtocol): readonly Offer[] {
  if (protocol.advice === undefined) return [{ options: {}, because: 'its defaults' }];
  const plan = plansOf(planner, { protocol: protocol.name, options: {}, leader: null })[0] as Plan;
  return protocol.advice(factsFor(plan), planner.wish.tolerate).map(({ options, because }) => ({ options: options as Offer['options'], because }));
}

function candidateOf(planner: Planner, protocol: AnyProtocol, { options, because }: Offer, leader: NodeId | null): Candidate | null {
  const plan = plansOf(planner, { protocol: protocol.name, options, leader })[0] as Plan;
  const facts = factsFor(plan);
  const { clients } = plan.load;
  const weight = clients.reduce((sum, { count }) => sum + count, 0);
  const parts: { readonly share: number; readonly expected: Expected }[] = [];
  for (const { region, count } of clients) {
    const expected = closedFormOf({ plan, protocol, facts }, { region, entry: nearestFirst(plan, region)[0] as NodeId, leader });
    if (expected === null) return null;
    parts.push({ share: count / weight, expected });
  }
  const mixture = blend(parts);
  const election = protocol.election?.(plan.options, facts) ?? null;
  return {
    protocol: protocol.name, options, because, leader, leaderRegion: plan.nodes.find(({ id }) => id === leader)?.region ?? null,
    p50Ms: mixtureQuantile(mixture, 0.5), p99Ms: mixtureQuantile(mixture, 0.99),
    timesMs: election?.timeoutMs ?? [protocol.longestPeriodMs?.(plan.options)].flatMap((ms) => ms ?? []), plan,
  };
}

/** Of a crash of its leader; null: the protocol does not say. */
function outageOf({ registry }: Planner, { plan, protocol, leader }: Candidate, trials?: number): ExpectedOutage | null {
  if (leader === null) return null;
  return expectedOutage({ protocol: named(registry.protocols, protocol, 'protocol'), options: plan.options, facts: factsFor(plan), leader, ratePerSecond: plan.load.ratePerSecond }, trials);
}

export type Goal = 'p50' | 'p99';
/** Of those chosen: for what, and the outage predicted. */
export type Chosen = { readonly candidate: Candidate; readonly outage: ExpectedOutage | null; readonly bestOf: readonly Goal[] };

/** Latencies this near are alike: the shorter outage decides, then the first offered. */
const ALIKE_MS = 0.5;
const TRIALS_TO_CHOOSE = 2_000;

/** Of each protocol the best for either goal, the best of all first. */
export function shortlist(planner: Planner, all: readonly Candidate[]): readonly Chosen[] {
  const chosen = new Map<Candidate, Goal[]>();
  for (const protocol of new Set(all.map((candidate) => candidate.protocol))) {
    for (const goal of ['p50', 'p99'] as const) {
      const best = bestFor(planner, all.filter((candidate) => candidate.protocol === protocol), goal);
      chosen.set(best, [...(chosen.get(best) ?? []), goal]);
    }
  }
  return [...chosen].map(([candidate, bestOf]) => ({ candidate, bestOf, outage: outageOf(planner, candidate) }))
    .sort((a, b) => a.candidate.p50Ms - b.candidate.p50Ms || a.candidate.p99Ms - b.candidate.p99Ms);
}

function bestFor(planner: Planner, some: readonly Candidate[], goal: Goal): Candidate {
  const first = (candidate: Candidate) => (goal === 'p50' ? candidate.p50Ms : candidate.p99Ms);
  const second = (candidate: Candidate) => (goal === 'p50' ? candidate.p99Ms : candidate.p50Ms);
  const near = (group: readonly Candidate[], of: (candidate: Candidate) => number) => {
    const least = Math.min(...group.map(of));
    return group.filter((candidate) => of(candidate) <= least + ALIKE_MS);
  };
  const alike = near(near(some, first), second);
  const outageMs = (candidate: Candidate) => (alike.length === 1 ? 0 : outageOf(planner, candidate, TRIALS_TO_CHOOSE)?.meanMs ?? Infinity);
  const [best] = alike.map((candidate) => ({ candidate, ms: outageMs(candidate) })).sort((a, b) => a.ms - b.ms || 0);
  return (best as { readonly candidate: Candidate }).candidate;
}
