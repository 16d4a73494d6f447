// Nodes in containers of a real daemon, where there is one: a run with faults, what the daemon answers to what cannot be done,
// and that nothing is left after a lab that was killed. Every lab here has a state folder and results of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../errors.ts';
import { connectDocker, type Engine } from '../docker/engine.ts';
import { ensureNodeImage } from '../docker/image.ts';
import { RUN_LABEL } from '../docker/owner.ts';

const LAB = fileURLToPath(new URL('../../../lab', import.meta.url));
const FAULTS = `name: docker-faults
protocols: [raft]
nodes: 3
load: { rate: 20/s, timeout: 5s }
run: { warmup: 2s, measure: 12s, settle: 6s }
faults: [{ at: 1s, crash: any-follower, for: 1s }, { at: 6s, pause: any-follower, for: 1s }]
`;
const LONG = `name: docker-long
protocols: [raft]
nodes: 3
load: { rate: 20/s, timeout: 1s }
run: { warmup: 1s, measure: 120s, settle: 1s }
faults: [{ at: 0s, pause: n3, for: 100s }]
`;
const WITHIN_MS = 300_000;
const STEP_MS = 100;

const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('docker');
let engine: Engine | null = null;
try {
  engine = await connectDocker();
  await ensureNodeImage(engine, null, () => undefined);
} catch (error) {
  if (!(error instanceof LabError) || required) throw error;
  engine = null;
  console.log(`skipped: nodes in containers (${error.message}; ${error.hint})`);
}

describe.skipIf(engine === null)('nodes in containers', () => {
  const daemon = engine as Engine;
  const folder = mkdtempSync(join(tmpdir(), 'lab-docker-'));
  const labs: ChildProcess[] = [];
  beforeAll(() => {
    writeFileSync(join(folder, 'faults.yaml'), FAULTS);
    writeFileSync(join(folder, 'long.yaml'), LONG);
  });
  afterEach(() => { for (const lab of labs.splice(0)) lab.kill('SIGKILL'); });
  afterAll(() => {
    // Where a test has failed before it could.
    run('killed', 'clean');
    rmSync(folder, { recursive: true });
  });

  function environment(name: string): NodeJS.ProcessEnv {
    const state = join(folder, name);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    return { ...process.env, XDG_RUNTIME_DIR: state };
  }
  const results = (name: string) => join(folder, name, 'results');
  const run = (name: string, ...argv: readonly string[]) => spawnSync(LAB, [...argv, '--out', results(name)], { cwd: folder, encoding: 'utf8', env: environment(name), timeout: WITHIN_MS });

  async function leftOf(run: string): Promise<readonly string[]> {
    const { containers, networks } = await daemon.labelled(`${RUN_LABEL}=${run}`);
    return [...containers, ...networks].map(({ name }) => name);
  }

  test('commit, crash, come back, sleep and wake; the machine is as it was, and nothing is left', async () => {
    const machine = () => [['ip', '-j', 'link'], ['ip', '-j', 'addr'], ['tc', '-j', 'qdisc']].map(([program = '', ...argv]) => spawnSync(program, argv, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } }).stdout);
    const before = machine();
    const { status, stderr } = run('faults', 'run', 'faults.yaml', '--on', 'docker', '--shaper', 'userspace');
    expect({ status: [0, 2].includes(status ?? -1), stderr }).toMatchObject({ status: true });
    const own = readdirSync(results('faults')).find((name) => name.startsWith('docker-faults-')) ?? '';
    const place = join(results('faults'), own, 'raft-docker-1');
    const summary = JSON.parse(readFileSync(join(place, 'summary.json'), 'utf8')) as { readonly verdicts: readonly { readonly valid: boolean | 'unknown' }[] };
    expect(summary.verdicts.filter(({ valid }) => valid === false)).toEqual([]);
    const events = readFileSync(join(place, 'events.ndjson'), 'utf8');
    expect(events).toMatch(/"life":2/);
    expect(events).toMatch(/"outcome":"ok"/);
    expect(await leftOf('docker-faults-raft-1')).toEqual([]);
    expect(machine()).toEqual(before);
  }, WITHIN_MS);

  test('a lab that is killed leaves what lab clean lists and removes, a paused node too', async () => {
    const env = environment('killed');
    const lab = spawn(LAB, ['run', 'long.yaml', '--on', 'docker', '--shaper', 'userspace', '--out', results('killed')], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    labs.push(lab);
    let said = '';
    lab.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
    for (let waitedMs = 0; !said.includes('measuring:'); waitedMs += STEP_MS) {
      if (waitedMs > WITHIN_MS || lab.exitCode !== null) throw new Error(`the lab does not measure: ${said}`);
      await sleep(STEP_MS);
    }
    expect(run('killed', 'clean', '--dry-run').stdout).not.toMatch(/container|network/);
    const ended = new Promise((resolve) => { lab.once('close', resolve); });
    lab.kill('SIGKILL');
    await ended;
    expect(await leftOf('docker-long-raft-1')).toHaveLength(5);
    expect(run('killed', 'clean', '--dry-run').stdout.match(/would remove the (container|network)/g)).toHaveLength(5);
    expect(await leftOf('docker-long-raft-1')).toHaveLength(5);
    expect(run('killed', 'clean')).toMatchObject({ status: 0, stderr: '' });
    expect(await leftOf('docker-long-raft-1')).toEqual([]);
    expect(run('killed', 'clean', '--dry-run').stdout).toBe('nothing is left over\n');
  }, WITHIN_MS);

  test('an image that is not there, and a build whose step fails, are one line each', async () => {
    const spec = { name: 'lab-test-none', image: 'lab-test-none:1', command: ['true'], user: '65532:65532', labels: {}, network: 'none', mounts: [], limits: { memoryBytes: 64 << 20, cpus: null, pids: 16 } } as const;
    await expect(daemon.createContainer(spec)).rejects.toMatchObject({ code: 'machine-lacks', message: expect.stringContaining('No such image') as string });
    const { tag } = await ensureNodeImage(daemon, null, () => undefined);
    const { writeTar } = await import('../docker/tar.ts');
    const context = writeTar([{ path: 'Dockerfile', bytes: Buffer.from(`FROM ${tag}\nRUN echo planted >&2; exit 7\n`) }]);
    await expect(daemon.build({ context, tag: 'lab-test-failing:1', args: {}, labels: {} }, () => undefined)).rejects.toMatchObject({ message: expect.stringMatching(/step 2\/2 \(RUN echo planted.*returned a non-zero code: 7; its last lines: .*planted/) as string });
  }, WITHIN_MS);
});
