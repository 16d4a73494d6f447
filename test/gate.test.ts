// The gate on the real lab: planted costs are found and named, refactorings are not called regressions, bad input is refused.
// A plant is a replaced text in the sources of the lab's processes (plant-preload.ts).
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../orchestrator/builtins.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { baselineOf, hashOf, parseBaseline } from '../orchestrator/gate/baseline.ts';
import { makePlans } from '../orchestrator/plan.ts';

const root = join(import.meta.dirname, '..');
const SEEDS = 8;
const EXPERIMENT = `
name: small
protocols: [raft]
nodes: 5
network: { wan: aws-5 }
load: { rate: 50/s, keys: 20, timeout: 2s }
run: { warmup: 3s, measure: 4s, settle: 2s }
`;

type Plant = { readonly file: string; readonly from: string; readonly to: string };
type Outcome = { readonly status: number; readonly stdout: string; readonly stderr: string };
type Finding = { readonly label: string; readonly figure: string; readonly kind: string; readonly call: string; readonly share: number | null };

let folder = '';
const place = (name: string) => join(folder, name);

function lab(argv: readonly string[], plant: Plant | null = null): Promise<Outcome> {
  const env = plant === null ? process.env : { ...process.env, LAB_PLANT: JSON.stringify([plant]), NODE_OPTIONS: `--import=${join(root, 'test/plant-preload.ts')}` };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'orchestrator/cli/main.ts'), ...argv], { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const gate = (argv: readonly string[], plant: Plant | null = null) => lab(['gate', '--sim', '--experiments', 'experiments', '--baselines', 'baselines', ...argv], plant);

/** The same, on links that lose datagrams: there chance has a say in every figure. */
const LOSSY = ['--experiments', 'lossy', '--baselines', 'lossy-baselines'];

async function findings(plant: Plant | null, argv: readonly string[] = []): Promise<{ readonly status: number; readonly verdict: string; readonly all: readonly Finding[]; readonly called: (call: string) => readonly string[] }> {
  const { status, stdout, stderr } = await gate(['--json', ...argv], plant);
  expect(stderr).not.toMatch(/bug:|error:/);
  const { verdict, findings: all } = JSON.parse(stdout) as { readonly verdict: string; readonly findings: readonly Finding[] };
  return { status, verdict, all, called: (call) => all.filter((finding) => finding.call === call).map(({ figure }) => figure) };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lab-gate-'));
  mkdirSync(place('experiments'));
  writeFileSync(place('experiments/small.yaml'), EXPERIMENT);
  mkdirSync(place('lossy'));
  writeFileSync(place('lossy/small.yaml'), EXPERIMENT.replace('aws-5', 'aws-5, links: { "* - *": { loss: 2% } }'));
  for (const argv of [[], LOSSY]) {
    const { status, stderr } = await gate([...argv, '--update', '--seeds', String(SEEDS), '--because', 'the first one']);
    expect(status, stderr).toBe(0);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SERVER = '/node/protocols/raft/server.ts';
const REPLICATION = '/node/protocols/raft/replication.ts';
const STATE = '/node/protocols/raft/state.ts';
const ROUND_TRIP: Plant = {
  file: REPLICATION,
  from: 'else if (reply.matchIndex <= this.log.lastIndex) progress.accepted(reply);',
  to: `else if (progress.asked >= reply.matchIndex) progress.accepted(reply);
       else { progress.asked = reply.matchIndex; this.env.sendBeforeDurable(from, this.entriesAfter(reply.matchIndex, [])); return; }`,
};
const FSYNC: Plant = {
  file: STATE,
  from: '    while (this.commitIndex < index) {',
  to: '    if (this.commitIndex < index) this.env.persist({ term: this.currentTerm, votedFor: this.votedFor });\n    while (this.commitIndex < index) {',
};
const MESSAGES: Plant = {
  file: REPLICATION,
  from: 'this.env.sendBeforeDurable(alike, this.entriesAfter(nextIndex - 1, entries));',
  to: 'for (let copies = nextIndex % 4 === 0 ? 2 : 1; copies > 0; copies--) this.env.sendBeforeDurable(alike, this.entriesAfter(nextIndex - 1, entries));',
};

describe('a planted cost is found, and named', () => {
  test('a round trip more in each commit', async () => {
    const { status, called, all } = await findings(ROUND_TRIP);
    expect(status).toBe(2);
    expect(called('regressed')).toEqual(expect.arrayContaining(['commit.p50', 'commit.mean', 'apply.p50', 'messagesPerCommit']));
    expect(all.find(({ figure }) => figure === 'commit.p50')?.share).toBeGreaterThan(0.2);
  });

  test('a flush more in each commit: that figure alone', async () => {
    const { status, called } = await findings(FSYNC);
    expect(status).toBe(2);
    expect(called('regressed')).toEqual(['fsyncsPerCommit']);
  });

  test('10 % more messages: messages and their bytes, no latency', async () => {
    const { status, called, all } = await findings(MESSAGES);
    expect(status).toBe(2);
    expect([...called('regressed')].sort()).toEqual(['bytesPerCommit', 'messagesPerCommit']);
    const share = all.find(({ figure }) => figure === 'messagesPerCommit')?.share ?? 0;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.15);
  });

  test('for people: the figure, both values, how much and which side is worse', async () => {
    const { stdout } = await gate([], FSYNC);
    expect(stdout).toMatch(/REGRESSED\n {2}small raft fsyncsPerCommit: [\d.]+ → [\d.]+, \+\d+ % \(higher is worse; [\d.]+ standard errors\)/);
    expect(stdout).toMatch(/regressed: 1 guarded figure is worse/);
  });
});

describe('what only draws or orders differently is no regression', () => {
  test.each<readonly [string, Plant]>([
    ['events of one instant in another order', { file: '/node/kit/event-queue.ts', from: '(aMs === bMs && a < b)', to: '(aMs === bMs && a > b)' }],
    ['one random number more in each node', { file: SERVER, from: '    this.eager = entries.length === 0', to: '    this.env.random();\n    this.eager = entries.length === 0' }],
    ['one random number more in each link', { file: '/node/kit/random.ts', from: '  for (let round = 0; round < 12; round++) next();', to: "  for (let round = name[0] === 'link' ? -1 : 0; round < 12; round++) next();" }],
  ])('%s', async (_, plant) => {
    const { status, all, called } = await findings(plant, LOSSY);
    expect(called('regressed')).toEqual([]);
    expect(status).toBe(0);
    // It did change something.
    expect(all.some(({ kind }) => kind !== 'identical')).toBe(true);
  });

  test('unchanged code is identical in every figure', async () => {
    const { status, all } = await findings(null);
    expect(status).toBe(0);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ kind }) => kind !== 'identical')).toEqual([]);
  });

  test('fewer seeds than the baseline has are compared with the same seeds of it', async () => {
    const { status, all } = await findings(null, ['--seeds', '5']);
    expect(status).toBe(0);
    expect(all.filter(({ kind }) => kind !== 'identical')).toEqual([]);
  });
});

