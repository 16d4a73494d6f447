// The search of an experiment: one value after the other, each as runs like any others, in folders of their own beside the map.
// Protocols are searched for one by one, on each runner. Exit code 2 where the target holds nowhere or everywhere.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { experimentOf, suffixOf } from '../experiment.ts';
import type { Experiment } from '../experiment.ts';
import { isViolation } from '../judge.ts';
import type { Figure, Plan, Runner, Summary } from '../kinds.ts';
import { unitOf } from '../metrics/names.ts';
import { missedThresholds } from '../metrics/thresholds.ts';
import { makePlans, type PlanRequest } from '../plan.ts';
import { summarizeExperiment } from '../report/experiment.ts';
import { renderSearchPage } from '../report/page/search-page.ts';
import { pathOf } from '../document.ts';
import { BoundarySearch, type Result } from '../search/boundary.ts';
import { certaintyInWords, foundInWords, mapTable, searchCsv, targetsInWords } from '../search/found.ts';
import type { Found, Point } from '../search/found.ts';
import { fieldValue, type Search, written } from '../search/spec.ts';
import { openPage, PAGE, saveText } from './report.ts';
import { EXPERIMENT_FILE } from './results/read.ts';

/** On one runner; request: what plans are made with. */
export type SearchOn = { readonly runner: Runner; readonly request: PlanRequest };
export type SearchRun = {
  readonly experiment: Experiment;
  readonly search: Search;
  readonly on: readonly SearchOn[];
  /** Where folders go. */
  readonly results: string;
  readonly json: boolean;
  readonly open: boolean;
  /** In order; fewer summaries come back when it was interrupted. */
  readonly run: (plans: readonly Plan[], runner: Runner) => Promise<readonly Summary[]>;
  readonly stop: { readonly requested: boolean };
};

/** The search of an experiment that has one, with what the command line says of repetitions. */
export function searchFor({ search }: Experiment, { repeat, load }: { readonly repeat?: number; readonly load?: string }): Search | null {
  if (search !== null && load === 'both') throw new LabError('bad-command-line', '--load both is two measurements, and a search judges one', 'search with --load open, then with --load closed');
  if (search === null || repeat === undefined) return search;
  return { ...search, repeat, runs: Math.max(search.runs, repeat * search.points) };
}

/** All runs of one value, for one label. */
function plansAt({ experiment, search }: Pick<SearchRun, 'experiment' | 'search'>, value: number, request: PlanRequest, label: string | null): readonly Plan[] {
  const [base] = experiment.variants;
  if (base === undefined) throw new LabError('bad-experiment', `${experiment.file}: there is nothing to search in`, 'write an experiment with protocols');
  const origin = base.document.where(['search', 'vary']);
  const values = search.fields.map(({ path, times }) => [path, fieldValue(search, value * times)] as const);
  const document = values.reduce((changed, [path, field]) => changed.with(pathOf(path), field, `${origin} (${path} = ${field})`), base.document);
  const at = experimentOf(document, experiment.registry, experiment.readFile);
  const variants = at.variants.map((variant) => ({ ...variant, suffix: suffixOf(values.slice(0, 1)) }));
  const plans = makePlans({ ...at, variants }, { ...request, repeat: search.repeat });
  return plans.filter((plan) => label === null || plan.label.startsWith(`${label}@`)).map((plan) => ({ ...plan, id: `${plan.id}-${written(search, value).replaceAll(/[^a-z0-9.]+/gi, '')}`, detail: 'totals' }));
}

/** Labels of the protocols. Both ends are planned before anything runs: what is wrong is said at once. */
export function checkSearch(run: Pick<SearchRun, 'experiment' | 'search' | 'on'>): readonly string[] {
  const { search, on, experiment } = run;
  for (const { request } of on) for (const end of [search.low, search.high]) plansAt(run, end, request, null);
  return experiment.variants[0]?.settings.protocols.map(({ label }) => label) ?? [];
}

