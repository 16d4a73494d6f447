// Which shaper a runner uses: the one that was asked for, or the first of its own that works here. Which one it is stands in
// the plan; that it is not the first is said, with what would make it so.
import type { Shaper, Site } from '../../netem/shaper.ts';
import { LabError } from '../errors.ts';
import type { ShaperChoice } from '../kinds.ts';

/** A place like those that the runner's nodes will have. */
export type TrialSite = { readonly site: Site; close(): Promise<void> };
/** On the command line. */
export const AUTO = 'auto';
export const SHAPERS = [AUTO, 'tc', 'userspace'];

/** shapers: the best first. asked: a name, or AUTO. Rejects with a LabError when the one that was asked for does not work. */
export async function chooseShaper(runner: string, shapers: readonly Shaper[], openTrial: () => Promise<TrialSite>, asked: string): Promise<ShaperChoice> {
  const candidates = asked === AUTO ? shapers : shapers.filter(({ name }) => name === asked);
  if (candidates.length === 0) throw new LabError('not-supported', `the runner ${runner} has no shaper ${asked}`, `it has: ${shapers.map(({ name }) => name).join(', ')}`);
  const trial = await openTrial();
  const lacking: { readonly name: string; readonly missing: string; readonly hint: string }[] = [];
  try {
    for (const shaper of candidates) {
      const probe = await shaper.probe(trial.site);
      if (!probe.ok) lacking.push({ name: shaper.name, ...probe });
      else return { shaper: shaper.name, notice: lacking.length === 0 ? null : noticeOf(runner, shaper.name, lacking) };
    }
  } finally {
    await trial.close();
  }
  const [first] = lacking;
  throw new LabError('machine-lacks', `the shaper ${first?.name} does not work on ${runner} here: ${first?.missing}`, first?.hint ?? '');
}

function noticeOf(runner: string, chosen: string, lacking: readonly { readonly name: string; readonly missing: string; readonly hint: string }[]): string {
  return `${runner}: links are shaped by ${chosen}; ${lacking.map(({ name, missing, hint }) => `${name} does not work here: ${missing}; ${hint}`).join('; ')}`;
}
