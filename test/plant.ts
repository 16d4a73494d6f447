// A process whose sources have planted errors. It tries what it is asked to (plant-jobs.ts) and prints an answer for each trial.
// Argument: a PlantJob as JSON.
import { globSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AnyProtocol } from '../node/contract.ts';
import { noticed, type PlantAnswer, type PlantJob, type PlantTrial } from './plant-jobs.ts';
import { plantTexts } from './planting.ts';

const job = JSON.parse(process.argv[2] ?? '{}') as PlantJob;

/** Written at once: what ends this process leaves no time to flush. */
const say = (answer: PlantAnswer) => writeSync(1, `${JSON.stringify(answer)}\n`);
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** A thread of its own, because an endless loop keeps this one busy. */
const WATCHDOG = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    if ((user + system) / 1e6 < workerData) return;
    require('node:fs').writeSync(1, '{"by":"clock"}\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 500);`;
if (job.mostCpuSeconds > 0) new Worker(WATCHDOG, { eval: true, workerData: job.mostCpuSeconds }).unref();

async function loadProtocol(): Promise<AnyProtocol> {
  plantTexts(job.replacements);
  const { PROTOCOLS } = await import('../node/registry.ts');
  const protocol = PROTOCOLS.find(({ name }) => name === job.protocol);
  if (protocol === undefined) throw new Error(`no protocol ${job.protocol}`);
  return protocol;
}

async function scenarios(protocol: AnyProtocol): Promise<PlantAnswer> {
  const { runScenario } = await import('./scenario.ts');
  const folder = join(import.meta.dirname, '../node/protocols/scenarios', protocol.name);
  const differing = globSync('**/*.txt', { cwd: folder }).sort().filter((scenario) => {
    const recorded = readFileSync(join(folder, scenario), 'utf8');
    try {
      return runScenario(protocol, recorded) !== recorded;
    } catch {
      return true;
    }
  });
  return { by: 'scenarios', differing };
}

async function hunt(protocol: AnyProtocol, trial: PlantTrial & { readonly by: 'hunt' }): Promise<PlantAnswer> {
  const { huntCase } = await import('../orchestrator/hunt/run.ts');
  const { nodeBytes } = await import('./bytes.ts');
  const untilSeconds = cpuSeconds() + trial.cpuSeconds;
  let simulatedMs = 0;
  let seeds = 0;
  while (seeds < trial.seeds && cpuSeconds() < untilSeconds) {
    const hunted = await huntCase(nodeBytes, protocol, trial.options, String(++seeds));
    simulatedMs += hunted.simulatedMs;
    const [first] = hunted.violations;
    if (first !== undefined) return { by: 'hunt', seeds, simulatedMs, found: { seed: seeds, checks: hunted.violations.map(({ check }) => check), because: first.because } };
  }
  return { by: 'hunt', seeds, simulatedMs, found: null };
}

async function conformance(protocol: AnyProtocol): Promise<PlantAnswer> {
  const { scenesOf } = await import('../orchestrator/conformance/scenes.ts');
  const { runTrial } = await import('./trial.ts');
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

const protocol = await loadProtocol();
for (const trial of job.trials) {
  const answer = trial.by === 'scenarios' ? await scenarios(protocol) : trial.by === 'hunt' ? await hunt(protocol, trial) : await conformance(protocol);
  say(answer);
  if (job.untilNoticed && noticed(answer)) break;
}
process.exit();
