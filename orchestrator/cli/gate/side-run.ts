// One run of one side: the checkout's own lab runs the experiment in a process of its own, and what it left is read as of any
// finished run. A side that cannot run at all is an error; a run that counts for nothing says why.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { barOf, type Entry } from '../../compare/sides.ts';
import { EXIT, LabError } from '../../errors.ts';
import { isViolation } from '../../judge.ts';
import { startProgram } from '../children.ts';
import { findRuns, readRun } from '../results/read.ts';
import { createResultsFolder } from '../results-folder.ts';
import type { Checkout, Stop } from './checkouts.ts';

/** What both sides run. experiment, plugins: absolute paths. mostMs: of one run of all its protocols. */
export type SideJob = { readonly experiment: string; readonly name: string; readonly on: string; readonly virtualTime: boolean; readonly plugins: readonly string[]; readonly mostMs: number };
/** violated: a claim of the protocol; such a run is kept. */
export type SideOutcome =
  | { readonly counts: true; readonly entries: readonly Entry[] }
  | { readonly counts: false; readonly because: string; readonly violated: boolean };

const STOP_POLL_MS = 100;
const GRACE_MS = 20_000;
const RESULTS = 'results';

/** out: an empty folder, whose contents are the caller's to remove. null: interrupted. */
export async function runSide(checkout: Checkout, job: SideJob, seed: string, out: string, stop: Stop): Promise<SideOutcome | null> {
  const { code, errors, tooLong } = await start(checkout, job, seed, out, stop);
  if (stop.requested) return null;
  if (tooLong) return { counts: false, because: `it took more than ${Math.round(job.mostMs / 1_000)} s`, violated: false };
  const [, error = `lab run ended with ${code}`] = /^(?:error|bug): (.*)$/m.exec(errors) ?? [];
  const [, hint = 'try it alone: lab run there'] = /^ {2}hint: (.*)$/m.exec(errors) ?? [];
  if (code === EXIT.badInput || code === EXIT.machineLacks) throw new LabError(code === EXIT.badInput ? 'bad-experiment' : 'machine-lacks', `${checkout.side} cannot run ${job.name}: ${error}`, hint);
  if (code !== EXIT.ok && code !== EXIT.claimViolated && (code !== EXIT.missed || errors.includes('\n  hint: '))) return { counts: false, because: error, violated: false };
  return await outcomeOf(job, out);
}

async function start({ side, folder }: Checkout, job: SideJob, seed: string, out: string, stop: Stop): Promise<{ readonly code: number | null; readonly errors: string; readonly tooLong: boolean }> {
  const words = ['run', job.experiment, '--on', job.on, '--seed', seed, '--repeat', '1', '--out', out, '--json',
    ...(job.virtualTime ? ['--virtual-time'] : []), ...job.plugins.flatMap((plugin) => ['--plugin', plugin])];
  const child = startProgram(`the lab of ${side}`, [join(folder, 'lab'), ...words], out, { onLine: () => undefined });
  const deadlineMs = performance.now() + job.mostMs;
  let tooLong = false;
  let asked = false;
  const watching = setInterval(() => {
    const nowMs = performance.now();
    tooLong ||= nowMs > deadlineMs;
    if ((stop.requested || tooLong) && !asked) {
      asked = true;
      child.signal('SIGTERM');
      setTimeout(() => { if (child.exit === null) child.signal('SIGKILL'); }, GRACE_MS).unref();
    }
  }, STOP_POLL_MS);
  const { code } = await child.exited;
  clearInterval(watching);
  return { code, errors: child.errors(), tooLong };
}

async function outcomeOf(job: SideJob, out: string): Promise<SideOutcome> {
  const [results] = readdirSync(out);
  if (results === undefined) return { counts: false, because: 'it left no results', violated: false };
  const entries: Entry[] = [];
  for (const folder of await findRuns(join(out, results))) {
    const { summary, environment } = await readRun(folder);
    entries.push({ summary, node: environment.node, folder });
  }
  const violating = entries.find(({ summary }) => summary.verdicts.some(isViolation));
  if (violating !== undefined) {
    const kept = createResultsFolder(RESULTS, job.name);
    cpSync(out, kept, { recursive: true });
    return { counts: false, because: `${violating.summary.plan.label}: ${barOf(violating) ?? ''}; kept in ${kept}`, violated: true };
  }
  for (const entry of entries) {
    const { summary } = entry;
    const because = barOf(entry) ?? (summary.missed.length > 0 ? `it missed ${summary.missed[0] ?? ''}` : null);
    if (because !== null) return { counts: false, because: `${summary.plan.label}: ${because}`, violated: false };
  }
  return { counts: true, entries };
}