test('an improvement passes and asks to be kept; --update keeps the reason and what moved, and does nothing without a change', async () => {
  const slow = ['--baselines', 'slow'];
  await gate([...slow, '--update', '--seeds', '5', '--because', 'slow'], FSYNC);
  const { status, stdout } = await gate(slow);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^improved: 1 guarded figure is better; keep it with lab gate --sim --update/m);
  await gate([...slow, '--update', '--because', 'no flush too many']);
  const text = readFileSync(place('slow/small.json'), 'utf8');
  const { history, seeds } = parseBaseline(text, 'small.json');
  expect(history.map(({ because }) => because)).toEqual(['slow', 'no flush too many']);
  expect(history[1]?.moved).toEqual([expect.stringMatching(/^small raft fsyncsPerCommit: .* -\d+ %/)]);
  expect(seeds).toHaveLength(5);
  const again = await gate([...slow, '--update', '--because', 'once more']);
  expect(again.stdout).toContain('nothing changed');
  expect(readFileSync(place('slow/small.json'), 'utf8')).toBe(text);
});

test('a violated claim ends with 1, and nothing is compared or written', async () => {
  const unsafe: Plant = { file: STATE, from: 'this.env.commit(command, {', to: "this.env.commit(this.env.self === 'n2' ? null : command, {" };
  const { status, stdout } = await gate([], unsafe);
  expect(status).toBe(1);
  expect(stdout).toMatch(/VIOLATED {2}small raft seed 1: prefix-agreement: /);
  expect(stdout).not.toContain('identical');
  const before = readFileSync(place('baselines/small.json'), 'utf8');
  expect((await gate(['--update', '--because', 'it is faster'], unsafe)).status).toBe(1);
  expect(readFileSync(place('baselines/small.json'), 'utf8')).toBe(before);
});

