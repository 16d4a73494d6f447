// The JSON Schema of experiment files takes what the lab takes, refuses what it refuses, and describes every key.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { BUILTINS, createRegistry } from './builtins.ts';
import { experimentJsonSchema, type JsonSchema } from './json-schema.ts';

const folder = join(import.meta.dirname, '../experiments');
const schema = experimentJsonSchema(createRegistry([BUILTINS]));
const reader = z.fromJSONSchema(schema);
const base = { name: 'mine', protocols: ['stick'] };

test('experiments/experiment.schema.json is what the lab says; else: lab schema > experiments/experiment.schema.json', () => {
  expect(JSON.parse(readFileSync(join(folder, 'experiment.schema.json'), 'utf8'))).toEqual(schema);
});

describe('every experiment of the tree fits it', () => {
  test.each((readdirSync(folder, { recursive: true }) as readonly string[]).filter((file) => file.endsWith('.yaml')))('%s', (file) => {
    expect(reader.safeParse(parse(readFileSync(join(folder, file), 'utf8'))).error?.issues ?? []).toEqual([]);
  });
});

test.each([
  ['a range drawn per node', { clocks: { offset: '±15ms', drift: '-40ppm' } }],
  ['the closed loop', { load: { rate: 'max', keys: 3 } }],
  ['a rate', { load: { rate: '2.5/s' } }],
  ['options and a label', { protocols: [{ paxos: { q1: 4, q2: 2 }, as: 'fpaxos' }] }],
  ['a fault with options', { faults: [{ at: '1s', crash: 'leader', for: '2s' }] }],
  ['a threshold', { expect: { 'commit.p99': 'below 5s' } }],
  ['no NTP', { clocks: { ntp: null } }],
])('it takes %s', (_what, change) => {
  expect(reader.safeParse({ ...base, ...change }).error?.issues ?? []).toEqual([]);
});

test.each([
  ['a number without its unit', { run: { measure: 20 } }],
  ['a misspelt unit', { run: { measure: '20sec' } }],
  ['an unknown key', { netwrok: {} }],
  ['an unknown protocol', { protocols: ['stck'] }],
  ['an unknown option', { protocols: [{ paxos: { q3: 4 } }] }],
  ['an unknown fault', { faults: [{ at: '1s', crsh: 'leader' }] }],
  ['a fault without a time', { faults: [{ crash: 'leader' }] }],
  ['an unknown network', { network: { wan: 'aws5' } }],
  ['an unknown figure', { expect: { 'commit.p98': 'below 5s' } }],
  ['a threshold without a side', { expect: { 'commit.p99': '5s' } }],
])('it refuses %s', (_what, change) => {
  expect(reader.safeParse({ ...base, ...change }).success).toBe(false);
});

test('every key of an experiment is described, and every quantity says its units', () => {
  const bare: string[] = [];
  const visit = (part: JsonSchema, path: string) => {
    for (const [key, inner] of Object.entries((part['properties'] ?? {}) as { readonly [key: string]: JsonSchema })) {
      if (inner['description'] === undefined) bare.push(`${path}${key}`);
      const choices = [inner, ...((inner['anyOf'] ?? []) as readonly JsonSchema[])];
      const section = choices.find((choice) => choice['properties'] !== undefined);
      if (path === '' && section !== undefined && key !== 'expect') visit(section, `${key}.`);
    }
  };
  visit(schema, '');
  expect(bare).toEqual([]);
  expect(JSON.stringify(schema['properties'])).toContain('the measure window; a duration, such as 250ms or 20s; units: us, ms, s, m, h');
});
