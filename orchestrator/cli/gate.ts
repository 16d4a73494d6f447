// `lab gate --sim`: runs each gate experiment under the seeds of its baseline and says what moved. Nothing is compared unless
// every run was safe: a number without a green verdict is no number. With --update what was measured becomes the baseline.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../node/kit/hash.ts';
import type { Registry } from '../builtins.ts';
import { EXIT, LabError } from '../errors.ts';
import { type Experiment, parseExperiment } from '../experiment.ts';
import { type Baseline, baselineOf, hashOf, type Measured, type Measurement, parseBaseline } from '../gate/baseline.ts';
import type { Value } from '../gate/figures.ts';
import { judgeSubjects, type Subject, type Verdict } from '../gate/verdict.ts';
import { describe, renderVerdict } from '../gate/words.ts';
import type { Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createSimulator } from '../simulate.ts';
import { NODE_BYTES } from './bytes.ts';
import { labVersion } from './environment.ts';
import { openPool, type Pool, type Run } from './gate/pool.ts';
import { loadPlugins } from './plugins.ts';
import { showProgress, type Step } from './progress.ts';
import { filesBeside } from './read-file.ts';

/** As given on the command line; undefined: not given. */
export type GateFlags = {
  readonly sim: boolean;
  readonly seeds?: number;
  readonly update: boolean;
  readonly because?: string;
  readonly experiments: string;
  readonly baselines: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
};

type Stop = { readonly requested: boolean };
type Job = { readonly experiment: Experiment; readonly file: string; readonly baseline: Baseline | null; readonly plans: readonly Plan[] };
type Done = { readonly job: Job; readonly measurement: Measurement; readonly violated: readonly string[]; readonly invalid: readonly string[] };

const DEFAULT_SEEDS = 20;
const MOST_REASON_CHARACTERS = 1_000;
const MOST_PROBLEMS = 10;

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function runGate(flags: GateFlags, stop: Stop): Promise<number> {
  checkFlags(flags);
  const plugins = await loadPlugins(flags.plugin);
  const jobs = readJobs(flags, plugins.registry);
  const measured = await measureAll(jobs, plugins.files, stop, process.stdout.isTTY && !flags.json);
  if (measured === null) {
    process.stderr.write('interrupted: nothing was compared\n');
    return EXIT.interrupted;
  }
  const violated = measured.flatMap((done) => done.violated);
  const invalid = measured.flatMap((done) => done.invalid);
  if (violated.length > 0 || invalid.length > 0) {
    tellProblems(violated, invalid, flags.json);
    return violated.length > 0 ? EXIT.claimViolated : EXIT.missed;
  }
  const subjects = measured.flatMap(subjectsOf);
  const verdict = judgeSubjects(subjects, Math.max(...measured.map(({ measurement }) => measurement.seeds.length)));
  const remarks = [...measured.flatMap(remarksOn), ...orphansIn(flags.baselines, jobs)];
  if (flags.update) return update(measured, verdict, flags);
  tellVerdict(verdict, remarks, measured, flags.json);
  return verdict.findings.some(({ call }) => call === 'regressed') ? EXIT.missed : EXIT.ok;
}

function checkFlags({ sim, update, because }: GateFlags): void {
  const refuse = (message: string, hint: string): never => { throw new LabError('bad-command-line', message, hint); };
  if (!sim) refuse('nothing says what to compare', 'write lab gate --sim, or lab gate --base HEAD~1 --head HEAD --on local');
  if (update && (because ?? '').trim() === '') refuse('a baseline is replaced for a reason', 'write --update --because "why these figures are right"');
  if (!update && because !== undefined) refuse('--because belongs to --update', 'write --update --because "…", or leave it out');
  if ((because ?? '').length > MOST_REASON_CHARACTERS) refuse(`a reason of ${because?.length} characters`, `use at most ${MOST_REASON_CHARACTERS}`);
}

function readJobs(flags: GateFlags, registry: Registry): readonly Job[] {
  const jobs = experimentFiles(flags.experiments).map((path): Job => {
    const experiment = parseExperiment(readFileSync(path, 'utf8'), path, registry, [], filesBeside(path));
    const file = join(flags.baselines, `${experiment.name}.json`);
    const baseline = readBaseline(file);
    if (baseline !== null && !flags.update) checkComparable(baseline, experiment, file);
    if (baseline === null && !flags.update) throw new LabError('bad-result', `${path} has no baseline ${file}`, 'make one with lab gate --sim --update --because "…"');
    return { experiment, file, baseline, plans: plansOf(experiment, flags, baseline, file) };
  });
  jobs.forEach(({ experiment }, index) => {
    const first = jobs.findIndex((job) => job.experiment.name === experiment.name);
    if (first < index) throw new LabError('bad-experiment', `${experiment.file}: the name ${experiment.name} is that of ${jobs[first]?.experiment.file}`, 'each gate experiment has a name and a baseline of its own');
  });
  return jobs;
}

