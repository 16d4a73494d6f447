// What finds a planted error: random cases, the recorded conversations, and where cases do not reach it the explorer; and the table of it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { EXIT, LabError } from '../orchestrator/errors.ts';
import { cell } from './planted-page.ts';
import { runPlantJob, type PlantAnswer, type PlantTrial } from './plant-jobs.ts';
import type { Plant } from './plants/plant.ts';
import { ROOT } from './tree.ts';

export type Limits = { readonly seeds: number; readonly cpuSeconds: number };
export type Survey = {
  /** Whose outcome differs from the recorded one; null: not tried yet. */
  readonly scenarios: readonly string[] | null;
  /** Seeds 1, 2, … as far as they were tried; null: none yet. */
  readonly hunt: (PlantAnswer & { readonly by: 'hunt' }) | null;
  /** null: not tried, since hunts found it or nobody has noted bounds for it. */
  readonly explored: { readonly claim: string | null; readonly steps: number; readonly states: number } | null;
};

/** Exhaustive within the bounds that are noted for this error: `lab explore` in a process that has it. */
function explore(protocol: string, plant: Plant): Survey['explored'] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'orchestrator/cli/main.ts'), 'explore', '--protocol', protocol, ...(plant.explore ?? []), '--json'], {
    encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, NODE_OPTIONS: `--import=${join(ROOT, 'test/plant-preload.ts')}`, LAB_PLANT: JSON.stringify([plant]) },
  });
  if (status !== EXIT.claimViolated && status !== EXIT.ok && status !== EXIT.missed) throw new LabError('bad-command-line', `${protocol}: ${plant.error}: cannot be explored: ${stderr.split('\n')[0]}`, `correct its bounds in test/plants/${protocol}.ts`);
  const { found, result } = JSON.parse(stdout) as { readonly found: readonly { readonly claim: string | null; readonly choices: readonly unknown[] }[]; readonly result: { readonly states: number } };
  return { claim: status === EXIT.claimViolated ? found[0]?.claim ?? 'assertion' : null, steps: found[0]?.choices.length ?? 0, states: result.states };
}

const SCENARIOS_CPU_SECONDS = 20;

/** What is known of each so far, by its place among the plants; `tell` hears of each step as soon as it is done. */
class Surveying {
  readonly protocol: string;
  readonly plants: readonly Plant[];
  readonly surveys: Survey[];
  readonly tell: (plant: Plant, found: Survey) => void;

  constructor(protocol: string, plants: readonly Plant[], begun: readonly Survey[], tell: (plant: Plant, found: Survey) => void) {
    this.protocol = protocol;
    this.plants = plants;
    this.surveys = plants.map((_, place) => begun[place] ?? UNTRIED);
    this.tell = tell;
  }

  step(place: number, part: Partial<Survey>): void {
    const found = { ...this.surveys[place] as Survey, ...part };
    this.surveys[place] = found;
    this.tell(this.plants[place] as Plant, found);
  }

  /** Those that lack something. */
  open(lacks: (found: Survey, plant: Plant) => boolean): readonly number[] {
    return [...this.plants.keys()].filter((place) => lacks(this.surveys[place] as Survey, this.plants[place] as Plant));
  }

  /** Throws at the end for an error that cannot be planted. */
  async plant(places: readonly number[], trial: PlantTrial, mostCpuSeconds: number, answered: (place: number, answer: PlantAnswer) => void): Promise<void> {
    const wrong: string[] = [];
    const cases = places.map((place) => ({ replacements: [this.plants[place] as Plant], options: this.plants[place]?.options ?? {}, huntedSeeds: this.surveys[place]?.hunt?.seeds ?? 0 }));
    await runPlantJob({ protocol: this.protocol, cases, trials: [trial], untilNoticed: false, mostCpuSeconds }, (index, answers) => {
      const place = places[index] as number;
      const answer = answers.find(({ by }) => by === trial.by);
      if (answer === undefined) wrong.push(`${this.plants[place]?.error}: cannot be tried: ${JSON.stringify(answers.at(-1))}`);
      else answered(place, answer);
    });
    if (wrong[0] !== undefined) throw new LabError('bad-command-line', `${this.protocol}: ${wrong[0]}`, `correct it in test/plants/${this.protocol}.ts`);
  }

  async finish(limits: Limits): Promise<readonly Survey[]> {
    await this.plant(this.open(({ scenarios }) => scenarios === null), { by: 'scenarios' }, SCENARIOS_CPU_SECONDS, (place, answer) => {
      if (answer.by === 'scenarios') this.step(place, { scenarios: answer.differing.map((file) => file.replace(/\.txt$/, '')) });
    });
    const unhunted = this.open(({ hunt }) => hunt === null || (hunt.found === null && hunt.seeds < limits.seeds));
    await this.plant(unhunted, { by: 'hunt', ...limits }, 2 * limits.cpuSeconds + SCENARIOS_CPU_SECONDS, (place, hunt) => {
      if (hunt.by !== 'hunt') return;
      const before = this.surveys[place]?.hunt?.simulatedMs ?? 0;
      this.step(place, { hunt: { ...hunt, simulatedMs: before + hunt.simulatedMs } });
    });
    for (const place of this.open(({ hunt, explored }, plant) => hunt?.found === null && plant.explore !== undefined && explored === null)) {
      this.step(place, { explored: explore(this.protocol, this.plants[place] as Plant) });
    }
    return this.surveys;
  }
}

