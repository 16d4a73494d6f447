// The two machines of YASP at their limits: when they end, whom they hear, what they count, and how much waits.
import { describe, expect, test } from 'vitest';
import type { Command, Env, Json, Machine } from '../../contract.ts';
import { FollowerHandler as LiteralFollower } from './literal/follower-handler.ts';
import { LeaderHandler as LiteralLeader } from './literal/leader-handler.ts';
import { LiteralMachine } from './literal/machine.ts';
import { DEFAULTS } from './options.ts';
import type { Options } from './options.ts';
import { FollowerHandler } from './safe/follower-handler.ts';
import { LeaderHandler } from './safe/leader-handler.ts';
import { SafeMachine } from './safe/machine.ts';
import type { Entry } from './safe/messages.ts';

const command = (number: number): Command => ({ id: `c${number}:1`, op: { type: 'put', key: 'k', value: 'v' } });
const commands = (count: number) => Array.from({ length: count }, (_, index) => command(index + 1));
const acceptance = (slot: number): Entry => ({ type: 'accept', round: 0, committed: 0, values: [{ slot, epoch: 0, command: command(slot) }] });

/** One node: what it sends to others, sets, refuses, commits and traces; what it sends to itself it gets. */
class Bench {
  sent: string[] = [];
  own: Json[] = [];
  timers = new Map<string, number>();
  rejected: string[] = [];
  committed: string[] = [];
  traced: string[] = [];
  nowMs = 0;

  env(self: string, members: readonly string[], options: Partial<Options>): never {
    const say = (to: string | readonly string[], message: Json) => {
      for (const id of [to].flat()) if (id === self) this.own.push(message); else this.sent.push(`${id} ${JSON.stringify(message)}`);
    };
    const env: Partial<Env<Json, Json, Options>> = {
      self, members, options: { ...DEFAULTS, timeoutMs: 200, ...options }, maxMessageBytes: 60_000, now: () => this.nowMs, random: () => 0, place: () => undefined, persist: () => undefined,
      send: say, sendBeforeDurable: say, commit: (value) => { this.committed.push(value?.id ?? 'nothing'); }, reject: (id, reason) => { this.rejected.push(`${id} ${reason}`); },
      trace: (_, detail) => { this.traced.push(JSON.stringify(detail)); }, setTimer: (name, afterMs) => { this.timers.set(name, afterMs); }, clearTimer: (name) => { this.timers.delete(name); },
    };
    return env as never;
  }

  /** Ends a turn, and gives the machine what it said to itself. */
  turn(machine: Machine<Json, Entry>, self = 'n1'): readonly string[] {
    machine.turn?.();
    for (let message = this.own.shift(); message !== undefined; message = this.own.shift()) {
      machine.message(self, message);
      machine.turn?.();
    }
    return this.sent.splice(0);
  }
}

function safe(options: Partial<Options> = {}, members: readonly string[] = ['n1', 'n2', 'n3'], self = 'n1', entries: readonly Entry[] = []) {
  const bench = new Bench();
  const machine = new SafeMachine(bench.env(self, members, options));
  machine.start(entries);
  return { bench, machine, turn: () => bench.turn(machine, self), types: () => bench.turn(machine, self).map((line) => `${line.slice(0, 2)} ${(JSON.parse(line.slice(3)) as { type: string }).type}`) };
}

const gather = (round: number, more: Json = {}): Json => ({ type: 'gather', round, from: 1, next: null, committed: 0, values: [], ...more as object });
const told = (round: number, committed: number, ends = false): Json => ({ type: 'commit', round, committed, ends });

/** n1 leads its round 0. */
function leader(options: Partial<Options> = {}) {
  const made = safe(options);
  made.turn();
  made.machine.message('n2', gather(0));
  made.turn();
  return made;
}

