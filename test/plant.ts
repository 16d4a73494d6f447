// A process that plants errors, case by case, tries with each what it is asked to (plant-jobs.ts) and prints an answer for each trial.
// stdin: a PlantJob as JSON.
import { globSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AnyProtocol } from '../node/contract.ts';
import { huntCase } from '../orchestrator/hunt/run.ts';
import { scenesOf } from '../orchestrator/conformance/scenes.ts';
import { nodeBytes } from './bytes.ts';
import { noticed, type PlantAnswer, type PlantCase, type PlantJob, type PlantLine, type PlantTrial } from './plant-jobs.ts';
import { plantCases } from './planting.ts';
import { runScenario } from './scenario.ts';
import { runTrial } from './trial.ts';

const job = JSON.parse(readFileSync(0, 'utf8')) as PlantJob;
const planted = plantCases(job.cases.map(({ replacements }) => replacements));

const say = (number: number, answer: PlantLine['answer']) => writeSync(1, `${JSON.stringify({ case: number, answer } satisfies PlantLine)}\n`);
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** The present case, and the CPU time of this process by which it has to be done. */
const deadline = new Float64Array(new SharedArrayBuffer(16));
deadline[1] = Infinity;

/** A thread of its own, because an endless loop keeps this one busy. */
new Worker(`
  const deadline = require('node:worker_threads').workerData;
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    if ((user + system) / 1e6 < deadline[1]) return;
    require('node:fs').writeSync(1, JSON.stringify({ case: deadline[0], answer: { by: 'clock' } }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 500);`, { eval: true, workerData: deadline }).unref();

async function loadProtocol(number: number): Promise<AnyProtocol> {
  const module = await import(`../node/protocols/${job.protocol}.ts?case=${number}`) as { readonly [name: string]: AnyProtocol };
  const protocol = Object.values(module).find(({ name }) => name === job.protocol);
  if (protocol === undefined) throw new Error(`no protocol ${job.protocol}`);
  const missing = (job.cases[number]?.replacements.length ?? 0) - planted(number);
  if (missing > 0) throw new Error(`${missing} of the files were not loaded`);
  return protocol;
}

function scenarios(protocol: AnyProtocol): PlantAnswer {
  const folder = join(import.meta.dirname, '../node/protocols/scenarios', protocol.name);
  const differs = (scenario: string) => {
    const recorded = readFileSync(join(folder, scenario), 'utf8');
    try {
      return runScenario(protocol, recorded) !== recorded;
    } catch {
      return true;
    }
  };
  const all = globSync('**/*.txt', { cwd: folder }).sort();
  const first = all.find(differs);
  return { by: 'scenarios', differing: first === undefined ? [] : job.untilNoticed ? [first] : all.slice(all.indexOf(first)).filter(differs) };
}

async function hunt(protocol: AnyProtocol, trial: PlantTrial & { readonly by: 'hunt' }, { options = {}, huntedSeeds = 0 }: Partial<PlantCase> = {}): Promise<PlantAnswer> {
  const untilSeconds = cpuSeconds() + trial.cpuSeconds;
  let simulatedMs = 0;
  let seeds = huntedSeeds;
  while (seeds < trial.seeds && cpuSeconds() < untilSeconds) {
    const hunted = await huntCase(nodeBytes, protocol, options, String(++seeds));
    simulatedMs += hunted.simulatedMs;
    const [first] = hunted.violations;
    if (first !== undefined) return { by: 'hunt', seeds, simulatedMs, found: { seed: seeds, checks: hunted.violations.map(({ check }) => check), because: first.because } };
  }
  return { by: 'hunt', seeds, simulatedMs, found: null };
}

async function conformance(protocol: AnyProtocol): Promise<PlantAnswer> {
  for (const scene of scenesOf(protocol)) {
    try {
      const { problems } = await scene.run(protocol, '1', runTrial);
      if (problems.length > 0) return { by: 'conformance', failing: `${scene.title}: ${problems[0]}` };
    } catch (error) {
      return { by: 'conformance', failing: `${scene.title}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
  return { by: 'conformance', failing: null };
}

async function tests(number: number): Promise<PlantAnswer> {
  const { firstFailing } = await import('./plant-tests.ts');
  const modules = (job.cases[number]?.tests ?? []).map((file) => `../${file}?case=${number}`);
  return { by: 'tests', failing: modules.length === 0 ? null : await firstFailing(modules) };
}

function answerOf(protocol: AnyProtocol, number: number, trial: PlantTrial): PlantAnswer | Promise<PlantAnswer> {
  switch (trial.by) {
    case 'scenarios': return scenarios(protocol);
    case 'hunt': return hunt(protocol, trial, job.cases[number]);
    case 'conformance': return conformance(protocol);
    case 'tests': return tests(number);
  }
}

async function tryCase(number: number): Promise<void> {
  deadline.set([number, cpuSeconds() + job.mostCpuSeconds]);
  let protocol: AnyProtocol;
  try {
    protocol = await loadProtocol(number);
  } catch (error) {
    say(number, { by: 'load', because: error instanceof Error ? error.message : String(error) });
    return;
  }
  for (const trial of job.trials) {
    const answer = await answerOf(protocol, number, trial);
    say(number, answer);
    if (job.untilNoticed && noticed(answer)) return;
  }
}

for (const number of job.cases.keys()) {
  await tryCase(number);
  say(number, 'done');
}
process.exit();
