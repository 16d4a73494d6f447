// `lab trace` as a user has it: a run and a file of events, as text and as a page, and what it refuses.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labIn } from '../../test/lab-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-traced-'));
let run = '';
afterAll(() => rmSync(folder, { recursive: true }));

const lab = (...argv: readonly string[]) => labIn(folder, argv);

beforeAll(async () => {
  const { code } = await lab('run', 'raft', '--nodes', '3', '--out', 'results', '--rate', '20/s', '--set', 'run.warmup=1s', '--set', 'run.measure=2s', '--fault', 'crash:leader@500ms,for=1s');
  expect(code).toBe(0);
  const experiment = join('results', readdirSync(join(folder, 'results'))[0] ?? '');
  run = join(experiment, 'raft-sim-1');
});

test('a part of a run is printed: a column for each node, what it said and what was done to it', async () => {
  const { code, stdout, stderr } = await lab('trace', run, '--around', '2s', '--last', '600ms');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')[0]).toMatch(/^ +s {2}clients +n1 +n2 +n3$/);
  expect(stdout).toMatch(/^ {4}1\.\d+ {2}─ fault crash n\d begins$/m);
  expect(stdout).toMatch(/✕ crashes \(disk: lose-unsynced\)/);
  expect(stdout).toMatch(/→ (n\d )+appendEntries$/m);
});

test('the commits of a slot are drawn on a page that is whole in itself', async () => {
  const { code, stdout } = await lab('trace', join(run, 'events.ndjson'), '--slot', '3', '--page', 'slot.html');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'page: slot.html\n' });
  const page = readFileSync(join(folder, 'slot.html'), 'utf8');
  expect(page.match(/class="sign is-committed marked"/g)?.length).toBeGreaterThanOrEqual(3);
  expect(page).not.toMatch(/<script|src=|href="(?!data:)/);
});

test('a run that violated a check is drawn around the violation', async () => {
  const summary = join(folder, run, 'summary.json');
  const recorded = JSON.parse(readFileSync(summary, 'utf8')) as { verdicts: object[] };
  writeFileSync(summary, JSON.stringify({ ...recorded, verdicts: [{ check: 'agreement', claim: 'agreement', valid: false, because: 'they differ', witness: [{ atMs: 1_200 }] }] }));
  const { stdout } = await lab('trace', run, '--last', '100ms');
  expect(stdout).toMatch(/^ {4}1\.2000 {2}! agreement: they differ$/m);
  expect(stdout).not.toMatch(/^ {4}(1\.0|1\.3)/m);
  writeFileSync(summary, JSON.stringify(recorded));
});

test('a file of events needs no plan', async () => {
  writeFileSync(join(folder, 'mine.ndjson'), '{"atMs":5,"node":"a","life":1,"sequence":0,"type":"sent","peer":"b","peerLife":1,"frame":0,"bytes":9}\n{"atMs":7,"node":"b","life":1,"sequence":0,"type":"received","peer":"a","peerLife":1,"frame":0,"bytes":9}\n');
  expect(await lab('trace', 'mine.ndjson')).toEqual({
    code: 0, stderr: '', stdout: '         s  clients       a             b\n    0.0050                → b a message │\n    0.0070                │             ← a a message of 0.0050\n',
  });
});

test.each([
  [['--around', '90s'], /^error: --around 90s: the run ended at [\d.]+ s\n/],
  [['--around', 'later'], /^error: --around later: /],
  [['--slot', '99999'], /^error: --slot 99999: nothing was committed there\n/],
  [['--slot', '3', '--around', '1s'], /^error: --around and --slot are given both\n/],
])('%s is refused in one line', async (flags, message) => {
  expect(await lab('trace', run, ...flags)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(message) });
});
