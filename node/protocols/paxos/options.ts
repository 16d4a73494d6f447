// Options of Paxos, what planning makes of them, and the closed form of its latency.
//
// Flexible Paxos: only a phase-1 quorum and a phase-2 quorum of different ballots must meet, so q1 + q2 > N is the one rule.
import type { Expected, ExpectedLoad, Facts, Leadership, NodeId, Problem } from '../../contract.ts';
import { largestRoundTripMs, roundTripMs, withGroupCommit } from '../../kit/latency.ts';
import { majorityOf } from '../../kit/quorum.ts';

export type Options = {
  /**
   * stable: Multi-Paxos, one distinguished proposer until it fails; stable:n1 lets n1 begin. fixed:n1: only n1 ever proposes.
   * any: every node proposes what its clients send; they duel under spread load.
   */
  readonly leader: string;
  /** Acceptors that must promise, and that must accept; 'auto': a majority. */
  readonly q1: number | 'auto';
  readonly q2: number | 'auto';
  /**
   * Range of the failure detector's randomized timeout; the period of heartbeats, gossip and retransmission is a third of its
   * lower end. 'auto': [150, 300], or where 5 of the plan's largest round trips (a durable write included) are longer, those and twice that.
   */
  readonly timeoutMs: 'auto' | readonly [number, number];
  /** Slots proposed and not yet decided, at most. */
  readonly window: number;
};

export const DEFAULTS: Options = { leader: 'stable', q1: 'auto', q2: 'auto', timeoutMs: 'auto', window: 1024 };

const SHORTEST_TIMEOUT_MS: readonly [number, number] = [150, 300];
/** Phase 1 and a heartbeat take two; the rest is room for what is lost. */
const ROUND_TRIPS = 5;

export type Leader = { readonly mode: 'stable' | 'fixed'; readonly node: NodeId } | { readonly mode: 'stable' | 'any'; readonly node: null };

/** null: no such mode. */
export function leaderOf(text: string): Leader | null {
  if (text === 'stable' || text === 'any') return { mode: text, node: null };
  const [mode, node, ...rest] = text.split(':');
  return (mode === 'stable' || mode === 'fixed') && node !== undefined && node !== '' && rest.length === 0 ? { mode, node } : null;
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === 'number' && Number.isFinite(item))
    && value[0] >= 1 && value[1] > value[0];
}

function resolveLeader(given: string, facts: Facts, problems: Problem[]): string {
  const refuse = (message: string) => {
    problems.push({ level: 'error', option: 'leader', message });
    return given;
  };
  const leader = leaderOf(given);
  if (leader === null) return refuse(`is stable, any, or fixed: and a node such as fixed:${facts.members[0] ?? 'n1'}, not ${JSON.stringify(given)}`);
  if (leader.node !== null && !facts.members.includes(leader.node)) return refuse(`names ${leader.node}; the nodes are ${facts.members.join(', ')}`);
  if (facts.leader === null) return given;
  if (leader.mode === 'any') return refuse(`any has no leader that could be pinned to ${facts.leader}: take leader: stable, or pin none`);
  if (leader.node !== null && leader.node !== facts.leader) return refuse(`${given} contradicts the experiment, which pins ${facts.leader}: drop one of them`);
  return leader.node === null ? `stable:${facts.leader}` : given;
}

function resolveQuorum(option: 'q1' | 'q2', given: unknown, members: number, problems: Problem[]): number {
  if (given === 'auto') return majorityOf(members);
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= members) return given;
  problems.push({ level: 'error', option, message: `is auto or a whole number from 1 to ${members} (the nodes), not ${JSON.stringify(given)}` });
  return majorityOf(members);
}

function resolveTimeoutMs(given: unknown, facts: Facts, problems: Problem[]): readonly [number, number] {
  const roundTripMs = largestRoundTripMs(facts) + facts.fsyncMs;
  const leastMs = Math.ceil(ROUND_TRIPS * roundTripMs);
  const automatic = leastMs <= SHORTEST_TIMEOUT_MS[0] ? SHORTEST_TIMEOUT_MS : [leastMs, 2 * leastMs] as const;
  if (given === 'auto') return automatic;
  if (!isRange(given)) {
    problems.push({ level: 'error', option: 'timeoutMs', message: `is auto or a rising range of milliseconds such as [150, 300], not ${JSON.stringify(given)}` });
    return automatic;
  }
  if (given[0] < leastMs) {
    const message = `${given[0]} ms is less than ${ROUND_TRIPS} of the largest round trips (${roundTripMs} ms with a durable write): expect elections without a failure; auto takes [${automatic.join(', ')}]`;
    problems.push({ level: 'warning', option: 'timeoutMs', message });
  }
  return given;
}

/** Pure; called at planning. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const members = facts.members.length;
  const leader = resolveLeader(options.leader, facts, problems);
  const q1 = resolveQuorum('q1', options.q1, members, problems);
  const q2 = resolveQuorum('q2', options.q2, members, problems);
  if (q1 + q2 <= members) {
    const message = `q1 + q2 must exceed the ${members} nodes, or two leaders decide without meeting: ${q1} + ${q2} does not; with q2: ${q2} take q1: ${members - q2 + 1}`;
    problems.push({ level: 'error', option: 'q1', message });
  }
  const timeoutMs = resolveTimeoutMs(options.timeoutMs, facts, problems);
  if (!Number.isInteger(options.window) || options.window < 1) {
    problems.push({ level: 'error', option: 'window', message: `is a whole number of slots from 1 on, not ${JSON.stringify(options.window)}` });
  }
  return { options: { ...options, leader, q1, q2, timeoutMs }, problems };
}

/** The options with every 'auto' filled in, also where nothing was planned. */
export function settledOptions(options: Options, members: number): { readonly leader: Leader; readonly q1: number; readonly q2: number; readonly timeoutMs: readonly [number, number]; readonly window: number } {
  return {
    leader: leaderOf(options.leader) ?? { mode: 'stable', node: null },
    q1: options.q1 === 'auto' ? majorityOf(members) : options.q1,
    q2: options.q2 === 'auto' ? majorityOf(members) : options.q2,
    timeoutMs: options.timeoutMs === 'auto' ? SHORTEST_TIMEOUT_MS : options.timeoutMs,
    window: options.window,
  };
}

export function leadership(options: Options): Leadership {
  return leaderOf(options.leader)?.mode === 'any' ? 'none' : 'stable';
}

/**
 * RTT(client, entry) + RTT(entry, proposer) + the q2-th smallest of {W} ∪ {RTT(proposer, acceptor) + W}, W one durable write.
 * Under `any` the entry node proposes in a ballot that it holds already: what one writer sees, a floor where several write.
 */
export function expected(options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const any = leadership(options) === 'none';
  const proposer = any ? load.entry : load.leader;
  if (proposer === null) return null;
  const { q2 } = settledOptions(options, facts.members.length);
  const votesMs = facts.members
    .map((member) => facts.fsyncMs + (member === proposer ? 0 : roundTripMs(facts, proposer, member)))
    .sort((a, b) => a - b);
  const quorumMs = votesMs[q2 - 1];
  if (quorumMs === undefined) return null;
  const toEntryMs = roundTripMs(facts, load.client, load.entry);
  const onwardMs = roundTripMs(facts, load.atFollower === 'redirect' ? load.client : load.entry, proposer);
  const fromMs = toEntryMs + (proposer === load.entry ? 0 : onwardMs) + quorumMs;
  return withGroupCommit(fromMs, facts.fsyncMs, load.ratePerSecond);
}
