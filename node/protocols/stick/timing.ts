// When things happen in a STICK round: its options, what they must satisfy on a network, and the latency that follows.
//
//   0          P0 (slackMs)                P2 (countMs)               T (roundMs)
//   | Phase 0  | ProtoConsensus →  ← votes | Consensus →              |
import type { Expected, ExpectedLoad, Facts, Json, NodeId, Problem } from '../../contract.ts';
import { fieldsOf } from '../../kit/shape.ts';

export type Delays = { readonly [from: NodeId]: { readonly [to: NodeId]: number } };

export type Options = {
  /** T. */
  readonly roundMs: number;
  /** P0, the length of Phase Zero: from here on the leader proposes. */
  readonly slackMs: number;
  /** P2, the start of Phase Two: here the leader counts. */
  readonly countMs: number;
  /** Entries of one consensus, encoded; never more than a message can hold. */
  readonly batchBytes: number;
  /** One-way, by which a node chooses the leader that a forward can still reach; 'auto': those of the plan's links. */
  readonly delaysMs: 'auto' | Delays;
};

function oneWayMs(facts: Facts, from: string, to: string): number {
  return from === to ? 0 : facts.oneWayMs[from]?.[to] ?? 0;
}

function delaysOf(facts: Facts): Delays {
  const rows = facts.members.map((from) => [from, Object.fromEntries(facts.members.map((to) => [to, oneWayMs(facts, from, to)]))] as const);
  return Object.fromEntries(rows);
}

function isDelays(value: Json): boolean {
  const rows = fieldsOf(value);
  return rows !== null && Object.values(rows).every((row) => {
    const cells = fieldsOf(row);
    return cells !== null && Object.values(cells).every((ms) => typeof ms === 'number' && Number.isFinite(ms) && ms >= 0);
  });
}

/** The delays from the plan's links; errors for what cannot be, warnings for a round in which the messages do not fit. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const { roundMs, slackMs, countMs, batchBytes, delaysMs } = options;
  const problems: Problem[] = [];
  const error = (option: string, message: string) => problems.push({ level: 'error', option, message });
  if (facts.leader !== null) error('leader', 'STICK cannot pin a leader: a hash chooses another one each round');
  if (!(roundMs >= 1)) error('roundMs', `a round lasts at least 1 ms, not ${roundMs}`);
  if (!(slackMs >= 0 && slackMs < countMs)) error('slackMs', `Phase Zero ends before Phase Two: 0 ≤ slackMs (${slackMs}) < countMs (${countMs})`);
  if (!(countMs < roundMs)) error('countMs', `Phase Two begins within the round: countMs (${countMs}) < roundMs (${roundMs})`);
  if (!(batchBytes >= 1)) error('batchBytes', `a consensus holds at least 1 byte of entries, not ${batchBytes}`);
  if (delaysMs !== 'auto' && !isDelays(delaysMs)) error('delaysMs', "is 'auto', or the one-way delay in ms by node and node: { n1: { n2: 40 } }");
  if (problems.length === 0) problems.push(...tooShort(options, facts));
  return { options: delaysMs === 'auto' ? { ...options, delaysMs: delaysOf(facts) } : options, problems };
}

/** §1.8, with the skew of two clocks twice the error of one, and one flush: the leader's, before its Consensus leaves. */
function tooShort({ roundMs, slackMs, countMs }: Options, facts: Facts): readonly Problem[] {
  const pairs = facts.members.flatMap((from) => facts.members.filter((to) => to !== from).map((to) => oneWayMs(facts, from, to)));
  if (pairs.length === 0) return [];
  const farMs = Math.max(...pairs);
  const nearMs = Math.min(...pairs);
  const skewMs = 2 * facts.clockErrorMs;
  const { fsyncMs } = facts;
  const problems: Problem[] = [];
  const warn = (option: string, message: string) => problems.push({ level: 'warning', option, message });
  const roundBoundMs = slackMs + 3 * farMs + skewMs + fsyncMs;
  if (roundMs < roundBoundMs) {
    warn('roundMs', `${roundMs} ms is shorter than the bound of ${shown(roundBoundMs)} ms: slack ${slackMs} + 3 × one-way ${shown(farMs)} + skew ${shown(skewMs)} + fsync ${shown(fsyncMs)}; rounds will fail`);
  }
  if (slackMs < skewMs - nearMs) {
    warn('slackMs', `${slackMs} ms is shorter than the bound of ${shown(skewMs - nearMs)} ms: skew ${shown(skewMs)} − shortest one-way ${shown(nearMs)}; a ProtoConsensus can arrive before its round`);
  }
  if (countMs < slackMs + 2 * farMs) {
    warn('countMs', `${countMs} ms is before ${shown(slackMs + 2 * farMs)} ms: slack ${slackMs} + round trip ${shown(2 * farMs)}; votes will miss the count`);
  }
  if (countMs + farMs + skewMs + fsyncMs >= roundMs) {
    warn('countMs', `${countMs} + one-way ${shown(farMs)} + skew ${shown(skewMs)} + fsync ${shown(fsyncMs)} ms reaches the end of the round (${roundMs}): a Consensus can arrive too late, and its writes are lost`);
  }
  return problems;
}

function shown(ms: number): string {
  return String(Math.round(ms * 100) / 100);
}

/**
 * Open loop, no faults: RTT(client, S) + W + p + d(ℓ, S), with S the entry node, p = P2 and the leader's flush, and W the
 * wait to the start of the round whose leader ℓ takes the entry. A forward to ℓ is late by M(ℓ) = max(0, d(S, ℓ) − P0). The
 * next round's leader, each with probability 1/N, takes what has W in (M, T) left; else it is the one after, W in (T, T + M
 * of the one who missed it). With equal M this is measurement.md's Uniform(a, a + T) for each leader; with unequal ones
 * that form is up to 0.5 % off in the mean. null: a closed loop locks to the rounds, or the round is too short.
 */
export function expected(options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const { roundMs, slackMs, countMs } = options;
  if (load.ratePerSecond === null || tooShort(options, facts).length > 0) return null;
  const { client, entry } = load;
  const { members } = facts;
  const count = members.length;
  const clientMs = oneWayMs(facts, client, entry) + oneWayMs(facts, entry, client);
  const lateMs = (leader: NodeId) => Math.max(0, oneWayMs(facts, entry, leader) - slackMs);
  const steps = members.map(lateMs).sort((a, b) => a - b);
  return members.flatMap((leader) => {
    const startMs = clientMs + countMs + facts.fsyncMs + oneWayMs(facts, leader, entry);
    const wait = (fromMs: number, toMs: number, share: number) =>
      ({ weight: (share * (toMs - fromMs)) / (count * roundMs), fromMs: startMs + fromMs, toMs: startMs + toMs });
    const second = steps.map((stepMs, index) => wait(roundMs + (steps[index - 1] ?? 0), roundMs + stepMs, (count - index) / count));
    return [wait(lateMs(leader), roundMs, 1), ...second].filter(({ weight }) => weight > 0);
  });
}
