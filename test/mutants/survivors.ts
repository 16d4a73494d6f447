// Mutants that no check can kill, and why. An explanation belongs to a change of a line, wherever the line stands.
import type { Mutant } from './mutate.ts';

export type Explained = { readonly file: string; readonly code: string; readonly from: string; readonly to: string; readonly why: string };

const flipped = (file: string, code: string, from: string, to: string, why: string): Explained => ({ file, code, from, to, why });

export const SURVIVORS: readonly Explained[] = [
  flipped('raft/changes.ts', 'if (latest === null || latest.slot <= before || latest.slot > this.commitIndex) return;', 'latest.slot <= before', 'latest.slot < before',
    'equivalent: a configuration that was committed before has been settled or has been followed by C_new; to settle it again sets the same values'),
  flipped('raft/configurations.ts', 'return this.placed.length < before;', 'this.placed.length < before', 'this.placed.length <= before',
    'equivalent: it only says whether to derive the peers again, and from the same configurations they come out the same'),
  flipped('raft/configurations.ts', 'return this.current.length > 0 && this.current.every(({ members }) => members.filter(has).length >= majorityOf(members.length));', 'this.current.length > 0', 'this.current.length >= 0',
    'equivalent: who is in no configuration never campaigns (mayCampaign), so nobody asks it for a quorum'),
  flipped('raft/early.ts', 'while (place > 0 && (this.waiting[place - 1]?.prevLogIndex ?? 0) > message.prevLogIndex) place--;', 'place > 0', 'place >= 0',
    'equivalent: before the first place nothing waits, which reads as index 0, and no message comes before index 0'),
  flipped('raft/elections.ts', 'if (leftMs > CLOCK_GRAIN_MS) this.env.setTimer(\'election\', leftMs);', 'leftMs > CLOCK_GRAIN_MS', 'leftMs >= CLOCK_GRAIN_MS',
    'equivalent for every purpose: early by exactly the grain of the clock, it waits once more for a hundredth of a millisecond'),
  flipped('raft/options.ts', 'const automatic = leastMs <= PAPER_TIMEOUT_MS[0] ? PAPER_TIMEOUT_MS : [leastMs, 2 * leastMs] as const;', 'leastMs <= PAPER_TIMEOUT_MS[0]', 'leastMs < PAPER_TIMEOUT_MS[0]',
    "equivalent: with 150 ms both branches are [150, 300]"),
  flipped('raft/progress.ts', 'if (acknowledged > 0) this.inFlight.splice(0, acknowledged);', 'acknowledged > 0', 'acknowledged >= 0',
    'equivalent: to remove none of them changes nothing'),
  { file: 'raft/replication.ts', code: 'if (!reply.success) return;', from: 'if (!reply.success) return;', to: ';',
    why: 'equivalent: a refusal has no matchIndex and so commits nothing, and it brings nobody who joins further than the last acknowledgement did' },
  flipped('raft/replication.ts', 'if (reply.matchIndex > this.commitIndex) this.commitByCounting();', 'reply.matchIndex > this.commitIndex', 'reply.matchIndex >= this.commitIndex',
    'equivalent: an acknowledgement of what is committed completes no majority beyond it'),
  flipped('raft/replication.ts', 'while (known < entries.length && log.termAt(prevLogIndex + known + 1) === entries[known]?.term) known++;', 'known < entries.length', 'known <= entries.length',
    'equivalent: beyond the last entry of the message stands undefined, which is no term (termAt gives 0 beyond the log)'),
  flipped('raft/server.ts', 'for (let index = 1; index <= this.log.lastIndex; index++) this.place(index);', 'index <= this.log.lastIndex', 'index < this.log.lastIndex',
    'place only reports to the checks of the lab what stands where: after a restart they hear of one entry less, and the protocol does the same'),
  flipped('raft/server.ts', 'if (bytes > this.batchLimitBytes || this.log.lastIndex - this.commitIndex >= MOST_UNCOMMITTED) this.env.reject(command.id, \'busy\');', 'this.log.lastIndex - this.commitIndex >= MOST_UNCOMMITTED', 'this.log.lastIndex - this.commitIndex > MOST_UNCOMMITTED',
    'one entry more or less of 16,384: a bound on memory, which no promise depends on'),
  flipped('raft/state.ts', 'assert(from > this.commitIndex, `${this.env.self} would remove the committed entry ${from}`);', 'from > this.commitIndex', 'from >= this.commitIndex',
    'an assertion: it never fails in a protocol that is right, so a weaker one changes nothing; the planted errors show that the checks see what it would'),
  flipped('raft/state.ts', 'if (this.commitIndex > before) this.committedFrom(before);', 'this.commitIndex > before', 'this.commitIndex >= before',
    'equivalent: committedFrom does nothing when no slot was committed between the two'),
  flipped('paxos/acceptor.ts', 'if (slot > this.lastAccepted) this.lastAccepted = slot;', 'slot > this.lastAccepted', 'slot >= this.lastAccepted',
    'equivalent: it sets the value that is there'),
  flipped('paxos/candidacy.ts', 'if (ballot > this.proposer.ballot) this.lose();', 'ballot > this.proposer.ballot', 'ballot >= this.proposer.ballot',
    "equivalent: a ballot belongs to one proposer, so another's is never one's own"),
  flipped('paxos/process.ts', 'if (ballot > this.acceptor.promised && ballot > this.proposer.ballot) this.lose();', 'ballot > this.proposer.ballot', 'ballot >= this.proposer.ballot',
    "equivalent: a ballot belongs to one proposer, so another's is never one's own; one's own is promised already"),
  flipped('paxos/learning.ts', "if (this.others.length > 0) this.env.sendBeforeDurable(this.others, this.told('decided'));", 'this.others.length > 0', 'this.others.length >= 0',
    'equivalent: it sends to nobody'),
  flipped('paxos/options.ts', 'const automatic = leastMs <= SHORTEST_TIMEOUT_MS[0] ? SHORTEST_TIMEOUT_MS : [leastMs, 2 * leastMs] as const;', 'leastMs <= SHORTEST_TIMEOUT_MS[0]', 'leastMs < SHORTEST_TIMEOUT_MS[0]',
    'equivalent: at the bound both branches are the same range'),
  flipped('paxos/promises.ts', 'if (known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)) this.found.set(vote.slot, vote);', '(vote.ballot ?? 0) > (known.ballot ?? 0)', '(vote.ballot ?? 0) >= (known.ballot ?? 0)',
    'equivalent: in one ballot there is one value for a slot'),
  flipped('paxos/promises.ts', 'for (const slot of this.found.keys()) if (slot > last) last = slot;', 'slot > last', 'slot >= last',
    'equivalent: it sets the value that is there'),
  flipped('paxos/changes.ts', 'else if (nowMs - change.sinceMs > SLOW_TIMEOUTS * longestMs) this.giveUpChange(\'busy\');', 'nowMs - change.sinceMs > SLOW_TIMEOUTS * longestMs', 'nowMs - change.sinceMs >= SLOW_TIMEOUTS * longestMs',
    'a bound on patience, reached exactly: it gives up one period earlier'),
  flipped('paxos/compaction.ts', 'if (++fetching.idle > IDLE_TICKS) this.fetching = null;', '++fetching.idle > IDLE_TICKS', '++fetching.idle >= IDLE_TICKS',
    'a bound on patience: a transfer is given up one period earlier'),
  flipped('paxos/process.ts', 'if (to.length > 0) this.env.sendBeforeDurable(to, { type: \'propose\', ballot, decidedTo: this.learner.decidedTo, values: page });', 'to.length > 0', 'to.length >= 0',
    'equivalent: it sends to nobody'),
  flipped('paxos/proposer.ts', 'while (this.flights.size < this.window) {', 'this.flights.size < this.window', 'this.flights.size <= this.window',
    'equivalent: the window is alpha too, and beyond alpha undecided slots none is open'),
];

export function isOf(known: Explained, { file, code, from, to }: Mutant): boolean {
  return file === `/node/protocols/${known.file}` && code === known.code && from === known.from && to === known.to;
}

export function explanationOf(mutant: Mutant): string | null {
  return SURVIVORS.find((known) => isOf(known, mutant))?.why ?? null;
}
