// What a Paxos process holds: its roles and what they have in common. process.ts says which of it is durable, and what always
// holds.
import type { Env, NodeId, Status } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Acceptor } from './acceptor.ts';
import { CatchUp } from './catch-up.ts';
import { FailureDetector } from './failure-detector.ts';
import { Learner } from './learner.ts';
import type { Entry, Message } from './messages.ts';
import { settledOptions } from './options.ts';
import type { Leader, Options } from './options.ts';
import { Proposer } from './proposer.ts';

export abstract class State {
  readonly env: Env<Message, Entry, Options>;
  readonly number: number;
  readonly others: readonly NodeId[];
  readonly configurations: Status['configurations'];
  readonly election: Leader;
  readonly periodMs: number;
  readonly learner: Learner;
  readonly acceptor: Acceptor;
  readonly proposer: Proposer;
  readonly catchUp: CatchUp;
  readonly detector: FailureDetector;
  /** The highest ballot seen in any message. */
  seen = 0;
  preparedMs = 0;
  /** What the others were told last (a new leader tells in any case), and whether they all were told anything since the last tick. */
  toldTo = 0;
  toldAll = false;
  /** Ticks for which an accepted slot has stayed undecided without a word of a proposer, and the slot before it. */
  stuckTicks = 0;
  stuckAt = 0;
  backingOff = false;
  duels = 0;

  constructor(env: Env<Message, Entry, Options>) {
    this.env = env;
    this.number = env.members.indexOf(env.self);
    this.others = env.members.filter((member) => member !== env.self);
    this.configurations = [{ slot: 0, members: env.members }];
    const options = settledOptions(env.options, env.members.length);
    this.election = options.leader;
    this.periodMs = options.timeoutMs[0] / 3;
    this.learner = new Learner(env, new CommandIndex());
    this.acceptor = new Acceptor(env, this.learner);
    this.proposer = new Proposer(this.learner, options);
    this.catchUp = new CatchUp(env, this.learner);
    this.detector = new FailureDetector(env, options.timeoutMs, this.election.mode === 'fixed' ? this.election.node : null);
  }

  get mayTake(): boolean {
    const { mode, node } = this.election;
    return mode === 'any' || this.proposer.phase === 'established' || (mode === 'fixed' && node === this.env.self);
  }

  /** Under `any`: something is left to propose, or somebody's slot hangs. */
  get hasWork(): boolean {
    return this.proposer.queue.length > 0 || this.proposer.waiting.size > 0 || this.stuckTicks >= 2;
  }

  /** Holds no ballot and asks for none. */
  get isOut(): boolean {
    return this.proposer.phase === 'idle' || this.proposer.phase === 'lost';
  }
}
