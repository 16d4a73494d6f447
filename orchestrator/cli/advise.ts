// `lab advise`: which protocol, led from where, with which quorums and times, for clients in these places. Closed forms choose, the
// simulator confirms: latencies without faults, then crashes of the leader.
import { stringify } from 'yaml';
import { candidatesOf, type Chosen, type Conditions, experimentFor, type Goal, plansOf, type Planner, shortlist } from '../advice/candidates.ts';
import { type Advised, labelOf, type Measured, renderAdvice } from '../advice/words.ts';
import { clientsOf, nodesOf, type Wish } from '../advice/wish.ts';
import { EXIT, LabError } from '../errors.ts';
import { numberOf } from '../gate/figures.ts';
import { createSimulator } from '../simulate.ts';
import { readRate } from '../units.ts';
import { NODE_BYTES } from './bytes.ts';
import { openPool, type Run } from './gate/pool.ts';
import { loadPlugins } from './plugins.ts';
import { filesBeside } from './read-file.ts';
import { saveText } from './report.ts';
import { chosenNetwork } from './wan.ts';

export type AdviseFlags = {
  readonly wan: string;
  readonly nodes?: string;
  readonly tolerate: number;
  readonly clients?: string;
  readonly rate: string;
  readonly for: Goal;
  readonly out?: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
};

const STEADY: Conditions = { name: 'advice', measure: '20s', repeat: 1, crash: false };
const CRASHES: Conditions = { name: 'advice', measure: '17s', repeat: 3, crash: true };

type Stop = { readonly requested: boolean };

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function advise(flags: AdviseFlags, stop: Stop): Promise<number> {
  const { registry, modules } = await loadPlugins(flags.plugin);
  const { profile } = chosenNetwork(flags.wan, undefined);
  const rate = readRate(flags.rate);
  if (!('value' in rate)) throw new LabError('bad-command-line', `--rate: ${rate.problem}`, rate.remedy);
  const nodes = nodesOf(flags.nodes, flags.tolerate, profile);
  const wish: Wish = { wan: flags.wan, nodes, tolerate: flags.tolerate, clients: clientsOf(flags.clients, nodes, profile), rate: flags.rate };
  const { supports } = createSimulator(NODE_BYTES, () => Promise.resolve(), registry);
  const planner: Planner = { wish, registry, readFile: filesBeside('here'), supports };
  const { all, leftOut } = candidatesOf(planner);
  if (all.length === 0) throw new LabError('bad-command-line', `no protocol is both safe and known for this: ${leftOut.join('; ')}`, 'tolerate fewer, or bring one with --plugin');
  const chosen = shortlist(planner, all);
  const advised = await confirmed(planner, chosen, modules.map(({ path }) => path), stop);
  if (advised === null) {
    process.stderr.write('interrupted: nothing was confirmed\n');
    return EXIT.interrupted;
  }
  tell(wish, advised, leftOut, all.length, flags);
  if (advised.some(({ measured }) => measured.violated.length > 0)) return EXIT.claimViolated;
  return advised.some(({ measured }) => measured.invalid.length > 0) ? EXIT.missed : EXIT.ok;
}

/** null: interrupted. */
async function confirmed(planner: Planner, chosen: readonly Chosen[], plugins: readonly string[], stop: Stop): Promise<readonly Advised[] | null> {
  const jobs = chosen.map(({ candidate }) => [...plansOf(planner, candidate, STEADY), ...plansOf(planner, candidate, CRASHES)]);
  const plans = jobs.flat();
  const pool = openPool(plans.length, plugins);
  try {
    const runs = await pool.run(plans, stop, (count) => process.stderr.write(`sim: ${count} of ${plans.length} runs\n`));
    if (runs === null) return null;
    let before = 0;
    return chosen.map((one, index) => {
      const own = runs.slice(before, before + (jobs[index]?.length ?? 0));
      before += own.length;
      return { ...one, measured: measuredBy(own) };
    });
  } finally {
    pool.close();
  }
}

function measuredBy([steady, ...crashes]: readonly Run[]): Measured {
  const figure = (run: Run | undefined, name: string) => {
    const value = run?.figures[name] ?? null;
    return typeof value === 'number' ? value : null;
  };
  return {
    p50Ms: figure(steady, 'commit.p50'), p99Ms: numberOf(steady?.figures['commit.p99'] ?? null),
    outagesMs: crashes.map((run) => figure(run, 'outage')),
    violated: [steady, ...crashes].flatMap((run) => run?.violated ?? []), invalid: steady?.invalid ?? [],
  };
}

/** By the goal: the best of all, which the file repeats. */
function bestOf(advised: readonly Advised[], goal: Goal): Advised {
  const of = ({ candidate }: Advised) => (goal === 'p50' ? candidate.p50Ms : candidate.p99Ms);
  return [...advised].sort((a, b) => of(a) - of(b))[0] as Advised;
}

function tell(wish: Wish, advised: readonly Advised[], leftOut: readonly string[], tried: number, flags: AdviseFlags): void {
  const best = bestOf(advised, flags.for);
  const { protocol, leaderRegion } = best.candidate;
  if (flags.json) {
    const plain = advised.map(({ candidate: { plan, ...candidate }, ...one }) => ({ ...candidate, options: candidate.options, resolved: plan.options, ...one }));
    process.stdout.write(`${JSON.stringify({ version: 1, wish, tried, advice: plain, best: advised.indexOf(best), leftOut }, null, 2)}\n`);
  } else {
    process.stdout.write(`${renderAdvice(wish, advised, leftOut, tried)}\n\nfor the lowest ${flags.for}: ${labelOf(best)}${leaderRegion === null ? '' : `, led from ${leaderRegion}`}\n`);
  }
  if (flags.out === undefined) return;
  const text = `# ${best.candidate.because}: the lowest ${flags.for} that lab advise found with ${protocol} among its choices.\n# Its leader is killed two seconds into the measure window: what that costs is in the table.\n`;
  saveText(flags.out, text + stringify(experimentFor(wish, best.candidate, { ...CRASHES, measure: '30s', repeat: 1 })));
  process.stderr.write(`experiment: ${flags.out}\n`);
}
