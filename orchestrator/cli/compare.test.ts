// `lab compare` on folders: what cannot be used is left out by name, its page stays small, and pictures come from the same charts.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordRun } from '../../test/recorded-run.ts';
import { LabError } from '../errors.ts';
import { compareFolders } from './compare.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-compare-'));
const [before, after] = [join(folder, 'before'), join(folder, 'after')];
const flags = { force: false, json: false, plugin: [] };
const MOST_BYTES = 2_000_000;

beforeAll(async () => {
  await recordRun(join(before, 'raft-sim-1'));
  for (const run of [1, 2, 3, 4]) cpSync(join(before, 'raft-sim-1'), join(before, `raft-sim-${run + 1}`), { recursive: true });
  cpSync(before, after, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function said(folders: readonly string[], more: object = {}): Promise<string> {
  const printed: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await compareFolders(folders, { ...flags, ...more }).finally(() => [out, err].map((spy) => spy.mockRestore()));
  return printed.join('').replaceAll(/\s+/g, ' ');
}

function alter(run: string, file: string, change: (text: string) => string): void {
  writeFileSync(join(run, file), change(readFileSync(join(run, file), 'utf8')));
}

test('ten runs make a page of at most 2 MB, and a picture of each chart', async () => {
  const page = join(folder, 'page.html');
  await said([before, after], { page, svg: join(folder, 'pictures') });
  expect(statSync(page).size).toBeLessThan(MOST_BYTES);
  expect(readFileSync(page, 'utf8')).toContain('raft in A (5 runs)');
  expect(readdirSync(join(folder, 'pictures'))).toEqual(['all-distribution.svg']);
});

test('runs without raw data, of another version or with a red verdict are left out by name, and never averaged', async () => {
  const odd = join(folder, 'odd');
  cpSync(before, odd, { recursive: true });
  rmSync(join(odd, 'raft-sim-1', 'events.ndjson'));
  alter(join(odd, 'raft-sim-2'), 'summary.json', (text) => text.replace('"version": 1', '"version": 7'));
  alter(join(odd, 'raft-sim-3'), 'summary.json', (text) => {
    const summary = JSON.parse(text) as { verdicts: object[] };
    return JSON.stringify({ ...summary, verdicts: [{ check: 'durability', claim: 'durability', valid: false, because: 'planted' }] });
  });
  const text = await said([before, odd]);
  for (const part of ['raft-sim-1: it has no raw data (events.ndjson)', 'is of version 7, this lab reads version 1', 'raft-sim-3: it violates durability', 'raft in B (2 runs)']) expect(text).toContain(part);
});

test('a folder of which nothing counts is refused', async () => {
  const empty = join(folder, 'empty');
  cpSync(join(before, 'raft-sim-1'), join(empty, 'raft-sim-1'), { recursive: true });
  rmSync(join(empty, 'raft-sim-1', 'events.ndjson'));
  const error = await said([before, empty]).then(() => null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).message).toContain('has no run that counts: it has no raw data');
});

test('what was measured in another way is refused, and compared when that is forced', async () => {
  const other = join(folder, 'other');
  cpSync(before, other, { recursive: true });
  for (const run of readdirSync(other)) alter(join(other, run), 'summary.json', (text) => text.replace('"shaper": "sim"', '"shaper": "tc"'));
  await expect(said([before, other])).rejects.toMatchObject({ message: 'these are different measurements: shaper sim and tc', hint: expect.stringContaining('--force') as string });
  expect(await said([before, other], { force: true })).toContain('forced not the same measurement: shaper sim and tc');
});
