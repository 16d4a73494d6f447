// Compaction: every so many decided slots the disk is rewritten as the state of the state machine with what is accepted
// above it, and slots before the last such point are forgotten. Who lacks a forgotten slot gets the state, in parts
// (kit/transfer.ts), taken anew for it and held as long as it goes on asking.
//
// A promise says up to where its sender has forgotten. Who prepares installs a state of that slot at least, before the
// promise counts: a slot of which nothing is told there is not free but decided.
import type { Json, NodeId, Position } from '../../contract.ts';
import { Receiving, Sending } from '../../kit/transfer.ts';
import type { Part } from '../../kit/transfer.ts';
import { Changes } from './changes.ts';
import type { Placed } from './configurations.ts';
import { valueOf } from './messages.ts';
import type { Entry, Fetch, Learn, Proposal, StatePart } from './messages.ts';

/** A state that nobody has asked for in so many periods is let go; a transfer that got nothing for so long begins again elsewhere. */
const IDLE_TICKS = 20;

type Installed = { readonly at: Position; readonly state: Json; readonly configurations: readonly Placed[] };

export abstract class Compaction extends Changes {
  /** Where the disk was rewritten last. */
  checkpointAt = 0;
  serving: { readonly at: number; readonly sending: Sending; idle: number } | null = null;
  fetching: { from: NodeId; readonly receiving: Receiving; idle: number } | null = null;

  /** At the end of a turn: whatever it decided is committed. */
  compact(): void {
    const { decidedTo } = this.learner;
    if (decidedTo - this.checkpointAt < this.options.checkpointEvery) return;
    const { state, at } = this.env.snapshot();
    const forgotten = this.checkpointAt;
    this.rewrite(state, at);
    this.learner.forget(forgotten);
    this.acceptor.forget(forgotten);
  }

  /** Replaces all on the disk. What the state does not hold follows it: the promise, and what is accepted or decided above. */
  rewrite(state: Json, at: Position): void {
    this.checkpointAt = at.slot;
    const { promised, votes } = this.acceptor;
    const ballots = new Map<number, Proposal[]>();
    for (const vote of votes.values()) {
      if (vote.slot <= at.slot || vote.ballot === null) continue;
      ballots.set(vote.ballot, [...(ballots.get(vote.ballot) ?? []), valueOf(vote)]);
    }
    const learned = [...this.learner.decided.values()].filter(({ slot }) => slot > at.slot);
    const entries: Entry[] = [
      { type: 'state', at, state, configurations: this.configurations.placed }, { type: 'promise', ballot: promised },
      ...[...ballots].map(([ballot, values]) => ({ type: 'accept', ballot, decidedTo: at.slot, values }) as const),
      ...(learned.length === 0 ? [] : [{ type: 'learned', values: learned } as const]),
    ];
    this.env.checkpoint(entries);
  }

  /** A lagging learner asks for decided values; where the first of them is forgotten it gets the state. */
  onLearn(from: NodeId, { from: first }: Learn): void {
    if (first > this.learner.compactedTo) {
      this.catchUp.answer(from, first);
      return;
    }
    // One of before is no help to who has it.
    if (this.serving !== null && this.serving.at < first) this.serving = null;
    this.sendPart(from, this.serve(), 0);
  }

  serve(): Sending {
    if (this.serving === null) {
      const { state, at } = this.env.snapshot();
      const installed: Installed = { at, state, configurations: this.configurations.placed };
      this.serving = { at: at.slot, sending: new Sending(JSON.stringify(installed), this.env.maxMessageBytes), idle: 0 };
    }
    this.serving.idle = 0;
    return this.serving.sending;
  }

  onFetch(from: NodeId, { id, parts }: Fetch): void {
    const sending = this.serve();
    if (sending.id !== id) this.sendPart(from, sending, 0);
    else for (const part of parts) this.sendPart(from, sending, part);
  }

  sendPart(to: NodeId, sending: Sending, number: number): void {
    const part = sending.part(number);
    if (part !== null) this.env.send(to, { type: 'state', decidedTo: this.learner.decidedTo, ...part });
  }

  onState(from: NodeId, message: StatePart): void {
    this.catchUp.hears(from, message.decidedTo);
    const part: Part = { id: message.id, count: message.count, part: message.part, text: message.text };
    if (this.fetching === null || (this.fetching.from === from && this.fetching.receiving.id !== part.id)) {
      if (part.part !== 0) return;
      this.fetching = { from, receiving: new Receiving(part), idle: 0 };
    }
    const { receiving } = this.fetching;
    if (!receiving.take(part)) return;
    this.fetching.idle = 0;
    if (receiving.isWhole) this.received(receiving.text());
    else this.fetch(receiving.more());
  }

  fetch(parts: readonly number[]): void {
    if (this.fetching !== null && parts.length > 0) this.env.send(this.fetching.from, { type: 'fetch', id: this.fetching.receiving.id, parts });
  }

  received(text: string | null): void {
    this.fetching = null;
    if (text === null) return;
    const installed = JSON.parse(text) as Installed;
    if (installed.at.slot <= this.learner.decidedTo) return;
    this.install(installed);
    this.rewrite(installed.state, installed.at);
    this.learner.advance();
    this.advanced();
    if (this.proposer.phase === 'preparing') this.prepareOthers();
  }

  /** From another node, or from the disk. */
  install({ at, state, configurations }: Installed): void {
    this.env.restore(state, at);
    this.configurations.replace(configurations);
    this.learner.install(at.slot);
    this.acceptor.forget(at.slot);
    this.tally.forgetTo(at.slot);
    this.checkpointAt = at.slot;
    // Others decided what this ballot had, or had not, in these slots: it is not to be named beside them.
    const waited = this.proposer.returnedTo(at.slot);
    if (this.proposer.phase === 'established') this.lose();
    for (const command of waited) this.take(command);
  }

  /** What was lost is asked for again. */
  tickTransfers(): void {
    if (this.serving !== null && ++this.serving.idle > IDLE_TICKS) this.serving = null;
    if (this.fetching === null) return;
    const { fetching, catchUp: { ahead } } = this;
    if (++fetching.idle > IDLE_TICKS) this.fetching = null;
    else if (fetching.idle > 1) {
      // Somebody else may have the same text; another one of theirs begins anew.
      if (fetching.idle % 4 === 0 && ahead !== null) fetching.from = ahead.from;
      this.fetch([...fetching.receiving.open]);
    }
  }
}