function experimentFiles(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort();
  } catch (cause) {
    throw new LabError('bad-command-line', `${folder} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give the folder of the gate experiments with --experiments', cause);
  }
  if (names.length === 0) throw new LabError('bad-command-line', `${folder} holds no experiment`, 'put *.yaml files there, or give another folder with --experiments');
  return names.map((name) => join(folder, name));
}

function readBaseline(file: string): Baseline | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new LabError('bad-result', `${file} cannot be read (${code ?? String(cause)})`, 'make it a readable file', cause);
  }
  return parseBaseline(text, file);
}

function checkComparable(baseline: Baseline, experiment: Experiment, file: string): void {
  if (baseline.experiment !== experiment.name) throw new LabError('bad-result', `${file} is the baseline of ${baseline.experiment}, not of ${experiment.name}`, 'give it back its name');
  if (baseline.experimentHash === hashOf(experiment)) return;
  throw new LabError('bad-result', `${file} was measured with another text of ${experiment.file}`, 'undo the change of the experiment, or run lab gate --sim --update --because "…"');
}

function plansOf(experiment: Experiment, flags: GateFlags, baseline: Baseline | null, file: string): readonly Plan[] {
  const { name, supports } = createSimulator(NODE_BYTES, () => Promise.resolve());
  const repeat = flags.seeds ?? baseline?.seeds.length ?? DEFAULT_SEEDS;
  if (baseline !== null && !flags.update && repeat > baseline.seeds.length) {
    throw new LabError('bad-command-line', `--seeds ${repeat}: ${file} holds ${baseline.seeds.length}`, `use at most ${baseline.seeds.length}, or measure more with --update --seeds ${repeat} --because "…"`);
  }
  return makePlans(experiment, { runner: name, supports, repeat });
}

async function measureAll(jobs: readonly Job[], plugins: readonly string[], stop: Stop, live: boolean): Promise<readonly Done[] | null> {
  const pool = openPool(Math.max(...jobs.map(({ plans }) => plans.length)), plugins);
  const measured: Done[] = [];
  try {
    await showProgress(jobs.map((job) => stepOf(job, pool, stop, measured)), live);
  } finally {
    pool.close();
  }
  return measured.length === jobs.length ? measured : null;
}

function stepOf(job: Job, pool: Pool, stop: Stop, measured: Done[]): Step {
  const { plans, experiment } = job;
  return {
    title: experiment.name,
    run: async (report) => {
      const runs = await pool.run(plans, stop, (count) => report('runs', count / plans.length));
      if (runs !== null) measured.push(doneOf(job, runs));
    },
  };
}

function doneOf(job: Job, runs: readonly Run[]): Done {
  const { plans, experiment } = job;
  const protocols: { [label: string]: Measured } = {};
  for (const { label, protocol, options } of plans) {
    const own = runs.filter((_, index) => plans[index]?.label === label);
    const names = Object.keys(own[0]?.figures ?? {});
    // What the simulator cannot measure (processor time) is no figure of a baseline.
    const some = names.filter((name) => own.some(({ figures }) => figures[name] !== null));
    protocols[label] = { protocol, options, figures: Object.fromEntries(some.map((name): [string, readonly Value[]] => [name, own.map(({ figures }) => figures[name] ?? null)])) };
  }
  const at = (texts: (run: Run) => readonly string[]) => runs.flatMap((run, index) => texts(run).map((text) => `${experiment.name} ${plans[index]?.label} seed ${plans[index]?.seed}: ${text}`));
  return {
    job, violated: at(({ violated }) => violated), invalid: at(({ invalid }) => invalid),
    measurement: {
      experiment: experiment.name, experimentHash: hashOf(experiment), lab: labVersion(), node: process.version,
      seeds: [...new Set(plans.map(({ seed }) => seed))], protocols,
    },
  };
}

/** Over the seeds that both have; a figure that is no longer there has no value in any of them. */
function subjectsOf({ job: { baseline }, measurement }: Done): readonly Subject[] {
  if (baseline === null) return [];
  const { experiment, seeds, protocols } = measurement;
  const common = seeds.filter((seed) => baseline.seeds.includes(seed));
  const over = (values: readonly Value[] | undefined, from: readonly string[]) => common.map((seed) => values?.[from.indexOf(seed)] ?? null);
  return Object.entries(protocols).flatMap(([label, { figures }]) => Object.entries(baseline.protocols[label]?.figures ?? {}).map(([figure, values]) => (
    { experiment, label, figure, before: over(values, baseline.seeds), now: over(figures[figure], seeds) }
  )));
}

/** What is not the same on both sides beside the figures. */
function remarksOn({ job: { baseline }, measurement }: Done): readonly string[] {
  if (baseline === null) return [];
  const remarks: string[] = [];
  const { experiment, lab, node, protocols } = measurement;
  if (baseline.lab !== lab) remarks.push(`${experiment}: the baseline is of version ${baseline.lab} of the lab, this is ${lab}`);
  if (baseline.node !== node) remarks.push(`${experiment}: the baseline was measured on Node ${baseline.node}, this is ${node}`);
  for (const [label, { protocol, options, figures }] of Object.entries(protocols)) {
    const before = baseline.protocols[label];
    if (before === undefined) {
      remarks.push(`${experiment} ${label}: not in the baseline`);
      continue;
    }
    const known = Object.keys(before.figures);
    remarks.push(...Object.keys(figures).filter((name) => !known.includes(name)).map((name) => `${experiment} ${label}: new figure ${name}: not compared until --update`));
    remarks.push(...known.filter((name) => !Object.hasOwn(figures, name)).map((name) => `${experiment} ${label}: the figure ${name} of the baseline is no longer measured`));
    if (before.protocol !== protocol || canonicalJson(before.options) !== canonicalJson(options)) remarks.push(`${experiment} ${label}: the options were ${canonicalJson(before.options)} and are ${canonicalJson(options)}`);
  }
  for (const label of Object.keys(baseline.protocols)) if (!Object.hasOwn(protocols, label)) remarks.push(`${experiment} ${label}: in the baseline, but no longer run`);
  return remarks;
}

/** A renamed experiment would otherwise stop guarding without a word. */
function orphansIn(folder: string, jobs: readonly Job[]): readonly string[] {
  const known = jobs.map(({ experiment }) => `${experiment.name}.json`);
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return there.filter((name) => !known.includes(name)).map((name) => `${join(folder, name)}: no experiment has this baseline; nothing was compared with it`);
}

function tellProblems(violated: readonly string[], invalid: readonly string[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ version: 1, verdict: violated.length > 0 ? 'unsafe' : 'invalid', violated, invalid }, null, 2)}\n`);
    return;
  }
  const lines = [...violated.map((text) => `VIOLATED  ${text}`), ...invalid.map((text) => `invalid   ${text}`)];
  const more = lines.length > MOST_PROBLEMS ? [`and ${lines.length - MOST_PROBLEMS} more`] : [];
  const last = violated.length > 0 ? 'unsafe: a claim is violated; nothing was compared' : 'invalid: these runs measure nothing; nothing was compared';
  process.stdout.write(`${[...lines.slice(0, MOST_PROBLEMS), ...more, '', last].join('\n')}\n`);
}

