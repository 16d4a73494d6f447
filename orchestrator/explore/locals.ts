// The states of single nodes, each with a number, and what each input does in each of them. A global state is made of few local
// ones, so a machine runs once for a local state and an input, however many global states these are part of. A machine in a
// given state is made again by replaying its inputs from the start of its life: that is right whatever it is written with.
import { assert } from '../../node/assert.ts';
import type { NodeId } from '../../node/contract.ts';
import { Identities } from './identities.ts';
import { Life } from './life.ts';
import type { Ground, Happening, Input, Setting } from './life.ts';
import type { Monitor } from './monitor.ts';

export type Local = {
  readonly node: number;
  /** Inputs that its timers make; the next alarm's, or 0. */
  readonly timers: readonly number[];
  readonly alarm: number;
  readonly alarmMs: number;
  /** Writes that are not durable. */
  readonly pending: number;
  /** Where a life begins, else where this state comes from. */
  readonly origin: { readonly ground: Ground } | { readonly from: number; readonly input: number; readonly slow: boolean };
};

export type Outcome = {
  /** The local state after it. */
  readonly to: number;
  /** Messages, as inputs of their receivers, ascending. */
  readonly sent: readonly number[];
  /** What a monitor wants to know; 0: nothing. */
  readonly said: number;
  readonly rejected: readonly string[];
  readonly failed: string | null;
};

/** flush: at the how many-th flush that followed from the input, from 0 on. */
export type Crash = { readonly flush: number; readonly keep: number; readonly outcome: Outcome };

/** slow: with a disk that stays behind; null: nothing was written. */
export type Step = { readonly normal: Outcome; readonly slow: Outcome | null; readonly crashes: readonly Crash[] };

/** Lives kept to go on from, beside those that have to be replayed. */
const MOST_KEPT = 2_000;

export class Locals {
  readonly setting: Setting;
  readonly monitor: Monitor;
  readonly states: Local[] = [];
  /** From 1 on. */
  readonly inputs: Input[] = [{ type: 'flush' }];
  /** Of the inputs that are messages: the receiver. */
  readonly receivers: number[] = [-1];
  /** Lists of what a monitor wants to know, from 1 on. */
  readonly sayings: (readonly Happening[])[] = [[]];
  /** How often a machine was run, replays not counted. */
  turns = 0;
  readonly #identities = new Identities();
  readonly #numbers = new Map<number, number>();
  readonly #inputNumbers = new Map<string, number>([['flush', 0]]);
  readonly #sayingNumbers = new Map<string, number>([['[]', 0]]);
  /** By local state, then by input. */
  readonly #steps: Map<number, Step>[] = [];
  readonly #crashes = new Map<number, readonly Crash[]>();
  readonly #roots = new Map<string, Outcome>();
  readonly #kept = new Map<number, Life>();

  constructor(setting: Setting, monitor: Monitor) {
    this.setting = setting;
    this.monitor = monitor;
  }

  at(local: number): Local {
    const state = this.states[local];
    assert(state !== undefined, `no local state ${local}`);
    return state;
  }

  inputNumber(key: string, input: Input, receiver = -1): number {
    const known = this.#inputNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.inputs.push(input) - 1;
    this.receivers.push(receiver);
    this.#inputNumbers.set(key, number);
    return number;
  }

  /** A life begins. */
  begin(node: number, ground: Ground): Outcome {
    const key = `${node} ${ground.nowMs} ${ground.entries.join('\n')}`;
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const life = this.#rooted(node, ground);
    this.turns++;
    const outcome = this.#outcome(life, node, { ground }, life.happened);
    this.#roots.set(key, outcome);
    return outcome;
  }

  /** An input in a local state in which no write is pending: with a good disk, a slow one, and crashes inside each flush. */
  step(local: number, input: number): Step {
    const steps = this.#steps[local] ??= new Map<number, Step>();
    let step = steps.get(input);
    if (step === undefined) {
      step = this.#run(local, input);
      steps.set(input, step);
    }
    return step;
  }

  /** A crash while nothing is being done. */
  crashesOf(local: number): readonly Crash[] {
    const known = this.#crashes.get(local);
    if (known !== undefined) return known;
    const life = this.#replayed(local);
    const { node, pending } = this.at(local);
    const crashes: Crash[] = [];
    for (let keep = 0; keep <= pending; keep++) crashes.push({ flush: 0, keep, outcome: this.begin(node, life.groundAfterCrash(keep)) });
    this.#keep(local, life);
    this.#crashes.set(local, crashes);
    return crashes;
  }

