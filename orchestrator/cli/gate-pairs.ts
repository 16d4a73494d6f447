// `lab gate --base … --head …`: two versions of the lab, run in turn. In real time their costs are compared by a test over pairs;
// in virtual time, which has no noise of a machine in it, all figures are, as those of the simulator are.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Entry } from '../compare/sides.ts';
import { EXIT, LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import { worseSide, valueOf, type Value } from '../gate/figures.ts';
import { MOST_PAIRS } from '../gate/looks.ts';
import { failureComment, type GateReport, pairsComment, renderPairs, textComment, unsafeWords } from '../gate/pair-words.ts';
import { judgePairs, type PairOfRuns, type PairsVerdict, valuesOf } from '../gate/pairs.ts';
import { judgeSubjects, type Subject } from '../gate/verdict.ts';
import { renderVerdict } from '../gate/words.ts';
import { makePlans } from '../plan.ts';
import { type Checkout, openCheckout, type Stop } from './gate/checkouts.ts';
import { type EntryPair, measurePairs, type Paired, type PairJob } from './gate/pair-runs.ts';
import type { SideJob } from './gate/side-run.ts';
import { loadPlugins } from './plugins.ts';
import { showProgress } from './progress.ts';
import { filesBeside } from './read-file.ts';
import { saveText } from './report.ts';
import { createRunners } from './run.ts';
import { PACKAGE_ROOT } from './tree.ts';
import { examineKernel } from './virtual-time.ts';

/** As given on the command line; undefined: not given. */
export type PairFlags = {
  /** Of the other tier. */
  readonly sim: boolean;
  readonly update: boolean;
  readonly base?: string;
  readonly head?: string;
  readonly on?: string;
  readonly virtualTime: boolean;
  readonly experiment?: string;
  readonly markdown?: string;
  readonly pairs?: number;
  readonly seeds?: number;
  readonly seed?: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
};

type Said = { readonly text: string; readonly comment: string; readonly json: object; readonly code: number };

const DEFAULT_EXPERIMENT = 'experiments/gate-local.yaml';
const DEFAULT_SEEDS = 8;
/** Beside what the plan lasts: nodes start, links are probed, events are read. */
const BESIDE_RUN_MS = 6_000;
/** Of one run; in virtual time computing lasts as long as it likes. */
const PATIENCE = { real: { times: 10, moreMs: 120_000 }, virtual: { times: 50, moreMs: 900_000 } } as const;

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function runPairGate(flags: PairFlags, stop: Stop): Promise<number> {
  const { base, head, on } = checkedFlags(flags);
  const job = await readJob(flags, on);
  if (flags.virtualTime) examineKernel();
  const seed = flags.seed ?? randomBytes(4).toString('hex');
  const inside = mkdtempSync(join(tmpdir(), 'lab-gate-pairs-'));
  let said: Said | null = null;
  try {
    const run = async (report: (text: string, share: number) => void): Promise<void> => {
      const sides: Checkout[] = [];
      for (const [side, given] of [['base', base], ['head', head]] as const) {
        const checkout = await openCheckout(side, given, inside, (text) => report(text, 0), stop);
        if (checkout === null) return;
        sides.push(checkout);
      }
      const [one, other] = sides as [Checkout, Checkout];
      const mostPairs = flags.virtualTime ? flags.seeds ?? DEFAULT_SEEDS : flags.pairs ?? MOST_PAIRS;
      said = await compare({ ...job, base: one, head: other, inside, seed, mostPairs }, report, stop);
    };
    await showProgress([{ title: 'gate', run }], process.stdout.isTTY && !flags.json);
  } catch (error) {
    if (flags.markdown !== undefined && error instanceof LabError && error.code === 'nothing-measured') saveText(flags.markdown, failureComment(error.message, error.hint));
    throw error;
  } finally {
    rmSync(inside, { recursive: true, force: true });
  }
  return tell(said, flags);
}

function tell(said: Said | null, { markdown, json }: PairFlags): number {
  if (said === null) {
    process.stderr.write('interrupted: nothing was compared\n');
    return EXIT.interrupted;
  }
  if (markdown !== undefined) saveText(markdown, said.comment);
  process.stdout.write(json ? `${JSON.stringify(said.json, null, 2)}\n` : `${said.text}\n`);
  return said.code;
}

function checkedFlags({ base, head, on, virtualTime, pairs, seeds, sim, update }: PairFlags): { readonly base: string; readonly head: string; readonly on: string } {
  const refuse = (message: string, hint: string): never => { throw new LabError('bad-command-line', message, hint); };
  const example = 'write lab gate --base HEAD~1 --head HEAD --on local';
  if (sim || update) refuse(`--${sim ? 'sim' : 'update'} does not go with --base, --head and --on`, 'the simulator is compared with its baselines, real processes base with head: one at a time');
  if (base === undefined || head === undefined) return refuse(`--${base === undefined ? 'base' : 'head'} is missing`, example);
  if (on === undefined) return refuse('nothing says where to run', example);
  if (virtualTime && on !== 'netns') refuse(`--virtual-time is not for --on ${on}`, 'it is for nodes in namespaces: --on netns');
  if (virtualTime && pairs !== undefined) refuse('--pairs is for real time', 'write --seeds: in virtual time a seed is measured once on each side');
  if (!virtualTime && seeds !== undefined) refuse('--seeds is for the simulator and virtual time', 'write --pairs');
  return { base, head, on };
}

async function readJob(flags: PairFlags, on: string): Promise<SideJob & Pick<PairJob, 'runMs'>> {
  const plugins = await loadPlugins(flags.plugin);
  const experiment = resolve(flags.experiment ?? join(PACKAGE_ROOT, DEFAULT_EXPERIMENT));
  let text: string;
  try {
    text = readFileSync(experiment, 'utf8');
  } catch (cause) {
    throw new LabError('bad-command-line', `${experiment} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give an experiment file with --experiment', cause);
  }
  const parsed = parseExperiment(text, experiment, plugins.registry, [], filesBeside(experiment));
  const runner = createRunners(null, plugins).find(({ name }) => name === on);
  const plans = makePlans(parsed, { runner: on, supports: runner?.supports ?? new Set(), repeat: 1 });
  const closed = plans.find(({ load }) => load.ratePerSecond === null);
  if (closed !== undefined) throw new LabError('bad-experiment', `${experiment}: ${closed.label} has no rate`, 'give load.rate a number, such as 400/s: at saturation batching hides what a commit costs');
  const runMs = plans.reduce((sum, { warmupMs, measureMs }) => sum + warmupMs + measureMs + BESIDE_RUN_MS, 0);
  const { times, moreMs } = flags.virtualTime ? PATIENCE.virtual : PATIENCE.real;
  const settleMs = plans.reduce((sum, plan) => sum + plan.settleMs, 0);
  return { experiment, name: parsed.name, on, virtualTime: flags.virtualTime, plugins: plugins.files, mostMs: times * (runMs + settleMs) + moreMs, runMs };
}

async function compare(job: PairJob, report: (text: string, share: number) => void, stop: Stop): Promise<Said | null> {
  let verdict = judgePairs([]);
  const isEnough = (pairs: readonly EntryPair[]): boolean | string => {
    if (job.virtualTime) return false;
    const values = pairs.map(pairOf);
    const problem = values.find((value) => typeof value === 'string');
    if (problem !== undefined) return problem;
    verdict = judgePairs(values as readonly PairOfRuns[]);
    return verdict.decided;
  };
  const paired = await measurePairs(job, isEnough, report, stop);
  if (paired === null) return null;
  const about = reportOf(job, paired);
  if (paired.unsafe) {
    const text = unsafeWords(paired.void);
    return { text, comment: textComment(about, 'unsafe', text), json: { version: 1, verdict: 'unsafe', ...about }, code: EXIT.claimViolated };
  }
  return job.virtualTime ? sayExact(job, about, paired.pairs) : sayPairs(about, verdict, paired.pairs);
}

/** A string: why it is no measurement. */
function pairOf({ seed, first, base, head }: EntryPair): PairOfRuns | string {
  const [before, now] = [valuesOf(base.map(({ summary }) => summary)), valuesOf(head.map(({ summary }) => summary))];
  if (typeof before === 'string') return `base: ${before}`;
  return typeof now === 'string' ? now : { seed, first, base: before, head: now };
}

function sayPairs(about: GateReport, verdict: PairsVerdict, pairs: readonly EntryPair[]): Said {
  return {
    text: renderPairs(about, verdict), comment: pairsComment(about, verdict),
    json: { version: 1, verdict: verdict.call, ...about, figures: verdict.judged, pairs: pairs.map(pairOf) },
    code: verdict.call === 'ok' ? EXIT.ok : EXIT.missed,
  };
}

/** The first tier's comparison, of what it guards: the processor has no figures there. */
function sayExact({ name }: PairJob, about: GateReport, pairs: readonly EntryPair[]): Said {
  const subjects = (pairs[0]?.base ?? []).flatMap(({ summary: { plan: { label }, metrics } }): readonly Subject[] => Object.keys(metrics).filter((figure) => worseSide(figure) !== null).map((figure) => {
    const over = (side: 'base' | 'head') => pairs.map((pair): Value => {
      const found = pair[side].find(({ summary }) => summary.plan.label === label)?.summary.metrics[figure];
      return found === undefined ? null : valueOf(found);
    });
    return { experiment: name, label, figure, before: over('base'), now: over('head') };
  }));
  const verdict = judgeSubjects(subjects, pairs.length);
  const has = (call: string) => verdict.findings.some((finding) => finding.call === call);
  const word = has('regressed') ? 'regressed' : has('improved') ? 'improved' : 'ok';
  const body = renderVerdict(verdict, pairs.length, '');
  const text = [`base  ${about.base}`, `head  ${about.head}`, `${about.experiment} on ${about.where}; seed ${about.seed}`, '', ...about.void.map(({ side, seed, because }) => `void  seed ${seed}, ${side}: ${because}`), ...about.notes.map((note) => `note  ${note}`), body].join('\n');
  return {
    text, comment: textComment(about, word, body), json: { version: 1, verdict: word, ...about, seeds: pairs.map(({ seed }) => seed), limit: verdict.limit, findings: verdict.findings },
    code: word === 'regressed' ? EXIT.missed : EXIT.ok,
  };
}

function reportOf(job: PairJob, { pairs, void: voided }: Paired): GateReport {
  const [entry] = pairs[0]?.base ?? [];
  const words = ({ given, commit }: Checkout) => (commit === null ? given : commit.startsWith(given) ? commit.slice(0, 12) : `${given} (${commit.slice(0, 12)})`);
  const where = entry === undefined ? job.on : [job.on, entry.summary.plan.shaper, ...(job.virtualTime ? ['virtual time'] : []), `Node ${entry.node}`].join(', ');
  return { base: words(job.base), head: words(job.head), experiment: job.name, where, seed: job.seed, void: voided, notes: errorNotes(pairs) };
}

/** Commands without an answer have no logarithm: they are told where the sides differ. */
function errorNotes(pairs: readonly EntryPair[]): readonly string[] {
  const errors = (entries: readonly Entry[]) => entries.reduce((sum, { summary }) => sum + (summary.metrics['errors']?.value ?? 0), 0);
  const [base, head] = [pairs.reduce((sum, pair) => sum + errors(pair.base), 0), pairs.reduce((sum, pair) => sum + errors(pair.head), 0)];
  return base === head ? [] : [`commands without an ok: ${base} with base, ${head} with head`];
}