test('a bug in a simulated run ends with 70 and names the run', async () => {
  const { status, stderr } = await gate([], { file: SERVER, from: '  commands(batch: readonly Command[]): void {', to: "  commands(batch: readonly Command[]): void { throw new Error('planted');" });
  expect(status).toBe(70);
  expect(stderr).toMatch(/bug: small-raft-\d under seed 1[.\d]*: .*planted/);
});

test('a run that is no measurement ends with 2, and nothing is compared', async () => {
  mkdirSync(place('strict'));
  writeFileSync(place('strict/small.yaml'), `${EXPERIMENT}expect: { commit.p50: below 1ms }\n`);
  const { status, stdout } = await gate(['--experiments', 'strict', '--baselines', 'strict-baselines', '--update', '--seeds', '5', '--because', 'x']);
  expect(status).toBe(2);
  expect(stdout).toMatch(/invalid {3}small raft seed 1: .*commit\.p50/);
  expect(existsSync(place('strict-baselines'))).toBe(false);
});

test('a figure that the baseline does not have, and one that only the baseline has, are said', async () => {
  mkdirSync(place('figures'));
  const baselines = place('figures-baselines');
  const argv = ['--experiments', 'figures', '--baselines', 'figures-baselines', '--seeds', '5'];
  writeFileSync(place('figures/small.yaml'), EXPERIMENT);
  await gate([...argv, '--update', '--because', 'x']);
  const { checksum: _, history, version: __, ...before } = parseBaseline(readFileSync(join(baselines, 'small.json'), 'utf8'), 'small.json');
  const { raft } = before.protocols;
  const { 'commit.p99': p99, ...others } = raft?.figures ?? {};
  // As if the lab had begun to measure one since, and ended to measure another.
  const older = { ...before, protocols: { raft: { protocol: 'raft', options: raft?.options ?? {}, figures: { ...others, 'commit.p95': p99 ?? [] } } } };
  writeFileSync(join(baselines, 'small.json'), baselineOf(older, history[0] ?? { because: '', lab: '', moved: [] }, null));
  const { stdout } = await gate(argv);
  expect(stdout).toMatch(/^note {2}small raft: new figure commit\.p99: not compared until --update$/m);
  expect(stdout).toMatch(/^note {2}small raft: the figure commit\.p95 of the baseline is no longer measured$/m);
  expect(stdout.match(/^note .*figure/gm)).toHaveLength(2);
});

test('other options and versions than those of the baseline, and a baseline without an experiment, are said', async () => {
  mkdirSync(place('said'));
  const [experiment, baselines] = [place('said/small.yaml'), place('said-baselines')];
  const argv = ['--experiments', 'said', '--baselines', 'said-baselines', '--seeds', '5'];
  writeFileSync(experiment, EXPERIMENT);
  await gate([...argv, '--update', '--because', 'x']);
  // As if the default of an option had changed since.
  const { checksum: _, history, version: __, ...before } = parseBaseline(readFileSync(join(baselines, 'small.json'), 'utf8'), 'small.json');
  const { raft } = before.protocols;
  const older = { ...before, lab: '0.0.1', node: 'v20.0.0', protocols: { raft: { protocol: 'raft', figures: raft?.figures ?? {}, options: { electionTimeoutMs: [1, 2] } } } };
  writeFileSync(join(baselines, 'small.json'), baselineOf(older, history[0] ?? { because: '', lab: '', moved: [] }, null));
  writeFileSync(join(baselines, 'gone.json'), '{}');
  const { status, stdout } = await gate(argv);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^note {2}small: the baseline is of version 0\.0\.1 of the lab, this is \d/m);
  expect(stdout).toMatch(/^note {2}small: the baseline was measured on Node v20\.0\.0, this is v\d/m);
  expect(stdout).toMatch(/^note {2}small raft: the options were \{"electionTimeoutMs":\[1,2\]\} and are \{/m);
  expect(stdout).toMatch(/^note {2}said-baselines\/gone\.json: no experiment has this baseline/m);
});

test('a protocol of a plug-in has a gate too', async () => {
  mkdirSync(place('plugged'));
  writeFileSync(place('mine.ts'), `import { raft } from '${join(root, 'node/protocols/raft.ts')}';\nexport default { protocols: [{ ...raft, name: 'mine' }] };\n`);
  writeFileSync(place('package.json'), '{"type":"module"}');
  writeFileSync(place('plugged/small.yaml'), EXPERIMENT.replace('raft', 'mine'));
  const argv = ['--experiments', 'plugged', '--baselines', 'plugged-baselines', '--seeds', '5', '--plugin', 'mine.ts'];
  expect(await gate([...argv, '--update', '--because', 'x'])).toMatchObject({ status: 0 });
  const { status, stdout } = await gate(argv);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^small mine {2}\d+ identical$/m);
});

