// Histories from files: what each format means, and each way in which a file can be wrong, with its line.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { jepsenEtcd } from './jepsen-etcd.ts';
import { judgeHistory } from './judge.ts';
import { ndjson } from './ndjson.ts';
import { porcupineKv } from './porcupine-kv.ts';
import type { HistoryFormat } from './history.ts';

const LIMITS = { maxSteps: 1_000_000 };

function judge(format: HistoryFormat, ...lines: readonly string[]) {
  return judgeHistory(format.parse({ place: 'h', text: lines.join('\n') }), format.model, LIMITS).linearizable;
}

function refusal(format: HistoryFormat, lines: readonly string[]): string {
  try {
    format.parse({ place: 'h', text: lines.join('\n') });
  } catch (error) {
    if (error instanceof LabError && error.code === 'bad-history') return error.message;
    throw error;
  }
  return 'accepted';
}

const log = (text: string) => `INFO  jepsen.util - ${text.replaceAll(' :', '\t:').replace(/ (?=\S+$)/, '\t')}`;
const edn = (process: number, type: string, f: string, key: string, value: string | null) => `{:process ${process}, :type :${type}, :f :${f}, :key "${key}", :value ${value === null ? 'nil' : `"${value}"`}}`;
const op = (id: string, invokedMs: number, repliedMs: number | null, op: object, reply: object | null) => JSON.stringify({ client: id.split(':')[0], id, op, invokedMs, repliedMs, reply });
const get = { type: 'get', key: 'k' };
const put = (value: string) => ({ type: 'put', key: 'k', value });
const ok = (value: string | null = null) => ({ outcome: 'ok', value });

