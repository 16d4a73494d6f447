// What a client may ask, checked by hand because it stands on the commit path. Every limit has its line in the answer.
import { isReconfigure } from '../clients.ts';
import type { Command, Json } from '../contract.ts';

const MAX_BATCH = 1_000;
const MAX_KEY_CHARACTERS = 256;
const MAX_VALUE_BYTES = 16 << 10;
const ID = /^[a-z][a-z0-9-]{0,30}:\d{1,12}$/;
const NODE = /^[a-z][a-z0-9-]{0,30}$/;
const FIELDS: { readonly [type: string]: readonly string[] } = {
  get: ['type', 'key'],
  put: ['type', 'key', 'value'],
  append: ['type', 'key', 'value'],
  cas: ['type', 'key', 'expect', 'value'],
};

/** What is wrong with a body, in one line. */
export type Malformed = { readonly malformed: string };
/** A batch is answered in its order. */
export type Commands = { readonly commands: readonly Command[]; readonly batch: boolean };
type Fields = { readonly [name: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One command of a client or a batch of them. */
export function readCommands(body: string): Commands | Malformed {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { malformed: 'the body is not JSON' };
  }
  const batch = Array.isArray(value);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return { malformed: 'an empty batch' };
  if (list.length > MAX_BATCH) return { malformed: `a batch of ${list.length} commands; at most ${MAX_BATCH}` };
  const ids = batch ? new Set<string>() : null;
  for (const [index, command] of list.entries()) {
    const wrong = wrongCommand(command, wrongOperation);
    if (wrong !== null) return { malformed: batch ? `command ${index}: ${wrong}` : wrong };
    const { id } = command as Command;
    if (ids?.has(id) === true) return { malformed: `command ${index}: the id ${id} is in this batch already` };
    ids?.add(id);
  }
  return { commands: list as readonly Command[], batch };
}

/** A change of membership, which comes through /control alone. */
export function readReconfigure(value: unknown): Commands | Malformed {
  const wrong = wrongCommand(value, (op) => {
    const named = [op['add'], op['remove']].flat();
    const fits = op['type'] === 'reconfigure' && Object.keys(op).length === 3 && named.every((id) => typeof id === 'string' && NODE.test(id)) && isReconfigure(op as { readonly [key: string]: Json });
    return fits ? null : "op: {type: 'reconfigure', add: ['n6'], remove: ['n1']}, up to 64 node ids in each list, none twice, one at least";
  });
  return wrong === null ? { commands: [value as Command], batch: false } : { malformed: wrong };
}

function wrongCommand(value: unknown, wrongIn: (op: Fields) => string | null): string | null {
  if (!isFields(value)) return "a command is an object like {id: 'c1:1', op: {type: 'get', key: 'k'}}";
  const { id, op } = value;
  if (typeof id !== 'string' || !ID.test(id)) return `id: a session, a colon and a number, like 'c1:1'`;
  const extra = Object.keys(value).find((name) => name !== 'id' && name !== 'op');
  if (extra !== undefined) return `${shown(extra)}: unknown; a command has id and op`;
  if (!isFields(op)) return "op: an object like {type: 'get', key: 'k'}";
  return wrongIn(op);
}

function wrongOperation(op: Fields): string | null {
  const fields = typeof op['type'] === 'string' && Object.hasOwn(FIELDS, op['type']) ? FIELDS[op['type']] : undefined;
  if (op['type'] === 'reconfigure') return 'op.type: reconfigure is for POST /control/reconfigure';
  if (fields === undefined) return `op.type: one of ${Object.keys(FIELDS).join(', ')}`;
  const extra = Object.keys(op).find((name) => !fields.includes(name));
  if (extra !== undefined) return `op.${shown(extra)}: unknown; ${String(op['type'])} has ${fields.join(', ')}`;
  for (const field of fields) {
    const wrong = wrongField(op, field);
    if (wrong !== null) return `op.${field}: ${wrong}`;
  }
  return null;
}

function wrongField(op: Fields, field: string): string | null {
  const value = op[field];
  switch (field) {
    case 'type':
      return null;
    case 'key':
      return typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY_CHARACTERS ? null : `a text of 1 to ${MAX_KEY_CHARACTERS} characters`;
    case 'expect':
      return value === null || isValue(value) ? null : `null or a text of at most ${MAX_VALUE_BYTES} bytes`;
    default:
      return isValue(value) ? null : `a text of at most ${MAX_VALUE_BYTES} bytes`;
  }
}

function isValue(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_VALUE_BYTES) return false;
  return value.length * 3 <= MAX_VALUE_BYTES || Buffer.byteLength(value) <= MAX_VALUE_BYTES;
}

/** A name from outside, short enough to repeat. */
function shown(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
