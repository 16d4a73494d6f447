// A few cycles of what `npm run test:crash` does a hundred times: nodes of a live cluster are killed and started again under
// load, at the end all at once; and a planted error shows that what is lost is found.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { crashCycles } from './crash-cycles.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-crash-cycles-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  delete process.env['LAB_PLANT'];
  delete process.env['NODE_OPTIONS'];
});

test.each(['raft', 'paxos'])('%s: no acknowledged write is lost by SIGKILL and restart, and the history has an order', async (protocol) => {
  const { verdicts, kills, restarts, lives, acknowledged, reads } = await crashCycles({ protocol, nodes: 3, cycles: 6, seed: 'short', folder });
  expect(verdicts.filter(({ valid }) => valid !== true)).toEqual([]);
  expect(verdicts.map(({ check }) => check)).toEqual(expect.arrayContaining(['durability', 'linearizability']));
  expect({ kills, restarts }).toEqual({ kills: 8, restarts: 8 });
  expect(lives).toBeGreaterThanOrEqual(3);
  expect(Math.min(acknowledged, reads)).toBeGreaterThan(50);
});

test('nodes that come back without their log are found', async () => {
  // Only the processes that the runner starts see it.
  process.env['LAB_PLANT'] = JSON.stringify([{ file: '/node/host/disk.ts', from: 'entries: found.entries };', to: 'entries: [] };' }]);
  process.env['NODE_OPTIONS'] = `--import=${join(import.meta.dirname, 'plant-preload.ts')}`;
  const { verdicts } = await crashCycles({ protocol: 'raft', nodes: 3, cycles: 1, seed: 'short', folder });
  expect(verdicts.filter(({ valid }) => valid === false).map(({ check }) => check)).toContain('durability');
});