describe('jepsen-etcd', () => {
  const wrote = ['0 :invoke :write 4', '0 :ok :write 4'];
  const read = (value: string) => ['1 :invoke :read nil', `1 :ok :read ${value}`];
  test.each([
    ['a read sees the last write', [...wrote, ...read('4')], true],
    ['the register begins with nothing', [...read('nil'), ...wrote], true],
    ['a stale read is refused', [...wrote, ...read('nil')], false],
    ['a cas that failed compared false', [...wrote, '0 :invoke :cas [4 5]', '0 :fail :cas [4 5]'], false],
    ['a cas that failed with a reason did not happen', [...wrote, '0 :invoke :cas [4 5]', '0 :fail :cas :timed-out', ...read('4')], true],
    ['a cas of unknown outcome may have happened', [...wrote, '0 :invoke :cas [4 5]', '0 :info :cas :timed-out', ...read('5')], true],
    ['or not', [...wrote, '0 :invoke :cas [4 5]', '0 :info :cas :timed-out', ...read('4')], true],
    ['it may happen later than other calls', [...wrote, '0 :invoke :write 5', '0 :info :write :timed-out', ...read('4'), ...read('5')], true],
    ['but it is not undone', [...wrote, '0 :invoke :write 5', '0 :info :write :timed-out', ...read('5'), ...read('4')], false],
    ['a write that failed did not happen', [...wrote, '0 :invoke :write 5', '0 :fail :write :timed-out', ...read('5')], false],
    ['a read that timed out tells nothing', [...wrote, '1 :invoke :read nil', '1 :fail :read :timed-out', ...read('4')], true],
    ['a call without an answer at the end is of unknown outcome', [...wrote, '2 :invoke :write 7', ...read('7')], true],
    ['a process number may be large, a value negative or a text', ['123456 :invoke :write -4', '123456 :ok :write -4', ...read('-4'), '9 :invoke :write "a b"', '9 :ok :write "a b"'], true],
    ['the nemesis is passed over', [':nemesis :info :start nil', ...wrote, ...read('4')], true],
  ])('%s', (_, lines, expected) => expect(judge(jepsenEtcd, ...lines.map(log))).toBe(expected));

  test('remarks, empty lines, other loggers, Windows line ends and a byte order mark are no trouble', () => {
    const text = `\uFEFF# from somewhere\r\n\r\nWARN  jepsen.core - oh\r\n${log('0 :invoke :write 4')}\r\n; half-way\r\n${log('0 :ok :write 4')}\r\n// end`;
    expect(jepsenEtcd.parse({ place: 'h', text }).calls).toEqual([expect.objectContaining({ line: 4, from: 0, to: 1, process: '0' })]);
  });

  test.each([
    ['a syntax error', [log('0 :invoke :read nil'), 'INFO  jepsen.util -'], /^h:2: this is no line of Jepsen's log: "INFO {2}jepsen\.util -"$/],
    ['a foreign line', ['hello'], /^h:1: this is no line of Jepsen's log/],
    ['an unknown operation', [log('0 :invoke :append 4')], /^h:1: unknown operation ":append"$/],
    ['an unknown event', [log('0 :begin :read nil')], /^h:1: ":begin" is not one of :invoke, :ok, :fail, :info$/],
    ['an answer without a call', [log('0 :invoke :read nil'), log('0 :ok :read 1'), log('0 :ok :read 1')], /^h:3: process 0 is answered, but it asked nothing$/],
    ['two open calls of a process', [log('0 :invoke :read nil'), log('0 :invoke :read nil')], /^h:2: process 0 asks again, but its call of line 1 \(get register\) has no answer$/],
    ['an answer to something else', [log('0 :invoke :read nil'), log('0 :ok :write 4')], /^h:2: process 0 is answered a put, but it asked get register in line 1$/],
    ['an answer with other values', [log('0 :invoke :write 4'), log('0 :ok :write 5')], /^h:2: process 0 is answered :write 5, but it asked another one$/],
    ['a cas without its values', [log('0 :invoke :cas 4')], /^h:1: "4" is not what a cas has$/],
    ['a read without a value', [log('0 :invoke :read nil'), log('0 :ok :read :timed-out')], /^h:2: ":timed-out" is no value$/],
    ['a process that is no number', [log('x :invoke :read nil')], /^h:1: "x" is no process: it is not a number$/],
  ])('refuses %s', (_, lines, message) => expect(refusal(jepsenEtcd, lines)).toMatch(message));
});

describe('porcupine-kv', () => {
  const append = (process: number, value: string, type = 'ok') => [edn(process, 'invoke', 'append', '0', value), edn(process, type, 'append', '0', value)];
  const read = (value: string) => [edn(7, 'invoke', 'get', '0', null), edn(7, 'ok', 'get', '0', value)];
  test.each([
    ['appends follow each other', [...append(1, 'a'), ...append(2, 'b'), ...read('ab')], true],
    ['a key begins empty', [...read(''), ...append(1, 'a')], true],
    ['a lost append is found', [...append(1, 'a'), ...append(2, 'b'), ...read('b')], false],
    ['keys are apart', [...append(1, 'a'), edn(2, 'invoke', 'get', '1', null), edn(2, 'ok', 'get', '1', '')], true],
    ['a put replaces', [...append(1, 'a'), edn(1, 'invoke', 'put', '0', 'x'), edn(1, 'ok', 'put', '0', 'x'), ...read('x')], true],
    ['an append of unknown outcome may be seen', [...append(1, 'a', 'info'), ...read('a')], true],
    ['an append that failed is not', [...append(1, 'a', 'fail'), ...read('a')], false],
    ['escapes are read', [edn(1, 'invoke', 'put', '0', '\\"a\\n\\u0041'), edn(1, 'ok', 'put', '0', '\\"a\\n\\u0041'), ...read('\\"a\\nA')], true],
    ['fields come in any order, more of them too', ['{:f :put :value 5 :key 3 :type :invoke :process 1 :time 123 :tags [:a [1 nil true]]}', '{:f :put :value 5 :key 3 :type :ok :process 1}'], true],
    ['the nemesis is passed over', ['{:process :nemesis, :type :info, :f :start}', ...append(1, 'a')], true],
  ])('%s', (_, lines, expected) => expect(judge(porcupineKv, ...lines)).toBe(expected));

  test.each([
    ['a line that is cut short', ['{:process 1, :type :invoke, :f :get'], /^h:1: :f has|^h:1: the line is cut short \(character \d+\)$/],
    ['a text without an end', ['{:process 1, :key "0'], /^h:1: a value should be here \(character 20\)|^h:1: .*\(character \d+\)$/],
    ['something behind the map', [`${edn(1, 'invoke', 'get', '0', null)} x`], /^h:1: something follows the map \(character \d+\)$/],
    ['a field twice', ['{:process 1, :process 2}'], /^h:1: :process is there twice/],
    ['an unknown operation', [edn(1, 'invoke', 'apend', '0', 'a')], /^h:1: unknown operation :apend$/],
    ['a missing process', ['{:type :invoke, :f :get, :key "0"}'], /^h:1: :process is missing$/],
    ['a missing key', ['{:process 1, :type :invoke, :f :get}'], /^h:1: :key is missing$/],
    ['a put of nothing', [edn(1, 'invoke', 'put', '0', null)], /^h:1: a put has no :value$/],
    ['an index twice', ['{:process 1, :type :invoke, :f :get, :key "0", :index 4}', '{:process 2, :type :invoke, :f :get, :key "0", :index 4}'], /^h:2: :index 4 is there twice, first in line 1$/],
    ['an answer without a call', [edn(1, 'ok', 'get', '0', 'a')], /^h:1: process 1 is answered, but it asked nothing$/],
    ['an answer for another key', [edn(1, 'invoke', 'get', '0', null), edn(1, 'ok', 'get', '1', 'a')], /^h:2: process 1 is answered for key 1, but it asked for 0$/],
    ['two open calls of a process', [edn(1, 'invoke', 'get', '0', null), '', edn(1, 'invoke', 'get', '0', null)], /^h:3: process 1 asks again, but its call of line 1/],
  ])('refuses %s', (_, lines, message) => expect(refusal(porcupineKv, lines)).toMatch(message));
});

describe('ndjson', () => {
  test.each([
    ['a read sees the last write', [op('c1:1', 0, 1, put('a'), ok()), op('c2:1', 2, 3, get, ok('a'))], true],
    ['lines come in any order', [op('c2:1', 2, 3, get, ok('a')), op('c1:1', 0, 1, put('a'), ok())], true],
    ['a stale read is found', [op('c1:1', 0, 1, put('a'), ok()), op('c2:1', 2, 3, get, ok(null))], false],
    ['calls that touch in time are concurrent', [op('c1:1', 0, 2, put('a'), ok()), op('c2:1', 2, 3, get, ok(null))], true],
    ['an unknown outcome may be seen', [op('c1:1', 0, 1, put('a'), { outcome: 'unknown', reason: 'timeout' }), op('c2:1', 2, 3, get, ok('a'))], true],
    ['an operation without a reply may be seen', [op('c1:1', 0, null, put('a'), null), op('c2:1', 2, 3, get, ok('a'))], true],
    ['a failed write is not', [op('c1:1', 0, 1, put('a'), { outcome: 'fail', reason: 'busy' }), op('c2:1', 2, 3, get, ok('a'))], false],
    ['a cas tells what it found', [op('c1:1', 0, 1, { type: 'cas', key: 'k', expect: null, value: 'a' }, ok('true')), op('c2:1', 2, 3, { type: 'cas', key: 'k', expect: 'b', value: 'c' }, ok('false'))], true],
  ])('%s', (_, lines, expected) => expect(judge(ndjson, ...lines)).toBe(expected));

  test.each([
    ['what is no JSON', ['{"id":'], /^h:1: this is not JSON \(/],
    ['a list', ['[]'], /^h:1: this is no JSON object$/],
    ['an id twice', [op('c1:1', 0, 1, get, ok()), op('c1:1', 2, 3, get, ok())], /^h:2: the id c1:1 is there twice, first in line 1$/],
    ['an unknown operation', [op('c1:1', 0, 1, { type: 'delete', key: 'k' }, ok())], /^h:1: unknown operation "delete"$/],
    ['a reply without a call', [JSON.stringify({ id: 'c1:1', op: get, repliedMs: 1, reply: ok() })], /^h:1: c1:1 is answered, but when it was asked \(invokedMs\) is not a number$/],
    ['an answer before its call', [op('c1:1', 5, 1, get, ok())], /^h:1: c1:1 is answered at 1 ms, before it was asked at 5 ms$/],
    ['two open calls of a client', [op('c1:1', 0, 5, get, ok()), op('c1:2', 2, 3, get, ok())], /^h:2: client c1 asks c1:2 while c1:1 of line 1 has no answer$/],
    ['an unknown outcome', [op('c1:1', 0, 1, get, { outcome: 'yes' })], /^h:1: reply\.outcome "yes" is unknown$/],
    ['a cas with a strange answer', [op('c1:1', 0, 1, { type: 'cas', key: 'k', expect: null, value: 'a' }, ok('maybe'))], /^h:1: a cas is answered "true" or "false", not "maybe"$/],
  ])('refuses %s', (_, lines, message) => expect(refusal(ndjson, lines)).toMatch(message));
});

test.each([jepsenEtcd, porcupineKv, ndjson])('$name: whatever a file holds, it is read or refused with its line', (format) => {
  const valid = { 'jepsen-etcd': log('0 :invoke :cas [1 2]'), 'porcupine-kv': edn(1, 'invoke', 'put', '0', 'a'), ndjson: op('c1:1', 0, 1, put('a'), ok()) }[format.name] ?? '';
  const damaged = fc.tuple(fc.nat({ max: valid.length }), fc.nat({ max: 6 }), fc.string({ maxLength: 4 })).map(([at, cut, text]) => valid.slice(0, at) + text + valid.slice(at + cut));
  fc.assert(fc.property(fc.array(fc.oneof(fc.string(), damaged), { maxLength: 5 }), (lines) => {
    expect(refusal(format, lines)).toMatch(/^(accepted$|h:\d+: \S)/);
  }), { numRuns: 2_000 });
});

test('a file without operations is not judged', () => {
  const nothing = judgeHistory(jepsenEtcd.parse({ place: 'h', text: '\n' }), jepsenEtcd.model, LIMITS);
  expect(nothing).toMatchObject({ linearizable: 'unknown', because: 'nothing was judged: there is no operation in it' });
  const timedOut = ['1 :invoke :read nil', '1 :fail :read :timed-out'].map(log).join('\n');
  expect(judgeHistory(jepsenEtcd.parse({ place: 'h', text: timedOut }), jepsenEtcd.model, LIMITS).because).toBe('nothing was judged: none of its 1 operations has an outcome that could be judged');
});
