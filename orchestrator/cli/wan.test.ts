// `lab wan`: the list, one network in full, a part of one, a file of one's own, and what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROFILES } from '../../netem/profiles.ts';
import { LabError } from '../errors.ts';
import { showNetworks } from './wan.ts';
import type { WanFlags } from './wan.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-wan-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PLAIN: WanFlags = { json: false };

test('global-5 as it is printed', async () => {
  await expect(showNetworks('global-5', PLAIN)).toMatchFileSnapshot('wan.golden.txt');
});

test('the list has every network with its regions, round trips, basis and date', () => {
  const lines = showNetworks(undefined, PLAIN).split('\n');
  for (const { name } of PROFILES) expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
  expect(lines.find((line) => line.startsWith('aws-5 '))).toMatch(/ 5 +69\.5 +190 +322 +measured +before 2023-03$/);
  expect(lines.find((line) => line.startsWith('4g-lte '))).toMatch(/ 1 +50 +chosen +none +jitter loss$/);
});

test.each([undefined, ...PROFILES.map(({ name }) => name)])('%s fits 100 columns, whole words in each line', (name) => {
  for (const line of showNetworks(name, PLAIN).split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
});

test('a matrix too wide for its names has letters over its columns, and they name the rows', () => {
  const text = showNetworks('aws-21', PLAIN);
  expect(text).toMatch(/^ +a +b +c .* u$/m);
  expect(text).toMatch(/^u us-west-2 +274 136 .* 3$/m);
});

test('64 regions come in blocks of columns', () => {
  const names = Array.from({ length: 64 }, (_, index) => `region-${index}`);
  const file = join(folder, 'big.csv');
  writeFileSync(file, [`rtt,${names.join()}`, ...names.map((name, row) => `${name},${names.map((_, column) => Math.abs(row - column) + 1).join()}`)].join('\n'));
  const lines = showNetworks(file, PLAIN).split('\n');
  expect(lines.filter((line) => line.startsWith('64 region-63')).length).toBeGreaterThan(1);
  expect(lines.filter((line) => line.startsWith('64 region-63')).flatMap((line) => line.trim().split(/\s+/).slice(2)).map(Number)).toEqual(names.map((_, column) => 64 - column));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
});

test('a part of a network is analysed alone', () => {
  const { network } = JSON.parse(showNetworks('ibm-cloud', { json: true, regions: 'tokyo, osaka,sydney' })) as { readonly network: { readonly regions: readonly string[]; readonly analysis: object } };
  expect(network.regions).toEqual(['tokyo', 'osaka', 'sydney']);
  expect(network.analysis).toMatchObject({ rtt: { nearest: { rttMs: 9 } }, majority: [{ region: 'tokyo', rttMs: 9 }, { region: 'osaka', rttMs: 9 }, { region: 'sydney', rttMs: 101 }], asymmetries: [], detours: [] });
});

test('for programs there are the links as a plan has them', () => {
  const { version, network } = JSON.parse(showNetworks('leo-satellite', { json: true })) as { readonly version: number; readonly network: { readonly links: { readonly [from: string]: object }; readonly cycle: object } };
  expect(version).toBe(1);
  expect(network.links['leo']).toMatchObject({ leo: { delayMs: 25, jitterMs: 5, lossBurst: 10 } });
  expect(network.cycle).toMatchObject({ everyMs: 15_000 });
  const { networks } = JSON.parse(showNetworks(undefined, { json: true })) as { readonly networks: readonly { readonly name: string; readonly basis: string }[] };
  expect(networks.map(({ name }) => name)).toEqual(PROFILES.map(({ name }) => name));
});

test('a file of one\'s own is printed with what it leaves open and what is odd in it', () => {
  const file = join(folder, 'odd.csv');
  writeFileSync(file, ',a,b,c\na,,10,100\nb,14,,20\nc,100,20,');
  const text = showNetworks(file, PLAIN);
  expect(text).toContain('odd.csv: a matrix of your own');
  expect(text.replaceAll(/\s+/g, ' ')).toContain('the directions of 1 of 3 pairs differ by more than 5%: a – b 10 and 14 ms (33%)');
  expect(text.replaceAll(/\s+/g, ' ')).toContain('1 of 3 pairs are quicker by another region: a – c 100 ms, 32 by b');
  expect(text).toMatch(/^warning .*odd\.csv: its first cell names no unit/m);
  const { warnings } = JSON.parse(showNetworks(file, { json: true })) as { readonly warnings: readonly string[] };
  expect(warnings).toHaveLength(2);
});

describe('what is refused', () => {
  writeFileSync(join(folder, 'bad.csv'), 'rtt,a,b\na,1,2\nb,two,1');
  test.each([
    ['global5', PLAIN, 'unknown network "global5"', 'did you mean global-5?'],
    ['./missing.csv', PLAIN, '"./missing.csv": there is no such file', 'path'],
    [join(folder, 'bad.csv'), PLAIN, 'bad.csv:3:3: "two" is not a number', 'milliseconds'],
    ['global-5', { json: false, regions: 'tokyo,berlin' }, '--regions: "berlin" is not a region of global-5', 'known: '],
    ['global-5', { json: false, regions: 'tokyo,tokyo' }, '--regions: tokyo is given twice', 'once'],
    ['global-5', { json: false, regions: '' }, '--regions: "" is not a region', 'known: '],
    [undefined, { json: false, regions: 'tokyo' }, '--regions without a network', 'lab wan ibm-cloud'],
  ])('%s %j', (name, flags, message, hint) => {
    let refusal: unknown;
    try {
      showNetworks(name, flags);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(LabError);
    expect(refusal).toMatchObject({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  });
});
