// The lab's own histories (history.ndjson of a run): an operation a line, whole. Also for histories that others write:
//
//   {"client":"c1","id":"c1:1","op":{"type":"put","key":"k","value":"v"},"invokedMs":1.5,"repliedMs":4.25,"reply":{"outcome":"ok","value":null}}
//
// Of two calls, one comes before the other when it was answered at an earlier time than the other was asked; at the same time
// they count as concurrent. reply null, or of outcome unknown: open to the end. Of outcome fail: it did not happen.
import type { KeyOperation } from '../../node/contract.ts';
import { answerIfDone } from '../checks/wgl.ts';
import { didYouMean } from '../suggest.ts';
import { registerModel } from '../workloads/register-model.ts';
import { type History, type HistoryCall, type HistoryFormat, linesOf, type Refuse, refuserOf } from './history.ts';

type Fields = { readonly [field: string]: unknown };
type Refused = (problem: string, remedy: string) => never;
/** endMs: Infinity without an answer; busyToMs: when its client may ask again. */
type Read = { readonly id: string; readonly op: KeyOperation; readonly process: string; readonly line: number; readonly slot: number | null; readonly value: string | null; readonly beginMs: number; readonly endMs: number; readonly busyToMs: number; readonly happened: boolean };

const TYPES = ['get', 'put', 'cas', 'append'] as const;
const OUTCOMES = ['ok', 'fail', 'unknown'] as const;
const EXAMPLE = 'a line reads: {"client":"c1","id":"c1:1","op":{"type":"get","key":"k"},"invokedMs":1,"repliedMs":2,"reply":{"outcome":"ok","value":null}}';

export const ndjson: HistoryFormat = {
  name: 'ndjson',
  summary: 'history.ndjson of a run of this lab: an operation a line, as JSON',
  endings: ['.ndjson', '.jsonl'],
  model: registerModel,
  parse({ place, text }) {
    const refuse = refuserOf(place);
    const lines = new Map<string, number>();
    const read: Read[] = [];
    for (const { content, number } of linesOf(text)) {
      const one = readLine(content, number, (problem, remedy) => refuse(number, problem, remedy));
      const before = lines.get(one.id);
      if (before !== undefined) refuse(number, `the id ${one.id} is there twice, first in line ${before}`, 'each operation has an id of its own; a retry is the same operation, on the same line');
      lines.set(one.id, number);
      read.push(one);
    }
    refuseOverlaps(read, refuse);
    return inOrder(read);
  },
};

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(content: string, refused: Refused): Fields {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return refused(`this is not JSON (${(error as Error).message.split('\n')[0]})`, EXAMPLE);
  }
  return isObject(value) ? value : refused('this is no JSON object', EXAMPLE);
}

function readLine(content: string, line: number, refused: Refused): Read {
  const fields = parsed(content, refused);
  const { id, client, invokedMs, repliedMs, reply } = fields;
  if (typeof id !== 'string' || id === '') return refused('id is not a text', EXAMPLE);
  if (client !== undefined && typeof client !== 'string') refused('client is not a text', EXAMPLE);
  const op = operationOf(fields['op'], refused);
  const process = typeof client === 'string' ? client : `of ${id}`;
  if (typeof invokedMs !== 'number' || !Number.isFinite(invokedMs)) return refused(reply === undefined || reply === null ? 'invokedMs is not a number' : `${id} is answered, but when it was asked (invokedMs) is not a number`, EXAMPLE);
  const open = { id, op, process, line, slot: null, value: answerIfDone(op), beginMs: invokedMs, endMs: Infinity, busyToMs: Infinity, happened: op.type !== 'get' };
  if (reply === null || reply === undefined) return open;
  if (!isObject(reply)) return refused('reply is neither an object nor null', EXAMPLE);
  const { outcome } = reply;
  if (typeof outcome !== 'string' || !(OUTCOMES as readonly string[]).includes(outcome)) return refused(`reply.outcome ${JSON.stringify(outcome) ?? 'is missing'}${outcome === undefined ? '' : ' is unknown'}`, didYouMean(String(outcome), OUTCOMES));
  if (typeof repliedMs !== 'number' || !Number.isFinite(repliedMs)) return refused(`${id} has a reply, but repliedMs is not a number`, EXAMPLE);
  if (repliedMs < invokedMs) refused(`${id} is answered at ${repliedMs} ms, before it was asked at ${invokedMs} ms`, 'both times are of one clock');
  if (outcome === 'unknown') return { ...open, busyToMs: repliedMs };
  if (outcome === 'fail') return { ...open, endMs: repliedMs, busyToMs: repliedMs, happened: false };
  return { ...open, endMs: repliedMs, busyToMs: repliedMs, happened: true, value: valueOf(op, reply['value'], refused), slot: slotOf(reply['at'], op) };
}

