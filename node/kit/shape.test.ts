// What is malformed reads as null, whatever it is.
import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../contract.ts';
import { commandsOf, fieldsOf, isNatural, listOf } from './shape.ts';

test('only an object has fields', () => {
  expect(fieldsOf({ a: 1 })).toEqual({ a: 1 });
  for (const value of [null, undefined, 3, 'text', true, [1]]) expect(fieldsOf(value)).toBeNull();
});

test('a natural number is whole, safe and not negative', () => {
  expect([0, 7, Number.MAX_SAFE_INTEGER].every(isNatural)).toBe(true);
  expect([-1, 0.5, 2 ** 53, '7', null, undefined].some(isNatural)).toBe(false);
});

test('one malformed command spoils the list', () => {
  const put = { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v' } };
  expect(commandsOf([put])).toEqual([put]);
  expect(commandsOf([])).toEqual([]);
  for (const wrong of [{ ...put, id: 'c1' }, { id: 'c1:2' }, { id: 'c1:2', op: { type: 'put', key: 'k' } }, null]) {
    expect(commandsOf([put, wrong])).toBeNull();
  }
  expect(commandsOf({ 0: put })).toBeNull();
});

test('no JSON makes a reader throw', () => {
  assert(property(jsonValue(), (value) => {
    const json = value as Json;
    expect(fieldsOf(json) === null || typeof json === 'object').toBe(true);
    expect(commandsOf(json) === null || Array.isArray(json)).toBe(true);
    expect(listOf(json, fieldsOf) === null || Array.isArray(json)).toBe(true);
  }));
});
