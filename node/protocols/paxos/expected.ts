// The closed form of the latency that a client sees, without faults, loss and duels. W: one durable write.
//
//   RTT(client, entry) + the way to the proposer and back + the time until a phase-2 quorum has accepted
//
// An acceptor takes RTT(proposer, acceptor) + W, the proposer's own one W. The quorum takes as long as its slowest acceptor, and
// the quickest quorum counts: the q2-th of all, the best column of a grid, under allAboard the farthest. Thrifty asks that one
// alone. With `learners: broadcast` the entry node counts for itself: an acceptor takes d(proposer, acceptor) + W + d(acceptor,
// entry), and whichever comes first answers. Under `any` the entry node proposes in a ballot that it holds already: what one
// writer sees, a floor where several write.
import type { Expected, ExpectedLoad, Facts, NodeId } from '../../contract.ts';
import { roundTripMs, withGroupCommit } from '../../kit/latency.ts';
import { leadership } from './options.ts';
import type { Options } from './options.ts';
import { Quorums } from './quorums.ts';

export function expected(options: Options, facts: Facts, load: ExpectedLoad): Expected | null {
  const proposer = leadership(options) === 'none' ? load.entry : load.leader;
  if (proposer === null) return null;
  const { fsyncMs } = facts;
  const oneWayMs = (from: string, to: string) => (from === to ? 0 : facts.oneWayMs[from]?.[to] ?? 0);
  const quorumMs = (told: NodeId) => timeToQuorum(options, facts.members, (acceptor) => oneWayMs(proposer, acceptor) + fsyncMs + oneWayMs(acceptor, told));
  const toEntryMs = roundTripMs(facts, load.client, load.entry);
  if (proposer === load.entry) return withGroupCommit(toEntryMs + quorumMs(proposer), fsyncMs, load.ratePerSecond);
  if (load.atFollower === 'redirect') {
    return withGroupCommit(toEntryMs + roundTripMs(facts, load.client, proposer) + quorumMs(proposer), fsyncMs, load.ratePerSecond);
  }
  const byProposerMs = quorumMs(proposer) + oneWayMs(proposer, load.entry);
  const learnedMs = options.learners === 'broadcast' ? Math.min(byProposerMs, Math.max(quorumMs(load.entry), oneWayMs(proposer, load.entry))) : byProposerMs;
  return withGroupCommit(toEntryMs + oneWayMs(load.entry, proposer) + learnedMs, fsyncMs, load.ratePerSecond);
}

/** Until a phase-2 quorum is complete, each acceptor being counted after its own time. */
function timeToQuorum(options: Options, members: readonly NodeId[], acceptedMs: (acceptor: NodeId) => number): number {
  const quorums = new Quorums(options);
  const slowest = (quorum: readonly NodeId[]) => Math.max(...quorum.map(acceptedMs));
  return slowest(quorums.cheapest(options.allAboard ? 0 : Infinity, members, acceptedMs));
}
