// Runs pairs until enough of them say what is to be known. A pair of which one run counts for nothing is void: it is named, never
// averaged, and made again in its place, so that the blocks stay whole.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, obstaclesBetween } from '../../compare/sides.ts';
import { LabError } from '../../errors.ts';
import { firstOf, type SideName } from '../../gate/pairs.ts';
import type { VoidPair } from '../../gate/pair-words.ts';
import type { Report } from '../progress.ts';
import type { Checkout, Stop } from './checkouts.ts';
import { runSide, type SideJob } from './side-run.ts';

export type EntryPair = { readonly seed: string; readonly first: SideName; readonly base: readonly Entry[]; readonly head: readonly Entry[] };
export type PairJob = SideJob & {
  readonly base: Checkout;
  readonly head: Checkout;
  /** A folder of the gate's own. */
  readonly inside: string;
  /** Of the coin, and with a number of every pair's load. */
  readonly seed: string;
  readonly mostPairs: number;
  /** The first guess. */
  readonly runMs: number;
};
export type Paired = {
  readonly pairs: readonly EntryPair[];
  readonly void: readonly VoidPair[];
  /** head violated a claim in the last void pair: nothing more was run. */
  readonly unsafe: boolean;
};

/** Half as many as are to count; some in any case. */
const mostVoid = (mostPairs: number) => Math.max(2, Math.ceil(mostPairs / 2));

/** isEnough: asked after each pair. It may say why the last one is void after all. null: interrupted. */
export async function measurePairs(job: PairJob, isEnough: (pairs: readonly EntryPair[]) => boolean | string, report: Report, stop: Stop): Promise<Paired | null> {
  const pairs: EntryPair[] = [];
  const voided: VoidPair[] = [];
  const clock = remaining(job);
  while (pairs.length < job.mostPairs) {
    const seed = `${job.seed}.${pairs.length + voided.length + 1}`;
    const number = pairs.length + 1;
    const made = await measurePair(job, seed, number, (text) => report(`pair ${number}: ${text}, ${clock.words(pairs.length)}`, pairs.length / job.mostPairs), clock.took, stop);
    if (made === null) return null;
    let problem: VoidPair | null = null;
    if ('because' in made) problem = made;
    else {
      checkAlike(made);
      const enough = isEnough([...pairs, made]);
      if (typeof enough !== 'string') pairs.push(made);
      else problem = { pair: number, seed, side: 'head', because: enough, violated: false };
      if (enough === true) break;
    }
    if (problem === null) continue;
    voided.push(problem);
    report(`void pair ${number}: ${problem.side}: ${problem.because}`, pairs.length / job.mostPairs);
    if (problem.violated && problem.side === 'head') return { pairs, void: voided, unsafe: true };
    if (voided.length > mostVoid(job.mostPairs)) throw new LabError('nothing-measured', `${voided.length} pairs are void beside ${pairs.length} that count; the last: ${problem.side}, seed ${problem.seed}: ${problem.because}`, 'a quieter machine, a lower load.rate, or a longer load.timeout; try one run of that side alone');
  }
  return { pairs, void: voided, unsafe: false };
}

/** number: of the pair, from 1. */
async function measurePair(job: PairJob, seed: string, number: number, progress: (text: string) => void, took: (ms: number) => void, stop: Stop): Promise<EntryPair | VoidPair | null> {
  const first = firstOf(job.seed, number - 1);
  const measured: { [side in SideName]?: readonly Entry[] } = {};
  for (const side of first === 'base' ? ['base', 'head'] as const : ['head', 'base'] as const) {
    progress(`${side} runs`);
    const out = mkdtempSync(join(job.inside, 'run-'));
    const beganMs = performance.now();
    const outcome = await runSide(job[side], job, seed, out, stop);
    rmSync(out, { recursive: true, force: true });
    if (outcome === null) return null;
    took(performance.now() - beganMs);
    if (!outcome.counts) return { pair: number, seed, side, because: outcome.because, violated: outcome.violated };
    measured[side] = outcome.entries;
  }
  return { seed, first, base: measured.base ?? [], head: measured.head ?? [] };
}

function checkAlike({ base, head }: EntryPair): void {
  const labels = (entries: readonly Entry[]) => entries.map(({ summary }) => summary.plan.label).sort().join(', ');
  const differing = labels(base) === labels(head) ? [] : [`protocols ${labels(base)} and ${labels(head)}`];
  const obstacles = base.flatMap((entry) => {
    const other = head.find(({ summary }) => summary.plan.label === entry.summary.plan.label);
    return other === undefined ? [] : obstaclesBetween(entry, other);
  });
  const all = [...new Set([...differing, ...obstacles])];
  if (all.length > 0) throw new LabError('bad-command-line', `base and head are different measurements: ${all.join(', ')}`, 'measure both in the same way: the same Node.js, runner, shaper and experiment');
}

/** How long it may still take, from how long the runs took. */
function remaining({ mostPairs, runMs }: PairJob): { readonly took: (ms: number) => void; readonly words: (pairs: number) => string } {
  let totalMs = 0;
  let runs = 0;
  return {
    took: (ms) => {
      totalMs += ms;
      runs++;
    },
    words: (pairs) => `at most ${Math.max(1, Math.ceil(((mostPairs - pairs) * 2 * (runs === 0 ? runMs : totalMs / runs)) / 60_000))} min left`,
  };
}
