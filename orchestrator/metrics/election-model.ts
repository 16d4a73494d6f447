// What the crash of a leader should cost on a given network: the protocol's own words of its elections, played by a seeded Monte
// Carlo over the plan's links, then the quorum that the winner needs for its first commit.
import type { AnyProtocol, Facts, NodeId } from '../../node/contract.ts';
import type { ExpectedOutage } from '../kinds.ts';
import { closedFormMs, elections, type ElectionOptions } from './election.ts';
import { mixtureMean } from './mixture.ts';

export type ElectionInput = {
  readonly protocol: AnyProtocol;
  readonly options: unknown;
  readonly facts: Facts;
  /** It crashes. */
  readonly leader: NodeId;
  readonly ratePerSecond: number | null;
};

const TRIALS = 10_000;
const SEED = 'expected';
/** A member that is down answers so late that no quorum waits for it. */
const NEVER_MS = 1e9;
const known = new Map<string, ExpectedOutage>();
const MOST_KNOWN = 100;

/** null: the protocol states no election, or too few members are left for one. trials: fewer are enough to choose by. */
export function expectedOutage(input: ElectionInput, trials = TRIALS): ExpectedOutage | null {
  const { protocol, options, facts, leader, ratePerSecond } = input;
  const stated = protocol.election?.(options, facts) ?? null;
  const live = facts.members.filter((member) => member !== leader);
  if (stated === null || live.length === facts.members.length || live.length < stated.votes) return null;
  const key = JSON.stringify([protocol.name, stated, options, facts, leader, ratePerSecond, trials]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const order = [...live, leader];
  const oneWayMs = (from: number, to: number) => facts.oneWayMs[order[from] ?? '']?.[order[to] ?? ''] ?? 0;
  const model: ElectionOptions = {
    servers: facts.members.length, live: live.length, timeoutMs: stated.timeoutMs, preVote: stated.preVote, ballots: stated.ballots, votes: stated.votes,
    oneWayMs, candidateWaitMs: facts.fsyncMs, voterWaitMs: facts.fsyncMs, ageMs: [0, stated.heartbeatMs], commandsPerSecond: ratePerSecond,
  };
  const commits = live.map((winner) => firstCommitMs(input, winner));
  const played = elections(model, trials, SEED);
  const sorted = played.map((election) => (election === null ? Infinity : election.ms + (commits[election.winner] ?? 0))).sort((a, b) => a - b);
  const ended = (ms: number | undefined) => (ms !== undefined && Number.isFinite(ms) ? ms : null);
  const at = (share: number) => ended(sorted[Math.min(trials - 1, Math.floor(share * trials))]);
  const formMs = closedFormMs({ ...model, ...uniformDelay(live, facts) });
  const result: ExpectedOutage = {
    meanMs: ended(sorted.reduce((sum, ms) => sum + ms, 0) / trials), p5Ms: at(0.05), p50Ms: at(0.5), p95Ms: at(0.95),
    closedFormMs: formMs === null ? null : ended(formMs + commits.reduce((sum, ms) => sum + ms, 0) / commits.length),
  };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, result);
  return result;
}

/** Where all delays are alike the closed form may hold. */
function uniformDelay(live: readonly NodeId[], { oneWayMs }: Facts): Pick<ElectionOptions, 'oneWayMs'> | null {
  const delays = live.flatMap((from) => live.filter((to) => to !== from).map((to) => oneWayMs[from]?.[to] ?? 0));
  const [least, most] = [Math.min(...delays), Math.max(...delays)];
  return most - least <= ALIKE * most ? { oneWayMs: [least, most] } : null;
}

const ALIKE = 0.05;

/** Of a command that waits at the winner, with the crashed leader out of every quorum; 0 where the protocol states no latency. */
function firstCommitMs({ protocol, options, facts, leader, ratePerSecond }: ElectionInput, winner: NodeId): number {
  const row = (from: string) => Object.fromEntries(Object.entries(facts.oneWayMs[from] ?? {}).map(([to, ms]) => [to, from !== to && (from === leader || to === leader) ? NEVER_MS : ms]));
  const without: Facts = { ...facts, oneWayMs: Object.fromEntries(Object.keys(facts.oneWayMs).map((from) => [from, row(from)])) };
  const expected = protocol.expected?.(options, without, { client: winner, entry: winner, leader: winner, atFollower: 'forward', ratePerSecond }) ?? null;
  const ms = expected === null ? 0 : mixtureMean(expected);
  return ms < NEVER_MS ? ms : Infinity;
}
