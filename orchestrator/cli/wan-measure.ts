// `lab wan NAME --measure`: a node in each region that only probes its links; no protocol runs. Exit code 2 where the network
// is not as configured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../../netem/certificate.ts';
import { createRegistry, BUILTINS } from '../builtins.ts';
import { EXIT, LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import type { Plan, Runner } from '../kinds.ts';
import { Certified } from '../metrics/certified.ts';
import { makePlans } from '../plan.ts';
import { renderCertificate } from '../report/certificate.ts';
import { showProgress } from './progress.ts';
import { filesBeside } from './read-file.ts';
import { chosenRunners, chosenShapers } from './run.ts';
import { chosenNetwork } from './wan.ts';

export type MeasureFlags = { readonly on: string; readonly regions?: string; readonly json: boolean };
type Measured = { readonly plan: Plan; readonly certificate: Certificate };

const FEWEST_NODES = 3;
const MOST_NODES = 64;

/** Prints what was measured on each runner, and returns the exit code. */
export async function measureNetwork(name: string | undefined, flags: MeasureFlags, stop: { readonly requested: boolean }): Promise<number> {
  if (name === undefined) throw new LabError('bad-command-line', '--measure without a network', 'name it: lab wan aws-5 --measure');
  const runners = chosenRunners(flags, { files: [], modules: [], registry: createRegistry([BUILTINS]) });
  const shapers = await chosenShapers(runners, 'auto');
  const plans = runners.map((runner, index) => planOf(name, flags, runner, shapers[index]?.shaper));
  const measured: Measured[] = [];
  const steps = runners.map((runner, index) => {
    const plan = plans[index] as Plan;
    return { title: `${name} on ${runner.name}`, run: async (progress: (text: string, share: number) => void) => { measured.push(await measure(plan, runner, stop, progress)); } };
  });
  await showProgress(steps, process.stdout.isTTY && !flags.json);
  if (stop.requested) return EXIT.interrupted;
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, network: name, measured: measured.map(({ plan, certificate }) => ({ runner: plan.runner, shaper: plan.shaper, nodes: plan.nodes.map(({ id, region }) => ({ id, region })), certificate })) }, null, 2)}\n`);
  else process.stdout.write(`${measured.map((each) => rendered(name, each)).join('\n\n')}\n`);
  return measured.some(({ certificate }) => certificate.verdict === 'out') ? EXIT.missed : EXIT.ok;
}

function planOf(name: string, { regions }: MeasureFlags, { name: runner, supports }: Runner, shaper: string | undefined): Plan {
  const { profile } = chosenNetwork(name, regions);
  if (profile.regions.length > MOST_NODES) throw new LabError('bad-command-line', `${name} has ${profile.regions.length} regions, a cluster at most ${MOST_NODES} nodes`, 'choose some with --regions');
  const nodes = Array.from({ length: Math.max(FEWEST_NODES, profile.regions.length) }, (_, index) => profile.regions[index % profile.regions.length]);
  const [protocol] = BUILTINS.protocols ?? [];
  const text = JSON.stringify({ name: 'measure', protocols: [protocol?.name], nodes, network: { wan: name } });
  const [plan] = makePlans(parseExperiment(text, `the network ${name}`, createRegistry([BUILTINS]), [], filesBeside('here')), { runner, supports, ...(shaper === undefined ? {} : { shaper }) });
  return plan as Plan;
}

async function measure(plan: Plan, runner: Runner, stop: { readonly requested: boolean }, progress: (text: string, share: number) => void): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-measure-'));
  const certified = new Certified(plan);
  try {
    await runner.certify(plan, {
      folder, stop, progress, emit: (event) => { if (event.type === 'certificate' || event.type === 'counters') certified.observe(event); },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const certificate = certified.finish();
  if (certificate === null && !stop.requested) throw new LabError('load-failed', `no probe was sent on ${plan.runner}`, 'report it');
  return { plan, certificate: certificate ?? { verdict: 'unverified', worstMs: null, rows: [], breaches: [] } };
}

function rendered(name: string, { plan, certificate }: Measured): string {
  const regions = plan.nodes.map(({ region }) => region);
  const nameOf = (id: string) => {
    const region = plan.nodes.find((node) => node.id === id)?.region ?? id;
    return regions.filter((each) => each === region).length > 1 ? `${id} ${region}` : region;
  };
  return renderCertificate(`${name} on ${plan.runner}${plan.shaper === plan.runner ? '' : ` (${plan.shaper})`}`, certificate, nameOf);
}
