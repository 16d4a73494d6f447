// Options of Raft, what planning makes of them, and the closed form of its latency.
import type { Advice, Election, Expected, ExpectedLoad, Facts, NodeId, Problem } from '../../contract.ts';
import { largestRoundTripMs, roundTripMs, withGroupCommit } from '../../kit/latency.ts';
import { majorityOf } from '../../kit/quorum.ts';

export type Options = {
  /**
   * Range of the randomized election timeout; the leader's heartbeat interval is a third of its lower end. 'auto': the
   * paper's [150, 300], or where 5 of the plan's largest round trips (a durable write included) are longer, those and twice that.
   */
  readonly electionTimeoutMs: 'auto' | readonly [number, number];
  /** Asks whether it could win before it campaigns (dissertation §9.6). false: the election of the paper, to compare with. */
  readonly preVote: boolean;
  /** Campaigns at once in its first life, while the others wait for their timeout. Set by the experiment's `leader`. */
  readonly leader: NodeId | null;
};

export const DEFAULTS: Options = { electionTimeoutMs: 'auto', preVote: true, leader: null };

/** Paper §9.3. */
const PAPER_TIMEOUT_MS: readonly [number, number] = [150, 300];
/** A pre-vote and a vote take two round trips; the rest is room for lost heartbeats (paper §5.6: broadcast time ≪ timeout). */
const ROUND_TRIPS = 5;

/** In the least election timeout. */
export const HEARTBEATS = 3;

/** Range of the election timeout, also where nothing was planned. */
export function timeoutMsOf(options: Options): readonly [number, number] {
  return options.electionTimeoutMs === 'auto' ? PAPER_TIMEOUT_MS : options.electionTimeoutMs;
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === 'number' && Number.isFinite(item))
    && value[0] >= 1 && value[1] > value[0];
}

function resolveTimeoutMs(given: unknown, facts: Facts, problems: Problem[]): readonly [number, number] {
  const roundTripMs = largestRoundTripMs(facts) + facts.fsyncMs;
  const leastMs = Math.ceil(ROUND_TRIPS * roundTripMs);
  const automatic = leastMs <= PAPER_TIMEOUT_MS[0] ? PAPER_TIMEOUT_MS : [leastMs, 2 * leastMs] as const;
  if (given === 'auto') return automatic;
  const option = 'electionTimeoutMs';
  if (!isRange(given)) {
    problems.push({ level: 'error', option, message: `is auto or a rising range of milliseconds such as [150, 300], not ${JSON.stringify(given)}` });
    return automatic;
  }
  if (given[0] < leastMs) {
    const message = `${given[0]} ms is less than ${ROUND_TRIPS} of the largest round trips (${roundTripMs} ms with a durable write): expect elections without a failure; auto takes [${automatic.join(', ')}]`;
    problems.push({ level: 'warning', option, message });
  }
  return given;
}

/** Pure; called at planning. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const given = options.leader;
  if (given !== null && given !== facts.leader) {
    const pinned = facts.leader === null ? 'the experiment pins none' : `the experiment pins ${facts.leader}`;
    problems.push({ level: 'error', option: 'leader', message: `is ${JSON.stringify(given)}, but ${pinned}: pin it by the experiment's own leader` });
  }
  if (typeof options.preVote !== 'boolean') problems.push({ level: 'error', option: 'preVote', message: `is true or false, not ${JSON.stringify(options.preVote)}` });
  return { options: { electionTimeoutMs: resolveTimeoutMs(options.electionTimeoutMs, facts, problems), preVote: options.preVote, leader: facts.leader }, problems };
}

export function election(options: Options, { members }: Facts): Election {
  const timeoutMs = timeoutMsOf(options);
  return { timeoutMs, heartbeatMs: timeoutMs[0] / HEARTBEATS, preVote: options.preVote, ballots: false, votes: majorityOf(members.length) };
}

/** The shortest timeouts that planning does not warn of, over ranges of different widths: a narrow one fires earlier and splits more votes. */
export function advice(facts: Facts): readonly Advice<Options>[] {
  const [least] = resolveTimeoutMs('auto', facts, []);
  return [2, 1.5, 1.25].map((width) => ({
    options: { electionTimeoutMs: width === 2 ? 'auto' : [least, Math.ceil(width * least)] },
    because: width === 2 ? 'timeouts as the paper has them, up to twice the least' : `timeouts up to ${width} times the least, which fire earlier`,
  }));
}

/**
 * RTT(client, entry) + RTT(entry, leader) + the majority-th smallest of {W} ∪ {RTT(leader, follower) + W}, W one durable
 * write. A redirected client asks the leader itself: RTT(client, entry) + RTT(client, leader).
 */
export function expected(_options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const { leader, entry, client } = load;
  if (leader === null) return null;
  const votesMs = facts.members.map((member) => facts.fsyncMs + (member === leader ? 0 : roundTripMs(facts, leader, member))).sort((a, b) => a - b);
  const quorumMs = votesMs[majorityOf(facts.members.length) - 1] ?? 0;
  const onwardMs = entry === leader ? 0 : roundTripMs(facts, load.atFollower === 'redirect' ? client : entry, leader);
  return withGroupCommit(roundTripMs(facts, client, entry) + onwardMs + quorumMs, facts.fsyncMs, load.ratePerSecond);
}
