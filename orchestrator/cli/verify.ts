// `lab verify`: every run of the given folders, and of an experiment folder the figures over its repetitions. Exit code 2
// where something differs, 3 where something is no result of this lab.
import { basename, join } from 'node:path';
import { readdir } from 'node:fs/promises';
import type { Registry } from '../builtins.ts';
import { ERROR_CODES, EXIT, LabError } from '../errors.ts';
import type { Summary } from '../kinds.ts';
import { summarizeExperiment } from '../report/experiment.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { loadPlugins } from './plugins.ts';
import { compareValues, type Difference, inWords } from './results/differences.ts';
import { EXPERIMENT_FIELDS, EXPERIMENT_FILE, findRuns, readDocument, readRun } from './results/read.ts';
import { verifyRun } from './results/verify.ts';

export type VerifyFlags = { readonly plugin: readonly string[]; readonly json: boolean };

type Lab = Environment['lab'];
/** lab: what wrote a run; null: no run. */
type Item = { readonly folder: string; readonly lab: Lab | null; readonly figures: number; readonly verdicts: number; readonly differences: readonly Difference[]; readonly refused: LabError | null };

/** Differences shown of one folder. */
const MAX_SHOWN = 20;

export async function verifyFolders(folders: readonly string[], flags: VerifyFlags, stop: { readonly requested: boolean }): Promise<number> {
  const { registry } = await loadPlugins(flags.plugin);
  const items: Item[] = [];
  const done = (item: Item) => {
    items.push(item);
    if (!flags.json) print(item, own);
  };
  const { lab: own } = await readEnvironment([]);
  for (const folder of folders) {
    for (const run of await findRuns(folder)) {
      if (stop.requested) return EXIT.interrupted;
      done(await verifyOne(run, registry));
    }
    if (!(await readdir(folder)).includes('plan.json')) done(await verifyExperiment(folder));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, folders: items.map(toJson) }, null, 2)}\n`);
  if (items.some(({ refused }) => refused !== null)) return ERROR_CODES['bad-result'].exit;
  return items.some(({ differences }) => differences.length > 0) ? EXIT.missed : EXIT.ok;
}

async function verifyOne(folder: string, registry: Registry): Promise<Item> {
  return orRefused(folder, async () => {
    const { differences, summary, lab } = await verifyRun(folder, registry);
    return { folder, lab, figures: Object.keys(summary.metrics).length, verdicts: summary.verdicts.length, differences, refused: null };
  });
}

/** The runs are verified on their own: here it is what they give together. */
async function verifyExperiment(folder: string): Promise<Item> {
  return orRefused(folder, async () => {
    const recorded = await readDocument(folder, EXPERIMENT_FILE, EXPERIMENT_FIELDS, 1);
    const present = (await findRuns(folder)).map((run) => basename(run));
    const listed = recorded['runs'] as readonly string[];
    const runs = new Map<string, Summary>();
    // In the recorded order, which is that of the rows. A run that failed belongs to no row.
    for (const name of [...listed.filter((name) => present.includes(name)), ...present.filter((name) => !listed.includes(name))]) {
      const { summary } = await readRun(join(folder, name));
      if (listed.includes(name) || !summary.partial) runs.set(name, summary);
    }
    const expected = summarizeExperiment(String(recorded['experiment']), runs);
    return { folder, lab: null, figures: expected.groups.length, verdicts: 0, differences: compareValues(EXPERIMENT_FILE, recorded, JSON.parse(JSON.stringify(expected))), refused: null };
  });
}

async function orRefused(folder: string, work: () => Promise<Item>): Promise<Item> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'bad-result') throw error;
    return { folder, lab: null, figures: 0, verdicts: 0, differences: [], refused: error };
  }
}

function print({ folder, lab, figures, verdicts, differences, refused }: Item, own: Lab): void {
  if (refused !== null) {
    process.stderr.write(`error: ${refused.message}\n  hint: ${refused.hint}\n`);
    return;
  }
  if (differences.length === 0) {
    const what = lab === null ? `the ${figures === 1 ? 'row' : `${figures} rows`} of its repetitions` : `${figures} figures and ${verdicts} verdicts`;
    process.stdout.write(`ok       ${folder}: ${what} follow${lab === null && figures === 1 ? 's' : ''} from the record\n`);
    return;
  }
  for (const difference of differences.slice(0, MAX_SHOWN)) process.stdout.write(`differs  ${folder}: ${inWords(difference)}\n`);
  if (differences.length > MAX_SHOWN) process.stdout.write(`differs  ${folder}: and ${differences.length - MAX_SHOWN} more\n`);
  if (lab !== null && nameOf(lab) !== nameOf(own)) process.stdout.write(`note     ${folder}: ${nameOf(lab)} wrote it, this is ${nameOf(own)}: figures may have changed between them\n`);
}

function nameOf({ version, revision }: Lab): string {
  return `lab ${version}${typeof revision === 'string' ? ` (${revision.slice(0, 7)})` : ''}`;
}

function toJson({ folder, figures, verdicts, differences, refused }: Item): object {
  return { folder, ok: refused === null && differences.length === 0, figures, verdicts, differences, error: refused === null ? null : { code: refused.code, message: refused.message, hint: refused.hint } };
}
