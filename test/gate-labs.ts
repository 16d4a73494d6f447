// Labs that measure nothing: a folder with a program `lab` that leaves the results of a run at once, as it is told to. With them
// the gate over two versions of the lab is tried whole, without the minutes and the noise of real runs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs are counted by the last part of their seed, from 1. */
export type FakeLab = {
  /** Of processor time; the noise is even, from -noise to +noise, and not that of another side. */
  readonly cpu?: number;
  readonly noise?: number;
  readonly latencyMs?: number;
  readonly throughput?: number | null;
  readonly node?: string;
  readonly shaper?: string;
  readonly label?: string;
  readonly violates?: readonly number[];
  readonly invalid?: readonly number[];
  /** Ends with this code and these words in every run. */
  readonly fails?: { readonly code: number; readonly error: string };
};

const PROGRAM = `
const { mkdirSync, readFileSync, writeFileSync, appendFileSync } = require('node:fs');
const { join } = require('node:path');
const fake = JSON.parse(readFileSync(join(__dirname, 'fake.json'), 'utf8'));
const flag = (name) => process.argv[process.argv.indexOf(name) + 1];
const seed = flag('--seed');
const run = Number(seed.split('.').at(-1));
appendFileSync(join(__dirname, '..', 'order.txt'), fake.side + ' ' + seed + '\\n');
if (fake.fails) {
  process.stderr.write('error: ' + fake.fails.error + '\\n  hint: the remedy\\n');
  process.exit(fake.fails.code);
}
let hash = 2166136261;
for (const sign of fake.side + seed) hash = Math.imul(hash ^ sign.charCodeAt(0), 16777619) >>> 0;
hash = Math.imul(hash ^ (hash >>> 15), 2246822507) >>> 0;
const noise = 1 + (fake.noise ?? 0.01) * (2 * (((hash ^ (hash >>> 13)) >>> 0) / 4294967296) - 1);
const label = fake.label ?? 'toy';
const violated = (fake.violates ?? []).includes(run);
const plan = {
  version: 1, id: label, experiment: 'small', label, runner: flag('--on'), shaper: fake.shaper ?? 'userspace', protocol: label, options: {}, seed, nodes: [], links: {},
  load: { ratePerSecond: 100 }, warmupMs: 1, measureMs: 1, settleMs: 1, schedule: [], thresholds: [], warnings: [],
};
const figure = (value, unit) => ({ value, unit, bound: '=' });
const summary = {
  version: 1, plan, partial: false, publishable: true, baseline: { fit: true, because: [] }, regions: [], expected: [], outages: [], missed: [],
  invalid: (fake.invalid ?? []).includes(run) ? ['the load generator sent 40 of 100 commands more than 10 ms late'] : [],
  verdicts: [{ check: 'prefix-agreement', claim: 'agreement', valid: !violated, because: 'planted' }],
  metrics: { cpuSecondsPer1000Commits: figure((fake.cpu ?? 1) * noise, 's'), throughput: figure(fake.throughput === undefined ? 100 : fake.throughput, '/s'), 'commit.p50': figure((fake.latencyMs ?? 70) * (1 + (noise - 1) / 100), 'ms'), errors: figure(0, '') },
};
const folder = join(flag('--out'), 'small-20260101T000000Z', label + '-' + flag('--on') + '-1');
mkdirSync(folder, { recursive: true });
const write = (name, value) => writeFileSync(join(folder, name), JSON.stringify(value));
write('plan.json', plan);
write('summary.json', summary);
write('environment.json', { lab: {}, node: fake.node ?? 'v24.0.0', os: {}, cpu: {} });
process.exit(violated ? 1 : summary.invalid.length > 0 ? 2 : 0);
`;

/** place: of the checkout; its parent gets order.txt, a line for each run. */
export function makeFakeLab(place: string, side: 'base' | 'head', fake: FakeLab = {}): void {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'lab'), `#!${process.execPath}${PROGRAM}`, { mode: 0o755 });
  writeFileSync(join(place, 'fake.json'), JSON.stringify({ side, ...fake }));
}
