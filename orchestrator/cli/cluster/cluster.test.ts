// A cluster to play with, as a user has it: two terminals, faults over faults, and nothing left afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterFile } from '../state.ts';
import type { ClusterStatus, FaultBegun, Submitted } from './talk.ts';

const LAB = fileURLToPath(new URL('../../../lab', import.meta.url));
let folder = '';
let state = '';
const clusters: { readonly child: ChildProcess; readonly ended: Promise<Ended> }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-cluster-'));
  state = join(folder, 'consensus-lab');
});
afterEach(async () => {
  for (const { child, ended } of clusters.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true });
});
const environment = () => ({ ...process.env, XDG_RUNTIME_DIR: folder });

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const code = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  return { code, stdout, stderr };
}

function lab(...argv: readonly string[]): Promise<Ended> {
  return endOf(spawn(LAB, argv, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function json<T>(...argv: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await lab(...argv, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

/** Returns once it is up. */
async function startCluster(name: string): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Ended> }> {
  const child = spawn(LAB, ['cluster', 'raft', '--nodes', '3', '--cluster', name, '--out', join(folder, 'out'), '--json'], { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = endOf(child);
  const up = new Promise<void>((resolve) => { child.stdout.once('data', () => resolve()); });
  clusters.push({ child, ended });
  await Promise.race([up, ended.then(({ stderr }) => { throw new Error(`the cluster did not start: ${stderr}`); })]);
  return { child, ended };
}

/** Of the nodes and of the guard: each names the cluster's folder. */
function processesOf(name: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(join(folder, 'out', `cluster-${name}-`)) ? [line] : [];
    } catch {
      return [];
    }
  });
}

/** Asks until it holds. */
async function statusWhere(holds: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
  for (;;) {
    const status = await json<ClusterStatus>('status');
    if (holds(status)) return status;
    await sleep(50);
  }
}

test('another terminal writes, reads, breaks and heals while faults are on; Ctrl-C leaves nothing', async () => {
  const { child, ended } = await startCluster('play');
  expect(statSync(state).mode & 0o777).toBe(0o700);
  expect(statSync(join(state, 'cluster-play.json')).mode & 0o777).toBe(0o600);

  expect(await lab('put', 'k', 'v')).toMatchObject({ code: 0, stdout: '' });
  expect(await lab('get', 'k')).toMatchObject({ code: 0, stdout: 'v\n' });
  expect(await lab('cas', 'k', 'other', 'w')).toMatchObject({ code: 0, stdout: 'false\n' });
  expect(await lab('cas', 'k', 'v', 'w')).toMatchObject({ code: 0, stdout: 'true\n' });
  await lab('append', 'k', '!');
  expect((await json<Submitted>('get', 'k', '--at', 'n2')).reply).toMatchObject({ outcome: 'ok', value: 'w!' });
  expect((await lab('get', 'never')).stderr).toContain('nothing was ever written');

  const refused = await lab('fault', 'replace-node', 'leader');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/there is no spare that could join[\s\S]*spares: 1/);

  const { leader } = await statusWhere((status) => status.leader !== null);
  const crash = await json<FaultBegun>('fault', 'crash', 'leader');
  expect(crash).toMatchObject({ name: 'crash', nodes: [leader], endsAfterMs: null });
  const [other = ''] = ['n1', 'n2', 'n3'].filter((node) => node !== leader);
  expect(await json<FaultBegun>('fault', 'pause', other, '--for', '700ms')).toMatchObject({ nodes: [other], endsAfterMs: 700 });
  const broken = await json<ClusterStatus>('status');
  expect(broken.faults.map(({ name }) => name)).toContain('crash');
  expect(broken.nodes.find(({ id }) => id === leader)).toMatchObject({ up: false, role: null });
  // Two of three are gone for 700 ms: it waits for a majority.
  expect(await lab('put', 'k', 'x')).toMatchObject({ code: 0 });
  await json('fault', 'isolate-leader');
  await json('heal');
  const whole = await statusWhere(({ faults, nodes }) => faults.length === 0 && nodes.every(({ up }) => up));
  expect(whole.nodes).toHaveLength(3);
  expect((await json<Submitted>('get', 'k')).reply).toMatchObject({ value: 'x' });

  // It would cut again in 50 ms.
  await json('fault', 'flapping', other, '--every', '100ms', '--for', '60s');
  await json('heal');
  const { url, token } = JSON.parse(readFileSync(join(state, 'cluster-play.json'), 'utf8')) as ClusterFile;
  for (let count = 0; count < 20; count++) {
    const response = await fetch(url ?? '', { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{"ask":"status"}' });
    expect((await response.json() as { readonly answer: ClusterStatus }).answer.faults).toEqual([]);
    await sleep(17);
  }

  expect(processesOf('play').length).toBeGreaterThanOrEqual(4);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0 });
  expect(processesOf('play')).toEqual([]);
  expect(readdirSync(join(folder, 'out'))).toEqual([]);
  expect(readdirSync(state)).toEqual([]);
});

test('when the cluster itself is killed its nodes end, a stopped one too, and its name is free again', async () => {
  const { child, ended } = await startCluster('killed');
  await json('fault', 'pause', 'n2');
  const { pid } = JSON.parse(readFileSync(join(state, 'cluster-killed.json'), 'utf8')) as ClusterFile;
  expect(pid).toBe(child.pid);
  child.kill('SIGKILL');
  await ended;
  while (processesOf('killed').length > 0) await sleep(50);
  expect(await lab('status')).toMatchObject({ code: 3, stderr: expect.stringContaining('no cluster is running') as string });
  const again = await startCluster('killed');
  again.child.kill('SIGINT');
  expect(await again.ended).toMatchObject({ code: 0 });
});

test('with several clusters each is named, and what is wrong is refused in two lines', async () => {
  const one = await startCluster('one');
  const two = await startCluster('two');
  const refusals: readonly (readonly [readonly string[], string, string])[] = [
    [['status'], '2 clusters are running', '--cluster: one, two'],
    [['status', '--cluster', 'oen'], 'no cluster is called "oen"', 'did you mean one?'],
    [['put', 'k', 'v', '--at', 'n9', '--cluster', 'one'], 'unknown node "n9"', 'known: n1, n2, n3'],
    [['fault', 'crsh', 'n1', '--cluster', 'one'], 'unknown fault "crsh"', 'did you mean crash?'],
    [['fault', 'crash', 'n1', '--for', '5', '--cluster', 'one'], 'lab fault crash n1 --for 5: for: 5 has no unit', '5s'],
    [['fault', 'crash', 'n1', '--fr', '5s', '--cluster', 'one'], 'unknown key "fr"', 'did you mean for?'],
    [['fault', 'crash', 'n7', '--cluster', 'one'], 'no node or region "n7"', 'did you mean'],
    [['cluster', 'raft', '--cluster', 'one'], 'a cluster called one is running', '--cluster'],
    [['cluster', 'rft'], 'unknown protocol "rft"', 'did you mean raft?'],
    [['cluster', 'raft', '--on', 'sim'], 'the runner sim holds no cluster', 'local'],
    [['put', 'k'], "missing required argument 'value'", 'lab'],
  ];
  for (const [argv, what, remedy] of refusals) {
    const { code, stdout, stderr } = await lab(...argv);
    const [first = '', second = '', ...rest] = stderr.trimEnd().split('\n');
    expect({ argv, code, stdout, rest }).toEqual({ argv, code: 3, stdout: '', rest: [] });
    expect(first).toContain(what);
    expect(second).toContain(remedy);
  }
  expect((await json<ClusterStatus>('status', '--cluster', 'two')).cluster).toBe('two');

  const { url } = JSON.parse(readFileSync(join(state, 'cluster-one.json'), 'utf8')) as ClusterFile;
  const ask = (headers: { readonly [name: string]: string }) => fetch(url ?? '', { method: 'POST', headers, body: '{"ask":"status"}' });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await ask({ origin: 'http://example.org' })).status).toBe(403);

  for (const { child } of [one, two]) child.kill('SIGTERM');
  expect(await one.ended).toMatchObject({ code: 0 });
  expect(await two.ended).toMatchObject({ code: 0 });
});
