// lab clean and lab doctor on this machine: only what a killed lab has left is touched, and what is looked at says its remedy.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandOf } from './state.ts';

const LAB = fileURLToPath(new URL('../../lab', import.meta.url));
const IDLE = 'setInterval(() => undefined, 1000)';
let folder = '';
let state = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-clean-'));
  state = join(folder, 'consensus-lab');
  mkdirSync(state, { mode: 0o700 });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function lab(...argv: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(LAB, argv, { cwd: folder, encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: folder } });
  return { code: status, stdout, stderr };
}

/** A process with this word in its command line. */
function idle(mark: string): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, ['-e', IDLE, mark], { stdio: 'ignore' });
  children.push(child);
  return child as ChildProcess & { readonly pid: number };
}

/** What a lab has written that started these. */
function record(lab: number, command: string | null, processes: readonly { readonly pid: number; readonly mark: string }[]): void {
  const lines = [{ lab, command }, ...processes.map((started) => ({ name: 'n1', folder, ...started }))];
  writeFileSync(join(state, `processes-${lab}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function resultFolder(name: string): string {
  const run = join(folder, 'results', name, 'raft-local-1');
  mkdirSync(join(run, 'work/n1'), { recursive: true });
  writeFileSync(join(run, 'plan.json'), '{}');
  return run;
}

test('processes of a killed lab are ended, a stopped one too; those of a living lab and of strangers are not', async () => {
  const left = idle(join(folder, 'left/config.json'));
  const stopped = idle(join(folder, 'stopped/config.json'));
  stopped.kill('SIGSTOP');
  const reused = idle('something else');
  const living = idle(join(folder, 'living/config.json'));
  record(2 ** 22 + 1, 'node lab', [
    { pid: left.pid, mark: join(folder, 'left/config.json') }, { pid: stopped.pid, mark: join(folder, 'stopped/config.json') },
    { pid: reused.pid, mark: join(folder, 'gone/config.json') },
  ]);
  record(process.pid, commandOf(process.pid), [{ pid: living.pid, mark: join(folder, 'living/config.json') }]);

  const dry = lab('clean', '--dry-run');
  expect(dry.stdout).toContain(`would end n1 (process ${left.pid})`);
  expect(left.exitCode).toBeNull();

  const exits = [left, stopped].map((child) => new Promise((resolve) => { child.once('exit', (code, signal) => resolve(code ?? signal)); }));
  const { code, stdout } = lab('clean');
  expect(code).toBe(0);
  expect(stdout).toContain(`ended n1 (process ${stopped.pid})`);
  expect(stdout).not.toContain(String(reused.pid));
  expect(await Promise.all(exits)).toEqual(['SIGTERM', 'SIGTERM']);
  expect([reused, living].map(({ exitCode, signalCode }) => [exitCode, signalCode])).toEqual([[null, null], [null, null]]);
  expect(readdirSync(state)).toEqual([`processes-${process.pid}.ndjson`]);
  expect(lab('clean').stdout).toBe('nothing is left over\n');
});

test('work folders go unless a running lab uses them, and results only on request and by age', () => {
  const old = resultFolder('mine-20200101T000000Z');
  const used = resultFolder('mine-20200101T000000Z-2');
  const recent = resultFolder(`mine-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`);
  mkdirSync(join(folder, 'results/baselines/work'), { recursive: true });
  const mark = 'results/mine-20200101T000000Z-2/raft-local-1/work/n1/config-1.json';
  record(process.pid, commandOf(process.pid), [{ pid: idle(mark).pid, mark }]);

  expect(lab('clean').code).toBe(0);
  expect([old, used, recent].map((run) => existsSync(join(run, 'work')))).toEqual([false, true, false]);
  expect([old, used, recent].map((run) => existsSync(join(run, 'plan.json')))).toEqual([true, true, true]);

  // A lab in virtual time: its own processes are those of another kernel, which was given the folder of all results.
  const everything = join(folder, 'results');
  const inside = idle(everything);
  record(process.pid, commandOf(process.pid), [{ pid: inside.pid, mark: everything }]);
  expect(lab('clean', '--results', '--older-than', '7d').stdout).toBe('nothing is left over\n');
  record(process.pid, commandOf(process.pid), [{ pid: idle(mark).pid, mark }]);

  const { stdout } = lab('clean', '--results', '--older-than', '7d', '--json');
  expect((JSON.parse(stdout) as { cleaned: unknown }).cleaned).toEqual([{ what: 'folder', name: 'results/mine-20200101T000000Z' }]);
  expect([old, used, recent].map((run) => existsSync(run))).toEqual([false, true, true]);
  expect(existsSync(join(folder, 'results/baselines/work'))).toBe(true);
});

test.each([
  [['clean', '--results'], 'does not say how old', '--older-than 7d'],
  [['clean', '--results', '--older-than', '7'], '"7" has no unit', '7d'],
  [['clean', '--older-than', '7d'], '--older-than is about results', '--results'],
])('%j is refused', (argv, what, remedy) => {
  const { code, stderr } = lab(...argv);
  expect(code).toBe(3);
  expect(stderr).toContain(what);
  expect(stderr).toContain(remedy);
});

test('a folder that others can read is no place for tokens', () => {
  rmSync(state, { recursive: true });
  mkdirSync(state, { mode: 0o755 });
  expect(lab('clean')).toMatchObject({ code: 4, stderr: expect.stringContaining('is not a folder that only you can read') as string });
});

test('the doctor looks at everything that a run needs, and each warning has a remedy', () => {
  const { code, stdout } = lab('doctor', '--json');
  const { examined } = JSON.parse(stdout) as { readonly examined: readonly { readonly name: string; readonly state: string; readonly found: string; readonly remedy: string | null }[] };
  expect(examined.map(({ name }) => name)).toEqual(['Node.js', 'cores', 'timers', 'loopback', 'disk fsync', 'receive buffer', 'iproute2', 'namespaces', 'netem', 'virtual time', 'Docker', 'Docker Compose', 'Chromium']);
  for (const { state: found, remedy } of examined) expect(remedy === null).toBe(found === 'ok');
  expect(code).toBe(examined.some(({ state: found }) => found === 'missing') ? 4 : 0);
  expect(existsSync(join(folder, 'results'))).toBe(false);
  expect(lab('doctor', '--out', '/dev/null/no')).toMatchObject({ code: 4, stdout: expect.stringContaining('missing  disk fsync') as string });
});
