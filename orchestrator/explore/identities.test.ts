// Numbers of values: all that a machine holds counts, and what cannot be seen is refused.
import { expect, test } from 'vitest';
import { Identities } from './identities.ts';

class Part {
  value = 1;
  list: unknown[] = [];
}

class Whole {
  readonly env: object;
  part = new Part();
  other: Part | null = null;
  map = new Map<unknown, unknown>([['a', { b: [1, null] }]]);
  set = new Set<unknown>(['x', 'y']);
  late: unknown = undefined;

  constructor(env: object) {
    this.env = env;
  }

  #private(): number {
    return this.part.value === 1 ? 1 : 2;
  }

  get shown(): number {
    return this.#private();
  }
}

const env = { self: 'n1' };
const names = new Identities();
const numberOf = (change: (whole: Whole) => void = () => undefined) => {
  const whole = new Whole(env);
  change(whole);
  return names.ofState(whole, env);
};

test('equal machines have one number, whatever their env', () => {
  expect(numberOf()).toBe(numberOf());
  expect(names.ofState(new Whole({ self: 'n2' }), env)).not.toBe(numberOf());
  const other = { self: 'n2' };
  expect(names.ofState(new Whole(other), other)).toBe(numberOf());
});

test.each<readonly [string, (whole: Whole) => void]>([
  ['a field deep inside', (whole) => whole.part.list.push({ c: 1 })],
  ['a field that somebody adds', (whole) => Object.assign(whole.part, { added: 0 })],
  ['a value of a Map', (whole) => whole.map.set('a', { b: [1, undefined] })],
  ['the order of a Map', (whole) => { whole.map.set('b', 1); whole.map.delete('a'); whole.map.set('a', { b: [1, null] }); whole.map.delete('b'); whole.map.set('c', 0); }],
  ['a member of a Set', (whole) => whole.set.add('z')],
  ['the order of a Set', (whole) => { whole.set.delete('x'); whole.set.add('x'); }],
  ['null for undefined', (whole) => { whole.late = null; }],
  ['a number for its text', (whole) => { whole.late = 1; whole.part.list.push('1'); }],
  ['minus zero', (whole) => { whole.late = -0; }],
  ['another object of the same content', (whole) => { whole.other = new Part(); }],
  ['the same object twice', (whole) => { whole.other = whole.part; }],
])('%s makes another number', (_, change) => {
  const all = [numberOf(), numberOf((whole) => { whole.other = new Part(); }), numberOf((whole) => { whole.other = whole.part; }), numberOf(change)];
  expect(all[3]).not.toBe(all[0]);
  expect(all[1]).not.toBe(all[2]);
});

test('a cycle has an end', () => {
  expect(numberOf((whole) => whole.part.list.push(whole))).toBe(numberOf((whole) => whole.part.list.push(whole)));
});

class Hidden {
  #secret = 0;
  value = 0;

  bump(): number {
    return ++this.#secret;
  }
}

test.each<readonly [string, unknown, RegExp]>([
  ['a private field', new Hidden(), /its field late is a Hidden with the private field #secret/],
  ['a function', () => 1, /its field late holds a function/],
  ['a Date', new Date(0), /its field late holds a Date/],
  ['a Promise deep inside', { deeper: [Promise.resolve()] }, /its field late\.deeper holds a Promise/],
  ['a symbol', Symbol('x'), /its field late holds a symbol/],
])('%s is refused, with its place', (_, value, message) => {
  expect(() => numberOf((whole) => { whole.late = value; })).toThrow(message);
});

test('routes are no state', () => {
  const machine = (routes: object) => names.ofState({ routes, value: 1 }, env);
  expect(machine({ 'GET /a': () => 1 })).toBe(machine({}));
});
