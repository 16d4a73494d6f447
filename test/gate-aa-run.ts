// `npm run gate:aa -- record 5`: the lab against itself, five comparisons on real processes; `plant`: against itself with a busy loop in
// the commit path; `page`: the page over what was recorded. docs/gate-false-alarms.json keeps every pair.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { judgePairs, type PairOfRuns, type Values } from '../orchestrator/gate/pairs.ts';
import { blocksOf, resample } from '../orchestrator/gate/resample.ts';
import { projectFiles, ROOT } from './tree.ts';

/** Values in the order of FIGURES. */
type CompactPair = readonly [seed: string, first: PairOfRuns['first'], base: readonly number[], head: readonly number[]];
type Recorded = {
  readonly kind: 'same' | 'planted';
  readonly began: string;
  readonly experiment: string;
  readonly load: readonly [before: number, after: number];
  /** As the gate said. */
  readonly verdict: string;
  readonly voided: number;
  readonly pairs: readonly CompactPair[];
};

const DATA = join(ROOT, 'docs/gate-false-alarms.json');
const PAGE = join(ROOT, 'docs/gate-false-alarms.md');
const FIGURES = ['cpuSecondsPer1000Commits', 'throughput', 'commit.p50'];
const LABEL = 'raft';
/** Short, and with waits so long that a busy machine's late second is a small part of them: else most pairs would be void there. */
const SHORT = 'name: same\nprotocols: [raft]\nnodes: [us-east-1, sa-east-1, ap-southeast-1]\nnetwork: { wan: aws-5 }\nload: { rate: 200/s, keys: 100, timeout: 8s }\nrun: { warmup: 5s, measure: 3s, settle: 8s }\n';
/** One alarm in so many is evidence at 95 % for less than one in a hundred. */
const SHOWN = 473;
const MANY = 20_000;
/** Of 1 ms or so that a commit costs on all nodes: a tenth, on three nodes. */
const PLANTED_US = 35;

const read = (): readonly Recorded[] => (existsSync(DATA) ? JSON.parse(readFileSync(DATA, 'utf8')) as readonly Recorded[] : []);
const compact = (values: Values) => FIGURES.map((figure) => Number((values[LABEL]?.[figure] ?? 0).toPrecision(5)));
const whole = ([seed, first, base, head]: CompactPair): PairOfRuns => {
  const side = (values: readonly number[]) => ({ [LABEL]: Object.fromEntries(FIGURES.map((figure, index) => [figure, values[index] ?? 0])) });
  return { seed, first, base: side(base), head: side(head) };
};

function compareOnce(kind: Recorded['kind'], head: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'lab-same-'));
  const experiment = join(folder, 'same.yaml');
  writeFileSync(experiment, SHORT);
  const began = new Date().toISOString();
  const [before = 0] = loadavg();
  const { stdout, stderr, status } = spawnSync(join(ROOT, 'lab'), ['gate', '--base', ROOT, '--head', head, '--on', 'local', '--experiment', experiment, '--json'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  rmSync(folder, { recursive: true, force: true });
  const [after = 0] = loadavg();
  const error = /^error: .*$/m.exec(stderr)?.[0];
  if (error?.includes('are void beside') === false || (stdout === '' && error === undefined)) throw new Error(`the gate ended with ${status}: ${error ?? stderr}`);
  const said = stdout === '' ? { verdict: 'nothing measured', pairs: [], void: { length: Number(/(\d+) pairs are void/.exec(stderr)?.[1]) } }
    : JSON.parse(stdout) as { readonly verdict: string; readonly pairs: readonly PairOfRuns[]; readonly void: { readonly length: number } };
  const one: Recorded = {
    kind, began, experiment: SHORT, load: [before, after], verdict: said.verdict, voided: said.void.length,
    pairs: said.pairs.map(({ seed, first, base, head }) => [seed, first, compact(base), compact(head)]),
  };
  const all = [...read(), one];
  writeFileSync(DATA, `[\n${all.map((recorded) => JSON.stringify(recorded)).join(',\n')}\n]\n`);
  process.stdout.write(`${kind}: ${said.verdict}, ${said.pairs.length} pairs, ${one.voided} void, load ${before.toFixed(1)} to ${after.toFixed(1)}\n`);
}

/** A second checkout, in which each commit of each node computes for so long. Returns its folder. */
function plantedCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-planted-'));
  for (const file of projectFiles()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'node/protocols/raft/state.ts');
  const text = readFileSync(file, 'utf8');
  const from = '    while (this.commitIndex < index) {\n';
  const pieces = text.split(from);
  if (pieces.length !== 2) throw new Error(`the commit path is not where it was: ${file}`);
  // Steps, not time: what another process takes away is not to count.
  const busy = `${from}      let wasted = index;\n      for (let step = 0; step < ${stepsOf(PLANTED_US)}; step++) wasted = (Math.imul(wasted, 31) + step) | 0;\n      if (wasted === 0.5) return;\n`;
  writeFileSync(file, pieces.join(busy));
  return folder;
}

