// `lab verify` and `lab replay` as a user has them: an experiment that is whole, one that was altered, one that is damaged,
// and what is no result at all.
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labIn } from '../../test/lab-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-verified-'));
let experiment = '';
let table = '';

const lab = (...argv: readonly string[]) => labIn(folder, argv);

beforeAll(async () => {
  const { code, stdout } = await lab('run', 'raft', '--nodes', '3', '--repeat', '2', '--out', join(folder, 'results'), '--set', 'run.warmup=500ms', '--set', 'run.measure=2s');
  expect(code).toBe(0);
  experiment = join(folder, 'results', readdirSync(join(folder, 'results'))[0] ?? '');
  table = stdout;
});
afterAll(() => rmSync(folder, { recursive: true }));

let copies = 0;
function copied(): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(experiment, copy, { recursive: true });
  return copy;
}

test('an experiment as it was left is verified, run by run and together', async () => {
  const { code, stdout, stderr } = await lab('verify', experiment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^ok {7}.*raft-sim-1: \d+ figures and 5 verdicts follow from the record$/),
    expect.stringMatching(/^ok {7}.*raft-sim-2: \d+ figures and 5 verdicts/),
    expect.stringMatching(/^ok {7}.*: the row of its repetitions follows from the record$/),
  ]);
});

test('one altered number is named with both values, in the run or over the repetitions, with exit code 2', async () => {
  const copy = copied();
  const summary = join(copy, 'raft-sim-2', 'summary.json');
  writeFileSync(summary, readFileSync(summary, 'utf8').replace(/("throughput": \{\s+"value": )[\d.]+/, '$1321'));
  const environment = join(copy, 'raft-sim-2', 'environment.json');
  writeFileSync(environment, readFileSync(environment, 'utf8').replace(/"version": "[^"]*"/, '"version": "0.0.1"').replace(/"revision": ("\w+"|null)/, '"revision": null'));
  const together = join(copy, 'experiment.json');
  writeFileSync(together, readFileSync(together, 'utf8').replace(/("median": \{\s+"value": )[\d.]+/, '$1321'));
  const { code, stdout } = await lab('verify', copy);
  expect(code).toBe(2);
  expect(stdout).toMatch(/^ok .*raft-sim-1/m);
  expect(stdout).toMatch(/^differs .*raft-sim-2: summary\.json: metrics\.throughput\.value is 321, expected [\d.]+$/m);
  expect(stdout).toMatch(/^note .*raft-sim-2: lab 0\.0\.1 wrote it, this is lab /m);
  expect(stdout).toMatch(/^differs .*: experiment\.json: groups\[0\]\.figures\.commit\.p50\.median\.value is 321, expected [\d.]+$/m);
});

test('a damaged run is refused with its line, the others are verified, with exit code 3', async () => {
  const copy = copied();
  appendFileSync(join(copy, 'raft-sim-1', 'events.ndjson'), '{"atMs":1');
  rmSync(join(copy, 'raft-sim-2', 'manifest.json'));
  const { code, stdout, stderr } = await lab('verify', copy, '--json');
  const { folders } = JSON.parse(stdout) as { readonly folders: readonly { readonly ok: boolean; readonly error: { readonly message: string } | null }[] };
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(folders.map(({ ok }) => ok)).toEqual([false, false, true]);
  expect(folders[0]?.error?.message).toMatch(/events\.ndjson:\d+ is cut short/);
  expect(folders[1]?.error?.message).toMatch(/manifest\.json is missing/);
});

test('a run folder that is gone is missed', async () => {
  const copy = copied();
  rmSync(join(copy, 'raft-sim-1'), { recursive: true });
  const { code, stdout } = await lab('verify', copy);
  expect(code).toBe(2);
  expect(stdout).toMatch(/^differs .*experiment\.json: runs\[0\] is "raft-sim-1", expected "raft-sim-2"$/m);
});

test.each([
  [['verify', '/nowhere'], '/nowhere cannot be read (ENOENT)'],
  [['verify', '.'], '. holds no run'],
  [['replay', '.'], '. holds no run'],
  [['replay', '.', '--sink', 'file'], 'unknown sink "file"'],
  [['replay', '.', '--sink', 'files'], 'the sink files is what is replayed'],
])('%j is refused in two lines with exit code 3', async (argv, what) => {
  const { code, stdout, stderr } = await lab(...argv);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(what), expect.stringMatching(/^ {2}hint: /)]);
});

test('a replay prints the table of the run again, and hands every event to the sink of a plug-in', async () => {
  const module = join(folder, 'counting.mjs');
  writeFileSync(module, `
    import { writeFileSync } from 'node:fs';
    const counting = { name: 'counting', summary: 'counts', async open(plan) {
      let events = 0;
      return { write() { events++; }, async close(summary) { writeFileSync(${JSON.stringify(folder)} + '/' + plan.id + '.count', events + ' ' + summary.metrics.samples.value); } };
    } };
    export default { sinks: [counting] };`);
  const { code, stdout } = await lab('replay', experiment, '--plugin', module, '--sink', 'counting');
  expect(code).toBe(0);
  expect(table.startsWith(stdout.trimEnd())).toBe(true);
  const counts = readdirSync(folder).filter((name) => name.endsWith('.count')).map((name) => readFileSync(join(folder, name), 'utf8').split(' ').map(Number));
  const lines = ['raft-sim-1', 'raft-sim-2'].map((run) => readFileSync(join(experiment, run, 'events.ndjson'), 'utf8').trimEnd().split('\n').length);
  expect(new Set(counts.map(([events]) => events))).toEqual(new Set(lines));
});

test('a sink that fails ends the replay in two lines with exit code 3', async () => {
  const module = join(folder, 'failing.mjs');
  writeFileSync(module, `export default { sinks: [{ name: 'failing', summary: 'fails', open: () => Promise.reject(new Error('nobody listens')) }] };`);
  const { code, stderr } = await lab('replay', experiment, '--plugin', module, '--sink', 'failing');
  expect(code).toBe(3);
  expect(stderr).toContain(`error: ${module}: sink failing: open() fails: nobody listens (`);
  expect(stderr.split('\n')).toHaveLength(3);
});
