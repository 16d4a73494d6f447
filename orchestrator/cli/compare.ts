// `lab compare`: finished runs of several folders, or of one, as a table and a page.
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rowsOf } from '../compare/compare.ts';
import { barOf, differencesOf, type Entry, obstaclesOf, pairsOf, type Side, subjectsOf } from '../compare/sides.ts';
import { type Comparison, doubtsIn, renderComparison } from '../compare/words.ts';
import { LabError } from '../errors.ts';
import { comparedCharts, renderComparePage } from '../report/page/compare-page.ts';
import type { RunRecord } from '../report/page/record.ts';
import { type PictureFlags, writePictures } from './pictures.ts';
import { loadPlugins } from './plugins.ts';
import { inOrder, recorderOf, saveText } from './report.ts';
import { EVENTS_FILE, findRuns, readRun, readRunEvents } from './results/read.ts';

export type CompareFlags = { readonly force: boolean; readonly json: boolean; readonly page?: string; readonly plugin: readonly string[] } & PictureFlags;

const TABLE_COLUMNS = 100;
/** A letter for each. */
const MOST_SIDES = 26;

type Read = { readonly sides: readonly Side[]; readonly excluded: Comparison['excluded'] };

async function readSides(folders: readonly string[]): Promise<Read> {
  if (folders.length > MOST_SIDES) throw new LabError('bad-command-line', `${folders.length} folders`, `compare at most ${MOST_SIDES} at once`);
  const twice = folders.find((folder, index) => folders.indexOf(folder) < index);
  if (twice !== undefined) throw new LabError('bad-command-line', `${twice} is given twice`, 'a folder is the same as itself');
  const excluded: { readonly folder: string; readonly because: string }[] = [];
  const sides: Side[] = [];
  for (const folder of folders) {
    const entries: Entry[] = [];
    for (const run of inOrder(await findRuns(folder))) {
      const entry = await readEntry(run);
      const because = typeof entry === 'string' ? entry : barOf(entry);
      if (because === null) entries.push(entry as Entry);
      else excluded.push({ folder: run, because });
    }
    if (entries.length === 0) throw new LabError('bad-result', `${folder} has no run that counts: ${excluded.at(-1)?.because ?? ''}`, 'repeat it; lab report shows what was wrong');
    sides.push({ name: basename(folder), entries });
  }
  return { sides, excluded };
}

/** A text: why it cannot be read, or not be checked. */
async function readEntry(run: string): Promise<Entry | string> {
  if (!((statSync(join(run, EVENTS_FILE), { throwIfNoEntry: false })?.size ?? 0) > 0)) return `it has no raw data (${EVENTS_FILE}), by which its figures could be checked`;
  try {
    const { summary, environment } = await readRun(run);
    return { summary, node: environment.node, folder: run };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return error.message;
  }
}

/** Prints, and writes the page where one is asked for. */
export async function compareFolders(folders: readonly string[], flags: CompareFlags): Promise<void> {
  const { sides, excluded } = await readSides(folders);
  const subjects = subjectsOf(sides);
  const pairs = pairsOf(subjects, sides).map((pair) => {
    const obstacles = obstaclesOf(pair);
    if (obstacles.length > 0 && !flags.force) throw new LabError('bad-command-line', `these are different measurements: ${obstacles.join(', ')}`, 'measure both in the same way, or compare them all the same with --force, which says so');
    return { ...pair, forced: obstacles, differences: differencesOf(pair), rows: rowsOf(pair) };
  });
  const comparison: Comparison = { sides, excluded, pairs };
  if (flags.json) {
    const plain = pairs.map(({ base, other, forced, differences, rows }) => ({ base: inShort(base), other: inShort(other), forced, differences, rows }));
    process.stdout.write(`${JSON.stringify({ version: 1, sides: sides.map(({ name, entries }) => ({ name, runs: entries.length })), excluded, doubts: doubtsIn(comparison), pairs: plain }, null, 2)}\n`);
  } else process.stdout.write(renderComparison(comparison, TABLE_COLUMNS));
  if (flags.page === undefined && flags.svg === undefined && flags.png === undefined) return;
  const { registry: { protocols } } = await loadPlugins(flags.plugin);
  const recorded: { readonly subject: (typeof subjects)[number]; readonly records: readonly RunRecord[] }[] = [];
  for (const subject of subjects) {
    const records: RunRecord[] = [];
    for (const { folder } of subject.entries) {
      const { plan, summary, environment } = await readRun(folder);
      const recorder = recorderOf(plan, protocols);
      await readRunEvents(folder, (event) => recorder.observe(event), recorder.unread);
      records.push(recorder.finish(summary, environment));
    }
    recorded.push({ subject, records });
  }
  if (flags.page !== undefined) {
    saveText(flags.page, renderComparePage(comparison, recorded));
    process.stderr.write(`page: ${flags.page}\n`);
  }
  for (const picture of await writePictures(comparedCharts(comparison, recorded), flags)) process.stderr.write(`picture: ${picture}\n`);
}

function inShort({ side, label, point, entries }: ReturnType<typeof subjectsOf>[number]) {
  return { side, label, point, runs: entries.map(({ folder }) => folder) };
}
