// One life of one node, outside of time: a machine, its disk, and what it has said. Inputs come one at a time; after each, what
// it wrote becomes durable, what waited for that leaves, and what it told itself comes back, until nothing is left to do here.
//
// The clock stands still between timers: a timer that fires takes it to the time that the timer was set for, unless it is later
// already. random() is always 0.5. With a slow disk nothing becomes durable until `flush`.
import { assert } from '../../node/assert.ts';
import type { AnyProtocol, Command, CommandId, Env, Json, Machine, NodeId, Position, Status } from '../../node/contract.ts';
import { utf8Bytes } from '../../node/wire.ts';

/** What a life begins with: entries as JSON texts, and its clock. */
export type Ground = { readonly entries: readonly string[]; readonly nowMs: number };
export const EMPTY: Ground = { entries: [], nowMs: 0 };

export type Setting = {
  readonly protocol: AnyProtocol;
  readonly options: Json;
  readonly nodes: readonly NodeId[];
  readonly addresses: { readonly [node: NodeId]: string };
  readonly maxMessageBytes: number;
  /** What the first life of each node begins with; absent: an empty disk. */
  readonly grounds: readonly (Ground | undefined)[];
  /** What the clients have to say. */
  readonly commands: readonly Command[];
  /** What they have said before, and some disk holds. */
  readonly before: readonly Command[];
  /** Wall clocks begin here. */
  readonly epochMs: number;
};

export type Input =
  | { readonly type: 'message'; readonly from: NodeId; readonly text: string }
  | { readonly type: 'timer'; readonly name: string }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'flush' };

/** In the order in which it happened. */
export type Happening =
  | { readonly type: 'sent'; readonly to: NodeId; readonly text: string }
  | { readonly type: 'told'; readonly text: string }
  | { readonly type: 'persisted'; readonly text: string; readonly replaces: boolean }
  | { readonly type: 'durable' }
  | { readonly type: 'placed'; readonly id: CommandId; readonly at: Position }
  | { readonly type: 'committed'; readonly command: Command | null; readonly at: Position }
  | { readonly type: 'rejected'; readonly id: CommandId; readonly reason: string }
  | { readonly type: 'status'; readonly status: Status }
  | { readonly type: 'trace'; readonly name: string; readonly detail?: Json | undefined }
  | { readonly type: 'failed'; readonly because: string };

/** One step of a write: a crash keeps it or loses it. */
type Write = { readonly replaces: boolean; readonly texts: readonly string[] };
type Held = { readonly to: readonly NodeId[]; readonly text: string };

/** More turns than this after one input: a machine that talks to itself for ever. */
const MOST_TURNS = 200;

export class Life {
  readonly setting: Setting;
  readonly node: NodeId;
  readonly env: Env<Json, Json, Json>;
  readonly machine: Machine<Json, Json>;
  nowMs: number;
  durable: readonly string[];
  pending: Write[] = [];
  held: Held[] = [];
  timers = new Map<string, number>();
  alarms = new Map<string, number>();
  /** Of this life, in slot order: 'id@epoch'. */
  committed: string[] = [];
  happened: Happening[] = [];
  #inbox: string[] = [];
  #status: Status | null = null;

  constructor(setting: Setting, node: NodeId, ground: Ground) {
    this.setting = setting;
    this.node = node;
    this.durable = ground.entries;
    this.nowMs = ground.nowMs;
    this.env = this.#createEnv();
    this.machine = setting.protocol.create(this.env) as Machine<Json, Json>;
  }

  start(): void {
    const entries = this.durable.map((text) => JSON.parse(text) as Json);
    this.#turn(() => this.machine.start(entries));
    this.#settle(false, null);
  }

  /** slow: the disk stays behind. beforeFlush: called where a crash could keep a part of `pending`. */
  input(input: Input, slow: boolean, beforeFlush: (() => void) | null): void {
    if (input.type !== 'flush') this.#turn(() => this.#deliver(input));
    this.#settle(slow, beforeFlush);
  }

  /** What the next life finds after a crash now that keeps so many of the pending writes. */
  groundAfterCrash(keep: number): Ground {
    let entries = this.durable;
    for (const { replaces, texts } of this.pending.slice(0, keep)) entries = replaces ? texts : [...entries, ...texts];
    return { entries, nowMs: this.nowMs };
  }

  get failed(): boolean {
    return this.happened.some(({ type }) => type === 'failed');
  }

  /** The alarm that comes next: a clock passes them in order. */
  get nextAlarm(): string | null {
    let next: string | null = null;
    for (const [name, atMs] of this.alarms) if (next === null || atMs < (this.alarms.get(next) ?? Infinity)) next = name;
    return next;
  }

