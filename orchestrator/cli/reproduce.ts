// `lab reproduce`: runs the experiment of a published table once for each of its rows, in the simulator, and says how far what is
// measured lies from what was published. A run whose claims are violated, or that is invalid, reproduces nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { EXIT, LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import type { Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { compare, parsePublished, renderReproduced } from '../reproduce/published.ts';
import type { Published, PublishedRow, Reproduced } from '../reproduce/published.ts';
import { createSimulator } from '../simulate.ts';
import { didYouMean } from '../suggest.ts';
import { NODE_BYTES } from './bytes.ts';
import { openPool, type Run } from './gate/pool.ts';
import { filesBeside } from './read-file.ts';
import { PACKAGE_ROOT } from './tree.ts';

export type ReproduceFlags = { readonly all: boolean; readonly on: string; readonly from?: string; readonly json: boolean };

type Stop = { readonly requested: boolean };
type Table = { readonly name: string; readonly file: string; readonly published: Published; readonly plans: readonly Plan[] };
type Result = { readonly table: Table; readonly rows: readonly Reproduced[]; readonly violated: readonly string[]; readonly invalid: readonly string[] };

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
  for (const table of (name === undefined ? names : [name]).map((one) => tableOf(folder, one))) {
    const runs = await runAll(table, stop);
    if (runs === null) {
      process.stderr.write('interrupted: nothing more was compared\n');
      return EXIT.interrupted;
    }
    results.push(resultOf(table, runs));
  }
  tell(results, flags.json);
  if (results.some(({ violated }) => violated.length > 0)) return EXIT.claimViolated;
  return results.every(({ rows, invalid }) => invalid.length === 0 && rows.every(({ ok }) => ok)) ? EXIT.ok : EXIT.missed;
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
  return { name, file, published, plans: published.rows.map((row) => planOf(file, published, row)) };
}

function planOf(file: string, { experiment: path }: Published, { label, set }: PublishedRow): Plan {
  const beside = join(dirname(file), path);
  let text: string;
  try {
    text = readFileSync(beside, 'utf8');
  } catch (cause) {
    throw new LabError('bad-experiment', `${file}: experiment: ${beside} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give the path of an experiment file, relative to the table', cause);
  }
  const { name, supports } = createSimulator(NODE_BYTES, () => Promise.resolve());
  const plans = makePlans(parseExperiment(text, beside, createRegistry([BUILTINS]), set, filesBeside(beside)), { runner: name, supports });
  const plan = plans.find((candidate) => candidate.label === label);
  if (plan === undefined) throw new LabError('bad-experiment', `${file}: label: ${beside} has no run ${JSON.stringify(label)}`, didYouMean(label, plans.map((candidate) => candidate.label)));
  return plan;
}

async function runAll({ plans }: Table, stop: Stop): Promise<readonly Run[] | null> {
  const pool = openPool(plans.length, []);
  try {
    return await pool.run(plans, stop, () => undefined);
  } finally {
    pool.close();
  }
}

function resultOf(table: Table, runs: readonly Run[]): Result {
  const { published } = table;
  const because = (told: (run: Run) => readonly string[]) => runs.flatMap((run, index) => told(run).map((text) => `${published.rows[index]?.case}: ${text}`));
  return {
    table, violated: because(({ violated }) => violated), invalid: because(({ invalid }) => invalid),
    rows: published.rows.map((row, index) => {
      const figure = runs[index]?.figures[published.figure];
      return compare(published, row, typeof figure === 'number' ? figure : null);
    }),
  };
}

function tell(results: readonly Result[], json: boolean): void {
  if (json) {
    const tables = results.map(({ table: { name, published }, rows, violated, invalid }) => ({ name, ...published, rows, violated, invalid }));
    process.stdout.write(`${JSON.stringify({ version: 1, tables }, null, 2)}\n`);
    return;
  }
  const texts = results.map(({ table, rows, violated, invalid }) => [
    renderReproduced(table.name, table.published, rows), ...violated.map((text) => `violated  ${text}`), ...invalid.map((text) => `invalid   ${text}`),
  ].join('\n'));
  process.stdout.write(`${texts.join('\n\n')}\n`);
}
