// `lab check` as a user has it: files, folders and runs of this lab, exit codes, JSON and the page.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { labIn } from '../../test/lab-command.ts';

const HISTORIES = fileURLToPath(new URL('../../test/histories/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lab-checked-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lab = (...argv: readonly string[]) => labIn(folder, argv);

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const verdicts = JSON.parse(readFileSync(join(HISTORIES, 'verdicts.json'), 'utf8')) as { readonly jepsen_etcd: { readonly [file: string]: boolean } };

test('files are judged as Porcupine judges them, and the page shows what cannot be ordered', async () => {
  const files = Object.keys(verdicts.jepsen_etcd);
  const { code, stdout } = await lab('check', ...files.map((file) => join(HISTORIES, file)), '--format', 'jepsen-etcd', '--json', '--page', 'why.html');
  const { histories } = JSON.parse(stdout) as { histories: readonly { readonly path: string; readonly linearizable: boolean; readonly counterexample?: { readonly legalPrefix: readonly string[]; readonly stuck: readonly object[] } }[] };
  expect(code).toBe(1);
  expect(Object.fromEntries(histories.map(({ path, linearizable }) => [path.slice(HISTORIES.length), linearizable]))).toEqual(verdicts.jepsen_etcd);
  for (const { linearizable, counterexample } of histories) expect(counterexample?.stuck.length ?? 0).toBeGreaterThan(linearizable ? -1 : 0);
  const page = readFileSync(join(folder, 'why.html'), 'utf8');
  expect(page.match(/class="timeline"/g)).toHaveLength(histories.filter(({ linearizable }) => !linearizable).length);
  expect(page).toContain('it read &#39;2&#39;, but the state is &#39;1&#39;');
  expect(page).not.toMatch(/<script|src=|href="(?!data:)/);
});

test('the exit code is 0 for a good one, 2 for an empty or an undecided one, 3 for a wrong one', async () => {
  const good = join(HISTORIES, 'etcd_002.txt');
  expect(await lab('check', good, '--format', 'jepsen-etcd')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok {7} .*etcd_002\.txt: 77 operations on one key have a legal order\n$/) });
  expect(await lab('check', write('empty.log', ''), '--format', 'jepsen-etcd')).toMatchObject({ code: 2, stdout: 'unknown   empty.log: nothing was judged: there is no operation in it\n' });
  expect(await lab('check', join(HISTORIES, 'etcd_040.txt'), '--format', 'jepsen-etcd', '--steps', '100')).toMatchObject({ code: 2, stdout: expect.stringMatching(/^unknown .*: not decided within \d+ steps \(.* of unknown outcome\)\n$/) });
  const wrong = write('wrong.ndjson', '{"id":"c1:1"}\n');
  expect(await lab('check', wrong)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^error: wrong\.ndjson:1: op is not an object\n {2}hint: a line reads: .*\n$/) });
  expect(await lab('check', write('latin1.log', ''), 'missing.log')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: missing\.log: there is no such file or folder\n {2}hint: .*\n$/) });
  expect(await lab('check', good, '--format', 'jepsen-etc')).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean jepsen-etcd?') });
  expect(await lab('check', good, '--time', 'soon')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: --time soon: /) });
});

test('of a folder every file with an ending of the format is judged; one that is refused hides no other', async () => {
  mkdirSync(join(folder, 'logs'));
  write('logs/a.log', 'INFO  jepsen.util - 0 :invoke :write 1\nINFO  jepsen.util - 0 :ok :write 1\n');
  write('logs/b.log', 'INFO  jepsen.util - 0 :ok :write 1\n');
  writeFileSync(join(folder, 'logs', 'c.log'), Buffer.from([0xff, 0xfe, 0x80]));
  write('logs/verdicts.json', '{}');
  const { code, stdout, stderr } = await lab('check', 'logs', '--format', 'jepsen-etcd');
  expect(code).toBe(3);
  expect(stdout).toBe('ok        logs/a.log: one operation on one key has a legal order\n3 histories: 1 ok, 0 violated, 0 unknown, 2 refused\n');
  expect(stderr).toMatch(/^error: logs\/b\.log:1: process 0 is answered, but it asked nothing\n.*\nerror: logs\/c\.log: it is no text in UTF-8\n.*\n$/);
  mkdirSync(join(folder, 'bare'));
  expect(await lab('check', 'bare')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: bare holds no file that ends with \.ndjson, \.jsonl\n/) });
});

test('the runs of this lab are judged with the models of their workloads', async () => {
  const ran = await lab('run', 'raft', '--nodes', '3', '--out', 'results', '--set', 'load.workload=counter', '--rate', '20/s', '--set', 'run.warmup=500ms', '--set', 'run.measure=2s');
  expect(ran.code).toBe(0);
  const experiment = join('results', readdirSync(join(folder, 'results'))[0] ?? '');
  const { code, stdout } = await lab('check', experiment);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ok {7} .*raft-sim-1\/history\.ndjson: \d+ operations on \d+ keys have a legal order\n$/) });
  const history = join(folder, experiment, 'raft-sim-1', 'history.ndjson');
  writeFileSync(history, readFileSync(history, 'utf8').replace(/("type":"get".*"reply":\{"outcome":"ok","value":)(?:"\+*"|null)/, '$1"++++++++++++++++++++++++++++++++++++++++"'));
  expect(await lab('check', experiment)).toMatchObject({ code: 1 });
});
