// Writes and opens the report page: from runs that just ended, or from the folders of earlier ones.
import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { AnyProtocol } from '../../node/contract.ts';
import { LabError } from '../errors.ts';
import type { Plan } from '../kinds.ts';
import { chartsOf, renderPage } from '../report/page/page.ts';
import { RunRecorder, type RunRecord } from '../report/page/record.ts';
import { type PictureFlags, writePictures } from './pictures.ts';
import { loadPlugins } from './plugins.ts';
import { findRuns, readRun, readRunEvents } from './results/read.ts';

export type ReportFlags = { readonly open: boolean; readonly out?: string; readonly plugin: readonly string[] } & PictureFlags;

export const PAGE = 'report.html';

/** A protocol of a plug-in that is not given here has no closed form on the page. */
export function recorderOf(plan: Plan, protocols: readonly AnyProtocol[]): RunRecorder {
  return new RunRecorder(plan, protocols.find(({ name }) => name === plan.protocol) ?? null);
}

/** Returns its path. */
export function writePage(path: string, records: readonly RunRecord[]): string {
  saveText(path, renderPage(records));
  return path;
}

export function saveText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new LabError('machine-lacks', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'free some space, or give another place for it', cause);
  }
}

/** With the desktop's own opener where there is one; else the path is all there is to say. */
export function openPage(path: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && statSync(join(folder, opener), { throwIfNoEntry: false })?.isFile() === true);
  if (!found) {
    process.stderr.write(`there is no ${opener} here: open the page in a browser\n`);
    return;
  }
  const child = spawn(opener, [path], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

/** As they were run: names say nothing of it. */
export function inOrder(runs: readonly string[]): readonly string[] {
  return runs.map((run) => ({ run, madeMs: statSync(join(run, 'plan.json')).mtimeMs })).sort((a, b) => a.madeMs - b.madeMs).map(({ run }) => run);
}

/** `lab report`: one page over all runs of all folders, in the first of them unless --out says otherwise. */
export async function reportFolders(folders: readonly string[], flags: ReportFlags): Promise<void> {
  const { registry: { protocols } } = await loadPlugins(flags.plugin);
  const found = new Set<string>();
  for (const folder of folders) for (const run of inOrder(await findRuns(folder))) found.add(run);
  const records: RunRecord[] = [];
  for (const run of found) {
    const { plan, summary, environment } = await readRun(run);
    const recorder = recorderOf(plan, protocols);
    await readRunEvents(run, (event) => recorder.observe(event), recorder.unread);
    records.push(recorder.finish(summary, environment));
  }
  const path = writePage(flags.out ?? join(folders[0] as string, PAGE), records);
  process.stdout.write(`report: ${path}\n`);
  for (const picture of await writePictures(chartsOf(records), flags)) process.stdout.write(`picture: ${picture}\n`);
  if (flags.open) openPage(path);
}
