// The package as a stranger gets it: packed, unpacked into an empty folder, and run by its bin, in the simulator and on real
// processes. Nothing is fetched: its dependencies, and only those that it names, are linked from the checkout.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFiles, ROOT } from './tree.ts';

let place: string;
let app: string;
let installed: string;

type Manifest = { readonly bin: { readonly [name: string]: string }; readonly dependencies: object; readonly optionalDependencies: object };

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'lab-package-'));
  // Packed in a copy: what prepack emits is in nobody's way.
  const tree = join(place, 'tree');
  for (const file of projectFiles().filter((name) => existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(ROOT, file), join(tree, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  execFileSync('npm', ['pack', '--pack-destination', place], { cwd: tree, stdio: 'pipe' });
  app = join(place, 'app');
  installed = join(app, 'node_modules/consensus-lab');
  mkdirSync(installed, { recursive: true });
  const archive = readdirSync(place).find((name) => name.endsWith('.tgz')) as string;
  execFileSync('tar', ['-xzf', join(place, archive), '--strip-components=1', '-C', installed]);
  const { bin, dependencies, optionalDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    if (!existsSync(join(ROOT, 'node_modules', name))) continue;
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
  mkdirSync(join(app, 'node_modules/.bin'));
  for (const [name, path] of Object.entries(bin)) symlinkSync(join('../consensus-lab', path), join(app, 'node_modules/.bin', name));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function lab(...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(join(app, 'node_modules/.bin/consensus-lab'), argv, { cwd: app, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

type Output = { readonly summaries: readonly { readonly plan: { readonly runner: string }; readonly verdicts: readonly { readonly valid: unknown }[] }[] };

test('it holds JavaScript, types and experiments, and no tests', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  expect(files).toEqual(expect.arrayContaining(['dist/node/host/main.js', 'dist/node/contract.d.ts', 'dist/netem/profiles/aws-5.json', 'experiments/quickstart.yaml', 'netem/kernel/run', 'LICENSE', 'NOTICE']));
  expect(files.filter((file) => /\.test\.|^(test|bench|node_modules)\b|(?<!\.d)\.ts$/.test(file) && !file.startsWith('docs/'))).toEqual([]);
});

test('it is all there: help and list', async () => {
  expect(await lab('--version')).toMatchObject({ code: 0, stderr: '' });
  expect((await lab('list')).stdout).toContain('aws-5');
});

test('the quickstart runs in the simulator', async () => {
  const { code, stdout, stderr } = await lab('run', join(installed, 'experiments/quickstart.yaml'), '--on', 'sim', '--json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { summaries } = JSON.parse(stdout) as Output;
  expect(summaries.length).toBeGreaterThanOrEqual(3);
  expect(existsSync(join(app, 'results'))).toBe(true);
});

test('an experiment runs on real processes', async () => {
  const short = ['run.warmup=1s', 'run.measure=3s', 'run.settle=2s', 'load.timeout=2s'].flatMap((value) => ['--set', value]);
  const { code, stdout, stderr } = await lab('run', 'raft', '--wan', 'lan', '--nodes', '3', '--rate', '50/s', '--on', 'local', '--json', ...short);
  // 2: too busy a machine to measure on.
  expect([0, 2], stderr).toContain(code);
  const { summaries } = JSON.parse(stdout) as Output;
  expect(summaries).toMatchObject([{ plan: { runner: 'local' } }]);
  expect(summaries[0]?.verdicts.map(({ valid }) => valid)).toEqual(summaries[0]?.verdicts.map(() => true));
  // What is kept and passed on holds no token: 24 random bytes in hexadecimal digits, or a field of that name.
  const kept = readdirSync(join(app, 'results'), { recursive: true, encoding: 'utf8' }).map((name) => join(app, 'results', name)).filter((path) => statSync(path).isFile());
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.filter((path) => /\b[0-9a-f]{48}\b|"(token|secret)":/.test(readFileSync(path, 'latin1')))).toEqual([]);
});

test('a protocol that is written beside it imports its contract, and it runs it', async () => {
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
  expect(await lab('new', 'protocol', 'mine')).toMatchObject({ code: 0 });
  expect(readFileSync(join(app, 'mine.ts'), 'utf8')).toContain("'consensus-lab/contract'");
  const { code, stdout, stderr } = await lab('run', 'mine', '--plugin', './mine.ts', '--on', 'sim', '--json');
  expect([0, 2], stderr).toContain(code);
  expect(JSON.parse(stdout)).toMatchObject({ summaries: [{ plan: { protocol: 'mine' } }] });
});

test('bad input is answered with exit code 3', async () => {
  expect(await lab('run', 'no-such-file.yaml')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: /) as string });
});
