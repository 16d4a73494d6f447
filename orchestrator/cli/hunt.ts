// `lab hunt`: simulated runs with random clusters, loads and faults, by as many processes as there are cores. What has failed
// before is repeated first; what fails now is shrunk, drawn and kept.
import { join } from 'node:path';
import type { Json } from '../../node/contract.ts';
import { mergeOptions } from '../../node/options.ts';
import { named, type Registry } from '../builtins.ts';
import { EXIT, LabError } from '../errors.ts';
import { prepare } from '../hunt/case.ts';
import type { HuntCase } from '../hunt/case.ts';
import { drawCase } from '../hunt/draw.ts';
import { refuseProblems, type Hunted } from '../hunt/run.ts';
import { readDuration } from '../units.ts';
import { labVersion, readRevision } from './environment.ts';
import { conversationOf, writePage } from './hunt/conversation.ts';
import { readCorpus, readEntry, saveEntry } from './hunt/corpus.ts';
import type { Answer, Job } from './hunt/jobs.ts';
import { Tally, type Seen } from './hunt/tally.ts';
import { loadPlugins } from './plugins.ts';
import { showProgress } from './progress.ts';
import { processesFor, startWorker, type Worker } from './workers.ts';

/** As given on the command line; undefined: not given. */
export type HuntFlags = {
  readonly protocol: string;
  readonly seeds?: number;
  readonly time?: string;
  readonly fromSeed: number;
  readonly set: readonly string[];
  readonly replay?: string;
  readonly corpus: string;
  readonly out: string;
  readonly shrinkRuns: number;
  readonly plugin: readonly string[];
  readonly json: boolean;
};

type Stop = { readonly requested: boolean };
type Options = HuntCase['options'];
type Workers = readonly Worker<Job, Answer>[];
type Failure = { readonly seed: string; readonly check: string; readonly because: string; readonly replay: string; readonly file: string; readonly page: string; readonly shrunk: string; readonly text: string };
type Limits = { readonly seeds: number; readonly untilMs: number; readonly fromSeed: number };

const DEFAULT_SEEDS = 200;
/** Of one protocol, shrunk and kept; further ones are told by their seed. */
const MAX_KEPT = 3;
const MAX_TOLD = 20;

