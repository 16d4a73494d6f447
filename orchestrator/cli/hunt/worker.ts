// A process of `lab hunt`: a job comes in on each line of stdin, its answer goes out on a line of stdout, in the same order. It
// gives way to everybody else on the machine, and ends at the end-of-file. Arguments: the modules of plug-ins.
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { named } from '../../builtins.ts';
import { LabError } from '../../errors.ts';
import { huntCase, runCase } from '../../hunt/run.ts';
import { shrink } from '../../hunt/shrink.ts';
import { NODE_BYTES } from '../bytes.ts';
import { loadPlugins } from '../plugins.ts';
import type { Answer, Job } from './jobs.ts';

const NICE = 10;

try {
  setPriority(NICE);
} catch {
  // Where that is not allowed it runs as the others do.
}
const { registry } = await loadPlugins(process.argv.slice(2));

async function work(job: Job): Promise<Answer> {
  const before = process.cpuUsage();
  const name = job.type === 'draw' ? job.protocol : job.hunted.protocol;
  const protocol = named(registry.protocols, name, 'protocol');
  const done = job.type === 'shrink'
    ? await shrink(job.hunted, job.check, job.maxRuns, (hunted) => runCase(NODE_BYTES, protocol, hunted, { nouns: registry }))
    : { hunted: await (job.type === 'draw' ? huntCase(NODE_BYTES, protocol, job.options, job.seed, registry) : runCase(NODE_BYTES, protocol, job.hunted, { nouns: registry })), runs: 1 };
  const { user, system } = process.cpuUsage(before);
  return { type: 'hunted', ...done, cpuMs: (user + system) / 1000 };
}

function failed(error: unknown): Answer {
  if (error instanceof LabError) return { type: 'refused', error: { code: error.code, message: error.message, hint: error.hint } };
  return { type: 'bug', stack: error instanceof Error ? error.stack ?? error.message : String(error) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await work(JSON.parse(line) as Job).catch(failed);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
