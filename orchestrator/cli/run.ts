// `lab run`: an experiment becomes plans, each plan a run with a folder of its own, and all of them one table. Several
// runners get the same plan; the table of one is printed before the next begins.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { named, type Registry } from '../builtins.ts';
import { applyOverrides, ExperimentDocument } from '../document.ts';
import { EXIT, LabError } from '../errors.ts';
import { type Experiment, experimentOf } from '../experiment.ts';
import { readFaultFlag, withFaults } from '../fault-text.ts';
import { exitCodeOf, judge } from '../judge.ts';
import type { Loop } from '../load/loop.ts';
import type { Plan, Runner, Sink, Summary } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import type { RunRecord } from '../report/page/record.ts';
import { renderAgreement } from '../report/agreement.ts';
import { summarizeExperiment } from '../report/experiment.ts';
import { renderTable } from '../report/table.ts';
import { createSimulator } from '../simulate.ts';
import { NODE_BYTES } from './bytes.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { loadPlugins, type Plugins } from './plugins.ts';
import { type Report, showProgress } from './progress.ts';
import { openPage, PAGE, recorderOf, writePage } from './report.ts';
import { filesBeside, wanOverride } from './read-file.ts';
import { EXPERIMENT_FILE } from './results/read.ts';
import type { WayName } from './docker/way.ts';
import { createDockerRunner, type DockerChoice } from './runners/docker.ts';
import { createLocalRunner } from './runners/local.ts';
import { createNetnsRunner } from './runners/netns.ts';
import { createResultsFolder } from './results-folder.ts';
import { checkSearch, runSearch, searchFor } from './search.ts';
import { files } from './sinks/files.ts';
import { openSinks } from './sinks/open.ts';
import { StartUpWatch, wordsOfStartUp } from './start-up.ts';
import { isVirtualTime, runInVirtualTime } from './virtual-time.ts';

/** As given on the command line; undefined: not given. */
export type RunFlags = {
  readonly on: string;
  readonly wan?: string;
  readonly nodes?: string;
  readonly rate?: string;
  readonly load?: Loop | 'both';
  readonly repeat?: number;
  readonly seed?: string;
  readonly set: readonly string[];
  readonly fault: readonly string[];
  readonly out: string;
  readonly plugin: readonly string[];
  readonly sink: readonly string[];
  readonly json: boolean;
  readonly open: boolean;
  readonly port?: number;
  readonly subnet?: string;
  readonly tcWay?: WayName;
  readonly shaper: string;
  readonly virtualTime: boolean;
};

type Stop = { readonly requested: boolean };
/** records, views: of the runs that are done. */
type Job = { readonly plan: Plan; readonly runner: Runner; readonly folder: string; readonly registry: Registry; readonly sinks: readonly Sink[]; readonly records: RunRecord[]; readonly views: string[] };

const TABLE_COLUMNS = 100;
/** The runner whose processes wait for nothing outside. */
const IN_VIRTUAL_TIME = 'netns';

export function createRunners(portBase: number | null, { files, registry }: Plugins, docker: DockerChoice = {}): readonly Runner[] {
  const breathe = () => new Promise<void>((resolve) => { setImmediate(resolve); });
  return [createSimulator(NODE_BYTES, breathe, registry), createLocalRunner(portBase, files), createNetnsRunner(files), createDockerRunner(files, docker)];
}

