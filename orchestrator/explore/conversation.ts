// Does a list of choices on machines of its own, one after the other, and tells what is said and written: for people as lines, and
// for the checks of every run as the events of a run. It shares nothing with the search but one life of a node, so that what the
// search has found is found again, or it is not believed.
import type { Command, CommandId, Json, NodeId, Status } from '../../node/contract.ts';
import { LabError } from '../errors.ts';
import type { LabEvent } from '../kinds.ts';
import type { Choice, CrashPoint } from './choices.ts';
import { EMPTY, Life } from './life.ts';
import type { Ground, Happening, Input, Setting } from './life.ts';
import { orderAtOnce } from './successors.ts';
import type { Bounds } from './successors.ts';
import { inWords, messageInWords, nameOf } from './words.ts';

type Letter = { readonly from: NodeId; readonly to: NodeId; readonly text: string; readonly frame: number };
type Body = LabEvent extends infer Event ? Event extends LabEvent ? Omit<Event, 'atMs' | 'node' | 'life' | 'sequence'> : never : never;

export class Conversation {
  readonly setting: Setting;
  readonly lines: string[] = [];
  readonly events: LabEvent[] = [];
  /** The contract that a machine broke. */
  failed: string | null = null;
  readonly #nodes = new Map<NodeId, { life: Life; number: number }>();
  #letters: Letter[] = [];
  /** Commands that wait for an answer, and the node that was asked. */
  readonly #asked = new Map<CommandId, NodeId>();
  readonly #invoked = new Set<CommandId>();
  readonly #bounds: Pick<Bounds, 'duplicates' | 'atOnce'>;
  #step = 0;
  #frame = 0;

  constructor(setting: Setting, bounds: Pick<Bounds, 'duplicates' | 'atOnce'>) {
    this.setting = setting;
    this.#bounds = bounds;
    for (const command of setting.before) this.#invoke(command);
    for (const [index, node] of setting.nodes.entries()) this.#begin(node, setting.grounds[index] ?? EMPTY, 1);
    this.#arriveAtOnce();
  }

  /** Throws a LabError where it cannot be: the choices belong to other sources. */
  perform(choice: Choice): void {
    this.#step++;
    const { node } = choice;
    if (choice.do === 'restart') {
      this.lines.push(`${this.#step}. ${node} crashes${this.#kept(node, choice.keep)}`);
      this.#crash(node, this.#life(node).groundAfterCrash(choice.keep));
    } else this.#choose(choice);
    this.#arriveAtOnce();
  }

