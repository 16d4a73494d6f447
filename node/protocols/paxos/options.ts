// Options of Paxos, and what planning makes of them. Which quorums are safe: quorums.ts; the closed form: expected.ts.
import type { Facts, Leadership, NodeId, Problem } from '../../contract.ts';
import { largestRoundTripMs } from '../../kit/latency.ts';
import { majorityOf } from '../../kit/quorum.ts';
import { gridOf, misfit } from './quorums.ts';

export type Options = {
  /**
   * stable: Multi-Paxos, one distinguished proposer until it fails; stable:n1 lets n1 begin. fixed:n1: only n1 ever proposes.
   * roundRobin: as stable, but after a failure the next node in order takes over. any: every node proposes what its clients
   * send; they duel under spread load.
   */
  readonly leader: string;
  /** Acceptors that must promise, and that must accept; 'auto': a majority. */
  readonly q1: number | 'auto';
  readonly q2: number | 'auto';
  /** Instead of q1 and q2, such as 2x3: phase 1 asks a whole row (3 acceptors), phase 2 a whole column (2). */
  readonly grid: string | null;
  /** Phase 2 goes to one quorum, the quickest so far; to the others when that does not answer. */
  readonly thrifty: boolean;
  /** Under `any`: how long a loser waits. Periods: none 0, fixed 3, exponential 2 and up to 1, 2, 4 or 8 at random. */
  readonly backoff: string;
  /** Whom acceptors answer: the proposer, which tells the learners, or (broadcast) every learner. */
  readonly learners: string;
  /** A slot in which phase 1 shows a whole phase-2 quorum of one ballot is decided, and is not proposed again. */
  readonly phase1Bypass: boolean;
  /** The first ballots ask no phase 1 and every acceptor in phase 2; when one does not answer, majorities follow. */
  readonly allAboard: boolean;
  /**
   * Range of the failure detector's randomized timeout; the period of heartbeats, gossip and retransmission is a third of its
   * lower end. 'auto': [150, 300], or where 5 of the plan's largest round trips (a durable write included) are longer, those and twice that.
   */
  readonly timeoutMs: 'auto' | readonly [number, number];
  /** Slots proposed and not yet decided, at most; and how long after its decision a new configuration is in force (α). */
  readonly window: number;
  /** After so many decided slots the log on the disk becomes a state. */
  readonly checkpointEvery: number;
};

export const DEFAULTS: Options = {
  leader: 'stable', q1: 'auto', q2: 'auto', grid: null, thrifty: false, backoff: 'exponential', learners: 'proposer',
  phase1Bypass: false, allAboard: false, timeoutMs: 'auto', window: 1024, checkpointEvery: 10_000,
};

const BACKOFFS = ['none', 'fixed', 'exponential'];
const LEARNERS = ['proposer', 'broadcast'];
/** A change of members fills as many slots with no-ops. */
const MOST_WINDOW = 65_536;

const SHORTEST_TIMEOUT_MS: readonly [number, number] = [150, 300];
/** Phase 1 and a heartbeat take two; the rest is room for what is lost. */
const ROUND_TRIPS = 5;

export type Leader = { readonly mode: 'stable' | 'fixed'; readonly node: NodeId } | { readonly mode: 'stable' | 'roundRobin' | 'any'; readonly node: null };

