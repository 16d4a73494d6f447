// Why an operation cannot be next, in words: what it was told, beside the state that every order before it leads to.
import type { KeyOperation } from '../../node/contract.ts';
import { operationInWords } from '../checks/words.ts';

const MAX_CHARS = 48;
const MAX_SHORT = 30;
/** Of two texts that begin alike: so many characters are shown before the first difference. */
const CONTEXT_CHARS = 12;

/** key: as the model writes its state; a register is '' or '=value'. */
export function stateInWords(key: string): string {
  return key === '' ? 'nothing' : key.startsWith('=') ? quoted(key.slice(1)) : quoted(key);
}

export function answerInWords(op: KeyOperation, value: string | null): string {
  if (op.type === 'get') return value === null ? 'nothing' : quoted(value);
  return value === null ? 'done' : value;
}

/** 'get → 3', the end of a long value, for where there is little room. */
export function callInShort(op: KeyOperation, value: string | null): string {
  switch (op.type) {
    case 'get':
      return `get → ${value === null ? 'nothing' : value === '' ? "''" : value.length > MAX_SHORT ? `…${value.slice(-MAX_SHORT)}` : value}`;
    case 'put':
      return `put ${op.value}`;
    case 'append':
      return `append ${op.value}`;
    case 'cas':
      return `cas ${op.expect ?? 'nothing'}→${op.value} ${value === 'true' ? '✓' : '✗'}`;
  }
}

export function whyNot(op: KeyOperation, value: string | null, key: string): string {
  const state = stateInWords(key);
  switch (op.type) {
    case 'get':
      return value !== null && key.startsWith('=') ? difference(value, key.slice(1)) : `it read ${answerInWords(op, value)}, but the state is ${state}`;
    case 'cas':
      return value === 'true' ? `it was told that it found ${op.expect === null ? 'nothing' : quoted(op.expect)}, but the state is ${state}` : `it was told that it did not find ${op.expect === null ? 'nothing' : quoted(op.expect)}, but the state is ${state}`;
    default:
      return `${operationInWords(op)} cannot be answered ${answerInWords(op, value)} where the state is ${state}`;
  }
}

function difference(read: string, state: string): string {
  if (read.length <= MAX_CHARS && state.length <= MAX_CHARS) return `it read ${quoted(read)}, but the state is ${quoted(state)}`;
  let same = 0;
  while (same < read.length && same < state.length && read[same] === state[same]) same++;
  const part = (text: string) => (same >= text.length ? 'ends' : `goes on with ${quoted(text.slice(Math.max(0, same - CONTEXT_CHARS)))}`);
  return `what it read (${read.length} characters) and the state (${state.length}) are the same for ${same} characters; then what it read ${part(read)}, and the state ${part(state)}`;
}

function quoted(text: string): string {
  return `'${text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text}'`;
}
