// What differs between what a folder says and what its events give, place by place, with both values.
import { isObject } from './event-shape.ts';

export type Difference = {
  readonly file: string;
  /** Where in it: a line, a row, a field; empty for the file as a whole. */
  readonly place: string;
  readonly recorded: string;
  readonly expected: string;
};

/** The last digits of a logarithm depend on the machine; nobody alters those. */
const ROUNDING = 1e-9;
/** Of a value that is shown. */
const MAX_CHARS = 120;

export function inWords({ file, place, recorded, expected }: Difference): string {
  return `${file}${place === '' ? '' : `: ${place}`} is ${recorded}, expected ${expected}`;
}

/** Both as they are read from JSON. */
export function compareValues(file: string, recorded: unknown, expected: unknown, place = ''): readonly Difference[] {
  if (Array.isArray(recorded) && Array.isArray(expected)) {
    return Array.from({ length: Math.max(recorded.length, expected.length) }, (_, index) => (
      compareValues(file, recorded[index], expected[index], `${place}[${nameOf(expected[index]) ?? nameOf(recorded[index]) ?? index}]`))).flat();
  }
  if (isObject(recorded) && isObject(expected)) {
    return [...new Set([...Object.keys(expected), ...Object.keys(recorded)])].flatMap((field) => (
      compareValues(file, recorded[field], expected[field], place === '' ? field : `${place}.${field}`)));
  }
  return same(recorded, expected) ? [] : [{ file, place, recorded: shown(recorded), expected: shown(expected) }];
}

function same(recorded: unknown, expected: unknown): boolean {
  if (typeof recorded !== 'number' || typeof expected !== 'number') return recorded === expected;
  return Math.abs(recorded - expected) <= ROUNDING * Math.max(Math.abs(recorded), Math.abs(expected));
}

/** Lists of results are of things with names. */
function nameOf(value: unknown): string | null {
  if (!isObject(value)) return null;
  const name = value['check'] ?? value['region'];
  return typeof name === 'string' ? name : null;
}

/** The first line that differs, and that there are more or fewer. */
export function compareLines(file: string, recorded: string, expected: string): readonly Difference[] {
  if (recorded === expected) return [];
  const [have, want] = [recorded.split('\n'), expected.split('\n')];
  const index = want.findIndex((line, at) => line !== have[at]);
  const at = index === -1 ? want.length : index;
  return [{ file, place: `line ${at + 1}`, recorded: shown(have[at]), expected: shown(want[at]) }];
}

export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
}