/** Of that loop on this machine, once it is compiled. */
function stepsOf(microseconds: number): number {
  const steps = 50_000_000;
  let wasted = 1;
  for (let step = 0; step < steps; step++) wasted = (Math.imul(wasted, 31) + step) | 0;
  const before = process.cpuUsage();
  for (let step = 0; step < steps; step++) wasted = (Math.imul(wasted, 31) + step) | 0;
  const { user, system } = process.cpuUsage(before);
  return Math.round((steps * microseconds) / Math.max(1, user + system)) + (wasted === 0.5 ? 1 : 0);
}

/** Of a share of so many, about normal. */
const highest = (count: number, of: number) => (count + 1.96 * Math.sqrt(count + 1) + 1) / of;
const percent = (value: number | null | undefined) => (value === null || value === undefined ? '–' : `${(value * 100).toFixed(2).replace(/0$/, '')} %`);

function rowOf({ began, load, verdict, voided, pairs }: Recorded): string {
  const { judged } = judgePairs(pairs.map(whole));
  const cells = judged.map(({ rise, cv }) => `${percent(rise)} (${percent(cv)})`);
  return `| ${[began.slice(0, 16).replace('T', ' '), load.map((value) => value.toFixed(1)).join(' → '), pairs.length, voided, ...(cells.length === 0 ? ['–', '–', '–'] : cells), verdict].join(' | ')} |`;
}

function tableOf(some: readonly Recorded[]): string {
  return ['| began (UTC) | load average | pairs | void | processor time: worse by (CV) | throughput | p50 | verdict |', '|---|---|---:|---:|---:|---:|---:|---|', ...some.map(rowOf)].join('\n');
}

/** What a verdict on the planted cost means at that noise. */
function hidden(planted: readonly Recorded[]): string {
  return planted.map(({ pairs, verdict }) => {
    const cpu = judgePairs(pairs.map(whole)).judged.find(({ figure }) => figure === FIGURES[0]);
    if (cpu === undefined) return `\nToo many pairs were void: ${verdict}.\n`;
    return `\nProcessor time is *${cpu.call}* (${percent(cpu.rise)} worse, at most ${percent(cpu.upper)}): at a CV of ${percent(cpu.cv)} the smallest rise that 20 pairs show four times in five is ${percent(cpu.detectable)}.\n`;
  }).join('');
}

function writePage(): void {
  const all = read();
  const [same, planted] = [all.filter(({ kind }) => kind === 'same'), all.filter(({ kind }) => kind === 'planted')];
  const measured = same.filter(({ pairs }) => pairs.length > 0);
  const blocks = measured.flatMap(({ pairs }) => blocksOf(pairs.map(whole)));
  const [shown, many] = [resample(blocks, SHOWN, 'shown'), resample(blocks, MANY, 'many')];
  const alarms = measured.filter(({ verdict }) => verdict === 'regressed').length;
  const text = `# How often the gate cries wolf

Made by \`npm run gate:aa -- page\` from [gate-false-alarms.json](gate-false-alarms.json), which holds every pair of runs: recorded on a machine with ${cpus().length} processors, on which other work went on (the load
average is told for each). What is compared is this lab with itself, so each *regressed* is a false alarm. [The rules](gate.md#two-versions-on-real-processes).

## Real comparisons of one version with itself
${alarms} of ${measured.length} that measured something ended in a false alarm${same.length > measured.length ? `; in ${same.length - measured.length} more the machine was so busy that too many pairs were void` : ''}. ${measured.length < 20 ? `The aim is 20: ${20 - measured.length} are missing, because each takes minutes of a machine that does little else; \`npm run gate:aa -- record ${20 - measured.length}\` adds them.` : ''}

${tableOf(same)}

## The same runs, resampled in blocks
${blocks.length} blocks of two pairs each, drawn with replacement, ten for a comparison, with a new throw of the coin for each:

| comparisons | regressed (false alarms) | ok | inconclusive |
|---:|---:|---:|---:|
| ${SHOWN} | ${shown.regressed} | ${shown.ok} | ${shown.inconclusive} |
| ${MANY} | ${many.regressed} (${percent(many.regressed / MANY)}) | ${many.ok} | ${many.inconclusive} |

At most 1 in ${SHOWN} is the aim, for if the true share were 1 %, so few would be seen in less than 5 of 100 such counts: it is **${shown.regressed <= 1 ? 'met' : `missed in this count, with ${shown.regressed}`}**. The longer count has
the smaller error: ${percent(many.regressed / MANY)}, at most ${percent(highest(many.regressed, MANY))} (one-sided, 97.5 %), where 1 % is promised. A gate whose share is 0.4 % passes the aim in only about half of such counts. Resampled
comparisons share their runs: they tell how the test behaves under this machine's noise, not under another's.

## A planted cost
The second checkout computes ${PLANTED_US} µs longer in each commit of each of three nodes, about a tenth of the 1 ms that a commit costs on an idle machine of this kind; where it costs more, as on a busy one, it is less.

${planted.length === 0 ? 'None was recorded.' : tableOf(planted)}
${hidden(planted)}`;
  writeFileSync(PAGE, text);
}

const [mode = '', count = '1'] = process.argv.slice(2);
if (mode === 'record') for (let index = 0; index < Number(count); index++) compareOnce('same', ROOT);
else if (mode === 'plant') {
  const folder = plantedCheckout();
  try {
    compareOnce('planted', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else if (mode === 'page') writePage();
else {
  process.stderr.write('error: say what to do\n  hint: record [COUNT], plant or page\n');
  process.exitCode = 3;
}