  #run(local: number, number: number): Step {
    const input = this.inputs[number];
    const { node, pending } = this.at(local);
    assert(input !== undefined, `no input ${number}`);
    const behind = pending > 0 && input.type !== 'flush';
    const life = this.#replayed(local);
    const moments: { readonly grounds: readonly Ground[]; readonly until: number }[] = [];
    life.input(input, behind, () => {
      const grounds = Array.from({ length: life.pending.length + 1 }, (_, keep) => life.groundAfterCrash(keep));
      moments.push({ grounds, until: life.happened.length });
    });
    this.turns++;
    const { happened } = life;
    const normal = this.#outcome(life, node, { from: local, input: number, slow: behind }, happened);
    const crashes = moments.flatMap(({ grounds, until }, flush) => grounds.map((ground, keep): Crash => {
      const before = this.#said(node, happened.slice(0, until));
      return { flush, keep, outcome: joined(before, this.begin(node, ground), this.#join) };
    }));
    let slow: Outcome | null = null;
    if (moments.length > 0 && input.type !== 'flush') {
      const other = this.#replayed(local);
      other.input(input, true, null);
      slow = this.#outcome(other, node, { from: local, input: number, slow: true }, other.happened);
    }
    return { normal, slow, crashes };
  }

  readonly #join = (one: number, other: number): number => (other === 0 ? one : one === 0 ? other : this.#sayingOf([...this.sayings[one] ?? [], ...this.sayings[other] ?? []]));

  #rooted(node: number, ground: Ground): Life {
    const life = new Life(this.setting, this.#name(node), ground);
    life.start();
    return life;
  }

  /** A machine in this state, with nothing recorded. It is the caller's to change. */
  #replayed(local: number): Life {
    const kept = this.#kept.get(local);
    if (kept !== undefined) {
      this.#kept.delete(local);
      return kept;
    }
    const inputs: { readonly input: Input; readonly slow: boolean }[] = [];
    let state = this.at(local);
    while ('from' in state.origin) {
      const { from, input, slow } = state.origin;
      inputs.push({ input: this.inputs[input] as Input, slow });
      state = this.at(from);
    }
    const life = this.#rooted(state.node, state.origin.ground);
    for (const { input, slow } of inputs.reverse()) life.input(input, slow, null);
    life.happened = [];
    return life;
  }

  #keep(local: number, life: Life): void {
    life.happened = [];
    if (this.#kept.size >= MOST_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(local, life);
  }

  #outcome(life: Life, node: number, origin: Local['origin'], happened: readonly Happening[]): Outcome {
    const said = this.#said(node, happened);
    const to = said.failed === null ? this.#intern(life, node, origin) : 0;
    return { to, ...said };
  }

  #said(node: number, happened: readonly Happening[]): Omit<Outcome, 'to'> {
    const sent = new Set<number>();
    const rejected: string[] = [];
    let failed: string | null = null;
    for (const happening of happened) {
      if (happening.type === 'sent') sent.add(this.#messageNumber(node, happening.to, happening.text));
      else if (happening.type === 'rejected') rejected.push(happening.id);
      else if (happening.type === 'failed') failed = happening.because;
    }
    const said = this.#sayingOf(happened.filter((happening) => this.monitor.concerns(happening)));
    return { sent: [...sent].sort((a, b) => a - b), said, rejected, failed };
  }

  #messageNumber(from: number, to: NodeId, text: string): number {
    return this.inputNumber(`${from}>${to} ${text}`, { type: 'message', from: this.#name(from), text }, this.setting.nodes.indexOf(to));
  }

  #sayingOf(happenings: readonly Happening[]): number {
    const text = JSON.stringify(happenings);
    const known = this.#sayingNumbers.get(text);
    if (known !== undefined) return known;
    const number = this.sayings.push(happenings) - 1;
    this.#sayingNumbers.set(text, number);
    return number;
  }

  #name(node: number): NodeId {
    return this.setting.nodes[node] as NodeId;
  }

  /** The whole of a node is in its number: machine, disk, what waits for the disk, timers, clock, and what this life committed. */
  #intern(life: Life, node: number, origin: Local['origin']): number {
    const names = this.#identities;
    const { durable, pending, held, timers, alarms, nowMs, committed } = life;
    const rest = { durable, pending, held, timers: inOrder(timers), alarms: inOrder(alarms), nowMs, committed };
    const whole = names.of(`${node} ${names.ofState(life.machine, life.env)} ${names.ofState(rest, rest)}`);
    const known = this.#numbers.get(whole);
    if (known !== undefined) {
      // An input that changes nothing leaves the machine for the next one.
      if ('from' in origin && origin.from === known) this.#keep(known, life);
      return known;
    }
    const alarm = life.nextAlarm;
    const timer = (name: string) => this.inputNumber(`timer ${name}`, { type: 'timer', name });
    const number = this.states.push({
      node, timers: [...timers.keys()].map(timer), alarm: alarm === null ? 0 : timer(alarm),
      alarmMs: alarm === null ? 0 : alarms.get(alarm) ?? 0, pending: pending.length, origin,
    }) - 1;
    this.#numbers.set(whole, number);
    this.#keep(number, life);
    return number;
  }
}

/** What happened up to a crash, then what the next life begins with. */
function joined(before: Omit<Outcome, 'to'>, after: Outcome, join: (one: number, other: number) => number): Outcome {
  return {
    to: after.to, failed: before.failed ?? after.failed, said: join(before.said, after.said),
    sent: [...new Set([...before.sent, ...after.sent])].sort((a, b) => a - b), rejected: [...before.rejected, ...after.rejected],
  };
}

/** Which of two timers was set first makes no difference. */
function inOrder(timers: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...timers].sort(([a], [b]) => (a < b ? -1 : 1));
}