describe('bad input ends with 3, the place and the remedy', () => {
  const refused = async (argv: readonly string[], message: RegExp) => {
    const { status, stderr } = await lab(argv);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n {2}hint: \S/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(3);
  };
  const own = (baselines: string, experiments = 'experiments') => ['gate', '--sim', '--experiments', experiments, '--baselines', baselines];
  const write = (name: string, change: (text: string) => string) => {
    mkdirSync(place(name), { recursive: true });
    writeFileSync(place(`${name}/small.json`), change(readFileSync(place('baselines/small.json'), 'utf8')));
  };

  test('no --sim, no reason, a reason without --update, an unknown flag', async () => {
    await refused(['gate'], /error: nothing says what to compare/);
    await refused([...own('baselines'), '--update'], /error: a baseline is replaced for a reason/);
    await refused([...own('baselines'), '--because', 'x'], /error: --because belongs to --update/);
    await refused([...own('baselines'), '--updat'], /unknown option '--updat'/);
    await refused([...own('baselines'), '--seeds', '2'], /whole number from 5 to 1000/);
  });

  test('no folder, no experiment, no baseline, more seeds than it has', async () => {
    mkdirSync(place('empty'));
    await refused(own('baselines', 'nowhere'), /error: nowhere cannot be read \(ENOENT\)/);
    await refused(own('baselines', 'empty'), /error: empty holds no experiment/);
    await refused(own('empty'), /error: experiments\/small\.yaml has no baseline empty\/small\.json/);
    await refused([...own('baselines'), '--seeds', '50'], new RegExp(`error: --seeds 50: baselines/small.json holds ${SEEDS}`));
  });

  test('a baseline edited by hand, also when it is to be replaced; one that is no baseline', async () => {
    write('edited', (text) => text.replace(/"throughput": \[\d/, '"throughput": [9'));
    await refused(own('edited'), /error: edited\/small\.json: the checksum does not match: it was edited by hand/);
    await refused([...own('edited'), '--update', '--because', 'x'], /checksum/);
    write('cut', (text) => text.slice(0, 1000));
    await refused(own('cut'), /error: cut\/small\.json: not JSON/);
  });

  test('another text of the experiment; two experiments of one name', async () => {
    mkdirSync(place('other'));
    writeFileSync(place('other/small.yaml'), EXPERIMENT.replace('50/s', '60/s'));
    await refused(own('baselines', 'other'), /error: baselines\/small\.json was measured with another text of other\/small\.yaml/);
    mkdirSync(place('twice'));
    for (const name of ['a', 'b']) writeFileSync(place(`twice/${name}.yaml`), EXPERIMENT);
    await refused(own('baselines', 'twice'), /error: twice\/b\.yaml: the name small is that of twice\/a\.yaml/);
  });
});

describe("the lab's own gate", () => {
  const registry = createRegistry([BUILTINS]);
  const files = readdirSync(join(root, 'experiments/gate'));
  const experiments = files.map((file) => parseExperiment(readFileSync(join(root, 'experiments/gate', file), 'utf8'), file, registry));

  test.each(experiments)('$file has a baseline of its present text, over 20 seeds', (experiment) => {
    const baseline = parseBaseline(readFileSync(join(root, 'results/baselines', `${experiment.name}.json`), 'utf8'), experiment.name);
    expect(baseline.experimentHash).toBe(hashOf(experiment));
    expect(baseline.seeds).toHaveLength(20);
    expect(Object.keys(baseline.protocols)).toEqual(experiment.variants[0]?.settings.protocols.map(({ label }) => label));
  });

  test('each seed meets its faults at another time', () => {
    const faulty = experiments.filter(({ variants }) => variants[0]?.settings.faults.length !== 0);
    expect(faulty.length).toBeGreaterThan(0);
    for (const experiment of faulty) {
      const plans = makePlans(experiment, { runner: 'sim', supports: new Set(['crash', 'restart']), repeat: 20 });
      const [first] = plans;
      const times = plans.filter(({ label }) => label === first?.label).map(({ schedule }) => schedule[0]?.atMs);
      expect(new Set(times).size).toBe(20);
    }
  });
});
