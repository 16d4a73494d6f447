// The harness that brings a kernel with netem (netem/kernel/run), where what it needs is installed: how it ends is how the command
// inside has ended, and a kernel that dies is told at once, with its words.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './tree.ts';

const RUN = join(ROOT, 'netem/kernel/run');
const WITHIN_S = 300;
const HARNESS_FAILED = 125;

const run = (...argv: readonly string[]) => spawnSync(RUN, argv, { cwd: ROOT, encoding: 'utf8' });
const check = run('--check');
if (check.status !== 0) console.log(`skipped: the kernel with netem (${check.stderr.trim().split('\n')[0] ?? ''})`);

describe.skipIf(check.status !== 0)('the kernel with netem', () => {
  test('passes on what a command says and how it ends', () => {
    expect(run('--timeout', String(WITHIN_S), '--', 'sh', '-c', 'echo said; echo wrong >&2; exit 7')).toMatchObject({ status: 7, stdout: 'said\n', stderr: 'wrong\n' });
  }, WITHIN_S * 1_000);

  test('that panics ends the harness at once, with its words', () => {
    const { status, stdout, stderr } = run('--timeout', String(WITHIN_S), '--', 'sh', '-c', 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 1000');
    expect({ status, stdout, first: stderr.split('\n')[0] }).toEqual({ status: HARNESS_FAILED, stdout: 'before\n', first: expect.stringMatching(/^netem-kernel: the kernel inside ended early: Kernel panic - not syncing: sysrq/) as string });
  }, WITHIN_S * 1_000);
});
