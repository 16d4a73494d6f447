// Errors that random schedules meet seldom or never, planted in a protocol: the explorer finds each within small bounds, and within
// the same bounds it finds nothing where nothing is planted. The larger ones of the tables are for a command.
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAXOS_PLANTS } from '../plants/paxos.ts';
import type { Plant } from '../plants/plant.ts';
import { RAFT_PLANTS } from '../plants/raft.ts';

type Answer = { readonly code: number; readonly stdout: string; readonly output: string };
const ROOT = join(import.meta.dirname, '../..');

function explore(protocol: string, bounds: readonly string[], plants: readonly Plant[], extra: readonly string[] = []): Promise<Answer> {
  const preload = `--import=${join(ROOT, 'test/plant-preload.ts')}`;
  const env = { ...process.env, NODE_OPTIONS: preload, LAB_PLANT: JSON.stringify(plants) };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'orchestrator/cli/main.ts'), 'explore', '--protocol', protocol, ...bounds, ...extra], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, output: stdout + stderr });
    });
  });
}

const SMALL: readonly (readonly [protocol: string, error: string, check: string, plants: readonly Plant[]])[] = [
  ['raft', 'the vote is forgotten at a restart', 'one-leader-per-epoch', RAFT_PLANTS],
  ['raft', 'a vote leaves before it is durable', 'one-leader-per-epoch', RAFT_PLANTS],
  ['paxos', 'a minority decides', 'durability', PAXOS_PLANTS],
  ['paxos', 'phase 1 asks one acceptor too few', 'durability', PAXOS_PLANTS],
];

test.each(SMALL)('%s: %s, which violates %s', { timeout: 120_000 }, async (protocol, error, check, plants) => {
  const plant = plants.find((item) => item.error === error);
  expect(plant?.explore).toBeDefined();
  const { code, output } = await explore(protocol, plant?.explore ?? [], plant === undefined ? [] : [plant]);
  expect([code, output]).toEqual([1, expect.stringContaining(`✗ ${check}: `)]);
});

test.each([['raft', RAFT_PLANTS], ['paxos', PAXOS_PLANTS]] as const)('%s: nothing is found where nothing is planted', { timeout: 120_000 }, async (protocol, plants) => {
  const bounds = plants.find(({ error }) => SMALL.some((small) => small[1] === error))?.explore ?? [];
  const { code, output } = await explore(protocol, bounds, []);
  expect([code, output]).toEqual([0, expect.stringMatching(/complete.*\n[^]*nothing found/)]);
});

test('what was found is told again from its file, and not where the error is gone', { timeout: 120_000 }, async () => {
  const plant = PAXOS_PLANTS.find(({ error }) => error === 'a minority decides');
  const { code, stdout } = await explore('paxos', plant?.explore ?? [], plant === undefined ? [] : [plant], ['--json']);
  expect(code).toBe(1);
  const file = join(mkdtempSync(join(tmpdir(), 'lab-found-')), 'found.json');
  writeFileSync(file, stdout);
  const again = await explore('paxos', ['--replay', file], plant === undefined ? [] : [plant]);
  expect([again.code, again.output]).toEqual([1, expect.stringMatching(/after 7 steps:[^]*commits .* c1:1[^]*✗ prefix-agreement/)]);
  const gone = await explore('paxos', ['--replay', file], []);
  expect([gone.code, gone.output]).toEqual([0, expect.stringContaining('now nothing is violated by this conversation')]);
  writeFileSync(file, '{"version":2}');
  const old = await explore('paxos', ['--replay', file], []);
  expect([old.code, old.output]).toEqual([3, expect.stringContaining(`${file}: version`)]);
});

test('a mistake in a flag is one line with its remedy', { timeout: 60_000 }, async () => {
  const line = async (...flags: readonly string[]) => (await explore('raft', flags, [])).output;
  expect(await line('--set', 'electionTimeout=3')).toMatch(/raft: electionTimeout: unknown option/);
  expect(await line('--disks', '/no/such')).toMatch(/--disks \/no\/such: cannot be read \(ENOENT\)/);
});
