// A baseline is written, read, and refused when anybody else wrote in it.
import { describe, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import { baselineOf, hashOf, parseBaseline } from './baseline.ts';
import type { Measurement } from './baseline.ts';

const MEASUREMENT: Measurement = {
  experiment: 'wan', experimentHash: 'abc', lab: '0.1.0', node: 'v24.0.0', seeds: ['1', '1.2'],
  protocols: { toy: { protocol: 'toy', options: { list: [1, '[ x ]'], none: null }, figures: { 'commit.p50': [1.5, '> 2'], errors: [0, null], 'commit.p99': ['failed', 3] } } },
};
const REASON = { because: 'first "one"\nof [ two ]', lab: '0.1.0', moved: [] };
const text = baselineOf(MEASUREMENT, REASON, null);

function refusal(changed: string): { readonly message: string; readonly hint: string } {
  try {
    parseBaseline(changed, 'b.json');
  } catch (error) {
    if (error instanceof LabError && error.code === 'bad-result') return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test('what is written is read again, one line for each figure', () => {
  expect(parseBaseline(text, 'b.json')).toMatchObject({ ...MEASUREMENT, history: [REASON] });
  expect(text).toContain('\n    "commit.p50": [1.5,"> 2"]');
});

test('the same measurement and reason write the same bytes', () => {
  expect(baselineOf(MEASUREMENT, REASON, null)).toBe(text);
});

test('a new baseline keeps the reasons of the old ones, the last hundred', () => {
  let last = text;
  for (let number = 2; number <= 102; number++) last = baselineOf(MEASUREMENT, { ...REASON, because: `reason ${number}` }, parseBaseline(last, 'b.json'));
  const { history } = parseBaseline(last, 'b.json');
  expect(history).toHaveLength(100);
  expect([history[0]?.because, history.at(-1)?.because]).toEqual(['reason 3', 'reason 102']);
});

describe('a baseline that was edited by hand is refused', () => {
  test.each([
    ['a figure', text.replace('[1.5,', '[1.4,')],
    ['a reason', text.replace('first', 'best')],
    ['the hash of the experiment', text.replace('"abc"', '"abd"')],
    ['the checksum', text.replace(/"checksum": "./, '"checksum": "x')],
    ['a member more', text.replace('{', '{"more":1,')],
  ])('%s', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(refusal(changed)).toMatchObject({ message: expect.stringContaining('b.json: the checksum does not match') as string, hint: expect.stringContaining('--update') as string });
  });
  test('layout does not count', () => {
    expect(parseBaseline(JSON.stringify(JSON.parse(text)), 'b.json').experiment).toBe('wan');
  });
});

test.each([
  ['', 'not JSON'], ['{', 'not JSON'], ['null', 'version null'], ['[]', 'version null'], ['{"version":2}', 'version 2'], ['{"version":1}', 'checksum'],
])('%j is refused in words', (changed, words) => {
  expect(refusal(changed).message).toContain(words);
});

test('comments and layout of an experiment leave its hash alone, values do not', () => {
  const registry = createRegistry([BUILTINS]);
  const hash = (yaml: string) => hashOf(parseExperiment(yaml, 'e.yaml', registry));
  const [name = ''] = BUILTINS.protocols.map((protocol) => protocol.name);
  const one = hash(`name: e\nprotocols: [${name}]\nload: { rate: 50/s }\n`);
  expect(hash(`# why\nname: e\nprotocols:\n  - ${name}\nload:\n  rate: 50/s # half\n`)).toBe(one);
  expect(hash(`name: e\nprotocols: [${name}]\nload: { rate: 51/s }\n`)).not.toBe(one);
});

test('another text of a file that the experiment names is another experiment', () => {
  const [name = ''] = BUILTINS.protocols.map((protocol) => protocol.name);
  const hash = (text: string, network: string) => hashOf(parseExperiment(`name: e\nprotocols: [${name}]\nnetwork: ${network}\n`, 'e.yaml', BUILTINS, [], (place) => ({ place, text, sha256: `hash of ${text}` })));
  for (const network of ['{ wan: ./m.csv }', '{ schedule: [{ at: 1s, trace: ./t.csv }] }']) expect(hash('one', network)).not.toBe(hash('two', network));
  expect(hash('one', '{ wan: aws-5 }')).toBe(hash('two', '{ wan: aws-5 }'));
});
