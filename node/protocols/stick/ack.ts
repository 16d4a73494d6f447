// `ack`, the repaired STICK whose vote promises and whose Consensus is acknowledged: the rounds as ballots of Paxos, with
// protoconsensus and vote as its first phase, consensus and ack as its second.
//
// Message                          | From → to                | Used when
// hello, forward, fetch, catchup   |                          | as in report.ts
// protoconsensus {round, …}        | leader → all concerned   | its leader has promised its ballot, durably
// vote {round, voter, hash}        | other → leader           | its sender promises, durably, to store nothing of a lower ballot
// refusal {round, accepted}        | other → leader           | the leader's chain is behind its sender's
// consensus {round, …}             | leader → all concerned   | a majority has voted; not decided yet
// ack {round, voter, hash}         | other → leader           | its sender has stored that Consensus, durably, with all before it
// confirmation {round, hash}       | leader → all concerned   | a majority has: it is decided; a notification, which may be lost
//
// State beside state.ts  | Durable | Meaning
// candidate, publication | no      | a ProtoConsensus, a Consensus that waits for what comes before it (or to hear a majority)
// open                   | no      | the own ProtoConsensus, its votes and acks, until it is decided or the next one is proposed
//
// Invariants: promised ≥ stored, and neither falls, in any life. A node votes once in a ballot, and for no chain that is behind its own.
// It stores a Consensus at or above its promise only, and promises that ballot in the same write. Only acks for a round itself decide.
import type { Json, Machine, NodeId } from '../../contract.ts';
import { refTo } from './chain.ts';
import type { Consensus } from './chain.ts';
import { haveMajorities, namesOf } from './configurations.ts';
import { Leading } from './leading.ts';
import { ackOf, confirmationOf, isBelow, protoOf, publishedOf, refusalOf, voteOf } from './messages.ts';
import type { DiskEntry } from './state.ts';

type Waiting = { readonly from: NodeId; readonly proto: Consensus; readonly hash: string };
type Members = readonly { readonly members: readonly NodeId[] }[];
type Open = {
  readonly proposal: Consensus; readonly hash: string; published: boolean;
  /** Of what it continues, and of its own. */
  readonly before: Members; readonly joint: Members;
  readonly votes: Set<NodeId>; readonly acks: Set<NodeId>;
};

export class Ack extends Leading implements Machine<Json, DiskEntry> {
  candidate: Waiting | null = null;
  publication: Waiting | null = null;
  open: Open | null = null;

  message(from: NodeId, message: Json): void {
    const proto = protoOf(message);
    if (proto !== null) this.hears(from, proto.round);
    this.common(from, message);
    if (proto !== null && proto.leader === this.env.address(from)) this.candidate = this.#later(this.candidate, from, proto);
    const published = publishedOf(message);
    if (published !== null && published.leader === this.env.address(from)) this.publication = this.#later(this.publication, from, published);
    const vote = voteOf(message);
    if (vote !== null && vote.hash === this.open?.hash) this.open.votes.add(from);
    const ack = ackOf(message);
    if (ack !== null && ack.hash === this.open?.hash) this.open.acks.add(from);
    const refusal = refusalOf(message);
    if (refusal !== null && isBelow(this.head, refusal.accepted)) this.fetch(from, refusal.accepted);
    const confirmation = confirmationOf(message);
    if (confirmation !== null) this.decided(from, confirmation);
  }

  /** After the last input, so that what arrives at the very instant of a phase belongs to it. */
  turn(): void {
    this.#store();
    this.#vote();
    if (this.phaseOne === this.round) this.#propose();
    this.#publish();
    this.#confirm();
  }

  override entered(): void {
    // Phase Zero: nothing happens.
  }

