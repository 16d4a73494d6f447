// The follower handler: hears the leader of a round, sends gather and ack, and fetches what it lacks. Everything that it answers is
// durable: it is sent after the consensus handler persisted it.
import type { Env, NodeId } from '../../../contract.ts';
import type { Options } from '../options.ts';
import type { ConsensusHandler } from './consensus-handler.ts';
import { pagesOf } from './messages.ts';
import type { Commit, Entry, Fetched, Message, Propose, Read } from './messages.ts';

export class FollowerHandler {
  readonly env: Env<Message, Entry, Options>;
  readonly consensus: ConsensusHandler;
  /** Of this turn. */
  acks: { readonly to: NodeId; readonly round: number; readonly slots: number[] } | null = null;
  /** The last one heard who has committed more. */
  ahead: { readonly from: NodeId; readonly to: number } | null = null;
  /** What was known to be committed at the last tick; what came since is on its way here, as a rule. */
  goal = 0;
  /** The slot from which on was asked for last. */
  asked = 0;

  constructor(env: Env<Message, Entry, Options>, consensus: ConsensusHandler) {
    this.env = env;
    this.consensus = consensus;
  }

  onRead(leader: NodeId, { round, from }: Read): void {
    this.consensus.promise(round);
    this.env.send(leader, this.consensus.gather(round, from));
  }

  onPropose(leader: NodeId, { round, committed, values }: Propose): void {
    const slots = this.consensus.accept(round, values);
    if (this.acks?.round !== round) {
      this.flush();
      this.acks = { to: leader, round, slots: [] };
    }
    this.acks.slots.push(...slots);
    this.committedBy(leader, round, committed);
  }

  onCommit(leader: NodeId, { round, committed }: Commit): void {
    this.committedBy(leader, round, committed);
  }

  committedBy(leader: NodeId, round: number, committed: number): void {
    this.consensus.commit(round, committed);
    this.hears(leader, committed);
    // Who is asked for no ack gets no value either, unless it fetches it.
    const isBehind = this.env.options.bcpeers === 'quorum' && committed > this.consensus.committed;
    if (isBehind && leader !== this.env.self && this.asked <= this.consensus.committed) this.ask(leader);
  }

  hears(from: NodeId, committed: number): void {
    if (committed > this.consensus.committed && from !== this.env.self) this.ahead = { from, to: committed };
  }

  /** Acknowledges what this turn accepted. */
  flush(): void {
    const { acks } = this;
    this.acks = null;
    if (acks === null) return;
    for (const slots of pagesOf(acks.slots, this.env.maxMessageBytes)) this.env.send(acks.to, { type: 'ack', round: acks.round, slots });
  }

  ask(from: NodeId): void {
    this.asked = this.consensus.committed + 1;
    this.env.send(from, { type: 'fetch', from: this.consensus.committed + 1 });
  }

  onFetch(from: NodeId, first: number): void {
    const values = this.consensus.history(first);
    if (values.length > 0) this.env.send(from, { type: 'fetched', round: this.consensus.round, committed: this.consensus.committed, values });
  }

  /** Asked on only after progress: an answer that came twice must not multiply. */
  onFetched(from: NodeId, fetched: Fetched): void {
    const learned = this.consensus.learn(fetched);
    this.hears(from, fetched.committed);
    if (learned && this.ahead !== null && this.ahead.to > this.consensus.committed) this.ask(this.ahead.from);
  }

  tick(): void {
    const { committed } = this.consensus;
    if (this.ahead !== null && this.ahead.to <= committed) this.ahead = null;
    if (this.ahead !== null && committed < this.goal) this.ask(this.ahead.from);
    this.goal = this.ahead?.to ?? 0;
  }
}
