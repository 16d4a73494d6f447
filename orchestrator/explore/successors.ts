// A global state as words, and what can happen next in it:
//
//   local state of each node · what the monitor knows · budgets · messages on the way, ascending
//
// Choices: deliver a message, fire a timer or the next alarm of a node, submit the next command to a node, and crash and start a
// node again; each of the first three also with a crash inside one of its flushes, or with a slow disk, which is then flushed by a
// choice of its own. A lost message is one that is never delivered: the checks are of safety, and nothing waits for a message.
import { assert } from '../../node/assert.ts';
import type { Json, NodeId } from '../../node/contract.ts';
import { EMPTY } from './life.ts';
import type { Crash, Locals, Outcome } from './locals.ts';
import type { Violation } from './monitor.ts';
import { nameOf } from './words.ts';

export type Bounds = {
  /** Commands that clients submit, in the order of their numbers, each to any node. */
  readonly commands: number;
  /** Crashes, each followed by a new life. */
  readonly crashes: number;
  /** Times that the disk of a node stays behind. */
  readonly slowDisks: number;
  /** Whether a message that has come may come again, any number of times: the network then only grows, and the states are fewer. */
  readonly duplicates: boolean;
  /** Names of messages that arrive within the step that sends them, in order of their receivers, and are never lost. */
  readonly atOnce: readonly string[];
  /** Timers that fire, of all nodes together; alarms are not counted. */
  readonly timers: number;
  /** Alarms fire while a node's clock is below this; clocks begin at 0. */
  readonly clockMs: number;
};

/** Each budget has 4 bits of one word, the set of commands 8. */
export const MOST = { nodes: 7, commands: 8, budget: 15 } as const;

const CRASH = 1;
const SLOW = 1 << 4;
const TIMER = 1 << 8;
const COMMAND = 1 << 12;
const BUDGET = 15;

/** Messages that arrive at once do so in the order of these texts. */
export function orderAtOnce(to: NodeId, from: NodeId, text: string): string {
  return `${to} ${from} ${text}`;
}

/** What happened in a step. */
export type How = { readonly how: 'normal' | 'slow' } | { readonly how: 'crash'; readonly crash: Crash };
export type Move = How & { readonly node: number; readonly input: number };

export class Successors {
  readonly locals: Locals;
  readonly bounds: Bounds;
  /** The words of the state that is being visited. */
  readonly next = new Int32Array(4_096);
  length = 0;
  readonly #nodes: number;
  /** Place of the first message. */
  readonly #messages: number;
  readonly #submits: readonly number[];
  readonly #knowns: Json[];
  readonly #knownNumbers = new Map<string, number>();
  readonly #observed = new Map<number, number>();
  readonly #atOnce = new Map<number, boolean>();
  #violations: Violation[] = [];

  constructor(locals: Locals, bounds: Bounds) {
    this.locals = locals;
    this.bounds = bounds;
    this.#nodes = locals.setting.nodes.length;
    this.#messages = this.#nodes + 2;
    this.#submits = locals.setting.commands.map((command) => locals.inputNumber(`command ${command.id}`, { type: 'command', command }));
    this.#knowns = [locals.monitor.initial];
    this.#knownNumbers.set(JSON.stringify(locals.monitor.initial), 0);
  }