export async function runSearch(run: SearchRun): Promise<number> {
  const { search, on, stop } = run;
  const found: Found[] = [];
  const summaries: Summary[] = [];
  for (const { runner, request } of on) {
    for (const label of checkSearch(run)) {
      if (stop.requested) break;
      const one = await searchLabel(run, { runner, request }, label, summaries);
      found.push(one);
      if (!run.json) process.stdout.write(`${told(search, one)}\n\n`);
    }
  }
  tell(run, found, summaries);
  if (stop.requested) {
    process.stderr.write('interrupted: what is there covers a part of the search\n');
    return EXIT.interrupted;
  }
  if (summaries.some(({ verdicts }) => verdicts.some(isViolation))) return EXIT.claimViolated;
  return found.every(({ outcome }) => outcome === 'boundary') ? EXIT.ok : EXIT.missed;
}

async function searchLabel(run: SearchRun, { runner, request }: SearchOn, label: string, summaries: Summary[]): Promise<Found> {
  const { search, stop } = run;
  const boundary = new BoundarySearch(search);
  const points = new Map<number, Pick<Point, 'figures' | 'wrong'>>();
  for (let value = boundary.next(); value !== null && !stop.requested; value = boundary.next()) {
    const done = await run.run(plansAt(run, value, request, label), runner);
    if (stop.requested || done.length < search.repeat) break;
    summaries.push(...done);
    const wrong = done.map((summary) => wrongWith(summary));
    const held = done.filter((summary, index) => wrong[index] === null && missedThresholds(search.hold, summary.metrics).length === 0).length;
    points.set(value, {
      figures: Object.fromEntries(search.hold.map(({ metric }) => [metric, done.map(({ metrics }): Figure => metrics[metric] ?? { value: null, unit: '', bound: '=' })])),
      wrong: wrong.flatMap((text) => (text === null ? [] : [`${written(search, value)}: ${text}`])),
    });
    boundary.judge(value, held, done.length);
    process.stderr.write(`${label} on ${runner.name}: ${written(search, value)}: ${held} of ${done.length} runs hold (${points.size * search.repeat} of at most ${search.runs} runs)\n`);
  }
  const result: Result = boundary.result();
  return { ...result, label, runner: runner.name, points: result.points.map((judged) => ({ ...judged, ...(points.get(judged.value) ?? { figures: {}, wrong: [] }) })) };
}

/** Such a run shows nothing that could hold. */
function wrongWith({ invalid, verdicts }: Summary): string | null {
  const violated = verdicts.find(isViolation);
  if (violated !== undefined) return `${violated.check} is violated: ${violated.because}`;
  return invalid[0] === undefined ? null : `the run is invalid: ${invalid[0]}`;
}

function told(search: Search, found: Found): string {
  const [answer, ...remarks] = foundInWords(search, found);
  return [`${found.label} on ${found.runner}: ${answer}`, mapTable(search, found), ...remarks.map((text) => `  ${text}`)].join('\n');
}

function tell({ experiment: { name }, search, results, json, open }: SearchRun, found: readonly Found[], summaries: readonly Summary[]): void {
  const together = summarizeExperiment(name, new Map(summaries.map((summary) => [basename(folderOf(results, summary.plan)), summary])));
  const save = (file: string, value: unknown) => writeFileSync(join(results, file), `${JSON.stringify(value, null, 2)}\n`);
  const document = { version: 1, experiment: name, search, found };
  save(EXPERIMENT_FILE, together);
  save('search.json', document);
  saveText(join(results, 'search.csv'), searchCsv(search, found));
  saveText(join(results, PAGE), renderSearchPage(name, search, found));
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(`target: ${targetsInWords(search.hold, (metric) => unitOf(metric) ?? '')}\n${certaintyInWords(search.repeat)}\nresults: ${results}\n`);
  (json ? process.stderr : process.stdout).write(`report: ${join(results, PAGE)}\n`);
  if (open) openPage(join(results, PAGE));
}

/** As `lab run` names it. */
function folderOf(results: string, plan: Plan): string {
  return join(results, `${plan.label}-${plan.runner}-${plan.repetition}`);
}