function operationOf(op: unknown, refused: Refused): KeyOperation {
  if (!isObject(op)) return refused('op is not an object', EXAMPLE);
  const { type, key, value, expect } = op;
  const known = TYPES.find((each) => each === type);
  if (known === undefined) return refused(`unknown operation ${JSON.stringify(type) ?? '(op.type is missing)'}`, didYouMean(String(type), TYPES));
  if (typeof key !== 'string') return refused('op.key is not a text', EXAMPLE);
  if (known === 'get') return { type: known, key };
  if (typeof value !== 'string') return refused(`op.value of a ${known} is not a text`, EXAMPLE);
  if (known !== 'cas') return { type: known, key, value };
  return typeof expect === 'string' || expect === null ? { type: known, key, value, expect } : refused('op.expect of a cas is neither a text nor null', EXAMPLE);
}

/** What an ok tells. */
function valueOf(op: KeyOperation, value: unknown, refused: Refused): string | null {
  if (value === undefined || value === null) return op.type === 'cas' ? refused('a cas is answered "true" or "false"', EXAMPLE) : null;
  if (typeof value !== 'string') return refused('reply.value is neither a text nor null', EXAMPLE);
  if (op.type === 'cas' && value !== 'true' && value !== 'false') refused(`a cas is answered "true" or "false", not ${JSON.stringify(value)}`, EXAMPLE);
  if (op.type === 'put') refused('a put is answered null', EXAMPLE);
  if (op.type === 'append' && value !== 'full') refused(`an append is answered null or "full", not ${JSON.stringify(value)}`, EXAMPLE);
  return value;
}

/** A hint in which order to try calls, and nothing else. A read may have seen what came right before it. */
function slotOf(at: unknown, op: KeyOperation): number | null {
  const slot = isObject(at) ? at['slot'] : null;
  if (typeof slot !== 'number' || !Number.isFinite(slot)) return null;
  return op.type === 'get' ? slot + 0.5 : slot;
}

function refuseOverlaps(read: readonly Read[], refuse: Refuse): void {
  const last = new Map<string, Read>();
  for (const one of [...read].sort((a, b) => a.beginMs - b.beginMs || a.busyToMs - b.busyToMs)) {
    const before = last.get(one.process);
    if (before !== undefined && one.beginMs < before.busyToMs) refuse(one.line, `client ${one.process} asks ${one.id} while ${before.id} of line ${before.line} has no answer`, 'a client has one open call: give concurrent calls different clients');
    last.set(one.process, one);
  }
}

function inOrder(read: readonly Read[]): History {
  const said = read.filter(({ happened }) => happened);
  const places = said.flatMap((one, index) => [{ index, atMs: one.beginMs, begins: true }, ...(one.endMs === Infinity ? [] : [{ index, atMs: one.endMs, begins: false }])])
    .sort((a, b) => a.atMs - b.atMs || Number(b.begins) - Number(a.begins) || a.index - b.index);
  const from: number[] = [];
  const to: number[] = said.map(() => Infinity);
  places.forEach(({ index, begins }, place) => { (begins ? from : to)[index] = place; });
  const calls = said.map(({ id, op, process, line, slot, value }, index): HistoryCall => ({ id, op, process, line, slot, value, from: from[index] ?? 0, to: to[index] ?? Infinity }));
  return { calls, unanswered: read.length - said.length };
}
