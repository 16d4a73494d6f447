// What the command line offers a newcomer and a program: files that run, lists as JSON, completion, help with examples.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const LAB = fileURLToPath(new URL('../../lab', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lab-offers-'));
afterAll(() => rmSync(folder, { recursive: true }));

function lab(...argv: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(LAB, argv, { cwd: folder, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

function ran(...argv: readonly string[]): string {
  const { code, stdout, stderr } = lab(...argv);
  expect({ argv, code, stderr: code === 0 ? '' : stderr }).toEqual({ argv, code: 0, stderr: '' });
  return stdout;
}

test('a new experiment and a new workload run as they are', () => {
  expect(ran('new', 'experiment', 'my-wan')).toContain('lab run my-wan.yaml --on sim');
  ran('run', 'my-wan.yaml', '--set', 'run.measure=8s');
  const { path, next } = JSON.parse(ran('new', 'workload', 'my-load', '--json')) as { readonly path: string; readonly next: readonly string[] };
  expect(path).toBe('my-load.ts');
  // As it is written there, but shorter.
  ran(...(next[0] ?? '').split(' ').slice(1), '--set', 'run.measure=3s', '--set', 'load.keys=1');
});

test.each([
  [['new', 'workload', 'register'], 'the lab has a workload called "register"', 'another name'],
  [['new', 'worklod', 'x'], 'unknown kind "worklod"', 'did you mean workload?'],
  [['new', 'experiment', 'My Wan'], '"My Wan" is not a name', 'a-z'],
  [['new', 'experiment', 'x', '--out', '/dev/null/x.yaml'], 'cannot be written', '--out'],
  [['completion', 'bsh'], 'unknown shell "bsh"', 'did you mean bash?'],
])('%j is refused with a remedy', (argv, what, remedy) => {
  const { code, stderr } = lab(...argv);
  expect(code).toBe(3);
  expect(stderr).toContain(what);
  expect(stderr).toContain(remedy);
});

test('a file that is there is never replaced', () => {
  ran('new', 'experiment', 'twice');
  expect(lab('new', 'experiment', 'twice')).toMatchObject({ code: 3, stderr: expect.stringContaining('twice.yaml is there already') as string });
});

test('the list for programs holds every kind of thing, and the options of each protocol', () => {
  const list = JSON.parse(ran('list', '--json')) as { readonly [kind: string]: readonly { readonly name: string; readonly options?: object; readonly unit?: string }[] };
  expect(list['protocols']?.find(({ name }) => name === 'stick')?.options).toHaveProperty('roundMs');
  expect(list['metrics']?.find(({ name }) => name === 'commit.p50')).toMatchObject({ unit: 'ms' });
  for (const [kind, name] of [['workloads', 'register'], ['faults', 'crash'], ['checks', 'integrity'], ['networks', 'aws-5'], ['runners', 'local'], ['runners', 'netns'], ['shapers', 'tc'], ['shapers', 'userspace'], ['sinks', 'files']]) {
    expect(list[kind ?? '']?.map((item) => item.name)).toContain(name);
  }
});

test('the README names every runner', () => {
  const list = JSON.parse(ran('list', '--json')) as { readonly runners: readonly { readonly name: string }[] };
  const [, table = ''] = /<!-- runners -->\n((?:\|.*\n)+)/.exec(readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')) ?? [];
  expect([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual(list.runners.map(({ name }) => name));
});

test('bash completes commands, names and flags without starting a process', () => {
  const script = ran('completion', 'bash');
  const complete = (...words: readonly string[]): readonly string[] => {
    const given = words.map((word) => `'${word}'`).join(' ');
    const { stdout, status } = spawnSync('bash', ['-c', `${script}\nPATH=\nCOMP_WORDS=(${given}); COMP_CWORD=${words.length - 1}; _consensus_lab; printf '%s\\n' "\${COMPREPLY[@]}"`], { encoding: 'utf8' });
    expect(status).toBe(0);
    return stdout.trimEnd().split('\n');
  };
  expect(complete('lab', 'clu')).toEqual(['cluster']);
  expect(complete('lab', 'run', 'st')).toEqual(['stick']);
  expect(complete('lab', 'fault', 'isol')).toEqual(['isolate-leader']);
  expect(complete('lab', 'run', '--wan', 'aws')).toEqual(['aws-21', 'aws-5']);
  expect(complete('lab', 'wan', 'leo')).toEqual(['leo-satellite']);
  expect(complete('lab', 'run', 'stick', '--rep')).toEqual(['--repeat']);
});

test('zsh and fish get every command too', () => {
  const verbs = JSON.stringify(['run', 'cluster', 'status', 'put', 'get', 'fault', 'heal', 'doctor', 'clean', 'list', 'new']);
  for (const shell of ['zsh', 'fish']) {
    const script = ran('completion', shell);
    for (const verb of JSON.parse(verbs) as readonly string[]) expect(script).toMatch(new RegExp(`\\b${verb}\\b`));
  }
});

test('a run on both worlds shows how it goes, and ends with how far they agree', () => {
  const { code, stdout, stderr } = lab('run', 'stick', '--on', 'sim,local', '--nodes', '3', '--rate', '50/s', '--set', 'run.warmup=2s', '--set', 'run.measure=3s', '--fault', 'pause:n3@1s,for=1s');
  // 2: where the machine is too busy, the run says of itself that it measured nothing.
  expect([0, 2]).toContain(code);
  expect(stderr).toMatch(/local stick … \d+ % \(measuring: \d+\/s, p50 [\d.]+ ms, p99 [\d.]+ ms, leader (n\d|none), /);
  expect(stdout).toMatch(/^agreement .*p50 ms .*p99 ms .*commits\/s +verdict\n/m);
  expect(stdout).toMatch(/^stick: sim – local .* (agree|explained|differ)$/m);
});

test('the help of every command shows an example that begins with its name', () => {
  const commands = [...ran('--help').split('Commands:')[1]?.split('Examples:')[0]?.matchAll(/^ {2}([a-z]+) /gm) ?? []].flatMap(([, name]) => name ?? []);
  expect(commands.length).toBeGreaterThan(12);
  for (const name of commands.filter((command) => command !== 'help')) expect(ran(name, '--help')).toMatch(new RegExp(`Examples:[\\s\\S]*lab ${name}`));
});
