// `report`, the repaired STICK with three trips: Paxos with the round as ballot and the end of the chain as value.
//
// Message                          | From → to                | Used when
// hello {round, confirmed}         | all → all                | a round begins: who is there, and what is decided
// report {round, accepted}         | all → leader of `round`  | promises no vote below (round, leader); durable before it leaves
// forward {round, entries}         | any → leader of `round`  | `round` is the present one or one of the next two
// protoconsensus {round, …}        | leader → all concerned   | its leader has accepted it, durably
// vote {round, voter, hash}        | other → leader           | its sender has accepted that ProtoConsensus, durably, with all before it
// consensus {round, …}             | leader → all concerned   | it is decided; a notification, which may be lost
// fetch {from, to}, catchup {…}    | who is behind ↔ who is not | at any time
//
// State beside state.ts  | Durable | Meaning
// reported               | no      | the last round promised for in this life: only in that one does this node propose
// reports                | no      | what was accepted by whom, for rounds that this node may lead
// candidate              | no      | a ProtoConsensus that waits: to hear a majority, or for what comes before it
// open                   | no      | the own ProtoConsensus and its votes, until it is decided or the next one is proposed
//
// Invariants: promised ≥ accepted, and neither falls, in any life. A node votes only for what it holds with the whole chain before
// it, and for one hash in a ballot. A leader builds on the highest accepted ProtoConsensus that a majority of each configuration in
// force there reports, never on a lower one; so all that is proposed in later ballots continues what is decided.
import type { Json, Machine, NodeId } from '../../contract.ts';
import { refTo } from './chain.ts';
import type { Consensus } from './chain.ts';
import { haveMajorities, namesOf } from './configurations.ts';
import type { Placed } from './configurations.ts';
import { EARLY_ROUNDS, Leading } from './leading.ts';
import { isBelow, NO_BALLOT, protoOf, publishedOf, reportOf, voteOf } from './messages.ts';
import type { Head } from './messages.ts';
import { longestDelayMs } from './options.ts';
import type { DiskEntry } from './state.ts';

/** Trips that a proposal, its votes and what comes of them take. */
const TRIPS = 3;

type Candidate = { readonly from: NodeId; readonly proto: Consensus; readonly hash: string };
type Open = { readonly round: number; readonly hash: string; readonly joint: readonly Placed[]; readonly votes: Set<NodeId> };

export class Report extends Leading implements Machine<Json, DiskEntry> {
  reported = 0;
  reports = new Map<number, Map<NodeId, Head>>();
  candidate: Candidate | null = null;
  open: Open | null = null;
  proposed = 0;

  message(from: NodeId, message: Json): void {
    const report = reportOf(message);
    const proto = protoOf(message);
    const round = (report ?? proto)?.round;
    if (round !== undefined) this.hears(from, round);
    this.common(from, message);
    if (report !== null) this.#reported(from, report);
    if (proto !== null && proto.leader === this.env.address(from)) this.#proposed(from, proto);
    const vote = voteOf(message);
    if (vote !== null && vote.hash === this.open?.hash) this.open.votes.add(from);
    const published = publishedOf(message);
    if (published !== null) this.#published(from, published);
  }

  /** After the last input, so that what arrives at the very instant of a phase belongs to it. */
  turn(): void {
    this.#vote();
    if (this.phaseOne === this.round) this.#propose();
    this.#count();
  }

  /** Phase Zero. A clock behind the promise is silent, and so is a life in the rounds that an earlier one promised for. */
  override entered(): void {
    const { env, leader, round } = this;
    if (leader === null || round <= this.promised.round) return;
    this.promise({ round, leader: env.address(leader) });
    env.persist({ promised: this.promised });
    this.reported = round;
    this.say(leader, { report: { round, accepted: this.head } });
  }

  override forgetBefore(round: number): void {
    super.forgetBefore(round);
    for (const old of this.reports.keys()) if (old < round) this.reports.delete(old);
  }