function tellVerdict(verdict: Verdict, remarks: readonly string[], measured: readonly Done[], json: boolean): void {
  const seeds = Math.max(...measured.map(({ measurement }) => measurement.seeds.length));
  if (!json) {
    process.stdout.write(`${[...remarks.map((remark) => `note  ${remark}`), renderVerdict(verdict, seeds)].join('\n')}\n`);
    return;
  }
  const has = (call: string) => verdict.findings.some((finding) => finding.call === call);
  const word = has('regressed') ? 'regressed' : has('improved') ? 'improved' : 'ok';
  // JSON has no infinity: equal differences in every seed are told by chance 0.
  process.stdout.write(`${JSON.stringify({ version: 1, verdict: word, seeds, limit: verdict.limit, uncertain: verdict.uncertain, remarks, findings: verdict.findings }, null, 2)}\n`);
}

function update(measured: readonly Done[], verdict: Verdict, { because = '', baselines, json }: GateFlags): number {
  const written: string[] = [];
  for (const { job: { baseline, file }, measurement } of measured) {
    const { history: _, checksum: __, version: ___, ...before } = baseline ?? { history: null, checksum: null, version: null };
    if (canonicalJson(before) === canonicalJson(measurement)) continue;
    const moved = verdict.findings.filter(({ experiment, worse, kind }) => experiment === measurement.experiment && worse !== null && kind === 'beyond').map(describe);
    try {
      mkdirSync(baselines, { recursive: true });
      writeFileSync(file, baselineOf(measurement, { because: because.trim(), lab: measurement.lab, moved }, baseline));
    } catch (cause) {
      throw new LabError('machine-lacks', `${file} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give another place with --baselines', cause);
    }
    written.push(file);
  }
  if (json) process.stdout.write(`${JSON.stringify({ version: 1, verdict: 'updated', written, findings: verdict.findings }, null, 2)}\n`);
  else {
    const all = verdict.findings.filter(({ kind, worse }) => kind === 'beyond' && worse !== null).map((finding) => `  ${describe(finding)}`);
    process.stdout.write(`${[...all, written.length === 0 ? 'nothing changed: the baselines stay as they are' : `written: ${written.join(', ')}; commit them`].join('\n')}\n`);
  }
  return EXIT.ok;
}
