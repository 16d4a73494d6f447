// The files of a run: events as they came, one history line for each operation.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { files } from './files.ts';

const put = { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v' } } as const;
const get = { id: 'c2:1', op: { type: 'get', key: 'k' } } as const;
const EVENTS: readonly LabEvent[] = [
  { atMs: 10, node: 'load', life: 0, sequence: 0, type: 'invoke', client: 'c1', region: 'lan', command: put, intendedMs: 9 },
  { atMs: 10, node: 'load', life: 0, sequence: 1, type: 'attempt', client: 'c1', id: 'c1:1', to: 'n1' },
  { atMs: 11, node: 'load', life: 0, sequence: 2, type: 'invoke', client: 'c2', region: 'lan', command: get, intendedMs: 11 },
  { atMs: 40, node: 'load', life: 0, sequence: 3, type: 'attempt', client: 'c1', id: 'c1:1', to: 'n2' },
  { atMs: 50, node: 'load', life: 0, sequence: 4, type: 'reply', client: 'c1', id: 'c1:1', reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 3 } } },
];

function lines(folder: string, file: string): unknown[] {
  return readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
}

test('an operation is one line with its attempts and its outcome; one without an outcome is kept as such', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-files-'));
  const sink = await files.open({} as Plan, folder);
  for (const event of EVENTS) sink.write(event);
  await sink.close({ version: 1, partial: true } as Summary);
  expect(lines(folder, 'events.ndjson')).toEqual(EVENTS);
  expect(lines(folder, 'history.ndjson')).toEqual([
    { client: 'c1', region: 'lan', id: 'c1:1', op: put.op, intendedMs: 9, invokedMs: 10, attempts: [{ atMs: 10, to: 'n1' }, { atMs: 40, to: 'n2' }], repliedMs: 50, reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 3 } } },
    { client: 'c2', region: 'lan', id: 'c2:1', op: get.op, intendedMs: 11, invokedMs: 11, attempts: [], repliedMs: null, reply: null },
  ]);
  expect(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'))).toEqual({ version: 1, partial: true });
  rmSync(folder, { recursive: true });
});