export async function hunt(flags: HuntFlags, stop: Stop): Promise<number> {
  const { registry, files } = await loadPlugins(flags.plugin);
  const options = optionsOf(flags.set);
  if (flags.replay !== undefined) return replay(flags.replay, flags, options, registry);
  const names = namesOf(flags.protocol, registry);
  for (const name of names) checkOptions(name, options, registry);
  const workers = Array.from({ length: processesFor(Infinity) }, (_, index) => startWorker<Job, Answer>(`hunter ${index + 1}`, 'orchestrator/cli/hunt/worker.ts', files));
  const say = (text: string) => { if (!flags.json) process.stdout.write(`${text}\n`); };
  const tallies: Tally[] = [];
  const failures: { readonly protocol: string; readonly kept: readonly Failure[]; readonly further: readonly string[] }[] = [];
  try {
    for (const name of names) {
      const { tally, repeated } = await huntOne(name, options, { flags, workers, stop, share: 1 / names.length, say });
      tallies.push(tally);
      for (const line of tally.lines()) say(line);
      if (repeated > 0) say(`  corpus: ${repeated} cases repeated`);
      const kept = await keep(tally, flags, workers[0] as Worker<Job, Answer>, registry, say);
      failures.push({ protocol: name, kept, further: tally.failures.map(({ seed }) => seed).slice(0, MAX_TOLD) });
      if (stop.requested) break;
    }
  } finally {
    for (const { child } of workers) child.closeInput();
  }
  const failed = tallies.some((tally) => tally.failures.length > 0);
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, ok: !failed, hunts: tallies.map((tally, index) => ({ ...tally.json, ...failures[index] })) }, null, 2)}\n`);
  return failed ? EXIT.claimViolated : stop.requested ? EXIT.interrupted : EXIT.ok;
}

function namesOf(text: string, { protocols }: Registry): readonly string[] {
  if (text === 'all') return protocols.map(({ name }) => name);
  return text.split(',').map((name) => named(protocols, name.trim(), 'protocol').name);
}

/** Values are JSON, or else texts. */
function optionsOf(sets: readonly string[]): Options {
  return Object.fromEntries(sets.map((set): [string, Json] => {
    const equals = set.indexOf('=');
    if (equals < 1) throw new LabError('bad-command-line', `--set ${set}: no value`, 'write --set option=value, an option of the protocol');
    const text = set.slice(equals + 1);
    try {
      return [set.slice(0, equals), JSON.parse(text) as Json];
    } catch {
      return [set.slice(0, equals), text];
    }
  }));
}

function checkOptions(name: string, options: Options, registry: Registry): void {
  const protocol = named(registry.protocols, name, 'protocol');
  const [problem] = mergeOptions(protocol.defaults, options).problems;
  if (problem !== undefined) throw new LabError('bad-command-line', `${name}: ${problem.option}: ${problem.message}`, 'correct it with --set');
  refuseProblems(prepare(protocol, drawCase(protocol, options, '1', registry.faults), registry.faults), name);
}

function limitsOf({ seeds, time, fromSeed }: HuntFlags, share: number): Limits {
  if (time === undefined) return { seeds: seeds ?? DEFAULT_SEEDS, untilMs: Infinity, fromSeed };
  const given = readDuration(time);
  if ('problem' in given) throw new LabError('bad-command-line', `--time: ${given.problem}`, given.remedy);
  return { seeds: seeds ?? Infinity, untilMs: performance.now() + given.value * share, fromSeed };
}

type Place = { readonly flags: HuntFlags; readonly workers: Workers; readonly stop: Stop; readonly share: number; readonly say: (text: string) => void };

async function huntOne(protocol: string, options: Options, { flags, workers, stop, share, say }: Place): Promise<{ readonly tally: Tally; readonly repeated: number }> {
  const tally = new Tally(protocol);
  const corpus = readCorpus(flags.corpus, protocol);
  for (const line of corpus.skipped) say(`  ${line}`);
  const begunMs = performance.now();
  const limits = limitsOf(flags, share);
  const jobs = jobsOf(protocol, options, corpus.entries.map(({ hunted }) => hunted), limits);
  await showProgress([{
    title: protocol,
    run: async (report) => {
      await Promise.all(workers.map(async ({ ask }) => {
        for (let job = jobs.next(); job !== null && !stop.requested; job = jobs.next()) {
          const { hunted, cpuMs } = answered(await ask(job));
          tally.add(hunted, cpuMs);
          const done = Math.max(tally.cases / (limits.seeds + corpus.entries.length), limits.untilMs === Infinity ? 0 : (performance.now() - begunMs) / (limits.untilMs - begunMs));
          report(`seeds: ${tally.cases}, ${(tally.simulatedMs / 3_600_000).toFixed(2)} simulated hours, ${tally.failures.length} failed`, done);
        }
      }));
    },
  }], process.stdout.isTTY && !flags.json);
  tally.wallMs = performance.now() - begunMs;
  return { tally, repeated: corpus.entries.length };
}

/** What has failed before comes first. */
function jobsOf(protocol: string, options: Options, repeated: readonly HuntCase[], { seeds, untilMs, fromSeed }: Limits): { next(): Job | null } {
  let next = 0;
  return {
    next() {
      const index = next++;
      const again = repeated[index];
      if (again !== undefined) return { type: 'run', hunted: again };
      const number = index - repeated.length;
      return number >= seeds || performance.now() >= untilMs ? null : { type: 'draw', protocol, options, seed: String(fromSeed + number) };
    },
  };
}

function answered(answer: Answer): { readonly hunted: Hunted; readonly cpuMs: number; readonly runs: number } {
  if (answer.type === 'hunted') return answer;
  if (answer.type === 'refused') throw new LabError(answer.error.code, answer.error.message, answer.error.hint);
  const error = new Error(answer.stack.split('\n')[0]);
  error.stack = answer.stack;
  throw error;
}

/** Shrinks the first failure of each check, draws it, and puts it into the corpus. */
async function keep(tally: Tally, flags: HuntFlags, worker: Worker<Job, Answer>, registry: Registry, say: (text: string) => void): Promise<readonly Failure[]> {
  const kept: Failure[] = [];
  const checks = new Set<string>();
  for (const seen of tally.failures) {
    if (checks.has(seen.sighting.check) || kept.length >= MAX_KEPT) continue;
    checks.add(seen.sighting.check);
    const failure = await keepOne(seen, flags, worker, registry);
    kept.push(failure);
    say(`violated in seed ${failure.seed} (${await commit()}): ${failure.check}: ${failure.because}\n  once more: ${failure.replay}\n  ${failure.shrunk}: ${failure.file}\n  conversation: ${failure.page}\n${failure.text}`);
  }
  const further = tally.failures.length - kept.length;
  if (further > 0) say(`  and ${further} more: seeds ${tally.failures.slice(0, MAX_TOLD).map(({ seed }) => seed).join(' ')}${tally.failures.length > MAX_TOLD ? ' …' : ''}`);
  return kept;
}

async function commit(): Promise<string> {
  const revision = await readRevision();
  return revision === null ? `version ${labVersion()}` : `commit ${revision.slice(0, 12)}`;
}

async function keepOne({ seed, hunted, sighting }: Seen, flags: HuntFlags, { ask }: Worker<Job, Answer>, registry: Registry): Promise<Failure> {
  const shrunk = answered(await ask({ type: 'shrink', hunted: hunted.hunted, check: sighting.check, maxRuns: flags.shrinkRuns }));
  const small = shrunk.hunted.hunted;
  const { check } = sighting;
  const first = shrunk.hunted.violations.toSorted((a, b) => Number(b.check === check) - Number(a.check === check));
  const file = saveEntry(flags.corpus, small, first, { lab: labVersion(), revision: await readRevision(), seed, runs: shrunk.runs });
  const conversation = await conversationOf(named(registry.protocols, small.protocol, 'protocol'), small, registry, check);
  const page = join(flags.out, 'hunt', `${small.protocol}-${check}-seed-${seed}.html`);
  writePage(page, conversation.page(`${small.protocol}: ${check}, seed ${seed}`));
  const plugins = flags.plugin.map((path) => ` --plugin ${path}`).join('');
  return {
    seed, check, because: first[0]?.because ?? sighting.because, file, page, replay: `lab hunt --replay ${file}${plugins}`, text: conversation.text,
    shrunk: `shrunk in ${shrunk.runs} runs to ${small.nodes + small.spares} nodes, ${small.faults.length} faults, ${shrunk.hunted.commits} commits, ${(small.endMs / 1000).toFixed(1)} s`,
  };
}

/** One case, in this process, with its conversation. */
async function replay(what: string, flags: HuntFlags, options: Options, registry: Registry): Promise<number> {
  const hunted = caseOf(what, flags, options, registry);
  const conversation = await conversationOf(named(registry.protocols, hunted.protocol, 'protocol'), hunted, registry);
  const { violations, findings, undecided, simulatedMs, events, commits, faults } = conversation.hunted;
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, ok: violations.length === 0, case: hunted, violations, findings, undecided, simulatedMs, events, commits, faults }, null, 2)}\n`);
  else {
    const lines = [
      `${hunted.protocol}, seed ${hunted.seed}: ${hunted.nodes} nodes, ${hunted.faults.length} faults, ${(simulatedMs / 1000).toFixed(1)} simulated s, ${events} events, ${commits} commits`,
      ...violations.map(({ check, because }) => `violated ${check}: ${because}`), ...findings.map(({ check, because }) => `not claimed, found: ${check}: ${because}`),
      ...undecided.map(({ check, because }) => `not judged: ${check}: ${because}`),
    ];
    if (conversation.text !== '') {
      const page = join(flags.out, 'hunt', `${hunted.protocol}-replay-${hunted.seed}.html`);
      writePage(page, conversation.page(`${hunted.protocol}, seed ${hunted.seed}`));
      lines.push(conversation.text, `conversation: ${page}`);
    }
    process.stdout.write(`${lines.join('\n')}\n${violations.length === 0 ? 'no violation\n' : ''}`);
  }
  return violations.length === 0 ? EXIT.ok : EXIT.claimViolated;
}

function caseOf(what: string, { protocol }: HuntFlags, options: Options, registry: Registry): HuntCase {
  if (/\.json$|\//.test(what)) {
    const entry = readEntry(what, (line) => { throw new LabError('bad-result', line, 'check out the commit that it names, or hunt again'); });
    return (entry as NonNullable<typeof entry>).hunted;
  }
  const names = namesOf(protocol, registry);
  const [name] = names;
  if (name === undefined || names.length !== 1) throw new LabError('bad-command-line', `--replay ${what}: a seed of which protocol?`, 'write --protocol NAME, one of them');
  checkOptions(name, options, registry);
  return drawCase(named(registry.protocols, name, 'protocol'), options, what, registry.faults);
}