type Told = { readonly begun?: readonly Survey[]; readonly tell?: (plant: Plant, found: Survey) => void };

/** Conversations first, then hunts, then the explorer; of each planted error, in their order. `begun`: what is known from before. */
export function survey(protocol: string, plants: readonly Plant[], limits: Limits, { begun = [], tell = () => undefined }: Told = {}): Promise<readonly Survey[]> {
  return new Surveying(protocol, plants, begun, tell).finish(limits);
}

/** Of a planted error of which nothing is known. */
export const UNTRIED: Survey = { scenarios: null, hunt: null, explored: null };

export function isFound({ hunt, scenarios, explored }: Survey): boolean {
  return (hunt !== null && hunt.found !== null) || (scenarios ?? []).length > 0 || (explored !== null && explored.claim !== null);
}

/** What is not as it has to be; null: nothing. */
export function complaint(plant: Plant, found: Survey): string | null {
  if (!isFound(found)) return 'nothing finds it: add a scenario';
  if (plant.scenario !== undefined && found.scenarios?.includes(plant.scenario) !== true) return `its scenario ${plant.scenario} does not notice it`;
  if (found.hunt?.found === null && plant.beyondHunts === undefined) return 'hunts do not reach it: note why as beyondHunts';
  return null;
}

function huntInWords({ hunt }: Survey): string {
  if (hunt === null) return 'not hunted yet';
  return hunt.found === null ? `not in ${hunt.seeds} seeds` : `${hunt.found.checks.join(', ')} in seed ${hunt.found.seed}`;
}

function exploredInWords({ explored }: Survey): string {
  if (explored === null) return '';
  return `${explored.claim ?? 'nothing within the bounds'}: ${explored.claim === null ? '' : `${explored.steps} steps, `}${explored.states} states`;
}

export function inWords(found: Survey): string {
  const { scenarios, explored } = found;
  return `${huntInWords(found)}; ${scenarios === null || scenarios.length === 0 ? 'no scenario' : `scenarios ${scenarios.join(' ')}`}${explored === null ? '' : `; explored: ${exploredInWords(found)}`}`;
}

function scenariosOf(plant: Plant, { scenarios }: Survey): string {
  if (scenarios === null) return 'not tried yet';
  const first = plant.scenario ?? scenarios[0];
  if (first === undefined) return '—';
  const more = scenarios.filter((name) => name !== first).length;
  return `${first}${more === 0 ? '' : ` and ${more} more`}`;
}

export type Row = { readonly plant: Plant; readonly found: Survey };

function rowOf({ plant, found }: Row): readonly string[] {
  const options = Object.entries(plant.options ?? {}).map(([name, value]) => ` (${name}: ${value})`).join('');
  const error = plant.error + options;
  const { hunt } = found;
  const missed = hunt?.found === null;
  return [
    error, hunt === null ? 'not hunted yet' : hunt.found?.checks.join(', ') ?? '—', hunt === null ? '' : `${missed ? 'not in ' : ''}${hunt.seeds}`,
    hunt === null ? '' : String(Math.round(hunt.simulatedMs / 1000)), scenariosOf(plant, found), exploredInWords(found), missed ? plant.beyondHunts ?? '' : '',
  ];
}

export function tableOf(rows: readonly Row[]): readonly string[] {
  const lines = rows.map((row) => `| ${rowOf(row).map(cell).join(' | ')} |`);
  return ['| planted error | check | seeds | simulated s | scenario | explorer | why hunts do not reach it |', '|---|---|---|---|---|---|---|', ...lines];
}

/** The section of docs/planted.md. */
export function pageOf(rows: readonly Row[]): readonly string[] {
  const surveys = rows.map(({ found }) => found);
  const count = (which: (found: Survey) => boolean) => surveys.filter(which).length;
  const hunted = count(({ hunt }) => hunt !== null);
  const missed = surveys.flatMap(({ hunt }) => (hunt?.found === null ? [hunt.seeds] : []));
  const others = missed.length === 0 ? '' : ` The others were hunted with ${Math.min(...missed)} to ${Math.max(...missed)} seeds.`;
  const explored = surveys.filter((found) => found.explored !== null);
  return [
    `${rows.length} errors; hunts find ${count(({ hunt }) => hunt !== null && hunt.found !== null)} of ${hunted} hunted.${others}`
    + ` Recorded conversations notice ${count(({ scenarios }) => (scenarios ?? []).length > 0)}; the explorer finds ${explored.filter((found) => found.explored?.claim !== null).length} of ${explored.length} explored (those with bounds that hunts do not reach).`,
    '', ...tableOf(rows),
  ];
}
