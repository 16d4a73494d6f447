// ./lab as a user has it: exit codes, two-line errors, equal output for equal seeds, and nothing left running.
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { labIn } from '../../test/lab-command.ts';
import type { Summary } from '../kinds.ts';
import { readEvents } from './event-file.ts';
import { findPlaces } from './runners/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whole paths, so that the processes of a run show where they belong. */
const out = (name: string) => join(folder, name);

const lab = (argv: readonly string[], onError?: (stderr: string, pid: number) => void) => labIn(folder, argv, onError);

/** The command lines of all processes that work in a folder. */
function processesIn(place: string): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(place) ? [line] : [];
    } catch {
      return [];
    }
  });
}

function runFolders(out: string): readonly string[] {
  return readdirSync(out).flatMap((experiment) => (
    readdirSync(join(out, experiment), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(out, experiment, name))));
}

function summaryIn(run: string): Summary {
  return JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')) as Summary;
}

test.each([
  [['rn'], "unknown command 'rn'", 'did you mean run?'],
  [['run', 'stick', '--nods', '3'], "unknown option '--nods'", 'did you mean --nodes?'],
  [['run', 'stck'], 'unknown protocol or file "stck"', 'did you mean stick?'],
  [['run', 'stick', '--on', 'loca'], 'unknown runner "loca"', 'did you mean local?'],
  [['run', 'stick', '--on', 'sim,sim'], 'the runner sim is given twice', '--repeat'],
  [['run', 'stick', '--load', 'bth'], "'--load <loop>' argument 'bth' is invalid. It is one of open, closed, both", 'did you mean both?'],
  [['run', 'stick', '--repeat', '0'], "'--repeat <count>' argument '0' is invalid", 'lab run --help'],
  [['run', 'stick', '--rate', '100'], '100 has no unit', '100/s'],
  [['run', 'missing.yaml'], 'missing.yaml cannot be read (ENOENT)', 'experiments/'],
  [['run', 'stick', 'missing.yaml'], 'missing.yaml cannot be run together with stick', 'one experiment file'],
  [['run'], "missing required argument 'file|protocol'", 'lab run --help'],
])('%j is refused in two lines with exit code 3', async (argv, what, remedy) => {
  const { code, stdout, stderr } = await lab(argv);
  const [first = '', second = '', ...rest] = stderr.trimEnd().split('\n');
  expect({ code, stdout, rest }).toEqual({ code: 3, stdout: '', rest: [] });
  expect(first).toMatch(/^error: /);
  expect(first).toContain(what);
  expect(second).toMatch(/^ {2}hint: /);
  expect(second).toContain(remedy);
});

test('a folder for results that cannot be made is refused with exit code 4', async () => {
  const { code, stderr } = await lab(['run', 'stick', '--out', '/dev/null/results']);
  expect(code).toBe(4);
  expect(stderr).toContain('/dev/null/results');
});

