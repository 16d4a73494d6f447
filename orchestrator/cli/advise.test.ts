// `lab advise`: what it prints is confirmed by the simulator, the file that it writes runs and repeats it, mistakes are lines.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const LAB = join(import.meta.dirname, '../../lab');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-advise-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lab = (...args: readonly string[]) => spawnSync(LAB, args, { cwd: folder, encoding: 'utf8', timeout: 110_000 });

type Advice = { readonly p50Ms: number; readonly leaderRegion: string | null; readonly outage: { readonly meanMs: number } | null; readonly measured: { readonly p50Ms: number; readonly outagesMs: readonly number[] } };

test('what the closed forms predict is what the simulator measures, and the file repeats it', () => {
  const { status, stdout, stderr } = lab('advise', '--wan', 'aws-5', '--nodes', 'us-east-1,eu-west-1,sa-east-1', '--clients', 'eu-west-1', '--rate', '40/s', '--out', 'best.yaml', '--json');
  expect(status, stderr).toBe(0);
  const { advice, best } = JSON.parse(stdout) as { readonly advice: readonly Advice[]; readonly best: number };
  const led = advice.filter(({ leaderRegion }) => leaderRegion !== null);
  expect(led.length).toBeGreaterThanOrEqual(2);
  for (const { p50Ms, measured } of led) expect(measured.p50Ms / p50Ms).toBeCloseTo(1, 2);
  expect(advice.filter(({ outage, measured }) => outage !== null && measured.outagesMs.every((ms) => ms > 0.5 * outage.meanMs)).length).toBeGreaterThanOrEqual(2);
  expect(advice[best]?.leaderRegion).toBe('eu-west-1');
  const again = lab('run', 'best.yaml', '--on', 'sim', '--json');
  expect(again.status, again.stderr).toBe(0);
  const { summaries: [summary] } = JSON.parse(again.stdout) as { readonly summaries: readonly { readonly expected: readonly { readonly expectedP50Ms: number }[]; readonly outages: readonly object[] }[] };
  expect(summary?.expected[0]?.expectedP50Ms).toBeCloseTo(advice[best]?.p50Ms ?? 0, 6);
  expect(summary?.outages).toHaveLength(1);
});

test.each([
  [['--wan', 'aws-6'], 'unknown network "aws-6"'],
  [['--wan', 'aws-5', '--tolerate', '3'], '--tolerate 3'],
  [['--wan', 'aws-5', '--clients', 'us-east-1:many'], '--clients: "us-east-1:many" has no weight'],
  [['--wan', 'aws-5', '--rate', '100'], '--rate: "100" has no unit'],
  [['--tolerate', '1'], '--wan'],
])('%s is refused', (args, message) => {
  const { status, stderr } = lab('advise', ...args);
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining(message) as string });
  expect(stderr).not.toMatch(/^ +at /m);
});