/** null: no such mode. */
export function leaderOf(text: string): Leader | null {
  if (text === 'stable' || text === 'roundRobin' || text === 'any') return { mode: text, node: null };
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
  if (leader === null) return refuse(`is stable, roundRobin, any, or fixed: and a node such as fixed:${facts.members[0] ?? 'n1'}, not ${JSON.stringify(given)}`);
  if (leader.node !== null && !facts.members.includes(leader.node)) return refuse(`names ${leader.node}; the nodes are ${facts.members.join(', ')}`);
  if (facts.leader === null) return given;
  if (leader.mode === 'any') return refuse(`any has no leader that could be pinned to ${facts.leader}: take leader: stable, or pin none`);
  if (leader.mode === 'roundRobin' && facts.leader !== facts.members[0]) {
    return refuse(`roundRobin begins with ${facts.members[0]}, but the experiment pins ${facts.leader}: take leader: stable, or pin ${facts.members[0]}`);
  }
  if (leader.node !== null && leader.node !== facts.leader) return refuse(`${given} contradicts the experiment, which pins ${facts.leader}: drop one of them`);
  return leader.node === null && leader.mode === 'stable' ? `stable:${facts.leader}` : given;
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

function resolveQuorums(options: Options, members: number, problems: Problem[]): Pick<Options, 'q1' | 'q2' | 'grid'> {
  const { grid } = options;
  if (grid === null) {
    const sizes = problems.length;
    const q1 = resolveQuorum('q1', options.q1, members, problems);
    const q2 = resolveQuorum('q2', options.q2, members, problems);
    const problem = problems.length > sizes ? null : misfit({ ...options, q1, q2 }, members);
    if (problem !== null) problems.push({ level: 'error', option: 'q1', message: problem });
    // What was 'auto' stays so: of a configuration to come it is another number.
    return { q1: options.q1, q2: options.q2, grid };
  }
  const shape = typeof grid === 'string' ? gridOf(grid) : null;
  const fits = shape !== null && shape.rows * shape.columns === members;
  if (shape === null) problems.push({ level: 'error', option: 'grid', message: `is rows and columns such as 2x3, not ${JSON.stringify(grid)}` });
  else if (!fits) problems.push({ level: 'error', option: 'grid', message: `${grid} has ${shape.rows * shape.columns} places, and there are ${members} nodes: rows times columns must be ${members}` });
  if (options.q1 !== 'auto' || options.q2 !== 'auto') problems.push({ level: 'error', option: 'grid', message: 'says which acceptors are a quorum: leave q1 and q2 out' });
  return { q1: 'auto', q2: 'auto', grid };
}

function checkWords(options: Options, problems: Problem[]): void {
  const check = (option: 'backoff' | 'learners', words: readonly string[]) => {
    if (!words.includes(options[option])) problems.push({ level: 'error', option, message: `is ${words.join(', ')}, not ${JSON.stringify(options[option])}` });
  };
  check('backoff', BACKOFFS);
  check('learners', LEARNERS);
  if (!Number.isInteger(options.window) || options.window < 1 || options.window > MOST_WINDOW) {
    problems.push({ level: 'error', option: 'window', message: `is a whole number of slots from 1 to ${MOST_WINDOW}, not ${JSON.stringify(options.window)}` });
  }
  if (!Number.isInteger(options.checkpointEvery) || options.checkpointEvery < 1) {
    problems.push({ level: 'error', option: 'checkpointEvery', message: `is a whole number of slots from 1 on, not ${JSON.stringify(options.checkpointEvery)}` });
  }
}

/** Pure; called at planning. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const leader = resolveLeader(options.leader, facts, problems);
  const quorums = resolveQuorums(options, facts.members.length, problems);
  const timeoutMs = resolveTimeoutMs(options.timeoutMs, facts, problems);
  checkWords(options, problems);
  return { options: { ...options, ...quorums, leader, timeoutMs }, problems };
}

/** The options as a process uses them, also where nothing was planned. */
export function settledOptions(options: Options): Omit<Options, 'leader' | 'timeoutMs'> & { readonly leader: Leader; readonly timeoutMs: readonly [number, number] } {
  return {
    ...options,
    leader: leaderOf(options.leader) ?? { mode: 'stable', node: null },
    timeoutMs: options.timeoutMs === 'auto' ? SHORTEST_TIMEOUT_MS : options.timeoutMs,
  };
}

export function leadership(options: Options): Leadership {
  return leaderOf(options.leader)?.mode === 'any' ? 'none' : 'stable';
}
