// Plug-ins that throw after they were loaded, one of each kind, in planning and in a run: one line with the file and what was
// thrown, exit code 3, no stack and no talk of a bug of the lab.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Summary } from '../orchestrator/kinds.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'lab-throws-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plug-ins that do next to nothing; each test puts boom in the place of one member. */
const NOUNS = `
const boom = () => { throw new Error('boom\\nmore of it'); };
const params = { safeParse: (data) => ({ success: true, data }) };
const machine = (env) => ({
  start: () => env.setTimer('tick', 100), message: () => {}, timer: () => {}, commands: () => {}, turn: () => {},
  status: () => ({ role: 'follower', leader: null, epoch: 1, lastSlot: 0, commitSlot: 0, configurations: [] }),
});
const protocol = { name: 'mine', summary: 'does nothing', defaults: {}, create: machine };
const model = { initial: null, partition: (op) => op.key, step: () => ({ legal: true, state: null }), key: () => '' };
const workload = { name: 'work', summary: 'asks', params, model, *operations() { for (;;) yield { type: 'get', key: 'k' }; } };
const fault = { name: 'harm', summary: 'pauses', params, actions: () => [{ afterMs: 0, action: { type: 'pause', node: 'n1' } }, { afterMs: 9, action: { type: 'resume', node: 'n1' } }] };
const check = { name: 'look', summary: 'looks', claim: null, begin: () => ({ observe: () => {}, finish: () => ({ check: 'look', claim: null, valid: true, because: '' }) }) };
const sink = { name: 'drain', summary: 'takes', open: async () => ({ write: () => {}, close: async () => {} }) };
`;

type Ended = { readonly status: number | null; readonly stderr: string; readonly out: string };

/** `plugin`: the default export, in terms of NOUNS. */
function run(plugin: string, ...args: readonly string[]): Ended {
  const file = join(folder, 'mine.mjs');
  writeFileSync(file, `${NOUNS}export default ${plugin};\n`);
  const out = mkdtempSync(join(folder, 'out-'));
  const { status, stderr } = spawnSync(join(root, 'lab'), ['run', ...args, '--plugin', './mine.mjs', '--out', out, '--nodes', '3', '--rate', '20/s', '--set', 'run.warmup=500ms', '--set', 'run.measure=1s', '--set', 'load.timeout=1s', '--set', 'run.settle=1s'],
    { cwd: folder, encoding: 'utf8', timeout: 100_000 });
  return { status, stderr, out };
}

function experiment(text: string): string {
  const file = join(folder, 'e.yaml');
  writeFileSync(file, `name: e\n${text}`);
  return file;
}

const told = (what: string) => new RegExp(String.raw`^error: (n\d at [\d.]+ ms: )?\./mine\.mjs: ${what} \(mine\.mjs:\d+\)\n {2}hint: .*\n`, 'm');

const PLANNING = [
  ['protocol', 'resolve', `{ protocols: [{ ...protocol, resolve: boom }] }`, ['mine']],
  ['protocol', 'leadership', `{ protocols: [{ ...protocol, leadership: boom }] }`, ['mine']],
  ['fault', 'actions', `{ protocols: [protocol], faults: [{ ...fault, actions: boom }] }`, ['mine', '--fault', 'harm@500ms']],
] as const;
test.each(PLANNING)('a %s whose %s() throws in planning', (kind, member, plugin, args) => {
  const { status, stderr } = run(plugin, ...args);
  expect(stderr).toMatch(told(`${kind} \\w+: ${member}\\(\\) fails: boom`));
  expect([status, stderr.split('\n')]).toEqual([3, [expect.anything(), expect.anything(), '']]);
});