describe('the safe variant', () => {
  test('stops when its time is over, and is silent from then on', () => {
    const { bench, machine, turn } = safe({ stopAfterMs: 500 }, ['n1', 'n2', 'n3'], 'n2');
    expect(bench.timers.get('stop')).toBe(500);
    machine.message('n1', told(0, 0));
    machine.commands([command(1)]);
    machine.timer('stop');
    bench.timers.clear();
    machine.timer('tick');
    machine.message('n1', { type: 'read', round: 0, from: 1 });
    machine.message('n1', { type: 'nonsense' });
    machine.commands([command(2)]);
    expect([turn(), [...bench.timers], bench.rejected]).toEqual([[], [], ['c2:1 busy']]);
  });

  test('has no new slots when the time of its round is over, and says why it ends', () => {
    const timed = safe({}, ['n1']);
    timed.turn();
    timed.machine.timer('round');
    timed.machine.commands([command(1)]);
    timed.turn();
    expect([timed.bench.traced[0], timed.machine.stopped]).toEqual(['{"cause":"timer","round":1}', false]);
    const full = safe({ interval: 1 }, ['n1']);
    full.machine.commands([command(1)]);
    full.turn();
    expect([full.bench.traced[0], full.bench.committed]).toEqual(['{"cause":"round end","round":1}', ['c1:1']]);
  });

  test('fills as many slots in its round as the interval says, all at once where the window has room, and with 0 any number', () => {
    const proposed = (options: Partial<Options>) => {
      const { machine } = leader(options);
      machine.commands(commands(3));
      machine.turn();
      return machine.leading.flights.size;
    };
    expect([proposed({ interval: 2 }), proposed({ window: 1 }), proposed({ interval: 0 })]).toEqual([2, 1, 3]);
    const { bench, machine, turn } = safe({ interval: 0 }, ['n1']);
    machine.commands(commands(3));
    turn();
    expect([bench.committed.length, bench.traced]).toEqual([3, []]);
  });

  test('holds 20,000 commands of its clients and 8,192 of others, and a repeated one once', () => {
    const { bench, machine } = safe({}, ['n1', 'n2', 'n3'], 'n2');
    machine.commands(commands(20_001));
    machine.commands([command(1)]);
    expect([machine.consensus.pending.size, bench.rejected]).toEqual([20_000, ['c20001:1 busy']]);
    const leads = leader();
    for (const item of commands(8_193)) leads.machine.leading.offer(item);
    expect(leads.machine.leading.queue.size).toBe(8_192);
    leads.machine.commands([command(1)]);
    leads.turn();
    leads.machine.commands([command(1)]);
    expect(leads.machine.unsent).toEqual([]);
  });

  test('hears nothing of its own former life, and a nack only of a round above its own', () => {
    const { bench, machine } = safe({}, ['n1', 'n2', 'n3'], 'n1', [acceptance(1)]);
    machine.message('n1', told(0, 1));
    expect([machine.leader, bench.committed]).toEqual([null, []]);
    const leads = leader();
    leads.machine.message('n2', { type: 'nack', promised: 0 });
    expect([leads.machine.round, leads.machine.leading.phase]).toEqual([0, 'proposing']);
    leads.machine.message('n2', { type: 'nack', promised: 4 });
    expect(leads.machine.round).toBe(4);
    leads.machine.message('n2', { type: 'nack', promised: 6 });
    expect(leads.machine.round).toBe(7);
  });

  test('forwards again what is not committed after three ticks', () => {
    const { machine, types } = safe({}, ['n1', 'n2', 'n3'], 'n2');
    machine.message('n1', told(0, 0));
    machine.commands([command(1)]);
    const ticks = [types()];
    for (let tick = 0; tick < 4; tick++) {
      machine.timer('tick');
      ticks.push(types());
    }
    expect(ticks).toEqual([['n1 forward'], [], [], ['n1 forward'], ['n1 forward']]);
  });

  test('reads on whom it has not heard to the end, takes no page behind a gap, and none that leads nowhere', () => {
    expect(LeaderHandler).toBeDefined();
    const { machine, types } = safe({}, ['n1', 'n2', 'n3', 'n4', 'n5']);
    types();
    machine.message('n2', gather(0));
    machine.message('n3', gather(0, { from: 5 }));
    machine.message('n3', gather(0, { next: 1 }));
    expect([machine.leading.phase, [...machine.leading.pages]]).toEqual(['reading', [['n1', null], ['n2', null]]]);
    machine.timer('tick');
    expect(types().filter((line) => line.endsWith('read'))).toEqual(['n3 read', 'n4 read', 'n5 read']);
  });

  test('imposes what it has accepted itself, and sends it again as imposed', () => {
    const { bench, machine, turn, types } = safe({}, ['n1', 'n2', 'n3'], 'n1', [acceptance(1)]);
    machine.message('n2', { type: 'nack', promised: 2 });
    machine.timer('leader');
    bench.own = [];
    for (const from of ['n2', 'n3']) machine.message(from, gather(3));
    expect(turn().filter((line) => line.includes('"impose"') && line.includes('c1:1'))).toHaveLength(2);
    bench.nowMs = 1_000;
    machine.timer('tick');
    expect(types()).toEqual(['n2 commit', 'n3 commit', 'n2 impose', 'n3 impose']);
  });

  test('counts acks of its own round alone', () => {
    const { bench, machine, turn } = safe({}, ['n1', 'n2', 'n3'], 'n1', [acceptance(1)]);
    machine.message('n2', { type: 'nack', promised: 2 });
    machine.timer('leader');
    bench.own = [];
    for (const from of ['n2', 'n3']) machine.message(from, gather(3));
    machine.turn();
    bench.own = [];
    for (const from of ['n2', 'n3']) machine.message(from, { type: 'ack', round: 0, slots: [1] });
    turn();
    expect(bench.committed).toEqual([]);
    for (const from of ['n2', 'n3']) machine.message(from, { type: 'ack', round: 3, slots: [1] });
    expect(bench.committed).toEqual(['c1:1']);
  });

  test('a follower fetches what it lacks, goes on while it learns, and answers nobody with nothing', () => {
    expect(FollowerHandler).toBeDefined();
    const { machine, turn, types } = safe({ bcpeers: 'quorum' }, ['n1', 'n2', 'n3'], 'n2');
    machine.message('n1', told(0, 0));
    machine.message('n3', { type: 'fetch', from: 1 });
    expect(types()).toEqual([]);
    machine.message('n1', told(0, 2));
    expect(types()).toEqual(['n1 fetch']);
    const fetched = (slot: number): Json => ({ type: 'fetched', round: 0, committed: 2, values: [{ slot, epoch: 0, command: command(slot) as unknown as Json }] });
    machine.message('n1', fetched(1));
    expect(turn()).toEqual(['n1 {"type":"fetch","from":2}']);
    machine.message('n1', fetched(1));
    expect(types()).toEqual([]);
    machine.follower.hears('n3', 1);
    expect(machine.follower.ahead).toEqual({ from: 'n1', to: 2 });
    machine.message('n1', fetched(2));
    machine.timer('tick');
    expect([machine.follower.ahead, types()]).toEqual([null, []]);
  });
});