test('the list names every kind of thing, and the help shows examples', async () => {
  const list = await lab(['list']);
  expect(list.code).toBe(0);
  for (const name of ['protocols\n', 'stick', 'register', 'isolate-leader', 'linearizability', 'commit.p99', 'aws-5', 'sim ', 'local ']) expect(list.stdout).toContain(name);
  const help = await lab(['run', '--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('--wan <network>');
});

test('the simulator prints equal JSON for equal seeds, another for another, and keeps equal events', async () => {
  const argv = ['run', 'stick', 'raft', '--wan', 'aws-5', '--json', '--set', 'run.measure=4s', '--set', 'faults=[{at: 1s, crash: n1, for: 1s}]'];
  const [one, two, other] = await Promise.all([lab([...argv, '--out', out('one')]), lab([...argv, '--out', out('two')]), lab([...argv, '--out', out('three'), '--seed', 'other'])]);
  expect([one.code, two.code, other.code]).toEqual([0, 0, 0]);
  expect(two.stdout).toBe(one.stdout);
  expect(other.stdout).not.toBe(one.stdout);
  const { summaries } = JSON.parse(one.stdout) as { readonly summaries: readonly Summary[] };
  expect(summaries.map(({ plan }) => plan.label)).toEqual(['stick', 'raft']);
  for (const [index, run] of runFolders(out('one')).entries()) {
    const twin = runFolders(out('two'))[index] as string;
    expect(readFileSync(join(twin, 'events.ndjson'), 'utf8')).toBe(readFileSync(join(run, 'events.ndjson'), 'utf8'));
    expect(readdirSync(run).sort()).toEqual(['clock-error.csv', 'environment.json', 'events.ndjson', 'histograms.json', 'history.ndjson', 'manifest.json', 'plan.json', 'samples.parquet', 'summary.csv', 'summary.json']);
  }
});

test('on processes the leader is killed and comes back in a new life, and nothing that was answered is lost', async () => {
  const argv = ['run', 'raft', '--on', 'local', '--nodes', '3', '--rate', '100/s', '--out', out('crash'), '--set', 'run.warmup=1s', '--set', 'run.measure=5s',
    '--set', 'faults=[{at: 1s, crash: leader, for: 1s}]'];
  const { code, stdout, stderr } = await lab(argv);
  // 2: where the machine is too busy, the run says of itself that it measured nothing; what it did is the same.
  expect([0, 2]).toContain(code);
  expect(stderr).not.toContain('error');
  expect(stdout).toContain('raft');
  const [run = ''] = runFolders(out('crash'));
  const summary = summaryIn(run);
  expect(summary.partial).toBe(false);
  expect(summary.verdicts.filter(({ valid }) => valid !== true)).toEqual([]);
  const events = [...readEvents(join(run, 'events.ndjson'))];
  const crashed = events.find((event) => event.type === 'fault' && event.phase === 'begin');
  expect(crashed).toMatchObject({ name: 'crash', nodes: [expect.stringMatching(/^n[123]$/)] });
  const [node] = (crashed as { readonly nodes: readonly string[] }).nodes;
  expect([...new Set(events.filter((event) => event.node === node).map(({ life }) => life))]).toEqual([1, 2]);
  expect(events.every(({ atMs }, index) => index === 0 || atMs >= (events[index - 1]?.atMs ?? 0))).toBe(true);
  expect(existsSync(join(run, 'work'))).toBe(false);
  expect(processesIn(out('crash'))).toEqual([]);
});

test('Ctrl-C ends the run, leaves no process, not even a stopped one, and marks what it keeps as partial', async () => {
  let signalled = false;
  let running = 0;
  const { code, stderr } = await lab(
    ['run', 'stick', '--on', 'local', '--wan', 'aws-5', '--out', out('stopped'), '--set', 'run.warmup=0s', '--set', 'run.measure=60s', '--set', 'faults=[{at: 0s, pause: n2, for: 50s}]'],
    (text, pid) => {
      if (signalled || !text.includes('measuring')) return;
      signalled = true;
      void sleep(1_500).then(() => {
        running = processesIn(out('stopped')).length;
        process.kill(pid, 'SIGINT');
      });
    },
  );
  expect(code).toBe(130);
  // The lab, five nodes, the load.
  expect(running).toBe(7);
  expect(stderr).toContain('interrupted');
  const [run = ''] = runFolders(out('stopped'));
  expect(summaryIn(run)).toMatchObject({ partial: true });
  const events = [...readEvents(join(run, 'events.ndjson'))];
  expect(events.some((event) => event.type === 'action' && event.action.type === 'pause')).toBe(true);
  expect(processesIn(out('stopped'))).toEqual([]);
});

test('when the lab itself is killed, its processes end, a stopped one too', async () => {
  let killed = false;
  let running = 0;
  const { code } = await lab(
    ['run', 'stick', '--on', 'local', '--wan', 'aws-5', '--out', out('killed'), '--set', 'run.warmup=0s', '--set', 'run.measure=60s', '--set', 'faults=[{at: 0s, pause: n2, for: 50s}]'],
    (text, pid) => {
      if (killed || !text.includes('measuring')) return;
      killed = true;
      void sleep(1_500).then(() => {
        running = processesIn(out('killed')).length;
        process.kill(pid, 'SIGKILL');
      });
    },
  );
  expect({ code, running }).toEqual({ code: null, running: 7 });
  while (processesIn(out('killed')).length > 0) await sleep(50);
});

test('a port that is in use is named, with exit code 4, and no process is left', async () => {
  const place = (await findPlaces(['n1'], null)).get('n1') as { readonly host: string; readonly port: number };
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(place.port, place.host, resolve); });
  const { code, stderr } = await lab(['run', 'stick', '--on', 'local', '--out', out('ports'), '--port', String(place.port)]);
  socket.close();
  expect(code).toBe(4);
  expect(stderr).toContain(`error: ${place.host}:${place.port}/udp, which n1 needs, is in use`);
  expect(processesIn(out('ports'))).toEqual([]);
});
