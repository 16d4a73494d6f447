// Reading results: what a run wrote comes back as it was; what is not a whole run of this lab is refused, by file and line.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabError } from '../../errors.ts';
import type { LabEvent } from '../../kinds.ts';
import { recordRun } from '../../../test/recorded-run.ts';
import { findRuns, readRun, readRunEvents } from './read.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-read-'));
const recorded = join(folder, 'experiment', 'raft-sim-1');
let events: readonly LabEvent[];
beforeAll(async () => { events = await recordRun(recorded); });
afterAll(() => rmSync(folder, { recursive: true }));

let copies = 0;
/** A copy of the run with one file changed; null removes it. */
function altered(file: string, change: (text: string) => string | null): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(recorded, copy, { recursive: true });
  const path = join(copy, file);
  const text = change(readFileSync(path, 'utf8'));
  if (text === null) rmSync(path);
  else writeFileSync(path, text);
  return copy;
}

async function eventsOf(run: string): Promise<readonly LabEvent[]> {
  const read: LabEvent[] = [];
  await readRunEvents(run, (event) => read.push(event));
  return read;
}

async function refusal(work: Promise<unknown>): Promise<LabError> {
  const error = await work.then(() => null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  const refused = error as LabError;
  expect(refused.code).toBe('bad-result');
  expect(`${refused.message}${refused.hint}`).not.toContain('\n');
  return refused;
}

test('plan, summary, environment and every event come back as they were written', async () => {
  const run = await readRun(recorded);
  expect(run.plan.label).toBe('raft');
  expect(run.summary.plan).toEqual(run.plan);
  expect(run.environment.node).toBe(process.version);
  expect(events.length).toBeGreaterThan(1_000);
  expect(await eventsOf(recorded)).toEqual(events);
});

test('lines of types that nobody asked for are passed over, even a damaged one', async () => {
  const read: LabEvent[] = [];
  const copy = altered('events.ndjson', (text) => text.replace(/("type":"sent",)"peer"/, '$1peer'));
  await readRunEvents(copy, (event) => read.push(event), new Set(['sent', 'received']));
  expect(read).toEqual(events.filter(({ type }) => type !== 'sent' && type !== 'received'));
  expect((await refusal(eventsOf(copy))).message).toContain('is not JSON');
});

test('the runs of an experiment folder are found, and a run folder is its own', async () => {
  expect(await findRuns(join(folder, 'experiment'))).toEqual([recorded]);
  expect(await findRuns(recorded)).toEqual([recorded]);
});

test.each([
  ['a summary of another version', 'summary.json', (text: string) => text.replace('"version": 1', '"version": 7'), 'summary.json is of version 7, this lab reads version 1'],
  ['a plan without a version', 'plan.json', () => '{"name":"mine"}', 'plan.json has no version'],
  ['a plan without nodes', 'plan.json', (text: string) => text.replace('"nodes"', '"knots"'), 'plan.json is damaged: nodes is missing'],
  ['a summary that is cut short', 'summary.json', (text: string) => text.slice(0, 300), 'summary.json is not JSON'],
  ['a list instead of a plan', 'plan.json', () => '[1, 2]', 'plan.json is not of this lab'],
  ['a missing environment', 'environment.json', () => null, 'environment.json is missing'],
])('%s is refused', async (_, file, change, words) => {
  expect((await refusal(readRun(altered(file, change)))).message).toContain(words);
});

test.each([
  ['a last line that is cut short', (text: string) => text.slice(0, -5), /events\.ndjson:\d+ is cut short/],
  ['a line that is not JSON', (text: string) => text.replace('\n', '\nhello\n'), /events\.ndjson:2 is not JSON/],
  ['an event of an unknown type', (text: string) => text.replace(/"type":"\w+"/, '"type":"tick"'), /events\.ndjson:1 is not an event of this lab \(its type is "tick"\)/],
  ['an event without its time', (text: string) => text.replace('"atMs"', '"at"'), /events\.ndjson:1 is not a whole event: atMs is not a number/],
  ['an answer without its position', (text: string) => text.replace(/"outcome":"ok","value":[^}]*?,"at"/, '"outcome":"ok","where"'), /events\.ndjson:\d+ is not a whole event: reply\.at\.slot is not a number/],
  ['an answer of an unknown kind', (text: string) => text.replace('"outcome":"ok"', '"outcome":"maybe"'), /events\.ndjson:\d+ is not a whole event: reply\.outcome is not an outcome/],
  ['a missing file', () => null, /events\.ndjson is missing/],
])('of the events, %s is refused', async (_, change, words) => {
  expect((await refusal(eventsOf(altered('events.ndjson', change)))).message).toMatch(words);
});

test.each(['/nowhere/at-all', tmpdir()])('%s holds no run', async (place) => {
  const { message } = await refusal(findRuns(place === tmpdir() ? mkdtempSync(join(folder, 'empty-')) : place));
  expect(message).toMatch(/cannot be read \(ENOENT\)|holds no run/);
});