  #later(waiting: Waiting | null, from: NodeId, proto: Consensus): Waiting {
    return waiting !== null && isBelow(proto, waiting.proto) ? waiting : { from, proto, hash: refTo(proto).hash };
  }

  /** Phase One. A clock behind the promise is silent, and so is a life in the round that an earlier one proposed in. */
  #propose(): void {
    const { chain, env, round, times: { roundMs, countMs } } = this;
    this.phaseOne = 0;
    if (round <= this.promised.round || round <= this.lastProposed || this.leaderOf(round) !== env.self) return;
    if (env.wallClock() > round * roundMs + countMs) return;
    const proposal = this.proposal();
    if (proposal === null) return;
    const { hash } = refTo(proposal);
    const { configuration } = proposal;
    const joint: Members = configuration === undefined ? this.inForce : [...this.inForce, configuration];
    this.open = { proposal, hash, published: false, before: this.jointAt(chain.length), joint, votes: new Set(), acks: new Set() };
    this.promise(proposal);
    this.lastProposed = round;
    env.persist({ promised: this.promised, proposed: round });
    // One vote of its own, by a message to itself: it counts once it is durable.
    this.say(this.#concerned(this.open), { protoconsensus: proposal });
    this.say(env.self, { vote: { round, voter: env.address(env.self), hash } });
    if (env.options.phaseTwo === 'event') this.phaseTwo = round;
    else env.setAlarm(`count:${round}`, round * roundMs + countMs);
  }

  #concerned({ before, joint }: Open): readonly NodeId[] {
    return namesOf([...before, ...joint]).filter((id) => id !== this.env.self);
  }

  /** For what continues the own chain; for a later one once it is here; not for an older one. */
  #vote(): void {
    const { candidate, env, head } = this;
    if (candidate === null || !this.hearsMajority(candidate.proto.round)) return;
    const { from, proto, hash } = candidate;
    const parent = proto.last_consensus;
    if (isBelow(this.promised, proto) && parent.round > head.round) {
      this.fetch(from, parent);
      return;
    }
    this.candidate = null;
    if (!isBelow(this.promised, proto)) return;
    if (parent.hash !== head.hash) {
      this.say(from, { refusal: { round: proto.round, accepted: head } });
      return;
    }
    this.promise(proto);
    env.persist({ promised: this.promised });
    this.say(from, { vote: { round: proto.round, voter: env.address(env.self), hash } });
  }

  /** Phase Two. The Consensus promises nothing that the ballot does not: it may leave before it is durable here. */
  #publish(): void {
    const { env, open } = this;
    if (open === null || open.published || (open.proposal.round === this.round && this.phaseTwo !== this.round)) return;
    if (!haveMajorities([...open.before, ...open.joint], (id) => open.votes.has(id))) return;
    open.published = true;
    env.sendBeforeDurable(this.#concerned(open), { consensus: open.proposal });
    this.publication = this.#later(this.publication, env.self, open.proposal);
    this.#store();
  }

  #store(): void {
    const { publication, env } = this;
    if (publication === null) return;
    const { from, proto, hash } = publication;
    const isMine = this.head.hash === hash;
    if (isBelow(proto, this.promised)) {
      this.publication = null;
      return;
    }
    const keep = this.chain.lengths.get(proto.last_consensus.hash);
    if (keep === undefined) {
      this.fetch(from, proto.last_consensus);
      return;
    }
    this.publication = null;
    if (keep < this.confirmed) return;
    if (!isMine) this.accept(keep, [proto]);
    if (proto.confirmed !== undefined) this.decided(from, proto.confirmed);
    this.say(from, { ack: { round: proto.round, voter: env.address(env.self), hash } });
  }

  #confirm(): void {
    const { chain, env, open } = this;
    if (open === null || !haveMajorities(open.joint, (id) => open.acks.has(id))) return;
    this.open = null;
    const length = chain.lengths.get(open.hash);
    if (length !== undefined) this.confirmTo(length);
    env.sendBeforeDurable(this.#concerned(open), { confirmation: { round: open.proposal.round, hash: open.hash } });
  }
}
