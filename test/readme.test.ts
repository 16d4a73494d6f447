// The README's examples run: every ./lab line of its sh blocks, and the experiment that it shows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

const commands = blocks('sh').flatMap((block) => block.split('\n')).map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line.startsWith('./lab '));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-readme-'));
  for (const name of ['lab', 'experiments', 'node_modules', 'orchestrator', 'node', 'netem', 'sim', 'package.json']) symlinkSync(join(root, name), join(folder, name));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lab(args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'lab'), args, { cwd: folder, encoding: 'utf8', timeout: 110_000 });
  return { status, output: stdout + stderr };
}

test('there are examples', () => {
  expect(commands.length).toBeGreaterThanOrEqual(4);
  expect(blocks('yaml').length).toBeGreaterThanOrEqual(1);
});

/** On real processes a machine that is too busy makes a run invalid: that says nothing about the example. */
function onlyTheMachine(output: string): boolean {
  const invalid = output.split('\n').filter((line) => line.startsWith('invalid '));
  return invalid.length > 0 && invalid.every((line) => /^invalid +\S.*: (the load generator|n\d+('s event loop| used))/.test(line)) && !/^missed /m.test(output);
}

test('what a busy machine does to a run is told from what the run did', () => {
  const late = 'invalid  paxos on local: the load generator sent 17 of 240 commands more than 38 ms late\n';
  expect(onlyTheMachine(late)).toBe(true);
  expect(onlyTheMachine(`${late}invalid  raft on local: n1 → n2: median delay 55 ms, asked 35 ms`)).toBe(false);
  expect(onlyTheMachine(`${late}missed   paxos on local: commit.p50`)).toBe(false);
  expect(onlyTheMachine('')).toBe(false);
});

test.each(commands)('%s', (command) => {
  const { status, output } = lab(command.split(/\s+/).slice(1));
  expect(output).not.toMatch(/error:|assertion/);
  expect(status, output).toBe(command.includes('local') && onlyTheMachine(output) ? 2 : 0);
});

test.each(blocks('yaml'))('the experiment shown runs:\n%s', (text) => {
  const file = join(folder, 'shown.yaml');
  writeFileSync(file, text);
  const { status, output } = lab(['run', file, '--on', 'sim']);
  expect(status, output).toBe(0);
});