function literal(options: Partial<Options> = {}, self = 'n1') {
  const bench = new Bench();
  const machine = new LiteralMachine(bench.env(self, ['n1', 'n2', 'n3'], { variant: 'literal', interval: 2, ...options }));
  machine.start();
  const turn = () => bench.sent.splice(0).map((line) => `${line.slice(0, 2)} ${(JSON.parse(line.slice(3)) as { type: string }).type}`);
  return { bench, machine, turn };
}

describe('the literal variant', () => {
  const at = (round: number, seq: number, type: string, more: Json = {}): Json => ({ type, round, seq, ...more as object });

  test('ends at its time exactly, not before, and is silent from then on', () => {
    const { bench, machine, turn } = literal({ stopAfterMs: 300 }, 'n2');
    bench.nowMs = 200;
    machine.timer('follower');
    expect([machine.stopped, bench.timers.get('follower')]).toEqual([false, 100]);
    bench.nowMs = 300;
    machine.timer('follower');
    machine.message('n1', at(1, 0, 'read', { part: 0 }));
    machine.message('n1', { type: 'nonsense' });
    expect([machine.stopped, turn()]).toEqual([true, []]);
  });

  test('says why each round begins, but for the first', () => {
    expect([LiteralFollower, LiteralLeader].length).toBe(2);
    const { bench, machine } = literal({}, 'n3');
    for (const name of ['follower', 'leader']) machine.timer(name);
    expect(bench.traced).toEqual(['{"processor":"follower","cause":"timeout","round":1}', '{"processor":"leader","cause":"timer","round":1}']);
  });

  test('a leader holds 8,192 commands, fills its interval, and no slot beyond', () => {
    const { bench, machine, turn } = literal();
    machine.commands(commands(8_193));
    expect(bench.rejected).toEqual(['c8193:1 busy']);
    turn();
    for (const from of ['n2', 'n3']) machine.message(from, at(0, 0, 'gather', { part: 0, parts: 1, history: [] }));
    for (const from of ['n2', 'n3']) machine.message(from, at(0, 0, 'ack', { part: 0 }));
    for (const seq of [0, 1]) for (const from of ['n2', 'n3']) machine.message(from, at(0, seq, 'ack', { part: 0 }));
    expect(turn().filter((line) => line.endsWith(' propose'))).toEqual(['n3 propose', 'n3 propose']);
    expect([machine.leading.seq, machine.leading.waitsFor]).toEqual([2, null]);
  });

  test('a follower shows its history until the impose is here, takes parts in order, and its interval', () => {
    const { machine, turn } = literal({}, 'n2');
    const read = () => {
      machine.message('n1', at(0, 0, 'read', { part: 0 }));
      return turn();
    };
    expect([read(), read()]).toEqual([['n1 gather'], ['n1 gather']]);
    machine.message('n1', at(0, 0, 'impose', { part: 1, parts: 2, history: [] }));
    expect(turn()).toEqual([]);
    for (const part of [0, 1]) machine.message('n1', at(0, 0, 'impose', { part, parts: 2, history: [] }));
    expect([turn(), read()]).toEqual([['n1 ack', 'n1 ack'], []]);
    machine.message('n1', at(0, 0, 'decide'));
    for (const seq of [0, 1]) {
      machine.message('n1', at(0, seq, 'propose', { command: command(seq) as unknown as Json }));
      machine.message('n1', at(0, seq, 'commit'));
    }
    expect([machine.follower.seq, machine.follower.waitsFor]).toEqual([2, null]);
  });
});