  /** Into `next`: every node has started. The violation that is seen already, or null. */
  first(): Violation | null {
    const outcomes = Array.from({ length: this.#nodes }, (_, node) => this.locals.begin(node, this.locals.setting.grounds[node] ?? EMPTY));
    const { crashes, slowDisks, commands, timers } = this.bounds;
    let known = 0;
    const sent = new Set<number>();
    for (const [node, outcome] of outcomes.entries()) {
      if (outcome.failed !== null) return { claim: null, because: outcome.failed };
      this.next[node] = outcome.to;
      known = this.#observe(known, node, outcome.said);
      if (known < 0) return this.#violations[-known - 1] ?? null;
      for (const message of outcome.sent) sent.add(message);
    }
    this.next[this.#nodes + 1] = crashes * CRASH + slowDisks * SLOW + timers * TIMER + (2 ** commands - 1) * COMMAND;
    const { known: after, rest, violation } = this.#arriveAtOnce([...sent], known);
    this.next[this.#nodes] = Math.max(after, 0);
    this.next.set(rest, this.#messages);
    this.length = this.#messages + rest.length;
    return violation;
  }

  /** Visits every state that can come next; it is in `next` during the visit. */
  each(words: Int32Array, length: number, visit: (move: Move, violation: Violation | null) => void): void {
    for (let place = this.#messages; place < length; place++) {
      const message = words[place] as number;
      this.#inputs(words, length, this.locals.receivers[message] as number, message, place, visit);
    }
    const budgets = words[this.#nodes + 1] as number;
    const submit = this.#submits.find((_, index) => (budgets & (COMMAND << index)) !== 0);
    for (let node = 0; node < this.#nodes; node++) {
      const { timers, alarm, alarmMs, pending } = this.locals.at(words[node] as number);
      if ((budgets & (BUDGET * TIMER)) > 0) for (const timer of timers) this.#inputs(words, length, node, timer, -1, visit);
      if (alarm > 0 && alarmMs < this.bounds.clockMs) this.#inputs(words, length, node, alarm, -1, visit);
      if (submit !== undefined) this.#inputs(words, length, node, submit, -1, visit);
      if (pending > 0) this.#inputs(words, length, node, 0, -1, visit);
      if ((budgets & BUDGET) > 0) this.#crashes(words, length, node, visit);
    }
  }

  #inputs(words: Int32Array, length: number, node: number, input: number, place: number, visit: (move: Move, violation: Violation | null) => void): void {
    const local = words[node] as number;
    const { normal, slow, crashes } = this.locals.step(local, input);
    // A message that says nothing now may stay on the way: whatever follows from its loss follows from its delay.
    if (place >= 0 && normal.to === local && normal.sent.length === 0 && normal.said === 0 && normal.rejected.length === 0 && normal.failed === null) return;
    const budgets = words[this.#nodes + 1] as number;
    const spent = budgets - this.#cost(local, input);
    const taken = this.bounds.duplicates ? -1 : place;
    this.#visit(words, length, taken, node, normal, spent, { node, input, how: 'normal' }, visit);
    if (slow !== null && (budgets & (BUDGET * SLOW)) > 0) this.#visit(words, length, taken, node, slow, spent - SLOW, { node, input, how: 'slow' }, visit);
    if ((budgets & BUDGET) === 0) return;
    for (const crash of crashes) this.#visit(words, length, taken, node, crash.outcome, spent - CRASH, { node, input, how: 'crash', crash }, visit);
  }

  #crashes(words: Int32Array, length: number, node: number, visit: (move: Move, violation: Violation | null) => void): void {
    const budgets = (words[this.#nodes + 1] as number) - CRASH;
    for (const crash of this.locals.crashesOf(words[node] as number)) this.#visit(words, length, -1, node, crash.outcome, budgets, { node, input: -1, how: 'crash', crash }, visit);
  }

  #cost(local: number, input: number): number {
    const index = this.#submits.indexOf(input);
    if (index >= 0) return COMMAND << index;
    return this.locals.at(local).timers.includes(input) ? TIMER : 0;
  }

  #visit(words: Int32Array, length: number, place: number, node: number, outcome: Outcome, budgets: number, move: Move, visit: (move: Move, violation: Violation | null) => void): void {
    const { next } = this;
    const messages = this.#messages;
    let violation: Violation | null = outcome.failed === null ? null : { claim: null, because: outcome.failed };
    let known = this.#observe(words[this.#nodes] as number, node, outcome.said);
    if (known < 0) violation ??= this.#violations[-known - 1] ?? null;
    for (let index = 0; index < messages; index++) next[index] = words[index] as number;
    next[node] = outcome.to;
    let { sent } = outcome;
    if (this.bounds.atOnce.length > 0 && violation === null) {
      const arrived = this.#arriveAtOnce(sent, known);
      ({ known, violation, rest: sent } = arrived);
    }
    next[this.#nodes] = Math.max(known, 0);
    let left = budgets;
    for (const id of outcome.rejected) {
      const index = this.locals.setting.commands.findIndex((command) => command.id === id);
      if (index >= 0) left |= COMMAND << index;
    }
    next[this.#nodes + 1] = left;
    this.length = this.#merge(words, length, place, sent);
    visit(move, violation);
  }

  /** In `next`. What is left is on its way. */
  #arriveAtOnce(sent: readonly number[], before: number): { readonly known: number; readonly rest: readonly number[]; readonly violation: Violation | null } {
    const rest = new Set<number>();
    let known = before;
    for (const queue = [...sent]; queue.length > 0;) {
      const [message] = queue.splice(this.#firstAtOnce(queue), 1) as [number];
      if (!this.#isAtOnce(message)) {
        rest.add(message);
        continue;
      }
      const receiver = this.locals.receivers[message] as number;
      const { normal } = this.locals.step(this.next[receiver] as number, message);
      if (normal.failed !== null) return { known, rest: [], violation: { claim: null, because: normal.failed } };
      this.next[receiver] = normal.to;
      known = this.#observe(known, receiver, normal.said);
      if (known < 0) return { known, rest: [], violation: this.#violations[-known - 1] ?? null };
      queue.push(...normal.sent);
    }
    return { known, rest: [...rest].sort((a, b) => a - b), violation: null };
  }

  /** Place of the one that arrives first; 0: none does. */
  #firstAtOnce(messages: readonly number[]): number {
    let first = -1;
    for (const [place, message] of messages.entries()) {
      if (this.#isAtOnce(message) && (first < 0 || this.#order(message) < this.#order(messages[first] as number))) first = place;
    }
    return Math.max(first, 0);
  }

  #order(message: number): string {
    const input = this.locals.inputs[message];
    return input?.type === 'message' ? orderAtOnce(this.locals.setting.nodes[this.locals.receivers[message] as number] ?? '', input.from, input.text) : '';
  }

  #isAtOnce(message: number): boolean {
    if (this.bounds.atOnce.length === 0) return false;
    let is = this.#atOnce.get(message);
    if (is === undefined) {
      const input = this.locals.inputs[message];
      is = input?.type === 'message' && this.bounds.atOnce.includes(nameOf(JSON.parse(input.text) as Json));
      this.#atOnce.set(message, is);
    }
    return is;
  }

  /** Messages are a set: one that is on the way already is not sent again. */
  #merge(words: Int32Array, length: number, place: number, sent: readonly number[]): number {
    const { next } = this;
    let end = this.#messages;
    let index = 0;
    for (let from = this.#messages; from < length; from++) {
      if (from === place) continue;
      const message = words[from] as number;
      while (index < sent.length && (sent[index] as number) < message) next[end++] = sent[index++] as number;
      if (index < sent.length && sent[index] === message) index++;
      next[end++] = message;
    }
    while (index < sent.length) next[end++] = sent[index++] as number;
    assert(end < next.length, 'more messages on the way than an exploration holds');
    return end;
  }

  /** Number of what is known after this was said; below 0: of a violation, less 1. */
  #observe(known: number, node: number, said: number): number {
    if (said === 0) return known;
    const key = (known * MOST.nodes + node) * 2 ** 24 + said;
    const before = this.#observed.get(key);
    if (before !== undefined) return before;
    const { setting, monitor, sayings } = this.locals;
    const { known: after, violation } = monitor.observe(this.#knowns[known] ?? null, setting.nodes[node] ?? '', sayings[said] ?? []);
    let number = violation === null ? this.#knownNumbers.get(JSON.stringify(after)) : -this.#violations.push(violation);
    if (number === undefined) {
      number = this.#knowns.push(after) - 1;
      this.#knownNumbers.set(JSON.stringify(after), number);
    }
    this.#observed.set(key, number);
    return number;
  }
}
