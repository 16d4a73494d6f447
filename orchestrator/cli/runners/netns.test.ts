// Nodes in namespaces, where this machine allows them: a run with faults, and that nothing is left and nothing outside is
// touched, at the end, after Ctrl-C, and after a kill. A namespace stands in for the machine's own, so that nobody else
// changes it meanwhile.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { REGISTRY, runPlan } from '../../../test/run-plan.ts';
import { parseExperiment } from '../../experiment.ts';
import { isViolation } from '../../judge.ts';
import type { Plan } from '../../kinds.ts';
import { makePlans } from '../../plan.ts';
import { type Namespace, Namespaces, refusal } from '../netns/namespaces.ts';
import { commandOf } from '../state.ts';
import { createNetnsRunner } from './netns.ts';

const LAB = fileURLToPath(new URL('../../../lab', import.meta.url));
const LONG = `name: long
protocols: [raft]
nodes: 3
load: { rate: 20/s, timeout: 1s }
run: { warmup: 1s, measure: 60s, settle: 1s }
faults: [{ at: 0s, pause: n3, for: 50s }]
`;
const STEP_MS = 50;
const WITHIN_MS = 40_000;

const probe = await createNetnsRunner().probe();
const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('netns');
if (!probe.ok && !required) console.log(`skipped: nodes in namespaces (${probe.missing}; ${probe.hint})`);

describe('what is said where there are no namespaces', () => {
  test.each([
    ['unshare cannot be started', 0, 'network namespaces', 'apt install util-linux iproute2'],
    ['unshare: unshare failed: Operation not permitted', 0, 'the right to make network namespaces (unshare: unshare failed: Operation not permitted)', 'CAP_SYS_ADMIN'],
    ['unshare: unshare failed: Operation not permitted', 1000, 'the right to make network namespaces', 'start it as root, or allow user namespaces'],
  ])('%s, user %i', (said, uid, missing, hint) => {
    expect(refusal(said, uid)).toMatchObject({ missing: expect.stringContaining(missing) as string, hint: expect.stringContaining(hint) as string });
  });
});

