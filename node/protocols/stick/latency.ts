// The closed form of STICK's commit latency, for each variant.
import type { Advice, Expected, ExpectedLoad, Facts, NodeId } from '../../contract.ts';
import { roundTripMs } from '../../kit/latency.ts';
import { majorityOf } from '../../kit/quorum.ts';
import { oneWayMs, timesOf, tooShort } from './options.ts';
import type { Options } from './options.ts';

/** Until a majority of the members has answered what a leader sends, each after one flush; its own flush counts as an answer. */
function quorumMs(facts: Facts, leader: NodeId): number {
  const answersMs = facts.members.map((member) => facts.fsyncMs + (member === leader ? 0 : roundTripMs(facts, leader, member))).sort((a, b) => a - b);
  return answersMs[majorityOf(facts.members.length) - 1] ?? 0;
}

/**
 * From the start of the round until its leader knows that its entries are decided. literal: P2 and the flush of its Consensus.
 * report: P2. ack: P2 and the acknowledgements. Where Phase Two begins by the event, P2 is P0 + the leader's flush + the votes.
 */
function decidedMs(options: Options, facts: Facts, leader: NodeId): number {
  const { slackMs, countMs } = timesOf(options);
  if (options.variant === 'literal') return countMs + facts.fsyncMs;
  // The leader's own vote is written with what it proposes; the others' come after that.
  const alone = facts.members.length === 1;
  const votesMs = options.phaseTwo === 'clock' ? countMs : slackMs + facts.fsyncMs + (alone ? 0 : quorumMs(facts, leader));
  return options.variant === 'ack' ? votesMs + quorumMs(facts, leader) : votesMs;
}

/**
 * Open loop, no faults: RTT(client, S) + W + p(ℓ) + d(ℓ, S), with S the entry node, p as above, and W the
 * wait to the start of the round whose leader ℓ takes the entry. A forward to ℓ is late by M(ℓ) = max(0, d(S, ℓ) − P0). The
 * next round's leader, each with probability 1/N, takes what has W in (M, T) left; else it is the one after, W in (T, T + M
 * of the one who missed it). With equal M this is measurement.md's Uniform(a, a + T) for each leader; with unequal ones
 * that form is up to 0.5 % off in the mean. null: a closed loop locks to the rounds, or the round is too short; with the fast
 * path it depends on how many rounds have entries.
 */
export function expected(options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const { roundMs, slackMs } = timesOf(options);
  if (load.ratePerSecond === null || options.fastPath || tooShort(options, facts).length > 0) return null;
  const { client, entry } = load;
  const { members } = facts;
  const count = members.length;
  const clientMs = oneWayMs(facts, client, entry) + oneWayMs(facts, entry, client);
  const lateMs = (leader: NodeId) => Math.max(0, oneWayMs(facts, entry, leader) - slackMs);
  const steps = members.map(lateMs).sort((a, b) => a - b);
  return members.flatMap((leader) => {
    const startMs = clientMs + decidedMs(options, facts, leader) + oneWayMs(facts, leader, entry);
    const wait = (fromMs: number, toMs: number, share: number) =>
      ({ weight: (share * (toMs - fromMs)) / (count * roundMs), fromMs: startMs + fromMs, toMs: startMs + toMs });
    const second = steps.map((stepMs, index) => wait(roundMs + (steps[index - 1] ?? 0), roundMs + stepMs, (count - index) / count));
    return [wait(lateMs(leader), roundMs, 1), ...second].filter(({ weight }) => weight > 0);
  });
}

/** The shortest round that the network allows, for the repaired variants, counted by the clock and by the event. */
export function advice(): readonly Advice<Options>[] {
  return ['report', 'ack'].flatMap((variant) => ['clock', 'event'].map((phaseTwo) => ({
    options: { variant, phaseTwo, roundMs: 'auto' as const },
    because: `the shortest round for ${variant}${phaseTwo === 'event' ? ', the leader counts as soon as a majority has voted' : ''}`,
  })));
}
