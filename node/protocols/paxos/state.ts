// What a Paxos process holds: its roles and what they have in common. process.ts says which of it is durable, and what always
// holds.
import type { Command, Env, NodeId, Reconfigure } from '../../contract.ts';
import { CommandIndex } from '../../kit/command-index.ts';
import { Acceptor } from './acceptor.ts';
import { AnswerTimes } from './answer-times.ts';
import { CatchUp } from './catch-up.ts';
import { Configurations } from './configurations.ts';
import { FailureDetector } from './failure-detector.ts';
import { Learner } from './learner.ts';
import { numberOf } from './messages.ts';
import type { Entry, Message } from './messages.ts';
import { settledOptions } from './options.ts';
import type { Leader, Options } from './options.ts';
import { Proposer } from './proposer.ts';
import { Quorums } from './quorums.ts';
import { Tally } from './tally.ts';

/** A change of members that this node conducts. slot: where its configuration is proposed; null: not yet. */
export type Change = {
  readonly command: Command<Reconfigure>; readonly base: number; readonly members: readonly NodeId[];
  /** Who joins has to know decided so far before anything is proposed. */
  readonly upTo: number; readonly sinceMs: number; slot: number | null;
};

export abstract class State {
  readonly env: Env<Message, Entry, Options>;
  readonly options: ReturnType<typeof settledOptions>;
  readonly number: number;
  readonly election: Leader;
  readonly periodMs: number;
  readonly quorums: Quorums;
  readonly configurations: Configurations;
  readonly learner: Learner;
  readonly tally: Tally;
  readonly acceptor: Acceptor;
  readonly proposer: Proposer;
  readonly catchUp: CatchUp;
  readonly detector: FailureDetector;
  readonly times: AnswerTimes;
  /** The highest ballot seen in any message. */
  seen = 0;
  preparedMs = 0;
  /** Where the latest page begins that the candidate of the promised ballot has asked for. */
  askedFrom = 0;
  heartbeatMs = 0;
  /** What the others were told last (a new leader tells in any case), and whether they all were told anything since the last tick. */
  toldTo = 0;
  toldAll = false;
  /** Ticks for which an accepted slot has stayed undecided without a word of a proposer, and the slot before it. */
  stuckTicks = 0;
  stuckAt = 0;
  backingOff = false;
  duels = 0;
  /** An early ballot of this life failed: majorities from now on. */
  ashore = false;
  change: Change | null = null;
  /** How far nodes outside the configurations know every slot decided, and when they said so. */
  joining = new Map<NodeId, { readonly decidedTo: number; readonly heardMs: number }>();
  /** The version of the configurations that was acted on. */
  configured = 0;

  constructor(env: Env<Message, Entry, Options>) {
    this.env = env;
    this.number = numberOf(env.self) ?? 0;
    const options = settledOptions(env.options);
    this.options = options;
    this.election = options.leader;
    this.periodMs = options.timeoutMs[0] / 3;
    this.quorums = new Quorums(options);
    this.configurations = new Configurations(options.window, env.joining ? [] : env.members);
    this.configured = this.configurations.version;
    this.learner = new Learner(env, new CommandIndex(), this.configurations);
    this.tally = new Tally(this.quorums, this.learner);
    this.acceptor = new Acceptor(env, this.learner);
    this.proposer = new Proposer(this.learner, this.quorums, options);
    this.catchUp = new CatchUp(env, this.learner);
    this.detector = new FailureDetector(env, options.timeoutMs, this.election.mode === 'fixed' ? this.election.node : null);
    this.times = new AnswerTimes(env.self);
  }

  /** All members, and who is about to join. */
  get others(): readonly NodeId[] {
    const { members } = this.configurations;
    const add = this.change?.command.op.add ?? [];
    return [...members, ...add.filter((id) => !members.includes(id))].filter((id) => id !== this.env.self);
  }

  get isMember(): boolean {
    return this.configurations.members.includes(this.env.self);
  }

  /** One distinguished proposer until it fails, whoever comes next. */
  get isElected(): boolean {
    return this.election.mode === 'stable' || this.election.mode === 'roundRobin';
  }

  get mayTake(): boolean {
    const { mode, node } = this.election;
    return (mode === 'any' && this.isMember) || this.proposer.phase === 'established' || (mode === 'fixed' && node === this.env.self);
  }

  /** Under `any`: something is left to propose, or somebody's slot hangs. */
  get hasWork(): boolean {
    return this.proposer.queue.length > 0 || this.proposer.configuration !== null || this.proposer.waiting.size > 0 || this.stuckTicks >= 2;
  }

  /** Holds no ballot and asks for none. */
  get isOut(): boolean {
    return this.proposer.phase === 'idle' || this.proposer.phase === 'lost';
  }
}
