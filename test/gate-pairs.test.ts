// `lab gate --base … --head …` as a whole, on labs that answer at once (gate-labs.ts): order, looks, verdicts, void pairs, refusals,
// and what is left behind.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PairFlags, runPairGate } from '../orchestrator/cli/gate-pairs.ts';
import { LabError } from '../orchestrator/errors.ts';
import { firstOf } from '../orchestrator/gate/pairs.ts';
import { type FakeLab, makeFakeLab } from './gate-labs.ts';

const root = join(import.meta.dirname, '..');
const EXPERIMENT = 'name: small\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: lan }\nload: { rate: 100/s }\nrun: { warmup: 1s, measure: 2s }\n';

type Outcome = { readonly status: number; readonly stdout: string; readonly stderr: string };
let folder = '';
const place = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-two-labs-'));
  mkdirSync(place('tmp'));
  writeFileSync(place('small.yaml'), EXPERIMENT);
});
beforeEach(() => {
  for (const name of ['base', 'head', 'results', 'order.txt', 'gate.md']) rmSync(place(name), { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function gate(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, TMPDIR: place('tmp'), ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [join(root, 'orchestrator/cli/main.ts'), 'gate', ...argv], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const ON_LOCAL = ['--base', 'base', '--head', 'head', '--on', 'local', '--experiment', 'small.yaml', '--seed', 'coin'];

function twoLabs(head: FakeLab = {}, base: FakeLab = {}): void {
  makeFakeLab(place('base'), 'base', base);
  makeFakeLab(place('head'), 'head', head);
}

/** Of the gates; the lab's own state folder may be there too. */
const left = () => readdirSync(place('tmp')).filter((name) => name.startsWith('lab-gate'));
const order = () => readFileSync(place('order.txt'), 'utf8').trim().split('\n');

describe('verdicts', () => {
  test('equal labs are ok after 12 pairs, each run once on both sides under one seed, in the order of the coin; nothing is left', async () => {
    twoLabs();
    const { status, stdout } = await gate(ON_LOCAL);
    expect(stdout).toMatch(/^toy cpuSecondsPer1000Commits s .* ok$/m);
    expect(stdout).toMatch(/^ok: no figure is 10 % worse \(12 pairs, at most 1 % false alarms over 3 figures\)$/m);
    expect(status).toBe(0);
    const expected = Array.from({ length: 12 }, (_, index) => {
      const first = firstOf('coin', index);
      return [first, first === 'base' ? 'head' : 'base'].map((side) => `${side} coin.${index + 1}`);
    }).flat();
    expect(order()).toEqual(expected);
    for (let block = 0; block < 6; block++) expect(firstOf('coin', 2 * block)).not.toBe(firstOf('coin', 2 * block + 1));
    expect(new Set([0, 2, 4, 6, 8, 10].map((index) => firstOf('coin', index))).size).toBe(2);
    expect(left()).toEqual([]);
    expect(existsSync(place('results'))).toBe(false);
  });

  test('10 % more processor time is regressed where runs differ by little, and the comment says so', async () => {
    twoLabs({ cpu: 1.1, noise: 0.03 }, { noise: 0.03 });
    const { status, stdout } = await gate([...ON_LOCAL, '--markdown', 'gate.md']);
    expect(stdout).toMatch(/^regressed: toy cpuSecondsPer1000Commits \(12 pairs/m);
    expect(status).toBe(2);
    const comment = readFileSync(place('gate.md'), 'utf8');
    expect(comment.split('\n')[0]).toBe('<!-- lab gate -->');
    expect(comment).toMatch(/^\| toy cpuSecondsPer1000Commits s \| .* \| REGRESSED \|$/m);
  });

  test('where they differ by much the same is inconclusive after 20 pairs, with the CV and what could be seen', async () => {
    twoLabs({ cpu: 1.1, noise: 0.35 }, { noise: 0.35 });
    const { status, stdout } = await gate(ON_LOCAL);
    expect(stdout).toMatch(/^inconclusive: toy cpuSecondsPer1000Commits \(20 pairs/m);
    expect(stdout).toMatch(/^note {2}toy cpuSecondsPer1000Commits: at a run-to-run CV of \d\d\.\d % a rise of 10 % cannot be seen; the smallest that 20 pairs show four times in five is \d\d\.\d %$/m);
    expect(status).toBe(2);
  });

  test('less throughput is worse, less latency is not', async () => {
    twoLabs({ throughput: 80, latencyMs: 50 });
    const { status, stdout } = await gate([...ON_LOCAL, '--json']);
    const { verdict, figures, pairs } = JSON.parse(stdout) as { readonly verdict: string; readonly figures: readonly { readonly figure: string; readonly call: string; readonly rise: number }[]; readonly pairs: readonly unknown[] };
    expect([status, verdict, pairs.length]).toEqual([2, 'regressed', 12]);
    expect(figures.map(({ figure, call }) => [figure, call])).toEqual([['cpuSecondsPer1000Commits', 'ok'], ['throughput', 'regressed'], ['commit.p50', 'ok']]);
    expect(figures[1]?.rise).toBeCloseTo(0.25, 6);
  });

  test('fewer pairs than the test needs decide nothing, and the number is said', async () => {
    twoLabs({ cpu: 3 });
    const { status, stdout } = await gate([...ON_LOCAL, '--pairs', '2']);
    expect(stdout).toMatch(/^note {2}2 pairs decide nothing: the test needs 12, 16, 20$/m);
    expect(stdout).toMatch(/^inconclusive: /m);
    expect(status).toBe(2);
  });
});

describe('in virtual time', () => {
  const exact = (argv: readonly string[] = []) => gate(['--base', 'base', '--head', 'head', '--on', 'netns', '--virtual-time', '--experiment', 'small.yaml', '--seed', 'coin', ...argv]);

  test('each seed is measured once on each side, and compared as the simulator is; where its kernel is missing, that is said', async () => {
    twoLabs({ latencyMs: 80, cpu: 3 });
    const { status, stdout, stderr } = await exact(['--seeds', '5']);
    if (status === 4) {
      expect(stderr).toMatch(/^error: --virtual-time: .*\n {2}hint: build its kernel once/);
      return;
    }
    expect(stdout).toMatch(/REGRESSED\n {2}small toy commit\.p50: 70\.0 → 80\.0 ms, \+14 %/);
    // Processors have no figure there, and an improvement has no baseline to keep.
    expect(stdout).not.toContain('cpuSeconds');
    expect(status).toBe(2);
    expect(order()).toHaveLength(10);
    twoLabs({ latencyMs: 60 });
    const better = await exact(['--seeds', '5']);
    expect(better.stdout).toMatch(/^improved: 1 guarded figure is better \(5 seeds/m);
    expect(better.status).toBe(0);
  });
});

describe('runs that count for nothing', () => {
  test('an invalid run voids its pair, which is named and made again under another seed', async () => {
    twoLabs({ invalid: [2] });
    const { status, stdout, stderr } = await gate([...ON_LOCAL, '--pairs', '3', '--json']);
    const { void: voided, pairs } = JSON.parse(stdout) as { readonly void: readonly unknown[]; readonly pairs: readonly { readonly seed: string }[] };
    expect(status).toBe(2);
    expect(voided).toEqual([{ pair: 2, seed: 'coin.2', side: 'head', violated: false, because: 'toy: it is invalid: the load generator sent 40 of 100 commands more than 10 ms late' }]);
    expect(pairs.map(({ seed }) => seed)).toEqual(['coin.1', 'coin.3', 'coin.4']);
    expect(stderr).toContain('void pair 2: head: toy: it is invalid');
  });

  test('too many void pairs end it in words', async () => {
    twoLabs({}, { invalid: Array.from({ length: 30 }, (_, index) => index + 1) });
    const { status, stderr } = await gate(ON_LOCAL);
    expect(stderr).toMatch(/error: 11 pairs are void beside 0 that count; the last: base, seed coin\.11: toy: it is invalid: .*\n {2}hint: /);
    expect(status).toBe(2);
  });

  test('a figure without a value is no measurement', async () => {
    twoLabs({ throughput: null });
    const { stderr } = await gate(ON_LOCAL);
    expect(stderr).toMatch(/the last: head, seed coin\.11: toy has no value of throughput/);
  });

  test('a claim that head violates ends it with 1: its figures are not averaged, its run is kept', async () => {
    twoLabs({ violates: [2] });
    const { status, stdout } = await gate([...ON_LOCAL, '--markdown', 'gate.md']);
    expect(stdout).toMatch(/^VIOLATED {2}pair 2 \(seed coin\.2\), head: toy: it violates agreement; kept in results\/small-/m);
    expect(stdout).not.toContain('cpuSeconds');
    expect(status).toBe(1);
    expect(readdirSync(place('results'))).toHaveLength(1);
    expect(readFileSync(place('gate.md'), 'utf8')).toContain('### lab gate: unsafe');
    expect(order().at(-1)).toMatch(/ coin\.2$/);
  });

  test('one that base violates only voids its pair: head may be its repair', async () => {
    twoLabs({}, { violates: [1] });
    const { status, stdout } = await gate(ON_LOCAL);
    expect(stdout).toMatch(/^void {2}pair 1 \(seed coin\.1\), base: toy: it violates agreement; kept in results/m);
    expect(status).toBe(0);
  });
});

describe('bad input ends in words', () => {
  /** In this process, for the command line takes most of the time of such a test. */
  const refused = async (flags: { readonly [flag in keyof PairFlags]?: PairFlags[flag] | undefined }, message: RegExp) => {
    vi.stubEnv('TMPDIR', place('tmp'));
    const gate = runPairGate({
      base: place('base'), head: place('head'), on: 'local', experiment: place('small.yaml'), seed: 'coin', sim: false, update: false, virtualTime: false, plugin: [], json: true, ...flags,
    } as PairFlags, { requested: false });
    const error = await gate.then(() => null, (caught: unknown) => caught);
    vi.unstubAllEnvs();
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).message).toMatch(message);
    expect((error as LabError).hint).not.toBe('');
    expect(left()).toEqual([]);
  };

  test('flags that miss or contradict each other', async () => {
    twoLabs();
    await refused({ head: undefined }, /^--head is missing/);
    await refused({ on: undefined }, /^nothing says where to run/);
    await refused({ sim: true }, /^--sim does not go with --base/);
    await refused({ virtualTime: true }, /^--virtual-time is not for --on local/);
    await refused({ virtualTime: true, on: 'netns', pairs: 3 }, /^--pairs is for real time/);
    await refused({ seeds: 8 }, /^--seeds is for/);
  });

  test('the command line says it in two lines and ends with 3', async () => {
    const { status, stderr } = await gate(['--base', 'base', '--on', 'local']);
    expect(stderr).toBe('error: --head is missing\n  hint: write lab gate --base HEAD~1 --head HEAD --on local\n');
    expect(status).toBe(3);
  });

  test('a side that is nothing, an experiment that is not there or has no rate', async () => {
    twoLabs();
    await refused({ base: 'nowhere' }, /^--base nowhere is neither a folder with a lab in it nor a git revision/);
    await refused({ experiment: place('none.yaml') }, /none\.yaml cannot be read \(ENOENT\)/);
    writeFileSync(place('closed.yaml'), EXPERIMENT.replace('100/s', 'max'));
    await refused({ experiment: place('closed.yaml') }, /closed\.yaml: raft has no rate/);
  });

  test.each<readonly [string, FakeLab, RegExp]>([
    ['runtime', { node: 'v25.0.0' }, /different measurements: runtime v24\.0\.0 and v25\.0\.0/],
    ['shaper', { shaper: 'tc' }, /different measurements: shaper userspace and tc/],
    ['protocol', { label: 'other' }, /different measurements: protocols toy and other/],
  ])('another %s on one side is refused', async (_, head, message) => {
    twoLabs(head);
    await refused({}, message);
  });

  test('a side that cannot run the experiment says why', async () => {
    twoLabs({}, { fails: { code: 3, error: 'small.yaml:3:1: unknown field' } });
    await refused({}, /^base cannot run small: small\.yaml:3:1: unknown field/);
  });
});

describe('revisions', () => {
  /** What npm does here: it is to be called in a checkout with its lock file; the rest of the gate is real. */
  const npm = () => {
    mkdirSync(place('bin'), { recursive: true });
    writeFileSync(place('bin/npm'), '#!/bin/sh\nset -e\ntest "$1" = ci\ngrep -q lockfileVersion package-lock.json\npwd >> "$INSTALLED"\n', { mode: 0o755 });
    return { PATH: `${place('bin')}:${process.env['PATH'] ?? ''}`, INSTALLED: place('installed.txt') };
  };
  const git = (...argv: readonly string[]) => execFileSync('git', ['-C', place('repository'), '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...argv], { encoding: 'utf8' });

  test('each is laid out and installed from its own lock file in a folder that is gone afterwards; the repository stays as it is', async () => {
    mkdirSync(place('repository'));
    git('init', '-q');
    for (const cpu of [1, 1.5]) {
      makeFakeLab(place('repository'), cpu === 1 ? 'base' : 'head', { cpu });
      writeFileSync(place('repository/package-lock.json'), `{ "lockfileVersion": ${cpu} }`);
      git('add', '-A');
      git('commit', '-qm', `${cpu}`);
    }
    const before = git('status', '--porcelain') + git('worktree', 'list');
    const status = await new Promise<Outcome>((resolve) => {
      const env = { ...process.env, TMPDIR: place('tmp'), ...npm() };
      execFile(process.execPath, [join(root, 'orchestrator/cli/main.ts'), 'gate', '--base', 'HEAD~1', '--head', 'HEAD', '--on', 'local', '--experiment', place('small.yaml'), '--seed', 'coin'], { cwd: place('repository'), env }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
    expect(status.stdout).toMatch(/^base {2}HEAD~1 \([0-9a-f]{12}\)$/m);
    expect(status.stdout).toMatch(/^regressed: toy cpuSecondsPer1000Commits \(12 pairs/m);
    expect(status.status).toBe(2);
    expect(readFileSync(place('installed.txt'), 'utf8').trim().split('\n').map((path) => path.split('/').at(-1))).toEqual(['base', 'head']);
    expect(left()).toEqual([]);
    expect(git('status', '--porcelain') + git('worktree', 'list')).toBe(before);
  });
});
