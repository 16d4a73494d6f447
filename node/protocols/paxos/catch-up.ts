// How a lagging learner catches up: everybody tells how far it knows every slot decided, the one behind asks the one ahead,
// who sends values. Asked once a period, and at once on progress; never on an answer that brought nothing, for duplicates
// must not multiply.
import type { Env, NodeId } from '../../contract.ts';
import type { Learner } from './learner.ts';
import { countThatFits } from './messages.ts';
import type { Entry, Message } from './messages.ts';
import type { Options } from './options.ts';

/** Decided values in one answer, before their bytes are counted. */
const PAGE = 1024;

export class CatchUp {
  readonly env: Env<Message, Entry, Options>;
  readonly learner: Learner;
  /** The last one heard who knows more decided. */
  ahead: { readonly from: NodeId; readonly to: number } | null = null;
  /** What was known to be decided at the last tick. What came since is on its way here, as a rule. */
  goal = 0;

  constructor(env: Env<Message, Entry, Options>, learner: Learner) {
    this.env = env;
    this.learner = learner;
  }

  hears(from: NodeId, decidedTo: number): void {
    if (decidedTo > this.learner.decidedTo) this.ahead = { from, to: decidedTo };
  }

  ask(from: NodeId): void {
    this.env.send(from, { type: 'learn', from: this.learner.decidedTo + 1 });
  }

  answer(from: NodeId, first: number): void {
    const values = this.learner.valuesFrom(first, PAGE);
    if (values.length === 0) return;
    const count = countThatFits(values, 0, this.env.maxMessageBytes);
    this.env.send(from, { type: 'learnReply', decidedTo: this.learner.decidedTo, values: values.slice(0, count) });
  }

  /** before: the decided prefix before the values of this answer were learned. */
  answered(from: NodeId, decidedTo: number, before: number): void {
    if (this.learner.decidedTo > before && this.learner.decidedTo < decidedTo) this.ask(from);
    else this.hears(from, decidedTo);
  }

  tick(): void {
    const { decidedTo } = this.learner;
    if (this.ahead !== null && this.ahead.to <= decidedTo) this.ahead = null;
    if (this.ahead !== null && decidedTo < this.goal) this.ask(this.ahead.from);
    this.goal = this.ahead?.to ?? 0;
  }
}
