// A sample of the table that `lab hunt --planted` makes, and proof that it can fail.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSection } from './planted-page.ts';
import { complaint, isFound, survey, tableOf, type Survey } from './planted-survey.ts';
import { PLANTS } from './plants/all.ts';
import type { Plant } from './plants/plant.ts';
import { ROOT } from './tree.ts';

const LIMITS = { seeds: 40, cpuSeconds: 30 };

test.each([
  ['raft', 'a voter votes twice in a term'],
  ['raft', 'the commit index passes what the message verified'],
  ['paxos', 'an acceptor accepts below its promise'],
  ['stick', 'report: a report promises nothing'],
])('%s: %s: hunts find it, and its scenario notices', async (protocol, error) => {
  const plant = PLANTS[protocol]?.find((known) => known.error === error) as Plant;
  const [found] = await survey(protocol, [plant], LIMITS) as [Survey];
  expect(complaint(plant, found)).toBeNull();
  expect(found.hunt?.found?.checks).not.toEqual([]);
  expect(tableOf([{ plant, found }]).at(-1)).toContain(`| ${found.hunt?.seeds} |`);
});

test('an error that nothing finds, or not as it is said, is complained about', async () => {
  const text = 'this.votedFor = entry.votedFor;';
  const nothing: Plant = { error: 'none', file: '/node/protocols/raft/server.ts', from: text, to: text };
  const [found] = await survey('raft', [nothing], { seeds: 2, cpuSeconds: 30 }) as [Survey];
  expect(isFound(found)).toBe(false);
  expect(complaint(nothing, found)).toMatch(/nothing finds it/);
  const noticed = { ...found, scenarios: ['split-vote'] };
  expect(complaint({ ...nothing, scenario: 'figure-8' }, noticed)).toMatch(/figure-8 does not notice it/);
  expect(complaint(nothing, noticed)).toMatch(/note why/);
  expect(complaint({ ...nothing, beyondHunts: 'nobody casts a vote' }, noticed)).toBeNull();
  await expect(survey('raft', [{ ...nothing, from: 'no such text' }], LIMITS)).rejects.toThrow(/none: cannot be tried: .*occurs 0 times/);
});

test('the page has a row for each planted error, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs/planted.md'), 'utf8');
  for (const [protocol, plants] of Object.entries(PLANTS)) {
    const [, section = ''] = new RegExp(`<!-- planted ${protocol} -->\\n([\\s\\S]*?)<!-- end of planted ${protocol} -->`).exec(page) ?? [];
    const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1);
    expect(rows.map((row) => row.split(' | ')[0]?.slice(2).replace(/ \([\w.]+: [^|]*\)$/, ''))).toEqual(plants.map(({ error }) => error.replace(/ \([\w.]+: [^|]*\)$/, '')));
  }
  expect(() => withSection('# page\n', 'planted raft', [])).toThrow(/has no section between/);
});

test('bad flags are answered with a line and a remedy', () => {
  const lab = (...argv: readonly string[]) => spawnSync(join(ROOT, 'lab'), ['hunt', '--planted', ...argv], { encoding: 'utf8' });
  for (const [argv, said] of [
    [['--protocol', 'rafd'], /^error: --protocol rafd: is none of raft, .*\n {2}hint: did you mean raft\?/],
    [['--json'], /^error: option '--planted' cannot be used with option '--json'\n {2}hint: /],
  ] as const) {
    const { status, stderr } = lab(...argv);
    expect(stderr).toMatch(said);
    expect(status).toBe(3);
  }
});
