// The limits of what YASP's processors say and keep, in both variants: messages, channels, pages, restarts and log lines.
import { expect, test } from 'vitest';
import type { Command, Env, Json } from '../../contract.ts';
import { Channel } from './literal/channel.ts';
import { ConsensusHandler as LiteralConsensus } from './literal/consensus-handler.ts';
import { messageFrom as literalFrom } from './literal/messages.ts';
import { DEFAULTS } from './options.ts';
import { ConsensusHandler } from './safe/consensus-handler.ts';
import { fits, messageFrom, pageOf } from './safe/messages.ts';
import type { Entry, Message, Value } from './safe/messages.ts';

const members = ['n1', 'n2', 'n3'];
const command = (number: number): Command => ({ id: `c${number}:1`, op: { type: 'put', key: 'k', value: 'v' } });
const valueAt = (slot: number): Value => ({ slot, epoch: 0, command: command(slot) });

function environment(dataSize: number | null = null, maxMessageBytes = 10_000_000) {
  const seen = { persisted: [] as Entry[], committed: [] as number[], traced: [] as string[] };
  const env = {
    self: 'n1', members, maxMessageBytes, options: { ...DEFAULTS, dataSize, interval: 10 }, place: () => undefined,
    persist: (...entries: Entry[]) => seen.persisted.push(...entries), commit: (_: Command | null, { slot }: { slot: number }) => { seen.committed.push(slot); },
    trace: (name: string) => seen.traced.push(name),
  } as unknown as Env<Message, Entry, typeof DEFAULTS>;
  return { env, ...seen };
}

function consensus(dataSize: number | null = null, maxMessageBytes = 10_000_000) {
  const { env, ...seen } = environment(dataSize, maxMessageBytes);
  return { subject: new ConsensusHandler(env), ...seen };
}

const LONGEST = Array.from({ length: 65_536 }, () => 1);

test('what is as large as it may be is a message, and nothing beyond it', () => {
  const taken = (json: Json, from = 'n1') => messageFrom(from, json, members) !== null;
  const ack = (slots: readonly Json[], round = 0): Json => ({ type: 'ack', round, slots });
  expect([ack(LONGEST), ack([...LONGEST, 1]), ack([1], 2 ** 50 - 1), ack([1], 2 ** 50), ack([0])].map((json) => taken(json))).toEqual([true, false, true, false, false]);
  const proposing = (value: Json): Json => ({ type: 'propose', round: 0, committed: 0, values: [value] });
  expect([valueAt(1), null, { ...valueAt(1), slot: 0 }, { ...valueAt(1), epoch: -1 }, { ...valueAt(1), command: 7 }].map((value) => taken(proposing(value as Json)))).toEqual([true, false, false, false, false]);
  expect([taken(ack([1]), 'n9'), taken(null), taken(7)]).toEqual([false, false, false]);
});

test('the literal variant bounds rounds and lists as well, and a part is one of its history', () => {
  const taken = (json: Json, from = 'n1') => literalFrom(from, json, members) !== null;
  const gather = (part: number, parts: number, history: readonly Json[]): Json => ({ type: 'gather', round: 0, seq: 0, part, parts, history });
  const instance = { slot: 0, command: command(1) };
  expect([gather(0, 1, [instance]), gather(1, 1, [instance]), gather(0, 1, [null]), gather(0, 1, LONGEST.map(() => instance)), gather(0, 1, [instance, ...LONGEST.map(() => instance)])].map((json) => taken(json)))
    .toEqual([true, false, false, true, false]);
  expect([2 ** 30 - 1, 2 ** 30].map((round) => taken({ type: 'read', round, seq: 0, part: 0 }))).toEqual([true, false]);
  expect([taken({ type: 'decide', round: 0, seq: 0 }, 'n9'), taken(null), taken(7)]).toEqual([false, false, false]);
});

test('a message takes what fills it to the byte, and one item at least', () => {
  const bytes = JSON.stringify(command(1)).length;
  expect([bytes + 512, bytes + 511].map((most) => fits(command(1), most))).toEqual([true, false]);
  const items = [command(1), command(2)];
  expect([2 * (bytes + 1) + 512, 2 * (bytes + 1) + 511, 0].map((most) => pageOf(items, most).length)).toEqual([2, 1, 1]);
});

