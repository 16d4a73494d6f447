// Histories of a key-value store as Porcupine's tests have them: get, put and append on several keys, a map of EDN a line. A
// key that nobody wrote reads as the empty text.
//
//   {:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}
//
// :fail did not happen, :info is unknown and stays open to the end, as does what has no answer. The nemesis is passed over.
import type { KeyOperation } from '../../node/contract.ts';
import type { Model } from '../kinds.ts';
import { didYouMean } from '../suggest.ts';
import { registerModel } from '../workloads/register-model.ts';
import { type Edn, readEdnMap } from './edn.ts';
import { CallLog, type HistoryFormat, linesOf, type Refuse, refuserOf } from './history.ts';

const NAMES = ['get', 'put', 'append'] as const;
type Name = (typeof NAMES)[number];
const TYPES = ['invoke', 'ok', 'fail', 'info'] as const;
const EXAMPLE = 'a line reads: {:process 9, :type :invoke, :f :append, :key "0", :value "x"}';

const model: Model<string | null> = { ...registerModel, initial: '' };

export const porcupineKv: HistoryFormat = {
  name: 'porcupine-kv',
  summary: 'key-value histories of Porcupine\'s tests: get, put and append, a map of EDN a line',
  endings: ['.txt', '.edn', '.log'],
  model,
  parse({ place, text }) {
    const refuse = refuserOf(place);
    const log = new CallLog(refuse);
    const numbers = new Map<number, number>();
    for (const { content, number } of linesOf(text)) {
      const fields = readEdnMap(content);
      if ('problem' in fields) refuse(number, fields.problem, EXAMPLE);
      else readLine(fields, number, log, numbers, refuse);
    }
    return log.finish();
  },
};

function readLine(fields: ReadonlyMap<string, Edn>, line: number, log: CallLog, numbers: Map<number, number>, refuse: Refuse): void {
  const process = fields.get('process');
  if (keywordOf(process) === 'nemesis') return;
  if (typeof process !== 'number' && typeof process !== 'string') refuse(line, `:process ${process === undefined ? 'is missing' : 'is neither a number nor a text'}`, EXAMPLE);
  const index = fields.get('index');
  if (typeof index === 'number') {
    const before = numbers.get(index);
    if (before !== undefined) refuse(line, `:index ${index} is there twice, first in line ${before}`, 'each line has an index of its own');
    numbers.set(index, line);
  }
  const type = oneOf(fields.get('type'), 'type', TYPES, line, refuse);
  const name = oneOf(fields.get('f'), 'f', NAMES, line, refuse);
  const key = textOf(fields.get('key'));
  if (key === null) return refuse(line, `:key ${fields.has('key') ? 'is neither a text nor a number' : 'is missing'}`, EXAMPLE);
  const value = textOf(fields.get('value'));
  const who = String(process);
  if (type === 'invoke') return log.invoke(who, operationOf(name, key, value, line, refuse), line);
  const asked = log.asked(who, name, line);
  if (asked.key !== key) refuse(line, `process ${who} is answered for key ${key}, but it asked for ${asked.key}`, 'an answer names the key that was asked');
  if (type === 'info') return log.unknown(who);
  if (type === 'fail') return log.without(who);
  if (name === 'get') return log.answered(who, value ?? '');
  if (value !== null && asked.type !== 'get' && asked.value !== value) refuse(line, `process ${who} is answered for the value ${JSON.stringify(value)}, but it asked for another one`, 'an answer repeats the value that was asked');
  log.answered(who, null);
}

function operationOf(type: Name, key: string, value: string | null, line: number, refuse: Refuse): KeyOperation {
  if (type === 'get') return { type, key };
  return value === null ? refuse(line, `a ${type} has no :value`, EXAMPLE) : { type, key, value };
}

function keywordOf(value: Edn | undefined): string | null {
  return typeof value === 'object' && value !== null && 'keyword' in value ? value.keyword : null;
}

function oneOf<T extends string>(value: Edn | undefined, field: 'type' | 'f', known: readonly T[], line: number, refuse: Refuse): T {
  const keyword = keywordOf(value);
  const found = known.find((each) => each === keyword);
  if (found !== undefined) return found;
  if (keyword === null) return refuse(line, `:${field} ${value === undefined ? 'is missing' : 'is no keyword'}`, EXAMPLE);
  return refuse(line, field === 'f' ? `unknown operation :${keyword}` : `:type :${keyword} is not one of ${known.map((each) => `:${each}`).join(', ')}`, didYouMean(keyword, known));
}

/** null: it is none. */
function textOf(value: Edn | undefined): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}
