// Nodes in containers of a real daemon, where there is one: runs with faults, side by side, what the daemon answers to what cannot
// be done, and that nothing is left after a lab that was killed, or whose daemon went away. Every lab here has a state folder and
// results of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { skipsDocker } from '../../../test/docker-place.ts';
import { connectDocker, type Engine } from '../docker/engine.ts';
import { findEndpoint } from '../docker/endpoint.ts';
import { ensureNodeImage } from '../docker/image.ts';
import { RUN_LABEL } from '../docker/owner.ts';
import type { LabEvent, Summary } from '../../kinds.ts';

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
const SCARCE = `name: docker-scarce
protocols: [raft]
nodes: 3
limits: { cpus: 1, memory: 256MiB, pids: 64 }
load: { rate: 20/s, timeout: 5s }
run: { warmup: 2s, measure: 20s, settle: 6s }
faults: [{ at: 1s, throttle: n1, cpus: 0.3, for: 2s }, { at: 5s, detach: n2, for: 2s }, { at: 9s, memory: n3, limit: 160MiB, for: 7s }, { at: 11s, crash: n3, for: 1s }]
`;
const BESIDE = `name: docker-beside
protocols: [raft]
nodes: 3
load: { rate: 10/s, timeout: 5s }
run: { warmup: 2s, measure: 10s, settle: 6s }
`;
/** NTP may correct so much within a run. */
const CLOCK_SLACK_MS = 500;
const WITHIN_MS = 300_000;
const STEP_MS = 100;

const skipped = await skipsDocker('nodes in containers');
const engine = skipped ? null : await connectDocker();

/** Between labs and their daemon; drop() is the end of the daemon to them, though its containers live on. */
class Relay {
  readonly path: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(path: string, daemon: string) {
    this.path = path;
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: daemon, allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#open.add(socket);
        socket.on('error', () => undefined).on('close', () => { this.#open.delete(socket); });
      }
      near.pipe(far).pipe(near);
    }).listen(path);
  }

  drop(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }
}

