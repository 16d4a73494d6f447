// `lab run` of an experiment with a search: the boundary, its files, and the words and exit codes where there is none.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const LAB = join(import.meta.dirname, '../../lab');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-search-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command at the leader waits for one round trip of the network and one flush: 21 ms at scale 1, 101 ms at scale 5. */
function search(target: string, more = ''): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const file = join(folder, 'search.yaml');
  writeFileSync(file, `name: found
protocols: [raft]
nodes: 3
leader: n1
network: { wan: lan, links: { "n1 - n2": { delay: 10ms }, "n1 - n3": { delay: 10ms }, "n2 - n3": { delay: 10ms } } }
disk: { fsync: 1ms }
load: { rate: 50/s, target: leader }
run: { warmup: 1s, measure: 2s }
search: { vary: network.scale, between: [1, 9], hold: ${target}, repeat: 2, points: 3${more} }
`);
  return spawnSync(LAB, ['run', file, '--on', 'sim', '--out', join(folder, 'results'), '--json'], { encoding: 'utf8', timeout: 110_000 });
}

type Document = { readonly found: readonly { readonly outcome: string; readonly boundaries: readonly { readonly holds: number; readonly fails: number }[]; readonly points: readonly { readonly value: number }[] }[] };

test('the boundary is the value that the closed form gives, with a map as table, rows and page', () => {
  const { status, stdout, stderr } = search('commit.p50 < 81ms', ', resolution: 0.5');
  expect(status, stderr).toBe(0);
  const { found: [one] } = JSON.parse(stdout) as Document;
  // 20 ms × scale + 1 ms < 81 ms up to scale 4, a client in the leader's own place.
  expect(one?.boundaries).toEqual([{ side: 'upper', holds: 3.5, fails: 4 }]);
  const [results = ''] = readdirSync(join(folder, 'results'));
  const kept = readdirSync(join(folder, 'results', results));
  expect(kept).toEqual(expect.arrayContaining(['search.json', 'search.csv', 'report.html', 'experiment.json', 'raft@scale=1-sim-1', 'raft@scale=1-sim-2', 'raft@scale=3.5-sim-1']));
  expect(readFileSync(join(folder, 'results', results, 'search.csv'), 'utf8').split('\n')).toHaveLength((one?.points.length ?? 0) + 2);
  const page = readFileSync(join(folder, 'results', results, 'report.html'), 'utf8');
  expect(page).toContain('it holds up to 3.5 and fails from 4 on');
  expect(stderr).toContain('raft on sim: 9: 0 of 2 runs hold');
});

test.each([['commit.p50 < 10s', 'everywhere'], ['commit.p50 < 1ms', 'nowhere']])('a target such as %s that holds %s ends with exit code 2', (target, outcome) => {
  const { status, stdout, stderr } = search(target);
  expect(status, stderr).toBe(2);
  expect((JSON.parse(stdout) as Document).found[0]?.outcome).toBe(outcome);
});

test('a field that is none, and a value that it cannot have, are refused before anything runs', () => {
  const file = join(folder, 'wrong.yaml');
  const run = (vary: string, between: string) => {
    writeFileSync(file, `name: a\nprotocols: [raft]\nsearch: { vary: ${vary}, between: ${between}, hold: errors < 1 }\n`);
    const { status, stderr } = spawnSync(LAB, ['run', file, '--out', join(folder, 'none')], { encoding: 'utf8', timeout: 110_000 });
    return { status, stderr };
  };
  expect(run('load.rte', '[1/s, 9/s]')).toMatchObject({ status: 3, stderr: expect.stringMatching(/wrong\.yaml:3:17 \(load\.rte = 1\/s\).*"rte"/) as string });
  expect(run('load.rate', '[1ms, 9ms]')).toMatchObject({ status: 3, stderr: expect.stringMatching(/wrong\.yaml:3:17.*"1ms" is not a rate/) as string });
  expect(() => readdirSync(join(folder, 'none'))).toThrow('ENOENT');
});