test('after a restart is committed what the entries say, and no acceptance beyond it', () => {
  const accepted = consensus();
  accepted.subject.restore([1, 2].map((slot) => ({ type: 'accept', round: 3, committed: 0, values: [valueAt(slot)] })));
  expect([accepted.committed, accepted.subject.promised]).toEqual([[], 3]);
  const fetched = consensus();
  fetched.subject.restore([{ type: 'learned', round: 2, committed: 0, values: [valueAt(1), valueAt(2)] }]);
  expect(fetched.committed).toEqual([1, 2]);
  const learned = consensus();
  learned.subject.restore([{ type: 'learned', round: 2, committed: 0, values: [valueAt(1), valueAt(2)] }, { type: 'accept', round: 3, committed: 2, values: [valueAt(3)] }, { type: 'accept', round: 3, committed: 3, values: [valueAt(4)] }]);
  expect([learned.committed, learned.subject.heard]).toEqual([[1, 2, 3], 2]);
});

test('what is too far ahead is not accepted, and what is committed is acknowledged and not accepted again', () => {
  const { subject, persisted } = consensus();
  expect(subject.accept(0, [valueAt(65_536), valueAt(65_537)])).toEqual([65_536]);
  const other = consensus();
  other.subject.accept(0, [valueAt(1)]);
  other.subject.commit(0, 1);
  expect(other.subject.accept(4, [valueAt(1)])).toEqual([1]);
  expect(other.persisted.map(({ type }) => type)).toEqual(['accept', 'promise']);
  expect(persisted).toHaveLength(1);
});

test('fetched values are learned from the next slot on, and nothing is written where nothing follows', () => {
  const { subject, committed, persisted } = consensus();
  const fetched = (...slots: readonly number[]) => subject.learn({ type: 'fetched', round: 1, committed: 9, values: slots.map(valueAt) });
  expect([fetched(2), fetched(1, 2, 4), fetched(2)]).toEqual([false, true, false]);
  expect([committed, persisted.length]).toEqual([[1, 2], 1]);
});

test('pages have 1,024 values, name the next one exactly while there is one, and hold what a message holds', () => {
  const gathered = (count: number) => {
    const { subject } = consensus();
    subject.accept(0, Array.from({ length: count }, (_, index) => valueAt(index + 1)));
    const { values, next } = subject.gather(1, 1);
    subject.commit(0, count);
    return [values.length, next, subject.history(1).length];
  };
  expect([gathered(1024), gathered(1025)]).toEqual([[1024, null, 1024], [1024, 1025, 1024]]);
  const { subject } = consensus(null, 1_000);
  subject.accept(0, Array.from({ length: 50 }, (_, index) => valueAt(index + 1)));
  subject.commit(0, 50);
  expect(subject.history(1).length).toBeLessThan(10);
  expect([subject.history(1).length > 0, subject.history(51)]).toEqual([true, []]);
});

test('the log names what was made and committed where leaders make data, and is silent where clients do', () => {
  const lines = (dataSize: number | null) => {
    const { subject, traced } = consensus(dataSize);
    subject.accept(0, [valueAt(1)]);
    subject.commit(0, 1);
    subject.learn({ type: 'fetched', round: 1, committed: 2, values: [valueAt(2)] });
    const { env, traced: literally } = environment(dataSize);
    const literal = new LiteralConsensus(env);
    literal.propose(1, command(1));
    literal.commit(1);
    return [traced, literally];
  };
  expect([lines(8), lines(null)]).toEqual([[['generate', 'commit', 'generate', 'commit'], ['generate', 'commit']], [[], []]]);
});

test('the literal variant commits nothing that was not proposed, and cuts its history into parts that a message holds', () => {
  const { env, committed } = environment(null, 512 + 2 * (JSON.stringify({ slot: 1, command: command(1) }).length + 1));
  const subject = new LiteralConsensus(env);
  subject.commit(4);
  expect(committed).toEqual([]);
  const history = [1, 2, 3, 4, 5].map((slot) => ({ slot, command: command(slot) }));
  expect(subject.parts(history).map((part) => part.length)).toEqual([2, 2, 1]);
  expect(subject.parts([{ slot: 1, command: { ...command(1), op: { type: 'put', key: 'k', value: 'v'.repeat(600) } } }]).map((part) => part.length)).toEqual([1]);
  expect(subject.parts([])).toEqual([[]]);
});

test('a channel holds 64 letters, passes over older rounds, and keeps a newer one for later', () => {
  const channel = new Channel();
  const letter = (round: number, seq: number) => ({ from: 'n2', message: { type: 'commit', round, seq } as const });
  for (let count = 0; count < 65; count++) channel.write(letter(1, 0));
  expect(channel.letters).toHaveLength(64);
  channel.letters = [letter(1, 0), letter(2, 3), letter(3, 0)];
  expect(channel.read(2, 3)).toEqual(letter(2, 3));
  expect([channel.read(2, 3), [...channel.letters], channel.read(3, 1), channel.read(3, 0)]).toEqual(['mismatch', [letter(3, 0)], 'mismatch', null]);
});