  #choose(choice: Exclude<Choice, { readonly do: 'restart' }>): void {
    const { node } = choice;
    const input = this.#inputOf(choice);
    this.lines.push(`${this.#step}. ${node} ${whatHappens(choice)}${'disk' in choice ? ', and its disk stays behind' : ''}`);
    this.#run(node, input, 'disk' in choice || (choice.do !== 'flush' && this.#life(node).pending.length > 0), choice.crash ?? null);
  }

  #arriveAtOnce(): void {
    const { atOnce } = this.#bounds;
    const next = () => this.#letters.filter(({ text }) => atOnce.length > 0 && atOnce.includes(nameOf(JSON.parse(text) as Json)))
      .sort((a, b) => (orderAtOnce(a.to, a.from, a.text) < orderAtOnce(b.to, b.from, b.text) ? -1 : 1))[0];
    for (let letter = next(); letter !== undefined && this.failed === null; letter = next()) {
      const { from, to, text } = letter;
      this.#letters = this.#letters.filter((other) => other !== letter);
      this.lines.push(`   ${to} gets from ${from} at once: ${messageInWords(JSON.parse(text) as Json)}`);
      this.#received(letter);
      this.#run(to, { type: 'message', from, text }, this.#life(to).pending.length > 0, null);
    }
  }

  #received({ from, to, text, frame }: Letter): void {
    this.#emit(to, this.#nodes.get(to)?.number ?? 1, { type: 'received', peer: from, peerLife: this.#nodes.get(from)?.number ?? 1, frame, bytes: text.length });
  }

  #run(node: NodeId, input: Input, slow: boolean, crash: CrashPoint | null): void {
    const life = this.#life(node);
    let flush = 0;
    const end: { at: { readonly ground: Ground; readonly until: number; readonly kept: string } | null } = { at: null };
    life.input(input, slow, () => {
      if (crash !== null && flush++ === crash.flush) end.at = { ground: life.groundAfterCrash(crash.keep), until: life.happened.length, kept: this.#kept(node, crash.keep) };
    });
    if (crash === null) this.#tell(node, life.happened);
    else if (end.at === null) throw cannotBe(`step ${this.#step}: ${node} writes nothing that a crash could meet`);
    else {
      this.#tell(node, life.happened.slice(0, end.at.until));
      this.lines.push(`   ${node} crashes in this write${end.at.kept}`);
      this.#crash(node, end.at.ground);
    }
    life.happened = [];
  }

  #crash(node: NodeId, ground: Ground): void {
    const number = (this.#nodes.get(node)?.number ?? 0) + 1;
    const say = (action: { readonly type: 'crash'; readonly node: NodeId; readonly disk: 'lose-unsynced' } | { readonly type: 'start'; readonly node: NodeId }) =>
      this.#emit('lab', 1, { type: 'action', action, plannedMs: this.#step, nodes: [node] });
    say({ type: 'crash', node, disk: 'lose-unsynced' });
    for (const [id, asked] of this.#asked) if (asked === node) this.#asked.delete(id);
    say({ type: 'start', node });
    this.lines.push(`   ${node} starts its life ${number} with ${ground.entries.length === 0 ? 'an empty disk' : ground.entries.map((text) => inWords(JSON.parse(text) as Json)).join(' ')}`);
    this.#begin(node, ground, number);
  }

  #begin(node: NodeId, ground: Ground, number: number): void {
    const life = new Life(this.setting, node, ground);
    this.#nodes.set(node, { life, number });
    life.start();
    this.#tell(node, life.happened);
    life.happened = [];
  }

  #life(node: NodeId): Life {
    const found = this.#nodes.get(node);
    if (found === undefined) throw cannotBe(`step ${this.#step}: there is no node ${node}`);
    return found.life;
  }

  #kept(node: NodeId, keep: number): string {
    const { length } = this.#life(node).pending;
    return length === 0 ? '' : `; ${keep === 0 ? 'nothing' : `${keep}`} of ${length === 1 ? 'one write' : `${length} writes`} reaches the disk`;
  }

  #inputOf(choice: Exclude<Choice, { readonly do: 'restart' }>): Input {
    const { node } = choice;
    if (choice.do === 'flush') return { type: 'flush' };
    if (choice.do === 'fire') {
      const { timers, alarms } = this.#life(node);
      if (!timers.has(choice.timer) && !alarms.has(choice.timer)) throw cannotBe(`step ${this.#step}: ${node} has set no timer ${choice.timer}`);
      return { type: 'timer', name: choice.timer };
    }
    if (choice.do === 'submit') {
      const command = this.setting.commands.find(({ id }) => id === choice.command);
      if (command === undefined) throw cannotBe(`step ${this.#step}: there is no command ${choice.command}`);
      this.#invoke(command);
      this.#asked.set(command.id, node);
      return { type: 'command', command };
    }
    const text = JSON.stringify(choice.message);
    const letter = this.#letters.find(({ from, to, text: other }) => from === choice.from && to === node && other === text);
    if (letter === undefined) throw cannotBe(`step ${this.#step}: ${choice.from} has sent no such message to ${node}: ${text}`);
    if (!this.#bounds.duplicates) this.#letters = this.#letters.filter((other) => other !== letter);
    this.#received(letter);
    return { type: 'message', from: choice.from, text };
  }

  #invoke({ id, op }: Command): void {
    if (this.#invoked.has(id) || op.type === 'reconfigure') return;
    this.#invoked.add(id);
    this.#emit('load', 1, { type: 'invoke', client: id.split(':')[0] ?? id, region: 'clients', command: { id, op }, intendedMs: this.#step });
  }

  #tell(node: NodeId, happened: readonly Happening[]): void {
    const life = this.#nodes.get(node)?.number ?? 1;
    for (let index = 0; index < happened.length; index++) {
      const happening = happened[index] as Happening;
      if (happening.type === 'sent') {
        const { text } = happening;
        const to = [happening.to];
        for (let next = happened[index + 1]; next?.type === 'sent' && next.text === text; next = happened[++index + 1]) to.push(next.to);
        this.#send(node, life, to, text);
      } else this.#tellOne(node, life, happening);
    }
  }

  #send(node: NodeId, life: number, receivers: readonly NodeId[], text: string): void {
    const message = JSON.parse(text) as Json;
    this.lines.push(`   sends ${receivers.join(' ')}: ${messageInWords(message)}`);
    for (const to of receivers) {
      if (this.#letters.some((letter) => letter.from === node && letter.to === to && letter.text === text)) continue;
      const frame = this.#frame++;
      this.#letters.push({ from: node, to, text, frame });
      this.#emit(node, life, { type: 'sent', peer: to, peerLife: this.#nodes.get(to)?.number ?? 1, frame, bytes: text.length, message: nameOf(message) });
    }
  }

  #tellOne(node: NodeId, life: number, happening: Exclude<Happening, { readonly type: 'sent' }>): void {
    const say = (line: string) => this.lines.push(`   ${line}`);
    switch (happening.type) {
      case 'told':
        return void say(`tells itself: ${messageInWords(JSON.parse(happening.text) as Json)}`);
      case 'persisted':
        return void say(`${happening.replaces ? 'replaces its log by' : 'persists'} ${inWords(JSON.parse(happening.text) as Json)}`);
      case 'durable':
        return this.#emit(node, life, { type: 'durable', entries: 1, bytes: 0, tookMs: 0 });
      case 'status':
        say(`is ${statusInWords(happening.status)}`);
        return this.#emit(node, life, { type: 'status', status: happening.status });
      case 'placed':
        return this.#emit(node, life, happening);
      case 'committed': {
        const { command, at } = happening;
        say(`commits ${at.epoch}.${at.slot} ${command?.id ?? 'nothing'}`);
        this.#emit(node, life, { type: 'committed', command, at, value: null });
        if (command === null || this.#asked.get(command.id) !== node) return;
        this.#asked.delete(command.id);
        say(`answers ${command.id}`);
        this.#emit('load', 1, { type: 'reply', client: command.id.split(':')[0] ?? '', id: command.id, reply: { outcome: 'ok', value: null, at } });
        return;
      }
      case 'rejected':
        say(`rejects ${happening.id}: ${happening.reason}`);
        this.#asked.delete(happening.id);
        return this.#emit(node, life, { type: 'rejected', id: happening.id, reason: happening.reason });
      case 'trace':
        return this.#emit(node, life, happening);
      case 'failed':
        say(`fails: ${happening.because}`);
        this.failed = happening.because;
    }
  }

  #emit(node: NodeId, life: number, body: Body): void {
    this.events.push({ atMs: this.#step, node, life, sequence: this.events.length, ...body });
  }
}

function whatHappens(choice: Exclude<Choice, { readonly do: 'restart' }>): string {
  switch (choice.do) {
    case 'deliver':
      return `gets from ${choice.from}: ${messageInWords(choice.message)}`;
    case 'fire':
      return `fires ${choice.timer}`;
    case 'submit':
      return `is asked for ${choice.command}`;
    case 'flush':
      return 'has its writes on the disk at last';
  }
}

function statusInWords({ role, epoch, leader }: Status): string {
  return `${role} in ${epoch}, leader ${leader ?? 'unknown'}`;
}

function cannotBe(message: string): LabError {
  return new LabError('bad-result', `these choices do not fit this protocol: ${message}`, 'replay a conversation with the commit, the protocol and the options that it was found with');
}
