// What finds a planted error: random cases, the recorded conversations, and where cases do not reach it the explorer; and the table of it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { EXIT, LabError } from '../orchestrator/errors.ts';
import { cell } from './planted-page.ts';
import { runPlantJob, type PlantAnswer } from './plant-jobs.ts';
import type { Plant } from './plants/plant.ts';
import { ROOT } from './tree.ts';

export type Limits = { readonly seeds: number; readonly cpuSeconds: number };
export type Survey = {
  readonly hunt: PlantAnswer & { readonly by: 'hunt' };
  /** Whose outcome differs from the recorded one. */
  readonly scenarios: readonly string[];
  /** null: not asked, or within these bounds nothing is violated. */
  readonly explored: { readonly claim: string; readonly steps: number; readonly states: number } | null;
};

/** Exhaustive within the bounds that are noted for this error: `lab explore` in a process that has it. */
function explore(protocol: string, plant: Plant): Survey['explored'] {
  const options = Object.entries(plant.options ?? {}).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'orchestrator/cli/main.ts'), 'explore', '--protocol', protocol, ...(plant.explore ?? []), ...options, '--json'], {
    encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, NODE_OPTIONS: `--import=${join(ROOT, 'test/plant-preload.ts')}`, LAB_PLANT: JSON.stringify([plant]) },
  });
  if (status === EXIT.ok || status === EXIT.missed) return null;
  if (status !== EXIT.claimViolated) throw new LabError('bad-command-line', `${protocol}: ${plant.error}: cannot be explored: ${stderr.split('\n')[0]}`, `correct its bounds in test/plants/${protocol}.ts`);
  const { found, result } = JSON.parse(stdout) as { readonly found: readonly { readonly claim: string; readonly choices: readonly unknown[] }[]; readonly result: { readonly states: number } };
  return { claim: found[0]?.claim ?? '', steps: found[0]?.choices.length ?? 0, states: result.states };
}

const MOST_CPU_SECONDS_BESIDE = 60;

/** Of each, in their order; `onSurvey` hears of each as soon as it is done. Throws for an error that cannot be planted. */
export async function survey(protocol: string, plants: readonly Plant[], limits: Limits, onSurvey: (plant: Plant, found: Survey) => void = () => undefined): Promise<readonly Survey[]> {
  const surveys: Survey[] = [];
  let wrong: LabError | null = null;
  await runPlantJob({
    protocol, untilNoticed: false, mostCpuSeconds: 2 * limits.cpuSeconds + MOST_CPU_SECONDS_BESIDE,
    cases: plants.map((plant) => ({ replacements: [plant], options: plant.options ?? {} })),
    trials: [{ by: 'scenarios' }, { by: 'hunt', ...limits }],
  }, (index, answers) => {
    const plant = plants[index] as Plant;
    const hunt = answers.find((answer) => answer.by === 'hunt');
    const scenarios = answers.find((answer) => answer.by === 'scenarios');
    if (hunt === undefined || scenarios === undefined) {
      wrong ??= new LabError('bad-command-line', `${protocol}: ${plant.error}: cannot be tried: ${JSON.stringify(answers.at(-1))}`, `correct it in test/plants/${protocol}.ts`);
      return;
    }
    const found = { hunt, scenarios: scenarios.differing.map((file) => file.replace(/\.txt$/, '')), explored: null };
    surveys[index] = found;
    if (!leftToExplore(plant, found)) onSurvey(plant, found);
  });
  if (wrong !== null) throw wrong;
  // Not before: one busy process at a time.
  return surveys.map((found, index) => {
    const plant = plants[index] as Plant;
    if (!leftToExplore(plant, found)) return found;
    const explored = { ...found, explored: explore(protocol, plant) };
    onSurvey(plant, explored);
    return explored;
  });
}

function leftToExplore(plant: Plant, { hunt }: Survey): boolean {
  return plant.explore !== undefined && hunt.found === null;
}

export function isFound({ hunt, scenarios, explored }: Survey): boolean {
  return hunt.found !== null || scenarios.length > 0 || explored !== null;
}

/** What is not as it has to be; null: nothing. */
export function complaint(plant: Plant, found: Survey): string | null {
  if (!isFound(found)) return 'nothing finds it: add a scenario';
  if (plant.scenario !== undefined && !found.scenarios.includes(plant.scenario)) return `its scenario ${plant.scenario} does not notice it`;
  if (found.hunt.found === null && plant.beyondHunts === undefined) return 'hunts do not reach it: note why as beyondHunts';
  return null;
}

export function inWords({ hunt, scenarios, explored }: Survey): string {
  const by = hunt.found === null ? `not in ${hunt.seeds} seeds` : `${hunt.found.checks.join(', ')} in seed ${hunt.found.seed}`;
  return `${by}; ${scenarios.length === 0 ? 'no scenario' : `scenarios ${scenarios.join(' ')}`}${explored === null ? '' : `; explored: ${explored.claim} after ${explored.steps} steps`}`;
}

function scenariosOf(plant: Plant, { scenarios }: Survey): string {
  const first = plant.scenario ?? scenarios[0];
  if (first === undefined) return '—';
  const more = scenarios.filter((name) => name !== first).length;
  return `${first}${more === 0 ? '' : ` and ${more} more`}`;
}

function exploredInWords({ explored }: Survey): string {
  return explored === null ? '' : `${explored.claim}: ${explored.steps} steps, ${explored.states} states`;
}

export function tableOf(rows: readonly { readonly plant: Plant; readonly found: Survey }[]): readonly string[] {
  const lines = rows.map(({ plant, found }) => {
    const { hunt } = found;
    const options = Object.entries(plant.options ?? {}).map(([name, value]) => ` (${name}: ${value})`).join('');
    const cells = [
      plant.error + options, hunt.found === null ? '—' : hunt.found.checks.join(', '), hunt.found === null ? `not in ${hunt.seeds}` : String(hunt.seeds),
      String(Math.round(hunt.simulatedMs / 1000)), scenariosOf(plant, found), exploredInWords(found), hunt.found === null ? plant.beyondHunts ?? '' : '',
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return ['| planted error | check | seeds | simulated s | scenario | explorer | why hunts do not reach it |', '|---|---|---|---|---|---|---|', ...lines];
}
