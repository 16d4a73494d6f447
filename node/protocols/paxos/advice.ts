// What Paxos offers for a network: quorums of different sizes, whom acceptors answer, and widths of the failure detector's timeout.
import type { Advice, Election, Facts } from '../../contract.ts';
import { majorityOf } from '../../kit/quorum.ts';
import { resolve, settledOptions, DEFAULTS } from './options.ts';
import type { Options } from './options.ts';

/** Periods of the leader in the least timeout. */
const HEARTBEATS = 3;

/** Of a stable leader with counted quorums; the others hand over in their own ways. */
export function election(options: Options, { members }: Facts): Election | null {
  const { leader, timeoutMs, q1, grid, allAboard } = settledOptions(options);
  if (leader.mode !== 'stable' || grid !== null || allAboard) return null;
  return { timeoutMs, heartbeatMs: timeoutMs[0] / HEARTBEATS, preVote: false, ballots: true, votes: q1 === 'auto' ? majorityOf(members.length) : q1 };
}

/** Phase 2 asks as few acceptors as may be, and phase 1 so many more; either quorum is there with `tolerate` of them down. */
export function advice(facts: Facts, tolerate: number): readonly Advice<Options>[] {
  const count = facts.members.length;
  const majority = majorityOf(count);
  const sizes = Array.from({ length: majority }, (_, index) => index + 1).filter((q2) => count + 1 - q2 <= count - tolerate && q2 <= count - tolerate);
  const { timeoutMs } = resolve(DEFAULTS, facts).options;
  const least = timeoutMs === 'auto' ? 0 : timeoutMs[0];
  return sizes.flatMap((q2) => (['proposer', 'broadcast'] as const).flatMap((learners) => ([2, 1.5] as const).map((width) => ({
    options: {
      ...(q2 === majority && 2 * majority === count + 1 ? {} : { q1: count + 1 - q2, q2 }),
      ...(learners === 'proposer' ? {} : { learners }), ...(width === 2 ? {} : { timeoutMs: [least, Math.ceil(width * least)] as const }),
    },
    because: `${q2 === majority ? 'majorities' : `phase 2 with ${q2} of ${count}, phase 1 with ${count + 1 - q2}`}${learners === 'broadcast' ? ', acceptors answer every node' : ''}${width === 2 ? '' : `; timeouts up to ${width} times the least`}`,
  }))));
}