  #reported(from: NodeId, report: { readonly round: number; readonly accepted: Head }): void {
    if (report.round < this.clockRound || report.round > this.clockRound + EARLY_ROUNDS) return;
    let reports = this.reports.get(report.round);
    if (reports === undefined) this.reports.set(report.round, reports = new Map());
    reports.set(from, report.accepted);
    if (isBelow(this.head, report.accepted)) this.fetch(from, report.accepted);
  }

  /** Phase One, at its start or, where reports or the chain come late, as long as the votes can still come in time. */
  #propose(): void {
    const { env, round, times: { roundMs, slackMs } } = this;
    const ballot = { round, leader: env.address(env.self) };
    if (this.proposed === round || this.reported !== round || this.promised.leader !== ballot.leader || this.promised.round !== round) return;
    const latestMs = round * roundMs + Math.max(slackMs, roundMs - TRIPS * longestDelayMs(env.options));
    if (env.wallClock() > latestMs || !this.#mayBuild(round)) return;
    this.proposed = round;
    // The newest configuration of the chain may name another leader than the one that was known as the round began.
    if (this.leaderOf(round) !== env.self) return;
    const proposal = this.proposal();
    if (proposal === null) return;
    this.accept(this.chain.length, [proposal]);
    const joint = this.jointAt(this.chain.length);
    const { hash } = this.chain.head;
    this.open = { round, hash, joint, votes: new Set() };
    // One vote of its own, by a message to itself: it counts once it is durable.
    this.say(namesOf(joint).filter((id) => id !== env.self), { protoconsensus: proposal });
    this.say(env.self, { vote: { round, voter: ballot.leader, hash } });
    if (env.options.phaseTwo === 'event') this.phaseTwo = round;
    else env.setAlarm(`count:${round}`, round * roundMs + this.times.countMs);
  }

  /** Whether the end of the own chain is a parent: at least as high as all reported, by a majority of each configuration in force there. */
  #mayBuild(round: number): boolean {
    const reports = this.reports.get(round) ?? new Map<NodeId, Head>();
    let highest: Head = { ...NO_BALLOT, hash: this.chain.refAt(0).hash };
    for (const accepted of reports.values()) if (isBelow(highest, accepted)) highest = accepted;
    if (isBelow(this.head, highest)) return false;
    return this.#isFast(round) || haveMajorities(this.jointAt(this.chain.length), (id) => reports.has(id));
  }

  /** §1.10: nothing above round − 1 can have been accepted, so that its ProtoConsensus is the parent, whoever reports. Not while members change. */
  #isFast(round: number): boolean {
    return this.env.options.fastPath && this.head.round === round - 1 && this.jointAt(this.chain.length).length === 1;
  }

  #proposed(from: NodeId, proto: Consensus): void {
    const { candidate } = this;
    if (candidate === null || !isBelow(proto, candidate.proto)) this.candidate = { from, proto, hash: refTo(proto).hash };
  }

  #vote(): void {
    const { candidate, chain, env } = this;
    if (candidate === null || !this.hearsMajority(candidate.proto.round)) return;
    const { from, proto, hash } = candidate;
    const isMine = this.head.hash === hash;
    // Another one of this ballot was accepted, or a higher ballot was promised.
    if (isBelow(proto, this.promised) || (!isMine && !isBelow(this.head, proto))) {
      this.candidate = null;
      return;
    }
    const keep = chain.lengths.get(proto.last_consensus.hash);
    if (keep === undefined) {
      this.fetch(from, proto.last_consensus);
      return;
    }
    this.candidate = null;
    if (keep < this.confirmed) return;
    if (!isMine) this.accept(keep, [proto]);
    const { confirmed } = proto;
    if (confirmed !== undefined) this.decided(from, confirmed);
    this.say(from, { vote: { round: proto.round, voter: env.address(env.self), hash } });
  }

  /** Phase Two. Votes that come after it count all the same: it is decided as soon as they are a majority. */
  #count(): void {
    const { chain, env, open } = this;
    if (open === null || (open.round === this.round && this.phaseTwo !== this.round)) return;
    if (!haveMajorities(open.joint, (id) => open.votes.has(id))) return;
    this.open = null;
    const length = chain.lengths.get(open.hash);
    if (length === undefined) return;
    this.confirmTo(length);
    const consensus = chain.consensuses[length - 1] as Consensus;
    const others = namesOf(open.joint).filter((id) => id !== env.self);
    env.sendBeforeDurable(others, { consensus });
  }

  /** Decided, whatever was promised. */
  #published(from: NodeId, consensus: Consensus): void {
    const ref = refTo(consensus);
    const keep = this.chain.lengths.get(consensus.last_consensus.hash);
    if (!this.chain.lengths.has(ref.hash) && keep !== undefined && keep >= this.confirmed && isBelow(this.head, consensus)) this.accept(keep, [consensus]);
    this.decided(from, ref);
  }
}
