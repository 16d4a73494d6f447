// `lab reproduce`: runs the experiment of a published table for each of its rows, in the simulator, and says how far what is
// measured lies from what was published. A run whose claims are violated, or that is invalid, reproduces nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { applyOverrides, ExperimentDocument } from '../document.ts';
import { EXIT, LabError } from '../errors.ts';
import { experimentOf } from '../experiment.ts';
import { readFaultFlag, withFaults } from '../fault-text.ts';
import type { Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { renderReproducedPage } from '../report/page/reproduced-page.ts';
import { parsePublished, type Published, type PublishedRow } from '../reproduce/published.ts';
import { compare, type Reproduced } from '../reproduce/verdict.ts';
import { renderReproduced } from '../reproduce/words.ts';
import { createSimulator } from '../simulate.ts';
import { didYouMean } from '../suggest.ts';
import { NODE_BYTES } from './bytes.ts';
import { openPool, type Run } from './gate/pool.ts';
import { filesBeside } from './read-file.ts';
import { saveText } from './report.ts';
import { PACKAGE_ROOT } from './tree.ts';

export type ReproduceFlags = { readonly all: boolean; readonly on: string; readonly from?: string; readonly page?: string; readonly json: boolean };

/** Plans that are held at once. */
const BATCH = 500;
/** One run of so many. */
const MOST_VOID = 1_000;
/** Of what is wrong with runs. */
const MOST_TOLD = 20;

type Stop = { readonly requested: boolean };
/** Of rows that ask for figures of the same runs. plans: a batch of them, from 0 on. */
type Setting = { readonly rows: readonly PublishedRow[]; readonly plans: (batch: number) => readonly Plan[] };
type Table = { readonly name: string; readonly published: Published; readonly settings: readonly Setting[] };
type Result = { readonly name: string; readonly published: Published; readonly rows: readonly Reproduced[]; readonly violated: readonly string[]; readonly invalid: readonly string[]; readonly leftOut: readonly string[] };

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function reproduce(name: string | undefined, flags: ReproduceFlags, stop: Stop): Promise<number> {
  const folder = flags.from ?? join(PACKAGE_ROOT, 'experiments/published');
  const names = namesIn(folder);
  if (name !== undefined && flags.all) throw new LabError('bad-command-line', `${name} and --all`, 'name one table, or take --all');
  if (name !== undefined && !names.includes(name)) throw new LabError('bad-command-line', `${folder} has no table ${JSON.stringify(name)}`, didYouMean(name, names));
  if (name === undefined && !flags.all) {
    const tables = names.map((one) => ({ name: one, title: read(folder, one).title }));
    process.stdout.write(flags.json ? `${JSON.stringify({ version: 1, tables }, null, 2)}\n` : `${tables.map((table) => `${table.name}  ${table.title}`).join('\n')}\n`);
    return EXIT.ok;
  }
  const results: Result[] = [];
  // All plans are made before the first run begins: what is wrong is said at once.
  const tables = (name === undefined ? names : [name]).map((one) => tableOf(folder, one));
  for (const table of tables) {
    process.stderr.write(`${table.name}: ${(table.settings.length * table.published.repeat).toLocaleString('en-US')} runs\n`);
    const runs = await runAll(table, stop);
    if (runs === null) {
      process.stderr.write('interrupted: nothing more was compared\n');
      return EXIT.interrupted;
    }
    results.push(resultOf(table, runs));
  }
  tell(results, flags.json);
  if (flags.page !== undefined) {
    saveText(flags.page, renderReproducedPage(results.map(({ name: of, published, rows, violated, invalid, leftOut }) => ({ name: of, published, rows, wrong: [...violated, ...invalid], leftOut }))));
    process.stderr.write(`page: ${flags.page}\n`);
  }
  if (results.some(({ violated }) => violated.length > 0)) return EXIT.claimViolated;
  return results.every(({ rows, invalid }) => invalid.length === 0 && rows.every(({ verdict }) => verdict === 'ok')) ? EXIT.ok : EXIT.missed;
}

function namesIn(folder: string): readonly string[] {
  let files: readonly string[];
  try {
    files = readdirSync(folder);
  } catch (cause) {
    throw new LabError('bad-command-line', `${folder} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give the folder of the tables with --from', cause);
  }
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)).sort();
  if (names.length === 0) throw new LabError('bad-command-line', `${folder} holds no table`, 'put NAME.json there, or give another folder with --from');
  return names;
}

function read(folder: string, name: string): Published {
  const file = join(folder, `${name}.json`);
  return parsePublished(readFileSync(file, 'utf8'), file);
}

function tableOf(folder: string, name: string): Table {
  const file = join(folder, `${name}.json`);
  const published = read(folder, name);
  const settings = new Map<string, PublishedRow[]>();
  for (const row of published.rows) {
    const key = JSON.stringify([row.label, row.set]);
    settings.set(key, [...(settings.get(key) ?? []), row]);
  }
  return { name, published, settings: [...settings.values()].map((rows) => ({ rows, plans: plannerOf(file, published, rows[0] as PublishedRow) })) };
}

/** Makes the first plan at once: what is wrong is said before anything runs. */
function plannerOf(file: string, { experiment: path, repeat, crashes }: Published, { label, set }: PublishedRow): Setting['plans'] {
  const beside = join(dirname(file), path);
  let text: string;
  try {
    text = readFileSync(beside, 'utf8');
  } catch (cause) {
    throw new LabError('bad-experiment', `${file}: experiment: ${beside} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give the path of an experiment file, relative to the table', cause);
  }
  const { name, supports } = createSimulator(NODE_BYTES, () => Promise.resolve());
  const document = applyOverrides(ExperimentDocument.parse(text, beside), set);
  const flags = crashes === undefined ? [] : Array.from({ length: crashes.count }, (_, index) => `crash:leader@${index * crashes.everyMs}ms,for=${crashes.downForMs}ms`);
  const experiment = experimentOf(withFaults(document, flags.map(readFaultFlag), flags), createRegistry([BUILTINS]), filesBeside(beside));
  const planned = (runs: number, batch: number) => makePlans(experiment, { runner: name, supports, repeat: runs, seed: `reproduce ${batch}` });
  const labels = [...new Set(planned(1, 0).map((plan) => plan.label))];
  if (!labels.includes(label)) throw new LabError('bad-experiment', `${file}: label: ${beside} has no run ${JSON.stringify(label)}`, didYouMean(label, labels));
  return (batch) => planned(Math.min(BATCH, repeat - batch * BATCH), batch).filter((plan) => plan.label === label);
}

/** Of each setting; null: interrupted. */
async function runAll({ name, settings, published: { repeat } }: Table, stop: Stop): Promise<readonly (readonly Run[])[] | null> {
  const pool = openPool(settings.length * repeat, []);
  const all: Run[][] = [];
  let done = 0;
  try {
    for (const { plans } of settings) {
      const runs: Run[] = [];
      for (let batch = 0; batch * BATCH < repeat; batch++) {
        const some = await pool.run(plans(batch), stop, () => undefined);
        if (some === null) return null;
        runs.push(...some);
        done += some.length;
        if (settings.length * repeat > BATCH) process.stderr.write(`${name}: ${done.toLocaleString('en-US')} done\n`);
      }
      all.push(runs);
    }
    return all;
  } finally {
    pool.close();
  }
}

function resultOf({ name, published, settings }: Table, runs: readonly (readonly Run[])[]): Result {
  const usable = runs.map((of) => of.filter(({ invalid }) => invalid.length === 0));
  // Of thousands of runs a few are void by chance, which says nothing of what they measured: they are left out, by name.
  const few = runs.map((of, index) => of.length - (usable[index]?.length ?? 0) <= of.length / MOST_VOID);
  const of = (row: PublishedRow) => {
    const index = settings.findIndex(({ rows }) => rows.includes(row));
    return (few[index] === true ? usable : runs)[index] ?? [];
  };
  const because = (told: (run: Run, index: number) => readonly string[]) => (
    [...new Set(settings.flatMap(({ rows }, index) => (runs[index] ?? []).flatMap((run) => told(run, index).map((text) => `${rows[0]?.case}: ${text}`))))].slice(0, MOST_TOLD));
  return {
    name, published, violated: because(({ violated }) => violated), rows: compare(published, published.rows.map(of)),
    invalid: because(({ invalid }, index) => (few[index] === true ? [] : invalid)), leftOut: because(({ invalid }, index) => (few[index] === true ? invalid : [])),
  };
}

function tell(results: readonly Result[], json: boolean): void {
  if (json) {
    const tables = results.map(({ name, published, rows, violated, invalid, leftOut }) => ({ name, ...published, rows, violated, invalid, leftOut }));
    process.stdout.write(`${JSON.stringify({ version: 1, tables }, null, 2)}\n`);
    return;
  }
  const texts = results.map(({ name, published, rows, violated, invalid, leftOut }) => [
    renderReproduced(name, published, rows), ...violated.map((text) => `violated  ${text}`), ...invalid.map((text) => `invalid   ${text}`), ...leftOut.map((text) => `left out  ${text}`),
  ].join('\n'));
  process.stdout.write(`${texts.join('\n\n')}\n`);
}
