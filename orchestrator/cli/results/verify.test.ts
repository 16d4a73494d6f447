// Verifying: a folder as it was left has no difference; one number, one line, one checksum that was changed is named, with
// both values, and so is a folder that was changed and sealed again.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomStream } from '../../../node/kit/random.ts';
import { recordRun } from '../../../test/recorded-run.ts';
import { LabError } from '../../errors.ts';
import type { Summary } from '../../kinds.ts';
import { loadPlugins } from '../plugins.ts';
import { inWords } from './differences.ts';
import { RUN_FILES, writeManifest } from './manifest.ts';
import { verifyRun } from './verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-verify-'));
const recorded = join(folder, 'recorded');
beforeAll(() => recordRun(recorded));
afterAll(() => rmSync(folder, { recursive: true }));

let copies = 0;
/** A copy of the run with one file changed; sealed: with its checksums made anew. */
async function altered(file: string, change: (text: string) => string, sealed: boolean): Promise<string> {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(recorded, copy, { recursive: true });
  const text = readFileSync(join(copy, file), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(join(copy, file), changed);
  if (sealed) await writeManifest(copy);
  return copy;
}

async function differencesOf(run: string): Promise<readonly string[]> {
  const { registry } = await loadPlugins([]);
  return (await verifyRun(run, registry)).differences.map(inWords);
}

const replaced = (pattern: RegExp, by: string) => (text: string) => text.replace(pattern, by);

test('a run as it was left follows from its events', async () => {
  expect(await differencesOf(recorded)).toEqual([]);
});

test('one number of the summary is named with both values, and so is the checksum', async () => {
  const { metrics } = JSON.parse(readFileSync(join(recorded, 'summary.json'), 'utf8')) as Summary;
  const p99 = metrics['commit.p99']?.value ?? 0;
  const found = await differencesOf(await altered('summary.json', (text) => {
    const summary = JSON.parse(text) as { readonly metrics: { [name: string]: { value: number } } };
    summary.metrics['commit.p99'] = { ...summary.metrics['commit.p99'], value: p99 / 2 };
    return `${JSON.stringify(summary, null, 2)}\n`;
  }, false));
  expect(found).toEqual([
    expect.stringMatching(/^summary\.json: sha256 is "[0-9a-f]{64}" \(\d+ bytes\), expected "[0-9a-f]{64}" \(\d+ bytes\) by manifest\.json$/),
    `summary.json: metrics.commit.p99.value is ${p99 / 2}, expected ${p99}`,
  ]);
});

test.each([
  ['a verdict', 'summary.json', replaced(/("check": "durability",\n\s+"claim": "durability",\n\s+"valid": )true/, '$1false'), 'summary.json: verdicts[durability].valid is false, expected true'],
  ['that it may be published', 'summary.json', replaced(/"publishable": true/, '"publishable": false'), 'summary.json: publishable is false, expected true'],
  ['a row of the table', 'summary.csv', replaced(/samples,\d+/, 'samples,7'), /^summary\.csv: line \d+ is ".*samples,7.*", expected ".*samples,\d{3}.*"$/],
  ['a line of the history', 'history.ndjson', replaced(/"intendedMs":\d+/, '"intendedMs":1'), /^history\.ndjson: line 1 is ".*intendedMs/],
  ['a histogram', 'histograms.json', replaced(/"ok": \d+/, '"ok": 1'), /^histograms\.json: line \d+ is " +\\"ok\\": 1,", expected /],
  ['a line that is gone from the clock errors', 'clock-error.csv', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), /^clock-error\.csv: line 2 is /],
])('sealed again, %s is still named', async (_, file, change, words) => {
  const found = await differencesOf(await altered(file, change, true));
  expect(found).toHaveLength(1);
  expect(found[0]).toEqual(typeof words === 'string' ? words : expect.stringMatching(words));
});

test('one event that was changed and sealed again is named by the figures that no longer follow', async () => {
  const found = await differencesOf(await altered('events.ndjson', replaced(/("type":"invoke".*?"intendedMs":)2\d\d\d(\.\d+)?/, '$12000'), true));
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^history\.ndjson: line \d+ is /), expect.stringMatching(/^samples\.parquet: row \d+\.intendedMs is /)]));
});

test('one line of events that was changed is named by its checksum', async () => {
  const found = await differencesOf(await altered('events.ndjson', replaced(/"bytes":(\d+)/, '"bytes":1$1'), false));
  expect(found[0]).toMatch(/^events\.ndjson: sha256 is /);
});

test('one checksum that was changed is named', async () => {
  const found = await differencesOf(await altered('manifest.json', replaced(/("plan.json": \{\s+"bytes": \d+,\s+"sha256": ")..../, '$1beef'), false));
  expect(found).toEqual([expect.stringMatching(/^plan\.json: sha256 is "[0-9a-f]{64}" .*, expected "beef/)]);
});

test('whatever byte of a run is changed, and wherever it is cut, it is named or refused', async () => {
  const random = randomStream('altered bytes');
  const { registry } = await loadPlugins([]);
  for (const name of [...RUN_FILES, ...RUN_FILES, 'manifest.json', 'manifest.json', 'manifest.json']) {
    const copy = join(folder, `copy-${++copies}`);
    cpSync(recorded, copy, { recursive: true });
    const bytes = readFileSync(join(copy, name));
    const at = Math.floor(random() * bytes.length);
    const cut = random() < 0.3;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(join(copy, name), cut ? bytes.subarray(0, at) : bytes);
    const outcome = await verifyRun(copy, registry).then(({ differences }) => differences.length > 0, (error: unknown) => error instanceof LabError && error.code === 'bad-result');
    expect([name, at, cut, outcome]).toEqual([name, at, cut, true]);
    rmSync(copy, { recursive: true });
  }
});

test('a whole run whose events end too early is named', async () => {
  const found = await differencesOf(await altered('events.ndjson', (text) => `${text.split('\n').slice(0, 200).join('\n')}\n`, true));
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^summary\.json: partial is false, expected true: the events end at /)]));
});

test.each([
  ['a manifest without one of its files', 'manifest.json', replaced(/"events.ndjson"/, '"other.ndjson"'), 'it has no checksum of events.ndjson'],
  ['a protocol that is not there', 'plan.json', replaced(/"protocol": "raft"/, '"protocol": "rift"'), 'its protocol "rift" is not known here'],
  ['samples that are no Parquet', 'samples.parquet', () => 'PAR1', 'samples.parquet is no Parquet file'],
  ['a manifest of nothing', 'manifest.json', replaced(/"files": \{[^]*\}/, '"files": null}'), 'manifest.json is damaged: files is no object'],
  ['a summary that is not sure', 'summary.json', replaced(/"partial": false/, '"partial": "no"'), 'summary.json is damaged: partial is "no"'],
  ['a summary without rows', 'summary.json', replaced(/"verdicts": \[/, '"verdicts": null, "others": ['), 'summary.json is damaged: verdicts is no list'],
  ['a plan that cannot be judged', 'plan.json', replaced(/"clients": \[/, '"clients": null, "others": ['), /recorded|copy-\d+ cannot be judged/],
])('%s is refused', async (_, file, change, words) => {
  const refused = await differencesOf(await altered(file, change, false)).then(() => null, (error: unknown) => error);
  expect(refused).toBeInstanceOf(LabError);
  expect((refused as LabError).code).toBe('bad-result');
  expect((refused as LabError).message).toMatch(words);
});
