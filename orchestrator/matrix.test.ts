// Matrices of the user's own: what a file says comes out as it is written, what it leaves open is chosen and said, and what
// is wrong has its place and a remedy.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneWayMs } from '../netem/profiles.ts';
import { LabError } from './errors.ts';
import { isMatrixFile, parseMatrix } from './matrix.ts';
import type { Matrix } from './matrix.ts';

const parse = (text: string, place = 'my/m.csv'): Matrix => parseMatrix({ place, text, sha256: 'abc' });

function refusal(text: string, place?: string): LabError {
  try {
    parse(text, place);
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error('the matrix was accepted');
}

test('a name with a slash or the ending of a file is a file', () => {
  expect(['./m.csv', 'm.CSV', 'm.json', '/tmp/m', 'a/b'].map(isMatrixFile)).toEqual([true, true, true, true, true]);
  expect(['aws-5', 'csv', 'json', 'my-csv'].map(isMatrixFile)).toEqual([false, false, false, false]);
});

test('a CSV of round trips, with a comment, quotes, another order of rows and the line ends of another system', () => {
  const { profile, remarks } = parse('# measured on Monday\r\nrtt,"a","b",c\r\n\r\nb,10.5,1,30\r\na,1,12.5, 20 \r\n"c",2e1,30,.5\r\n');
  expect(profile).toMatchObject({ name: 'm.csv', unit: 'rtt', regions: ['a', 'b', 'c'], ms: [[1, 12.5, 20], [10.5, 1, 30], [20, 30, 0.5]], source: 'm.csv, sha256 abc' });
  expect(remarks).toEqual([]);
  expect(oneWayMs(profile, 'a', 'b')).toBe((12.5 + 10.5) / 4);
});

test('a CSV of one-way delays keeps each direction', () => {
  const { profile } = parse('one-way,a,b\na,0.1,12\nb,20,0.1');
  expect([oneWayMs(profile, 'a', 'b'), oneWayMs(profile, 'b', 'a')]).toEqual([12, 20]);
});

test('a JSON file, with its name and source', () => {
  const { profile, remarks } = parse('{ "name": "office", "unit": "one-way", "source": "ping, Monday", "regions": ["a", "b"],\n "ms": [[null, 3], [4, 0.2]] }', 'm.json');
  expect(profile).toMatchObject({ name: 'office', unit: 'one-way', ms: [[0.05, 3], [4, 0.2]], source: 'm.json, sha256 abc (ping, Monday)' });
  expect(remarks).toEqual(['m.json: no delay within a: taken as 0.05 ms one way, as between machines of one zone']);
});

test('what a file leaves open is chosen, and said', () => {
  const { profile, remarks } = parse(',a,b\na,,12\nb,12,');
  expect(profile.ms).toEqual([[0.1, 12], [12, 0.1]]);
  expect(profile.values).toEqual([{ value: 'delay', basis: 'given', from: 'm.csv' }, { value: 'within', basis: 'chosen', from: '0.1 ms round trip, as between machines of one zone' }]);
  expect(remarks).toEqual([
    'my/m.csv: its first cell names no unit: taken as round trips (rtt)',
    'my/m.csv: no delay within any region: taken as 0.1 ms round trip, as between machines of one zone',
  ]);
});

describe('a CSV that is wrong', () => {
  const many = Array.from({ length: 65 }, (_, index) => `r${index}`);
  test.each([
    ['nothing in it', '\n# only a comment\n', 'my/m.csv:1:1: the file is empty', 'a header of region names'],
    ['no regions', 'rtt', 'my/m.csv:1:1: a header of one cell', 'separated by commas'],
    ['semicolons', 'rtt;a;b\na;1,5;2', 'my/m.csv:1:1: a header of one cell', 'separate the cells by commas'],
    ['an unknown unit', 'seconds,a\na,1', 'my/m.csv:1:1: "seconds" is no unit of a matrix', 'known: rtt, one-way'],
    ['a misspelt unit', 'oneway,a\na,1', 'my/m.csv:1:1: "oneway" is no unit', 'did you mean one-way?'],
    ['a row too short', 'rtt,a,b\na,1,2\nb,3', 'my/m.csv:3:1: 1 value for 2 regions', 'a matrix is square'],
    ['a row too long', 'rtt,a,b\na,1,2,\nb,3,4', 'my/m.csv:2:1: 3 values for 2 regions', 'a matrix is square'],
    ['a row missing', 'rtt,a,b\na,1,2', 'my/m.csv:1:7: no row for "b"', 'a row for each region'],
    ['a region twice', 'rtt,a,a\na,1,2\na,1,2', 'my/m.csv:3:1: a second row for a', 'one row for each region'],
    ['a column twice', 'rtt,a,b,a\na,1,2,3\nb,1,2,3', 'my/m.csv:1:9: a second region "a"', 'name each region once'],
    ['a row of no column', 'rtt,east,west\neats,1,2', 'my/m.csv:2:1: the header has no region "eats"', 'did you mean east?'],
    ['no number', 'rtt,a,b\na,1,2\nb,x,1', 'my/m.csv:3:3: "x" is not a number', 'milliseconds without a unit'],
    ['a unit in a cell', 'rtt,a,b\na,1,2ms\nb,2,1', 'my/m.csv:2:5: "2ms" is not a number', 'without a unit'],
    ['not a number at all', 'rtt,a,b\na,1,NaN\nb,2,1', 'my/m.csv:2:5: "NaN" is not a number', 'without a unit'],
    ['a negative delay', 'rtt,a,b\na,1,-2\nb,2,1', 'my/m.csv:2:5: -2 ms is negative', '0 to 60000 ms'],
    ['a delay too long', 'rtt,a,b\na,1,60001\nb,2,1', 'my/m.csv:2:5: 60001 ms is too long', '0 to 60000 ms'],
    ['an endless delay', 'rtt,a,b\na,1,1e999\nb,2,1', 'my/m.csv:2:5: Infinity ms is too long', '0 to 60000 ms'],
    ['an empty cell', 'rtt,a,b\na,1,\nb,2,1', 'my/m.csv:2:5: no delay from a to b', 'only the diagonal may be left out'],
    ['a region without a name', 'rtt,a,\na,1,2\n,1,2', 'my/m.csv:1:7: a region without a name', 'name it'],
    ['a region with a space', 'rtt,new york\nnew york,1', 'my/m.csv:1:5: "new york" is not a name of a region', 'letters, digits'],
    ['a region like a node', 'rtt,n1\nn1,1', 'my/m.csv:1:5: "n1" means something else', 'another name'],
    ['a region like a selector', 'rtt,leader\nleader,1', 'my/m.csv:1:5: "leader" means something else', 'another name'],
    ['a word of the language', 'rtt,constructor\nconstructor,1', 'my/m.csv:1:5: "constructor" means something else', 'another name'],
    ['a quote left open', 'rtt,"a\n"a",1', 'my/m.csv:1:5: a quoted cell that does not end', 'close the quote'],
    ['text after a quote', 'rtt,"a"b\na,1', 'my/m.csv:1:5: a quoted cell that does not end', 'close the quote'],
    ['too many regions', [`rtt,${many.join()}`, ...many.map((name) => `${name},${many.map(() => 1).join()}`)].join('\n'), ': 65 regions are too many', 'at most 64'],
  ])('%s', (_, text, message, hint) => {
    expect(refusal(text)).toMatchObject({ code: 'bad-experiment', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  });
});

describe('a JSON file that is wrong', () => {
  const whole = { unit: 'rtt', regions: ['a', 'b'], ms: [[1, 2], [2, 1]] };
  test.each([
    ['nothing in it', '', 'm.json:1:1: ', 'a mapping'],
    ['no JSON', '{ "unit": "rtt",\n "regions": [ "a" }', 'm.json:2:19: not JSON', 'brackets and quotes'],
    ['nested too deep', '['.repeat(20_000), 'not JSON', 'brackets'],
    ['a list', '[1]', 'm.json:1:1: ', 'a mapping'],
    ['an unknown key', JSON.stringify({ ...whole, region: [] }), ': region: unknown key "region"', 'did you mean regions?'],
    ['no unit', JSON.stringify({ regions: ['a'], ms: [[1]] }), 'm.json:1:1: unit: ', ''],
    ['an unknown unit', JSON.stringify({ ...whole, unit: 'seconds' }), 'm.json:1:9: unit: "seconds" is not one of its values', 'known: rtt, one-way'],
    ['a name of the lab', JSON.stringify({ name: 'aws-5', ...whole }), 'm.json:1:9: name: "aws-5" is a network of the lab', 'another name'],
    ['no name', JSON.stringify({ ...whole, name: 'My Office' }), 'name: "My Office" is not a name', 'a-z'],
    ['a source of two lines', JSON.stringify({ ...whole, source: 'a\nb' }), ': source: "a\\nb" holds control characters', 'one line'],
    ['a row missing', JSON.stringify({ ...whole, ms: [[1, 2]] }), ': ms: 1 row for 2 regions', 'square'],
    ['a row too short', JSON.stringify({ ...whole, ms: [[1, 2], [2]] }), ': ms.1: 1 value for 2 regions', 'square'],
    ['a row that is none', JSON.stringify({ ...whole, ms: [[1, 2], 3] }), ': ms.1: 3 is not a list', 'a list'],
    ['a region twice', JSON.stringify({ ...whole, regions: ['a', 'a'] }), ': regions.1: a second region "a"', 'once'],
    ['a text', JSON.stringify({ ...whole, ms: [[1, '2'], [2, 1]] }), 'm.json:1:44: ms.0.1: "2" is not a number', 'without a unit'],
    ['a negative delay', JSON.stringify({ ...whole, ms: [[1, -2], [2, 1]] }), ': ms.0.1: -2 ms is negative', '0 to'],
    ['a delay too long', JSON.stringify({ ...whole, ms: [[1, 1e6], [2, 1]] }), ': ms.0.1: 1000000 ms is too long', '0 to'],
    ['a missing delay', JSON.stringify({ ...whole, ms: [[1, null], [2, 1]] }), ': ms.0.1: no delay from a to b', 'only the diagonal'],
  ])('%s', (_, text, message, hint) => {
    expect(refusal(text, 'm.json')).toMatchObject({ code: 'bad-experiment', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  });
});

test('a file of another kind is refused', () => {
  expect(refusal('rtt,a\na,1', './m.xls')).toMatchObject({ message: './m.xls: a matrix of what kind?', hint: expect.stringContaining('.csv or .json') });
});

const matrix = fc.integer({ min: 1, max: 12 }).chain((size) => fc.record({
  unit: fc.constantFrom('rtt', 'one-way'),
  regions: fc.uniqueArray(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/).filter((name) => !(name in {}) && !['leader', 'any', 'all', 'any-follower'].includes(name) && !/^n\d+$/.test(name)), { minLength: size, maxLength: size }),
  ms: fc.array(fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
}));

test('any matrix, written as CSV or JSON and read, is the same', () => {
  fc.assert(fc.property(matrix, (given) => {
    const csv = [`${given.unit},${given.regions.join()}`, ...given.ms.map((row, index) => `${given.regions[index]},${row.join()}`)].join('\n');
    expect(parse(csv).profile).toMatchObject({ ...given, ms: given.ms.map((row) => row.map((value) => value + 0)) });
    expect(parse(JSON.stringify(given), 'm.json').profile).toMatchObject({ ...given, ms: given.ms.map((row) => row.map((value) => value + 0)) });
  }), { numRuns: 200, seed: 3 });
});

test('whatever a file holds, the answer is a matrix or a LabError', () => {
  const piece = fc.constantFrom('rtt', 'one-way', 'a', 'b', ',', ',', ',', '\n', '\n', '1', '2.5', '-', '"', '""', ' ', ';', '\t', '{', '}', '[', ']', ':', '"ms"', '"regions"', '"unit"', '"rtt"', '&x', '*x', '#', '\u0000', 'é');
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom('m.csv', 'm.json'), (pieces, place) => {
    try {
      expect(parse(pieces.join(''), place).profile.regions.length).toBeGreaterThan(0);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      expect(`${error.message}${error.hint}`).not.toContain('\n');
      expect(error.message).toMatch(/^m\.(csv|json):\d+:\d+: ./);
    }
  }), { numRuns: 2_000, seed: 4 });
});