describe.skipIf(skipped)('nodes in containers', () => {
  const daemon = engine as Engine;
  const folder = mkdtempSync(join(tmpdir(), 'lab-docker-'));
  const labs: ChildProcess[] = [];
  beforeAll(() => {
    writeFileSync(join(folder, 'faults.yaml'), FAULTS);
    writeFileSync(join(folder, 'long.yaml'), LONG);
    writeFileSync(join(folder, 'scarce.yaml'), SCARCE);
    writeFileSync(join(folder, 'beside.yaml'), BESIDE);
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

  /** Until it says this on stderr. */
  async function started(name: string, argv: readonly string[], wanted: string, more: NodeJS.ProcessEnv = {}): Promise<{ readonly lab: ChildProcess; readonly said: () => string; readonly ended: Promise<number | null> }> {
    const lab = spawn(LAB, ['run', ...argv, '--on', 'docker', '--shaper', 'userspace', '--out', results(name)], { cwd: folder, env: { ...environment(name), ...more }, stdio: ['ignore', 'ignore', 'pipe'] });
    labs.push(lab);
    let said = '';
    lab.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const ended = new Promise<number | null>((resolve) => { lab.once('close', resolve); });
    for (let waitedMs = 0; !said.includes(wanted); waitedMs += STEP_MS) {
      if (waitedMs > WITHIN_MS || lab.exitCode !== null) throw new Error(`the lab does not come to ${wanted}: ${said}`);
      await sleep(STEP_MS);
    }
    return { lab, said: () => said, ended };
  }

  /** Of the only run of this experiment. */
  function resultOf(name: string, experiment: string): { readonly summary: Summary; readonly events: readonly LabEvent[] } {
    const own = readdirSync(results(name)).find((entry) => entry.startsWith(`${experiment}-`)) ?? '';
    const place = join(results(name), own, 'raft-docker-1');
    const lines = readFileSync(join(place, 'events.ndjson'), 'utf8').trim().split('\n');
    return { summary: JSON.parse(readFileSync(join(place, 'summary.json'), 'utf8')) as Summary, events: lines.map((line) => JSON.parse(line) as LabEvent) };
  }
  const violations = ({ verdicts }: Summary) => verdicts.filter(({ valid }) => valid === false);

  /** Links, addresses and qdiscs of the machine, but for those that daemons make for containers. */
  function machine(): readonly unknown[] {
    const shown = [['ip', '-j', 'addr'], ['tc', '-j', 'qdisc']].map(([program = '', ...argv]) => spawnSync(program, argv, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } }).stdout);
    const [links = [], qdiscs = []] = shown.map((json) => JSON.parse(json) as readonly { readonly ifname?: string; readonly dev?: string; readonly flags?: unknown; readonly address?: string; readonly addr_info?: readonly { readonly local: string }[] }[]);
    const isOwn = (name = '') => !/^(br-|veth|docker)/.test(name);
    return [
      ...links.filter(({ ifname }) => isOwn(ifname)).map(({ ifname, flags, address, addr_info = [] }) => ({ ifname, flags, address, local: addr_info.map(({ local }) => local) })),
      ...qdiscs.filter(({ dev }) => isOwn(dev)),
    ];
  }
  /** Wall clock minus uptime, in ms: moves where somebody sets the clock. */
  const clockMs = () => Date.now() - Number(process.hrtime.bigint() / 1_000_000n);

  async function leftOf(run: string): Promise<readonly string[]> {
    const { containers, networks } = await daemon.labelled(`${RUN_LABEL}=${run}`);
    return [...containers, ...networks].map(({ name }) => name);
  }

  test('commit, crash, come back, sleep and wake; the machine is as it was, and nothing is left', async () => {
    const [before, clockBeforeMs] = [machine(), clockMs()];
    const { status, stderr } = run('faults', 'run', 'faults.yaml', '--on', 'docker', '--shaper', 'userspace');
    expect({ status: [0, 2].includes(status ?? -1), stderr }).toMatchObject({ status: true });
    const { summary, events } = resultOf('faults', 'docker-faults');
    expect(violations(summary)).toEqual([]);
    expect(events.some(({ life }) => life === 2)).toBe(true);
    expect(events.some((event) => event.type === 'reply' && event.reply.outcome === 'ok')).toBe(true);
    expect(await leftOf('docker-faults-raft-1')).toEqual([]);
    expect(machine()).toEqual(before);
    expect(Math.abs(clockMs() - clockBeforeMs)).toBeLessThan(CLOCK_SLACK_MS);
  }, WITHIN_MS);

  test('a lab that is killed leaves what lab clean lists and removes, a paused node too', async () => {
    const before = machine();
    const { lab, ended } = await started('killed', ['long.yaml'], 'measuring:');
    expect(machine()).toEqual(before);
    expect(run('killed', 'clean', '--dry-run').stdout).not.toMatch(/container|network/);
    lab.kill('SIGKILL');
    await ended;
    expect(await leftOf('docker-long-raft-1')).toHaveLength(5);
    expect(run('killed', 'clean', '--dry-run').stdout.match(/would remove the (container|network)/g)).toHaveLength(5);
    expect(await leftOf('docker-long-raft-1')).toHaveLength(5);
    expect(run('killed', 'clean')).toMatchObject({ status: 0, stderr: '' });
    expect(await leftOf('docker-long-raft-1')).toEqual([]);
    expect(run('killed', 'clean', '--dry-run').stdout).toBe('nothing is left over\n');
  }, WITHIN_MS);

  test('a daemon that goes away ends the run in one line, and lab clean finds what is left', async () => {
    const { connection } = findEndpoint();
    if (!('socketPath' in connection)) throw new Error('this test needs a daemon with a UNIX socket');
    const relay = new Relay(join(folder, 'relay'), connection.socketPath);
    const { said, ended } = await started('dropped', ['long.yaml'], 'measuring:', { DOCKER_HOST: `unix://${relay.path}` });
    relay.drop();
    expect(await ended).toBe(4);
    expect(said()).toMatch(/\nerror: (the Docker daemon went away while|no Docker daemon answers at) [^\n]+\n {2}hint: [^\n]+\n$/);
    expect(await leftOf('docker-long-raft-1')).not.toEqual([]);
    expect(run('dropped', 'clean')).toMatchObject({ status: 0, stderr: '' });
    expect(await leftOf('docker-long-raft-1')).toEqual([]);
  }, WITHIN_MS);

  test('runs side by side keep apart, while nodes lack processor, network and memory', async () => {
    const before = machine();
    const runs = await Promise.all([started('scarce', ['scarce.yaml'], 'starting'), started('beside', ['beside.yaml'], 'starting')]);
    const codes = await Promise.all(runs.map(({ ended }) => ended));
    expect({ ok: codes.every((code) => code === 0 || code === 2), said: runs.map(({ said }) => said()) }).toMatchObject({ ok: true });
    const [scarce, beside] = [resultOf('scarce', 'docker-scarce'), resultOf('beside', 'docker-beside')];
    expect([...violations(scarce.summary), ...violations(beside.summary)]).toEqual([]);
    const done = scarce.events.flatMap((event) => (event.type === 'action' ? [`${event.action.type} ${event.nodes.join(' ')}`] : []));
    expect(done).toEqual(['limit n1', 'limit n1', 'detach n2', 'attach n2', 'limit n3', 'crash n3', 'restart n3', 'limit n3', 'start n3']);
    // Whoever was away hears of what was decided meanwhile.
    const lastCommit = (node: string) => Math.max(...scarce.events.flatMap((event) => (event.type === 'committed' && event.node === node ? [event.atMs] : [])));
    for (const node of ['n1', 'n2', 'n3']) expect(lastCommit(node), node).toBeGreaterThan(Math.max(...scarce.events.flatMap((event) => (event.type === 'action' ? [event.atMs] : []))));
    expect(await leftOf('docker-scarce-raft-1')).toEqual([]);
    expect(await leftOf('docker-beside-raft-1')).toEqual([]);
    expect(machine()).toEqual(before);
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
