// Conversations between the machines of a protocol, written as commands with the outcome recorded below each (as etcd-io/raft's
// testdata): a change of behaviour is a diff that is reviewed. Nothing happens but what the file says; time stands still
// between timers, and random() is always 0.5.
//
//   cluster nodes=3 maxMessageBytes=400 options={"leader":"n1"}     only the count is needed
//   start n1 n2         a life; the lines below are put on n1's disk first, "3 x {…}" three times
//   timer n1 election   fires, at the time it was set for          wait 100       time passes, no timer fires
//   reconfigure n1 lab1:1 +n4 -n1     a change of membership; n4 is one of "cluster nodes=3 joining=1", which are in no configuration
//   command n1 c1:1 c2:1                                           message n2->n1 {…}   forged, or from long ago
//   deliver n1->n2 2    the oldest 2 (default 1) on the way        settle n1 n2   all among these nodes, until nothing moves
//   drop n1->n2 · drop n3 · drop      all that is on the way there, from or to n3, everywhere
//   repeat n1->n2       the oldest on the way once more            status
//   clock n1 +300       n1's wall clock runs so many ms ahead of the others' from now on (alarms fire when it reads their time)
//   quietly settle      any command, without its outcome
//   disk n1 slow        flushes end by "flush n1" only             crash n1 keep=1   a prefix of what was not durable survives
import { assert } from '../node/assert.ts';
import type { AnyProtocol, Env, Json, Machine, NodeId, Position } from '../node/contract.ts';
import { mergeOptions } from '../node/options.ts';
import { utf8Bytes } from '../node/wire.ts';
import { inWords, messageInWords, nameOf } from '../orchestrator/explore/words.ts';

type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: Json };
type Held = { readonly after: number; readonly to: readonly NodeId[]; readonly message: Json };
type Life = {
  readonly machine: Machine<Json, Json>; readonly timers: Map<string, number>; readonly alarms: Set<string>; held: Held[]; inbox: Json[]; status: string;
  /** The state machine: the ids that it applied, and where it is. */
  applied: readonly Json[]; at: Position;
};
type Node = { readonly id: NodeId; readonly joining: boolean; clockMs: number; life: Life | null; disk: Json[]; durable: number; slow: boolean };

/** The file again, with the outcomes that the protocol has now. */
export function runScenario(protocol: AnyProtocol, text: string): string {
  const scenario = new Scenario(protocol);
  return text.split(/\n{2,}/).map((block) => {
    const [input = ''] = block.split(/^----$/m);
    const lines = input.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (lines.length === 0) return block.trimEnd();
    return `${input.trimEnd()}\n----\n${scenario.run(lines[0] ?? '', lines.slice(1)).join('\n') || 'ok'}`;
  }).join('\n\n') + '\n';
}

class Scenario {
  readonly protocol: AnyProtocol;
  readonly nodes = new Map<NodeId, Node>();
  readonly settings: { options: Json; maxMessageBytes: number } = { options: {}, maxMessageBytes: 60_000 };
  /** On the way, oldest first. */
  letters: Letter[] = [];
  lines: string[] = [];
  nowMs = 0;

  constructor(protocol: AnyProtocol) {
    this.protocol = protocol;
  }

  /** What happens by one command. A machine that fails an assertion is part of the outcome; a mistake in the file throws. */
  run(command: string, more: readonly string[]): readonly string[] {
    this.lines = [];
    const [verb = '', ...words] = command.split(/ +/);
    switch (verb) {
      case 'quietly': this.run(words.join(' '), more); return [];
      case 'cluster': this.cluster(words); break;
      case 'start': this.start(words, more); break;
      case 'timer': this.fire(this.node(words[0]), words[1] ?? ''); break;
      case 'clock': this.node(words[0]).clockMs = Number(words[1]); break;
      case 'wait': this.nowMs += Number(words[0]); break;
      case 'command': this.command(this.node(words[0]), words.slice(1)); break;
      case 'message': this.letters.unshift({ ...this.way(words[0]), message: JSON.parse(words.slice(1).join(' ')) as Json }); this.deliver(words[0]); break;
      case 'reconfigure': this.reconfigure(this.node(words[0]), words[1] ?? '', words.slice(2)); break;
      case 'deliver': for (let count = Number(words[1] ?? 1); count > 0; count--) this.deliver(words[0]); break;
      case 'settle': this.settle(words.length === 0 ? [...this.nodes.keys()] : words); break;
      case 'drop': this.drop(words[0]); break;
      case 'repeat': this.letters.push(this.oldest(words[0])); break;
      case 'disk': this.node(words[0]).slow = words[1] === 'slow'; break;
      case 'flush': this.flush(this.node(words[0])); break;
      case 'crash': this.crash(this.node(words[0]), Number(/^keep=(\d+)$/.exec(words[1] ?? '')?.[1] ?? 0)); break;
      case 'status': for (const node of this.nodes.values()) this.lines.push(`${node.id} ${this.statusOf(node)}`); break;
      default: throw new Error(`no such command: ${command}`);
    }
    return this.lines;
  }