  #deliver(input: Exclude<Input, { type: 'flush' }>): void {
    if (input.type === 'message') this.machine.message(input.from, JSON.parse(input.text) as Json);
    else if (input.type === 'command') this.machine.commands([input.command]);
    else {
      const atMs = this.timers.get(input.name) ?? this.alarms.get(input.name);
      assert(atMs !== undefined, `${this.node} has set no timer ${input.name}`);
      this.timers.delete(input.name);
      this.alarms.delete(input.name);
      this.nowMs = Math.max(this.nowMs, atMs);
      this.machine.timer(input.name);
    }
  }

  #turn(act: () => void): void {
    try {
      act();
      this.machine.turn?.();
      const status = this.machine.status();
      const before = this.#status;
      this.#status = status;
      if (before?.role !== status.role || before.leader !== status.leader || before.epoch !== status.epoch) this.happened.push({ type: 'status', status });
    } catch (error) {
      this.happened.push({ type: 'failed', because: error instanceof Error ? error.message : String(error) });
    }
  }

  #settle(slow: boolean, beforeFlush: (() => void) | null): void {
    for (let turns = 0; !this.failed; turns++) {
      if (turns > MOST_TURNS) {
        this.happened.push({ type: 'failed', because: `more than ${MOST_TURNS} turns follow from one input: it sends itself messages for ever` });
        return;
      }
      if (this.pending.length > 0 && !slow) {
        beforeFlush?.();
        this.#flush();
      }
      const text = this.#inbox.shift();
      if (text === undefined) return;
      this.happened.push({ type: 'told', text });
      this.#turn(() => this.machine.message(this.node, JSON.parse(text) as Json));
    }
  }

  #flush(): void {
    this.durable = this.groundAfterCrash(this.pending.length).entries;
    this.pending = [];
    this.happened.push({ type: 'durable' });
    const { held } = this;
    this.held = [];
    for (const { to, text } of held) this.#leave(to, text);
  }

  #leave(to: readonly NodeId[], text: string): void {
    for (const id of to) {
      if (id === this.node) this.#inbox.push(text);
      else this.happened.push({ type: 'sent', to: id, text });
    }
  }

  #write(replaces: boolean, entries: readonly Json[]): void {
    const texts = entries.map((entry) => JSON.stringify(entry));
    if (replaces) this.pending.push({ replaces, texts });
    else for (const text of texts) this.pending.push({ replaces, texts: [text] });
    for (const text of texts) this.happened.push({ type: 'persisted', text, replaces });
  }

  #commit(command: Command | null, at: Position): void {
    assert(at.slot === this.committed.length + 1, `${this.node} commits slot ${at.slot} after slot ${this.committed.length}`);
    this.committed.push(`${command?.id ?? ''}@${at.epoch}`);
    this.happened.push({ type: 'committed', command, at });
  }

  #createEnv(): Env<Json, Json, Json> {
    const { setting, node } = this;
    const listOf = (to: NodeId | readonly NodeId[]) => (typeof to === 'string' ? [to] : [...to]);
    const clear = (name: string) => {
      this.timers.delete(name);
      this.alarms.delete(name);
    };
    return {
      self: node, members: setting.nodes, joining: false, options: setting.options, maxMessageBytes: setting.maxMessageBytes,
      address: (id) => setting.addresses[id] ?? id,
      now: () => this.nowMs, wallClock: () => setting.epochMs + this.nowMs, random: () => 0.5,
      persist: (...entries) => this.#write(false, entries),
      checkpoint: (entries) => this.#write(true, entries),
      send: (to, message) => {
        const text = JSON.stringify(message);
        if (this.pending.length === 0) this.#leave(listOf(to), text);
        else this.held.push({ to: listOf(to), text });
      },
      sendBeforeDurable: (to, message) => {
        assert(!listOf(to).includes(node), 'sendBeforeDurable is never to self: that would count a vote that is not durable');
        this.#leave(listOf(to), JSON.stringify(message));
      },
      place: (id, at) => {
        if (id !== null && at.slot > this.committed.length) this.happened.push({ type: 'placed', id, at });
      },
      commit: (command, at) => this.#commit(command, at),
      reject: (id, reason) => this.happened.push({ type: 'rejected', id, reason }),
      // No client reads.
      serve: () => undefined,
      sizeOf: (message) => utf8Bytes(JSON.stringify(message)),
      snapshot: () => ({ state: [...this.committed], at: { epoch: Number(this.committed.at(-1)?.split('@').at(-1) ?? 0), slot: this.committed.length } }),
      restore: (state) => { this.committed = [...(state as readonly string[])]; },
      setTimer: (name, afterMs) => {
        clear(name);
        this.timers.set(name, this.nowMs + afterMs);
      },
      setAlarm: (name, wallClockMs) => {
        clear(name);
        this.alarms.set(name, wallClockMs - setting.epochMs);
      },
      clearTimer: clear,
      trace: (name, detail) => this.happened.push({ type: 'trace', name, detail }),
    };
  }
}