/** Runs everything and returns the exit code. `stop` is set by Ctrl-C. */
export async function runExperiment(targets: readonly string[], flags: RunFlags, stop: Stop): Promise<number> {
  if (flags.virtualTime && !isVirtualTime()) return startInVirtualTime(flags, stop);
  const plugins = await loadPlugins(flags.plugin);
  const { registry } = plugins;
  const experiment = readExperiment(targets, flags, registry);
  const runners = chosenRunners(flags, plugins);
  const sinks = chosenSinks(flags, registry);
  const shapers = await chosenShapers(runners, flags.shaper);
  const on = runners.map((runner, index) => ({ runner, request: {
    runner: runner.name, supports: runner.supports, ...shapers[index], ...(isVirtualTime() ? { time: 'virtual' as const } : {}),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }), ...(flags.repeat === undefined ? {} : { repeat: flags.repeat }),
    ...(flags.load === undefined ? {} : { load: flags.load }),
  } }));
  const search = searchFor(experiment, flags);
  if (search !== null) checkSearch({ experiment, search, on });
  // All plans are made before the first run begins: what is wrong is said at once.
  const plans = search === null ? on.map(({ request }) => makePlans(experiment, request)) : [];
  const results = createResultsFolder(flags.out, experiment.name);
  const environment = await readEnvironment(plugins.modules);
  if (search !== null) {
    return runSearch({ experiment, search, on, results, stop, json: flags.json, open: flags.open, run: async (some, runner) => {
      const done: Summary[] = [];
      await runJobs(some.map((plan) => ({ plan, runner, folder: runFolder(results, plan), registry, sinks, records: [], views: [] })), environment, stop, flags.json, done);
      return done;
    } });
  }
  const summaries: Summary[] = [];
  const records: RunRecord[] = [];
  const views: string[] = [];
  const keepTogether = () => {
    const together = summarizeExperiment(experiment.name, new Map(summaries.map((summary) => [basename(runFolder(results, summary.plan)), summary])));
    writeJson(join(results, EXPERIMENT_FILE), together);
    return together;
  };
  const print = (some: readonly Summary[]) => { if (!flags.json && some.length > 0) process.stdout.write(`${renderTable(some, tableWidth())}\n\n`); };
  try {
    for (const [index, runner] of runners.entries()) {
      const before = summaries.length;
      await runJobs((plans[index] ?? []).map((plan) => ({ plan, runner, folder: runFolder(results, plan), registry, sinks, records, views })), environment, stop, flags.json, summaries);
      if (stop.requested) break;
      if (index < runners.length - 1) print(summaries.slice(before));
    }
  } catch (error) {
    // What was measured before is not lost with the run that failed.
    keepTogether();
    print(summaries);
    if (records.length > 0) writePage(join(results, PAGE), records);
    process.stderr.write(`results: ${results}\n`);
    throw error;
  }
  const { groups, agreements } = keepTogether();
  print(summaries);
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, experiment: experiment.name, summaries, groups, agreements }, null, 2)}\n`);
  else process.stdout.write(`${agreements.length === 0 ? '' : `${renderAgreement(agreements)}\n\n`}results: ${results}\n`);
  for (const view of views) (flags.json ? process.stderr : process.stdout).write(`${view}\n`);
  showPage(results, records, flags);
  if (stop.requested) {
    process.stderr.write('interrupted: what is there covers a part of the experiment\n');
    return EXIT.interrupted;
  }
  return exitCodeOf(summaries);
}

/** stdout of --json is one document: what is beside it goes to stderr. */
function showPage(results: string, records: readonly RunRecord[], flags: RunFlags): void {
  if (records.length === 0) return;
  const page = writePage(join(results, PAGE), records);
  (flags.json ? process.stderr : process.stdout).write(`report: ${page}\n`);
  if (flags.open) openPage(page);
}

function tableWidth(): { readonly width: number } {
  return { width: process.stdout.columns ?? TABLE_COLUMNS };
}

/** Adds each summary to `done` as it comes. */
async function runJobs(jobs: readonly Job[], environment: Environment, stop: Stop, json: boolean, done: Summary[]): Promise<void> {
  const repeated = (label: string) => jobs.filter(({ plan }) => plan.label === label).length > 1;
  const steps = jobs.map((job) => ({
    title: `${job.runner.name} ${job.plan.label}${repeated(job.plan.label) ? ` (repetition ${job.plan.repetition})` : ''}`,
    run: async (report: Report) => {
      if (!stop.requested) done.push(await runJob(job, environment, stop, report, done.length === 0));
    },
  }));
  await showProgress(steps, process.stdout.isTTY && !json);
}

/** One run. What it emitted before it failed or was interrupted is kept, marked as partial. */
async function runJob(job: Job, environment: Environment, stop: Stop, progress: Report, first: boolean): Promise<Summary> {
  const { plan, runner, folder, registry } = job;
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, 'plan.json'), plan);
  let measuredOn: Environment = environment;
  const keep = (facts: Partial<Environment>): void => {
    measuredOn = { ...measuredOn, ...facts };
    writeJson(join(folder, 'environment.json'), measuredOn);
  };
  const began = (unixMs: number): void => keep({ startedAt: new Date(unixMs).toISOString() });
  const watch = new StartUpWatch(first ? 0 : sinceStartMs(), sinceStartMs());
  // The simulator's time begins now; where time is real the runner says when it did.
  began(Date.now());
  const sink = await openSinks(job.sinks, plan, folder, warnOnce);
  const judgement = judge(plan, {
    protocol: named(registry.protocols, plan.protocol, 'protocol'), workload: named(registry.workloads, plan.load.workload, 'workload'), checks: registry.checks,
  });
  const recorder = recorderOf(plan, registry.protocols);
  let whole = false;
  try {
    await runner.run(plan, {
      folder, stop, progress, began, reached: (phase) => watch.reached(phase, sinceStartMs()), ...(sink.live === undefined ? {} : { live: sink.live }),
      emit: (event) => {
        sink.write(event);
        watch.observe(event);
        judgement.observe(event);
        recorder.observe(event);
      },
    });
    // A check may fail at last: then what there is is kept as a part.
    if (!stop.requested) judgement.finish(false);
    whole = !stop.requested;
    const startUp = watch.finish();
    if (startUp !== null) {
      keep({ startUp });
      progress(wordsOfStartUp(startUp), 1);
    }
  } finally {
    if (!whole) await sink.close(judgement.finish(true));
  }
  const summary = judgement.finish(!whole);
  if (whole) await sink.close(summary);
  job.views.push(...sink.views());
  job.records.push(recorder.finish(summary, measuredOn));
  return summary;
}

/** Of this process. */
function sinceStartMs(): number {
  return 1_000 * process.uptime();
}

const warned = new Set<string>();

/** What is wrong for every run is said once. */
function warnOnce(text: string): void {
  if (!warned.has(text)) process.stderr.write(`${text}\n`);
  warned.add(text);
}

function readExperiment(targets: readonly string[], flags: RunFlags, registry: Registry): Experiment {
  const overrides = [
    ...(flags.wan === undefined ? [] : [wanOverride(flags.wan)]),
    ...(flags.nodes === undefined ? [] : [`nodes=${flags.nodes}`]),
    ...(flags.rate === undefined ? [] : [`load.rate=${flags.rate}`]),
    ...flags.set,
  ];
  const read = (text: string, place: string): Experiment => {
    const document = applyOverrides(ExperimentDocument.parse(text, place), overrides);
    return experimentOf(withFaults(document, flags.fault.map(readFaultFlag), flags.fault.map((fault) => `--fault ${fault}`)), registry, filesBeside(place));
  };
  const file = targets.find((target) => isFile(target));
  if (file === undefined) {
    for (const name of targets) named(registry.protocols, name, 'protocol or file');
    const text = `name: ${targets.join('-')}\nprotocols: [${targets.join(', ')}]\n`;
    return read(text, 'command line');
  }
  if (targets.length > 1) throw new LabError('bad-command-line', `${file} cannot be run together with ${targets.filter((target) => target !== file).join(', ')}`, 'give one experiment file, or names of protocols');
  return read(readText(file), file);
}

function isFile(target: string): boolean {
  return /\.ya?ml$/.test(target) || target.includes('/') || statSync(target, { throwIfNoEntry: false })?.isFile() === true;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new LabError('bad-command-line', `${file} cannot be read (${code ?? String(cause)})`, 'give the path of an experiment file (see experiments/), or names of protocols', cause);
  }
}

export function chosenRunners(flags: Pick<RunFlags, 'on' | 'port' | 'subnet' | 'tcWay'>, plugins: Plugins): readonly Runner[] {
  const known = createRunners(flags.port ?? null, plugins, { pool: flags.subnet, way: flags.tcWay });
  const names = flags.on.split(',').map((name) => name.trim());
  const chosen = names.map((name) => named(known, name, 'runner'));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new LabError('bad-command-line', `the runner ${twice} is given twice`, 'repeat a run with --repeat');
  return chosen;
}

/** What cannot be done inside is said before. */
function startInVirtualTime({ on, open, out }: RunFlags, stop: Stop): Promise<number> {
  if (!on.split(',').some((name) => name.trim() === IN_VIRTUAL_TIME)) throw new LabError('bad-command-line', `--virtual-time is not for --on ${on}`, `it is for nodes in namespaces: --on ${IN_VIRTUAL_TIME}`);
  if (open) throw new LabError('bad-command-line', '--open cannot open a browser from inside the kernel of --virtual-time', 'afterwards: lab report results/<folder> --open');
  return runInVirtualTime(process.argv.slice(2), out, stop);
}

/** Of each runner that has a choice; it must work here. */
export async function chosenShapers(runners: readonly Runner[], asked: string): Promise<readonly { readonly shaper?: string }[]> {
  const chosen: { readonly shaper?: string }[] = [];
  for (const runner of runners) {
    const probe = await runner.probe();
    if (!probe.ok) throw new LabError('machine-lacks', `the runner ${runner.name} needs ${probe.missing}`, probe.hint);
    const choice = await runner.chooseShaper?.(asked);
    if (choice !== undefined && choice.notice !== null) process.stderr.write(`${choice.notice}\n`);
    chosen.push(choice === undefined ? {} : { shaper: choice.shaper });
  }
  return chosen;
}

/** Beside `files`, which every run writes. */
function chosenSinks(flags: RunFlags, registry: Registry): readonly Sink[] {
  const chosen = new Set(flags.sink.map((name) => named(registry.sinks, name, 'sink')));
  return [...chosen].filter(({ name }) => name !== files.name);
}

/** Labels are path-safe by the schema of experiments, and so is what a sweep adds to them. */
function runFolder(results: string, plan: Plan): string {
  return join(results, `${plan.label}-${plan.runner}-${plan.repetition}`);
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
