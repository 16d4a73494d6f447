// Options of both variants, what planning makes of them, and the closed form of the latency where one leader stays.
import type { Claim, Expected, ExpectedLoad, Facts, Leadership, NodeId, Problem } from '../../contract.ts';
import { largestRoundTripMs, roundTripMs, withGroupCommit } from '../../kit/latency.ts';

export type Options = {
  /** safe: rounds are ballots, and every claim holds. literal: the origin's algorithm, without promises, ballots and disk. */
  readonly variant: string;
  /**
   * How long a processor waits for anything; under literal the length of a round. 'auto': 6 of the plan's largest round trips (a
   * durable write included), 200 at least; under literal 1,000.
   */
  readonly timeoutMs: number | 'auto';
  /** Slots that a leader fills in its round, at most; 0: no limit, so that a leader stays until it fails (safe alone). */
  readonly interval: number;
  /** safe: slots proposed and not yet chosen, at most; the origin has 1. */
  readonly window: number;
  /** safe: whom a leader asks first: all, or only itself and the ranks below it that make a quorum (thrifty). */
  readonly bcpeers: string;
  /** Bytes of random data that a leader makes for each slot, as the origin's processes do; null: it proposes clients' commands. */
  readonly dataSize: number | null;
  /** Everything ends so long after the start; null: never. */
  readonly stopAfterMs: number | null;
};

export const DEFAULTS: Options = { variant: 'safe', timeoutMs: 'auto', interval: 100, window: 64, bcpeers: 'all', dataSize: null, stopAfterMs: null };

const SHORTEST_TIMEOUT_MS = 200;
const LITERAL_TIMEOUT_MS = 1_000;
/** Reading, a fetch and a resend take four; the rest is room for what is lost. */
const ROUND_TRIPS = 6;
const MAX_DATA_BYTES = 32_768;
const MAX_TEST_MS = 86_400_000;

/** A literal quorum is N − F, F = ⌊(N − 1) / 2⌋; the safe one is the same: two of them always meet. */
export function quorumOf(members: number): number {
  return members - Math.floor((members - 1) / 2);
}

/** The origin's bcpeers: this rank and those below it, round about, that make one quorum with it. */
export function quorumBelow(members: readonly NodeId[], rank: number): readonly NodeId[] {
  const size = members.length;
  return members.filter((_, index) => (rank - index + size) % size < quorumOf(size));
}

export function timeoutOf({ variant, timeoutMs }: Options): number {
  if (timeoutMs !== 'auto') return timeoutMs;
  return variant === 'literal' ? LITERAL_TIMEOUT_MS : SHORTEST_TIMEOUT_MS;
}

function resolveTimeout(options: Options, facts: Facts, problems: Problem[]): number {
  const roundTrip = largestRoundTripMs(facts) + facts.fsyncMs;
  const automatic = options.variant === 'literal' ? LITERAL_TIMEOUT_MS : Math.max(SHORTEST_TIMEOUT_MS, Math.ceil(ROUND_TRIPS * roundTrip));
  const { timeoutMs } = options;
  if (timeoutMs === 'auto') return automatic;
  if (typeof timeoutMs !== 'number' || timeoutMs < 1) {
    problems.push({ level: 'error', option: 'timeoutMs', message: `is auto or milliseconds from 1 on, not ${JSON.stringify(timeoutMs)}` });
    return automatic;
  }
  if (timeoutMs <= 2 * roundTrip) {
    problems.push({ level: 'warning', option: 'timeoutMs', message: `${timeoutMs} ms is no more than two of the largest round trips (${roundTrip} ms with a durable write): leaders are given up before they can finish; auto takes ${automatic}` });
  }
  return timeoutMs;
}

/** Pure; called at planning. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const refuse = (option: string, message: string) => problems.push({ level: 'error', option, message });
  const among = (option: 'variant' | 'bcpeers', ...values: readonly string[]) => {
    if (!values.includes(options[option])) refuse(option, `is ${values.join(' or ')}, not ${JSON.stringify(options[option])}`);
  };
  const whole = (option: 'interval' | 'window' | 'dataSize' | 'stopAfterMs', least: number, most: number) => {
    const value = options[option];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) refuse(option, `is a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
  };
  among('variant', 'safe', 'literal');
  among('bcpeers', 'all', 'quorum');
  whole('interval', options.variant === 'literal' ? 1 : 0, 1_000_000);
  whole('window', 1, 4_096);
  if (options.dataSize !== null) whole('dataSize', 1, MAX_DATA_BYTES);
  if (options.stopAfterMs !== null) whole('stopAfterMs', 1, MAX_TEST_MS);
  if (facts.leader !== null && facts.leader !== facts.members[0]) refuse('variant', `cannot begin with ${facts.leader}: round 0 is led by ${facts.members[0] ?? 'the first node'}, each later one by the next node; pin no leader`);
  return { options: { ...options, timeoutMs: resolveTimeout(options, facts, problems) }, problems };
}

/** Data that a leader makes was asked for by no client. */
export function claims({ variant, dataSize }: Options): readonly Claim[] {
  const kept: readonly Claim[] = variant === 'literal' ? ['validity'] : ['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];
  return dataSize === null ? kept : kept.filter((claim) => claim !== 'validity');
}

export function leadership({ variant, interval }: Options): Leadership {
  return variant === 'safe' && interval === 0 ? 'stable' : 'rotating';
}

/**
 * Where one leader stays: RTT(client, entry) + RTT(entry, leader) + the quorum's smallest of {W} ∪ {RTT(leader, follower) + W}, W one
 * durable write; with thrifty sending, of those that are asked; an entry node that is not asked fetches the value, how soon depends on
 * the load. The answer comes from the entry node, when it has committed. Where leaders take turns the mean
 * depends on how many rounds a run sees and on the changes between them, and no closed form is stated.
 */
export function expected(options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const { leader, entry, client } = load;
  if (leadership(options) !== 'stable' || leader === null || options.dataSize !== null) return null;
  const { members } = facts;
  const asked = options.bcpeers === 'quorum' ? quorumBelow(members, members.indexOf(leader)) : members;
  const acksMs = asked
    .map((member) => facts.fsyncMs + (member === leader ? 0 : roundTripMs(facts, leader, member)))
    .sort((a, b) => a - b);
  const quorumMs = acksMs[quorumOf(members.length) - 1];
  if (quorumMs === undefined || !asked.includes(entry)) return null;
  const onwardMs = entry === leader ? 0 : roundTripMs(facts, entry, leader);
  return withGroupCommit(roundTripMs(facts, client, entry) + onwardMs + quorumMs, facts.fsyncMs, load.ratePerSecond);
}