describe.skipIf(!probe.ok && !required)('nodes in namespaces', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-netns-'));
  const outer = new Namespaces();
  const labs: ChildProcess[] = [];
  let host: Namespace;
  beforeAll(async () => {
    host = await outer.add('host');
    writeFileSync(join(folder, 'long.yaml'), LONG);
  });
  afterEach(() => { for (const lab of labs.splice(0)) lab.kill('SIGKILL'); });
  afterAll(async () => {
    await outer.close();
    rmSync(folder, { recursive: true });
  });

  /** All that there is in the namespace which stands in for the machine's own, and the names of all namespaces. */
  function machine(): readonly string[] {
    return [['ip', '-j', 'link'], ['ip', '-j', 'addr'], ['ip', '-j', 'route'], ['ip', '-j', 'neigh'], ['tc', '-j', 'qdisc'], ['ip', 'netns']].map((command) => {
      const [program = '', ...argv] = [...host.enter, ...command];
      const { status, stdout, stderr } = spawnSync(program, argv, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
      if (status !== 0) throw new Error(stderr);
      return `${command.join(' ')}: ${stdout}`;
    });
  }

  /** A lab of its own in there; state: the folder of what it writes down. */
  function startLab(name: string, ...argv: readonly string[]): { readonly child: ChildProcess; readonly state: string; readonly ended: Promise<number | string | null>; readonly said: () => string } {
    const state = join(folder, name);
    mkdirSync(state, { mode: 0o700 });
    const [enter = '', ...words] = host.enter;
    const child = spawn(enter, [...words, LAB, ...argv, '--out', join(state, 'results')], { cwd: folder, env: { ...process.env, XDG_RUNTIME_DIR: state }, stdio: ['ignore', 'pipe', 'pipe'] });
    labs.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const ended = new Promise<number | string | null>((resolve) => { child.once('close', (code, signal) => resolve(code ?? signal)); });
    return { child, state, ended, said: () => said };
  }

  /** Of the lab that runs with this state: what it has started, by name and process. */
  function startedBy(state: string): readonly { readonly name: string; readonly pid: number; readonly mark: string }[] {
    const own = join(state, 'consensus-lab');
    if (!existsSync(own)) return [];
    return readdirSync(own).filter((file) => file.startsWith('processes-')).flatMap((file) => readFileSync(join(own, file), 'utf8').split('\n').slice(1, -1)
      .map((line) => JSON.parse(line) as { readonly name: string; readonly pid: number; readonly mark: string }));
  }
  const stillThere = (processes: ReturnType<typeof startedBy>) => processes.filter(({ pid, mark }) => commandOf(pid)?.includes(mark) === true).map(({ name }) => name);

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (let waitedMs = 0; !holds(); waitedMs += STEP_MS) {
      if (waitedMs > WITHIN_MS) throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}`);
      await sleep(STEP_MS);
    }
  }

  test('commit, crash, come back, sleep and wake; their frames are signed, and their doors ask for the token', async () => {
    const runner = createNetnsRunner();
    const text = `name: faults\nprotocols: [raft]\nnodes: 3\nload: { rate: 30/s, timeout: 2s }\nrun: { warmup: 2s, measure: 6s, settle: 2s }
faults: [{ at: 1s, crash: any-follower, for: 500ms }, { at: 3s, pause: leader, for: 500ms }]\n`;
    const { shaper } = await runner.chooseShaper?.('userspace') ?? { shaper: '' };
    const [plan] = makePlans(parseExperiment(text, 'faults', REGISTRY), { runner: runner.name, supports: runner.supports, shaper }) as [Plan];
    const { summary: { verdicts, metrics }, events } = await runPlan(runner, plan, { inside: folder, keep: ['status', 'traffic'] });
    expect(verdicts.filter(isViolation)).toEqual([]);
    expect(metrics['throughput']?.value).toBeGreaterThan(10);
    expect(new Set(events.filter((event) => event.type === 'status').map(({ life }) => life))).toEqual(new Set([1, 2]));
    const corrupt = events.flatMap((event) => (event.type === 'traffic' ? [event.corrupt] : []));
    expect(corrupt.length).toBeGreaterThan(0);
    expect(Math.max(...corrupt)).toBe(0);
  });

  test('during a run and after Ctrl-C the machine is as it was, and no process is left', async () => {
    const before = machine();
    const { child, state, ended, said } = startLab('interrupted', 'run', 'long.yaml', '--on', 'netns', '--shaper', 'userspace');
    await until('the run measures', () => said().includes('measuring:'));
    expect(machine()).toEqual(before);
    const started = startedBy(state);
    const holders = started.flatMap(({ name }) => /^lab-[0-9a-f]{6}-(\w+)$/.exec(name)?.[1] ?? []);
    expect(new Set(holders)).toEqual(new Set(['trial', 'hub', 'n1', 'n2', 'n3', 'load']));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stillThere(started)).toEqual([]);
    expect(machine()).toEqual(before);
    expect(readdirSync(join(state, 'consensus-lab'))).toEqual([]);
  });

  test('a lab that is killed leaves nothing that runs, and lab clean removes its sockets and its record', async () => {
    const before = machine();
    const { child, state, ended, said } = startLab('killed', 'run', 'long.yaml', '--on', 'netns', '--shaper', 'userspace');
    await until('a node is stopped', () => said().includes('pause n3'));
    const started = startedBy(state);
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await until('they have ended by themselves', () => stillThere(started).length === 0);
    expect(machine()).toEqual(before);
    expect(readdirSync(join(state, 'consensus-lab')).map((file) => file.replace(/\d+/, 'PID')).sort()).toEqual(['processes-PID.ndjson', 'sockets-PID']);
    const { status, stdout } = spawnSync(LAB, ['clean', '--out', join(state, 'results')], { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: state } });
    expect(status).toBe(0);
    expect(stdout).toMatch(/removed .*sockets-\d+/);
    expect(readdirSync(join(state, 'consensus-lab'))).toEqual([]);
  });

  test('a shaper that is asked for and does not work here is an error with its remedy, never another shaper', async () => {
    const { state, ended, said } = startLab('refused', 'run', 'long.yaml', '--on', 'netns', '--shaper', 'tc');
    const code = await Promise.race([ended, until('the run measures', () => said().includes('measuring:')).then(() => 'runs')]);
    if (code === 'runs') expect(readFileSync(join(state, 'results', readdirSync(join(state, 'results'))[0] ?? '', 'raft-netns-1/plan.json'), 'utf8')).toContain('"shaper": "tc"');
    else {
      expect(code).toBe(4);
      expect(said()).toMatch(/error: the shaper tc does not work on netns here: .*\n {2}hint: .+/);
      expect(stillThere(startedBy(state))).toEqual([]);
    }
  });

  const asRoot = process.getuid?.() === 0;
  test.skipIf(!asRoot)('an ordinary user has namespaces in a user namespace', async () => {
    const script = `const { Namespaces } = await import(${JSON.stringify(new URL('../netns/namespaces.ts', import.meta.url).href)});
const all = new Namespaces(); const one = await all.add('one'); await one.configure(['link set lo up']); console.log(JSON.stringify([process.getuid(), all.asRoot])); await all.close();`;
    const state = join(folder, 'ordinary');
    mkdirSync(state, { mode: 0o777 });
    const { stdout, stderr } = spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8', cwd: '/', env: { PATH: process.env['PATH'] ?? '', TMPDIR: state } });
    if (/EACCES|MODULE_NOT_FOUND|Permission denied/.test(stderr)) {
      console.log('skipped: namespaces of an ordinary user (this checkout is not readable for others)');
      return;
    }
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([65_534, false]);
  });
});
