// The workflow in docs/github-gate.yml: its steps are executed as GitHub does (bash -e, env, outputs), on a repository of this tree
// with one change, with short settings. npm and gh are stand-ins here: one brings this tree's modules, the other keeps comments.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFiles, ROOT } from './tree.ts';

type Step = { readonly name?: string; readonly run?: string; readonly env?: { readonly [name: string]: string } };
const workflow = parse(readFileSync(join(ROOT, 'docs/github-gate.yml'), 'utf8')) as { readonly jobs: { readonly gate: { readonly steps: readonly Step[] } } };
const steps = workflow.jobs.gate.steps.filter(({ run }) => run !== undefined);

const SHORT = 'name: short\nprotocols: [raft]\nnodes: [us-east-1, sa-east-1, ap-southeast-1]\nnetwork: { wan: aws-5 }\nload: { rate: 20/s }\nrun: { warmup: 2s, measure: 1s, settle: 5s }\n';

let folder = '';
const place = (name: string) => join(folder, name);

function run(program: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(program, argv, { cwd: place('repository'), encoding: 'utf8', timeout: 200_000, env: { ...process.env, ...env } });
}

function program(name: string, text: string): void {
  writeFileSync(place(`bin/${name}`), text, { mode: 0o755 });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-workflow-'));
  for (const name of ['repository', 'bin', 'comments']) mkdirSync(place(name));
  for (const file of projectFiles()) {
    mkdirSync(dirname(place(`repository/${file}`)), { recursive: true });
    cpSync(join(ROOT, file), place(`repository/${file}`));
  }
  const git = (...argv: readonly string[]) => expect(run('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...argv]).status).toBe(0);
  git('init', '-q');
  writeFileSync(place('repository/.gitignore'), '/node_modules\n/.cache\n/results\n/gate.md\n/comment.json\n');
  git('add', '-A');
  git('commit', '-qm', 'base');
  writeFileSync(place('repository/CHANGELOG.md'), '# Another\n');
  git('commit', '-qam', 'head');
  writeFileSync(place('short.yaml'), SHORT);
  program('npm', `#!/bin/sh\nset -e\ntest "$1" = ci && test -f package-lock.json\nln -s '${join(ROOT, 'node_modules')}' node_modules\n`);
  // As much of gh as the workflow uses: the comments of one pull request, each a file.
  program('gh', `#!${process.execPath}
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const argv = process.argv.slice(2);
const all = ${JSON.stringify(place('comments'))};
const after = (word) => argv[argv.indexOf(word) + 1];
if (argv[0] !== 'api' || process.env.GH_TOKEN !== 'secret') process.exit(1);
if (argv.includes('--jq')) {
  if (argv[1] !== 'repos/me/lab/issues/7/comments' || !after('--jq').includes('startswith("<!-- lab gate -->")')) process.exit(1);
  for (const id of readdirSync(all)) if (readFileSync(join(all, id), 'utf8').startsWith('<!-- lab gate -->')) process.stdout.write(id + '\\n');
} else {
  const [, patched] = /^repos\\/me\\/lab\\/issues\\/comments\\/(\\d+)$/.exec(argv.find((word) => word.startsWith('repos/'))) ?? [];
  if ((after('--method') === 'PATCH') !== (patched !== undefined)) process.exit(1);
  writeFileSync(join(all, patched ?? String(readdirSync(all).length + 1)), readFileSync(after('--field').replace('body=@', ''), 'utf8'));
}
`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What GitHub would put in the place of its expressions. */
function valueOf(expression: string): string {
  const outputs = existsSync(place('output')) ? readFileSync(place('output'), 'utf8') : '';
  const known: { readonly [expression: string]: string } = {
    'github.event.pull_request.base.sha': 'HEAD~1', 'vars.LAB_GATE_FLAGS': `--experiment ${place('short.yaml')} --pairs 1`, 'github.token': 'secret',
    'github.repository': 'me/lab', 'github.event.pull_request.number': '7', 'steps.measure.outputs.code': /^code=(\d+)$/m.exec(outputs)?.[1] ?? '',
  };
  const name = /^\$\{\{ (.*) \}\}$/.exec(expression)?.[1] ?? '';
  expect(Object.keys(known)).toContain(name);
  return known[name] ?? '';
}

function execute(wanted: string): ReturnType<typeof run> {
  const step = steps.find(({ name }) => name === wanted);
  const env = Object.fromEntries(Object.entries(step?.env ?? {}).map(([name, expression]) => [name, valueOf(expression)]));
  return run('bash', ['-e', '-c', step?.run ?? 'exit 99'], { ...env, PATH: `${place('bin')}:${process.env['PATH'] ?? ''}`, GITHUB_OUTPUT: place('output'), TMPDIR: folder });
}

const comments = () => run('ls', [place('comments')]).stdout.trim().split('\n');

test('its steps install, measure base and head in one pair, comment, and pass with a warning, for one pair decides nothing', () => {
  expect(steps.map(({ name }) => name)).toEqual(['install', 'measure', 'comment', 'verdict']);
  writeFileSync(place('comments/1'), 'Looks fine to me.');
  for (const name of ['install', 'measure', 'comment']) {
    const { status, stdout, stderr } = execute(name);
    expect(status, `${name}: ${stdout}${stderr}`).toBe(0);
  }
  expect(valueOf('${{ steps.measure.outputs.code }}')).toBe('2');
  expect(comments()).toEqual(['1', '2']);
  const comment = readFileSync(place('comments/2'), 'utf8');
  const { status, stdout } = execute('verdict');
  // Where the machine was too busy for one pair: that says nothing about the workflow.
  if (comment.includes('### lab gate: nothing measured')) {
    expect(comment).toMatch(/: it is invalid: (the load generator|n\d)/);
    expect(status).toBe(2);
    return;
  }
  expect(comment).toMatch(/^<!-- lab gate -->\n### lab gate: inconclusive\n/);
  expect(comment).toMatch(/^\| raft cpuSecondsPer1000Commits s \|/m);
  expect([status, stdout]).toEqual([0, expect.stringContaining('::warning::')]);
}, 300_000);

test('a second time the same comment is replaced', () => {
  writeFileSync(place('repository/gate.md'), '<!-- lab gate -->\n### lab gate: ok\n');
  expect(execute('comment').status).toBe(0);
  expect(comments()).toEqual(['1', '2']);
  expect(readFileSync(place('comments/2'), 'utf8')).toContain('lab gate: ok');
});

test.each([[0, 'ok', 0], [1, 'unsafe', 1], [2, 'regressed', 2], [2, 'inconclusive', 0]])('code %i with %s ends the job with %i', (code, word, ends) => {
  writeFileSync(place('output'), `code=${code}\n`);
  writeFileSync(place('repository/gate.md'), `<!-- lab gate -->\n### lab gate: ${word}\n`);
  expect(execute('verdict').status).toBe(ends);
});