  cluster(words: readonly string[]): void {
    const given = new Map(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
    const members = Number(given.get('nodes'));
    for (let number = 1; number <= members + Number(given.get('joining') ?? 0); number++) {
      this.nodes.set(`n${number}`, { id: `n${number}`, joining: number > members, clockMs: 0, life: null, disk: [], durable: 0, slow: false });
    }
    const merged = mergeOptions(this.protocol.defaults, JSON.parse(given.get('options') ?? '{}') as Json);
    assert(merged.problems.length === 0 && this.nodes.size > 0, `a cluster that cannot be: ${words.join(' ')}`);
    this.settings.options = merged.options;
    this.settings.maxMessageBytes = Number(given.get('maxMessageBytes') ?? this.settings.maxMessageBytes);
  }

  node(id: string | undefined): Node {
    const node = this.nodes.get(id ?? '');
    assert(node !== undefined, `no node ${id}`);
    return node;
  }

  life(node: Node): Life {
    assert(node.life !== null, `${node.id} is down`);
    return node.life;
  }

  way(word: string | undefined): { readonly from: NodeId; readonly to: NodeId } {
    const [from, to] = (word ?? '').split('->');
    return { from: this.node(from).id, to: this.node(to).id };
  }

  oldest(word: string | undefined): Letter {
    const { from, to } = this.way(word);
    const letter = this.letters.find((item) => item.from === from && item.to === to);
    assert(letter !== undefined, `nothing is on the way ${word}`);
    return letter;
  }

  start(ids: readonly string[], entries: readonly string[]): void {
    for (const line of entries) {
      const [, times, json = line] = /^(\d+) x (.*)$/.exec(line) ?? [];
      for (let count = Number(times ?? 1); count > 0; count--) this.node(ids[0]).disk.push(JSON.parse(json) as Json);
    }
    for (const id of ids) {
      const node = this.node(id);
      assert(node.life === null, `${id} is up already`);
      node.durable = node.disk.length;
      const survived = structuredClone(node.disk);
      const life: Life = { machine: this.protocol.create(this.env(node)) as Machine<Json, Json>, timers: new Map(), alarms: new Set(), held: [], inbox: [], status: '', applied: [], at: { epoch: 0, slot: 0 } };
      node.life = life;
      this.turn(node, 'starts', () => life.machine.start(survived));
    }
  }

  fire(node: Node, name: string): void {
    const life = this.life(node);
    const dueMs = life.timers.get(name);
    assert(dueMs !== undefined, `${node.id} has set no timer ${name}`);
    life.timers.delete(name);
    this.nowMs = Math.max(this.nowMs, life.alarms.delete(name) ? dueMs - node.clockMs : dueMs);
    this.turn(node, `timer ${name} at ${Math.round(this.nowMs)} ms`, () => life.machine.timer(name));
  }

  command(node: Node, ids: readonly string[]): void {
    const batch = ids.map((id) => ({ id, op: { type: 'put', key: 'x', value: id } } as const));
    this.turn(node, `gets ${ids.join(' ')}`, () => this.life(node).machine.commands(batch));
  }

  reconfigure(node: Node, id: string, changes: readonly string[]): void {
    const named = (sign: string) => changes.filter((word) => word.startsWith(sign)).map((word) => this.node(word.slice(1)).id);
    const command = { id, op: { type: 'reconfigure', add: named('+'), remove: named('-') } } as const;
    this.turn(node, `gets ${id} ${changes.join(' ')}`, () => this.life(node).machine.commands([command]));
  }

  deliver(word: string | undefined): void {
    const letter = this.oldest(word);
    this.letters.splice(this.letters.indexOf(letter), 1);
    const node = this.node(letter.to);
    if (node.life === null) return;
    const { machine } = node.life;
    const message = structuredClone(letter.message);
    this.turn(node, `<- ${letter.from} ${nameOf(message)}`, () => machine.message(letter.from, message));
  }

  settle(ids: readonly string[]): void {
    for (let count = 0; count < 1000; count++) {
      const next = this.letters.find(({ from, to }) => ids.includes(from) && ids.includes(to));
      if (next === undefined) return;
      this.deliver(`${next.from}->${next.to}`);
    }
    throw new Error('does not settle within 1,000 messages');
  }

  drop(word: string | undefined): void {
    const gone = (letter: Letter) => word === undefined || letter.from === word || letter.to === word || `${letter.from}->${letter.to}` === word;
    for (const letter of this.letters.filter(gone)) this.lines.push(`lost: ${letter.from} -> ${letter.to} ${messageInWords(letter.message)}`);
    this.letters = this.letters.filter((letter) => !gone(letter));
  }

  crash(node: Node, keep: number): void {
    this.life(node);
    node.life = null;
    const lost = node.disk.splice(node.durable + keep);
    this.lines.push(`${node.id} crashes, lost: ${lost.map(inWords).join(' ') || 'nothing'}`);
  }

  /** One input, then what follows at this node without anybody else: the flush, and messages to itself. */
  turn(node: Node, what: string, input: () => void): void {
    const life = this.life(node);
    this.lines.push(`${node.id} ${what}`);
    try {
      input();
      life.machine.turn?.();
    } catch (error) {
      this.lines.push(`  fails: ${error instanceof Error ? error.message : String(error)}`);
    }
    const status = this.statusOf(node);
    const change = status.replace(/, log .*/, '');
    if (change !== life.status) this.lines.push(`  is ${change}`);
    life.status = change;
    if (!node.slow) this.flush(node);
    else this.receiveOwn(node);
  }

  statusOf(node: Node): string {
    if (node.life === null) return 'down';
    const { role, epoch, leader, lastSlot, commitSlot, configurations } = node.life.machine.status();
    const asStarted = configurations.length === 1 && configurations[0]?.slot === 0;
    const members = asStarted ? '' : `, members ${configurations.map((configuration) => configuration.members.join(' ')).join(' and ') || 'unknown'}`;
    return `${role} in ${epoch}, leader ${leader ?? 'unknown'}${members}, log ${lastSlot}, committed ${commitSlot}`;
  }

  flush(node: Node): void {
    const life = this.life(node);
    node.durable = node.disk.length;
    const ready = life.held.filter(({ after }) => after <= node.durable);
    life.held = life.held.filter(({ after }) => after > node.durable);
    for (const { to, message } of ready) this.leave(node, to, message);
    this.receiveOwn(node);
  }

  receiveOwn(node: Node): void {
    const { inbox, machine } = this.life(node);
    for (let own = inbox.shift(); own !== undefined; own = inbox.shift()) {
      const message = own;
      this.turn(node, `<- itself ${nameOf(message)}`, () => machine.message(node.id, message));
    }
  }

  leave(node: Node, to: readonly NodeId[], message: Json): void {
    const others = to.filter((id) => id !== node.id);
    if (others.length > 0) this.lines.push(`  sends ${others.join(' ')}: ${messageInWords(message)}`);
    for (const id of others) this.letters.push({ from: node.id, to: id, message: structuredClone(message) });
    if (others.length < to.length) this.life(node).inbox.push(message);
  }

  env(node: Node): Env<Json, Json, Json> {
    const say = (line: string) => this.lines.push(`  ${line}`);
    const at = ({ epoch, slot }: Position) => `${epoch}.${slot}`;
    const list = (to: NodeId | readonly NodeId[]) => (typeof to === 'string' ? [to] : to);
    const send = (to: readonly NodeId[], message: Json) => {
      if (node.durable === node.disk.length) this.leave(node, to, message);
      else this.life(node).held.push({ after: node.disk.length, to, message });
    };
    const unused = (): never => assert(false, 'this verb has no user in a scenario yet') as never;
    return {
      self: node.id, members: [...this.nodes.values()].flatMap(({ id, joining }) => (joining ? [] : id)), joining: node.joining, ...this.settings,
      address: (id) => id, now: () => this.nowMs, wallClock: () => this.nowMs + node.clockMs, random: () => 0.5,
      persist: (...entries) => {
        for (const entry of entries) say(`persists ${inWords(entry)}`);
        node.disk.push(...structuredClone(entries));
      },
      send: (to, message) => send(list(to), message),
      sendBeforeDurable: (to, message) => this.leave(node, list(to), message),
      place: () => undefined,
      commit: (command, position) => {
        say(`commits ${at(position)} ${command?.id ?? 'nothing'}`);
        const life = this.life(node);
        life.applied = command === null ? life.applied : [...life.applied, command.id];
        life.at = position;
      },
      checkpoint: (entries) => {
        assert(!node.slow, 'a checkpoint on a slow disk has no user in a scenario yet');
        for (const entry of entries) say(`rewrites its disk: ${inWords(entry)}`);
        node.disk = structuredClone([...entries]);
        node.durable = 0;
        const life = this.life(node);
        life.held = life.held.map((held) => ({ ...held, after: node.disk.length }));
      },
      snapshot: () => ({ state: this.life(node).applied, at: this.life(node).at }),
      restore: (state, position) => {
        say(`restores ${at(position)} ${inWords(state)}`);
        Object.assign(this.life(node), { applied: state, at: position });
      },
      reject: (id, reason, leader) => say(`rejects ${id}: ${reason}${leader === undefined ? '' : `, leader ${leader}`}`),
      sizeOf: (message) => utf8Bytes(JSON.stringify(message)),
      setTimer: (name, afterMs) => {
        say(`sets ${name} in ${Math.round(afterMs)} ms`);
        this.life(node).timers.set(name, this.nowMs + afterMs);
        this.life(node).alarms.delete(name);
      },
      setAlarm: (name, wallClockMs) => {
        this.life(node).timers.set(name, wallClockMs);
        this.life(node).alarms.add(name);
      },
      clearTimer: (name) => this.life(node).timers.delete(name),
      trace: () => undefined,
      serve: unused,
    };
  }
}
