// The files of a run: events as they came, one line and one row for each operation, histograms that others can read, one row
// for each figure, and the checksum of each file.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planWith } from '../../../test/event-stream.ts';
import { PROTOCOLS } from '../../../node/registry.ts';
import { BUILTINS } from '../../builtins.ts';
import { judge } from '../../judge.ts';
import type { LabEvent, Summary } from '../../kinds.ts';
import { METRICS } from '../../metrics/names.ts';
import { RUN_FILES } from '../results/manifest.ts';
import { files } from './files.ts';

const put = { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v' } } as const;
const get = { id: 'c2:1', op: { type: 'get', key: 'k' } } as const;
const EVENTS: readonly LabEvent[] = [
  { atMs: 1010, node: 'load', life: 0, sequence: 0, type: 'invoke', client: 'c1', region: 'here', command: put, intendedMs: 1009 },
  { atMs: 1010, node: 'load', life: 0, sequence: 1, type: 'attempt', client: 'c1', id: 'c1:1', to: 'n1' },
  { atMs: 1011, node: 'load', life: 0, sequence: 2, type: 'invoke', client: 'c2', region: 'here', command: get, intendedMs: 1011 },
  { atMs: 1020, node: 'n2', life: 1, sequence: 0, type: 'clock', errorMs: -0.25 },
  { atMs: 1040, node: 'load', life: 0, sequence: 3, type: 'attempt', client: 'c1', id: 'c1:1', to: 'n2' },
  { atMs: 1050, node: 'load', life: 0, sequence: 4, type: 'reply', client: 'c1', id: 'c1:1', reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 3 } } },
];

const folder = mkdtempSync(join(tmpdir(), 'lab-files-'));
let summary: Summary;

const bytes = (file: string) => readFileSync(join(folder, file));
const text = (file: string) => bytes(file).toString('utf8');
const lines = (file: string) => text(file).trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);

beforeAll(async () => {
  const [protocol] = PROTOCOLS;
  const [workload] = BUILTINS.workloads;
  if (protocol === undefined || workload === undefined) throw new Error('nothing is registered');
  const plan = planWith();
  const judgement = judge(plan, { protocol, workload, checks: [] });
  const sink = await files.open(plan, folder);
  for (const event of EVENTS) {
    sink.write(event);
    judgement.observe(event);
  }
  summary = judgement.finish(true);
  await sink.close(summary);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('events are kept as they came, the summary as it was judged', () => {
  expect(lines('events.ndjson')).toEqual(EVENTS);
  expect(JSON.parse(text('summary.json'))).toEqual(JSON.parse(JSON.stringify(summary)));
});

test('an operation is one line with its attempts and its outcome; one without an outcome is kept as such', () => {
  expect(lines('history.ndjson')).toEqual([
    { client: 'c1', region: 'here', id: 'c1:1', op: put.op, intendedMs: 1009, invokedMs: 1010, attempts: [{ atMs: 1010, to: 'n1' }, { atMs: 1040, to: 'n2' }], repliedMs: 1050, reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 3 } } },
    { client: 'c2', region: 'here', id: 'c2:1', op: get.op, intendedMs: 1011, invokedMs: 1011, attempts: [], repliedMs: null, reply: null },
  ]);
});

test('samples.parquet has a row for each command, read by a parquet reader', async () => {
  const rows = await parquetReadObjects({ file: new Uint8Array(bytes('samples.parquet')).buffer });
  expect(rows).toEqual([
    { id: 'c1:1', client: 'c1', region: 'here', operation: 'put', key: 'k', intendedMs: 1009, sentMs: 1010, endedMs: 1050, outcome: 'ok', reason: null, latencyMs: 41, serviceMs: 40, attempts: 2, slot: 3, epoch: 1, measured: true },
    { id: 'c2:1', client: 'c2', region: 'here', operation: 'get', key: 'k', intendedMs: 1011, sentMs: 1011, endedMs: null, outcome: 'open', reason: null, latencyMs: null, serviceMs: null, attempts: 0, slot: null, epoch: null, measured: true },
  ]);
});

test('histograms are in the standard encoding, and count what has no latency beside them', () => {
  const { unit, histograms } = JSON.parse(text('histograms.json')) as { readonly unit: string; readonly histograms: readonly { readonly histogram: string }[] };
  expect(unit).toBe('us');
  expect(histograms).toMatchObject([
    { figure: 'commit', region: null, ok: 1, unknown: 1, failed: 0 }, { figure: 'commit', region: 'here' }, { figure: 'service', region: null }, { figure: 'service', region: 'here' },
  ]);
  const decoded = histograms.map(({ histogram }) => decodeFromCompressedBase64(histogram, 64, false));
  for (const [index, valueUs] of [41_000, 41_000, 40_000, 40_000].entries()) {
    expect(decoded[index]?.totalCount).toBe(1);
    expect(Math.abs((decoded[index]?.getValueAtPercentile(100) ?? 0) - valueUs) / valueUs).toBeLessThan(1e-3);
  }
});

test('summary.csv has a row for each figure and for each figure of a region', () => {
  const [head, ...rows] = text('summary.csv').trimEnd().split('\n').map((line) => line.split(','));
  expect(head).toEqual(['experiment', 'label', 'runner', 'shaper', 'protocol', 'repetition', 'seed', 'publishable', 'region', 'figure', 'value', 'unit', 'bound', 'uncertain']);
  expect(rows.slice(0, METRICS.length).map((row) => row[9])).toEqual(METRICS.map(({ name }) => name));
  expect(rows[0]).toEqual(['test', 'raft', 'sim', 'sim', 'raft', '0', 's', 'false', '', 'commit.p50', '39', 'ms', '>', 'true']);
  expect(rows.slice(METRICS.length).every((row) => row[8] === 'here')).toBe(true);
});

test('the clock error of each node is a series', () => {
  expect(text('clock-error.csv')).toBe('atMs,node,life,errorMs\n1020,n2,1,-0.25\n');
});

test('the manifest has the checksum of every file there is', () => {
  const manifest = JSON.parse(text('manifest.json')) as { readonly files: { readonly [name: string]: { readonly bytes: number; readonly sha256: string } } };
  expect(Object.keys(manifest.files)).toEqual(['events.ndjson', 'history.ndjson', 'samples.parquet', 'histograms.json', 'clock-error.csv', 'summary.json', 'summary.csv']);
  for (const [name, seal] of Object.entries(manifest.files)) {
    expect(seal).toEqual({ bytes: bytes(name).length, sha256: createHash('sha256').update(bytes(name)).digest('hex') });
  }
});

test('docs/results.md names every file and every column', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/results.md'), 'utf8');
  const sections = page.split('\n## ').filter((section) => /^(The files of a run|Columns of samples\.parquet)\n/.test(section));
  const cells = new Set(sections.join('\n').split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1])));
  const [row = {}] = await parquetReadObjects({ file: new Uint8Array(bytes('samples.parquet')).buffer });
  expect(cells).toEqual(new Set([...RUN_FILES, 'manifest.json', ...Object.keys(row)]));
});