const RUNNING = [
  ['protocol mine', 'create', `{ protocols: [{ ...protocol, create: boom }] }`],
  ['protocol mine', 'timer', `{ protocols: [{ ...protocol, create: (env) => ({ ...machine(env), timer: boom }) }] }`],
  ['protocol mine', 'commands', `{ protocols: [{ ...protocol, create: (env) => ({ ...machine(env), commands: boom }) }] }`],
  ['workload work', 'operations', `{ protocols: [protocol], workloads: [{ ...workload, operations: boom }] }`],
  ['workload work', 'operations', `{ protocols: [protocol], workloads: [{ ...workload, operations: () => ({ next: boom }) }] }`],
  ['check look', 'begin', `{ protocols: [protocol], checks: [{ ...check, begin: boom }] }`],
  ['check look', 'observe', `{ protocols: [protocol], checks: [{ ...check, begin: () => ({ ...check.begin(), observe: boom }) }] }`],
  ['check look', 'finish', `{ protocols: [protocol], checks: [{ ...check, begin: () => ({ ...check.begin(), finish: boom }) }] }`],
] as const;
const onWork = (plugin: string) => (plugin.includes('workloads') ? experiment('protocols: [mine]\nload: { workload: work }\n') : 'mine');
test.each(RUNNING)('a %s whose %s() throws in a run', (noun, member, plugin) => {
  const { status, stderr } = run(plugin, onWork(plugin));
  expect(stderr).toMatch(told(`${noun}: ${member}\\(\\) fails: boom`));
  expect(stderr).not.toMatch(/\bbug\b|^ {4}at /m);
  expect(status).toBe(3);
});

test.each([
  ['a protocol that makes no machine', `{ protocols: [{ ...protocol, create: () => ({}) }] }`, 'create() fails: what it returns is no machine: it has no start()'],
  ['operations that are no iterator', `{ protocols: [protocol], workloads: [{ ...workload, operations: () => undefined }] }`, 'operations() fails: it returns undefined, which is no iterator'],
  ['operations that end', `{ protocols: [protocol], workloads: [{ ...workload, *operations() {} }] }`, 'operations() fails: it ends: a session asks as long as it lives'],
  ['a check without an observer', `{ protocols: [protocol], checks: [{ ...check, begin: () => null }] }`, 'begin() fails: it returns null, which is no observer'],
])('%s', (_, plugin, words) => {
  const { status, stderr } = run(plugin, onWork(plugin));
  expect(stderr).toContain(words);
  expect([status, /\bbug\b|^ {4}at /m.test(stderr)]).toEqual([3, false]);
});

test('what was recorded before a check failed is kept, and says so', () => {
  const { out } = run(`{ protocols: [protocol], checks: [{ ...check, begin: () => ({ ...check.begin(), finish: boom }) }] }`, 'mine');
  const [experimentFolder = ''] = readdirSync(out);
  const summary = JSON.parse(readFileSync(join(out, experimentFolder, 'mine-sim-1', 'summary.json'), 'utf8')) as Summary;
  expect([summary.partial, summary.publishable]).toEqual([true, false]);
  expect(summary.verdicts.find((verdict) => verdict.check === 'look')).toMatchObject({ valid: 'unknown', because: 'finish() fails: boom' });
});

test.each([
  ['open', `open: boom`],
  ['write', `open: async () => ({ write: boom, close: async () => {} })`],
  ['write', `open: async () => ({ write: async () => boom(), close: async () => {} })`],
  ['close', `open: async () => ({ write: () => {}, close: boom })`],
])('a sink whose %s() throws is left out with a warning: the results are files', (member, changed) => {
  const { status, stderr } = run(`{ protocols: [protocol], sinks: [{ ...sink, ${changed} }] }`, 'mine', '--sink', 'drain');
  expect(stderr).toMatch(new RegExp(String.raw`^warning: the sink drain is left out: \./mine\.mjs: sink drain: ${member}\(\) fails: boom`, 'm'));
  // A protocol that answers nothing makes a run invalid or not; it is no error.
  expect([0, 2], stderr).toContain(status);
});

test.each([
  ['a protocol', 'node', `{ protocols: [{ ...protocol, create: (env) => ({ ...machine(env), timer: boom }) }] }`, /^error: n\d: the plug-in \S*\/mine\.mjs: protocol mine: timer\(\) fails: boom \(\S*mine\.mjs:\d+\)$/m],
  ['a workload', 'load process', `{ protocols: [protocol], workloads: [{ ...workload, operations: boom }] }`, /^error: \S*\/mine\.mjs: workload work: operations\(\) fails: boom \(mine\.mjs:\d+\)$/m],
])('on real processes %s that throws ends the %s with its name', (_what, _who, plugin, words) => {
  const { status, stderr } = run(plugin, onWork(plugin), '--on', 'local');
  expect(stderr).toMatch(words);
  expect([status, /\bbug\b|^ {4}at /m.test(stderr)]).toEqual([3, false]);
});
