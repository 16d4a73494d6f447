// What `lab hunt --planted` does: each planted error of a protocol is looked for by hunts, scenarios and the explorer, and
// docs/planted.md says what found it. Exit code 1: nothing finds one, or its row is not as it has to be.
//   node test/planted-run.ts [--protocol NAME,…|all] [--seeds 1000] [--cpu-seconds 60]
// What was found is kept under results/planted/; hunts go on behind the seeds that were tried, for so much CPU time again.
import { reportFailure } from '../orchestrator/cli/failure.ts';
import { EXIT } from '../orchestrator/errors.ts';
import { count, namesOf, readFlags } from './flags.ts';
import { writeSection } from './planted-page.ts';
import { complaint, inWords, pageOf, survey, UNTRIED } from './planted-survey.ts';
import type { Limits, Survey } from './planted-survey.ts';
import { PLANTS } from './plants/all.ts';
import type { Plant } from './plants/plant.ts';
import { conversations, explorations, Records, runs } from './records.ts';

/** Each part of a survey is kept for as long as what decides it stays the same. */
class Surveys {
  readonly records: Records<Partial<Survey>>;
  readonly bases: { readonly [part in keyof Survey]: string };

  constructor(protocol: string) {
    this.records = new Records('planted', protocol);
    this.bases = { scenarios: conversations(protocol), hunt: runs(protocol), explored: explorations(protocol) };
  }

  #keyOf({ file, from, to, options, explore }: Plant, part: keyof Survey): unknown {
    return [part, this.bases[part], file, from, to, options, ...(part === 'explored' ? [explore] : [])];
  }

  of(plant: Plant): Survey {
    return PARTS.reduce((found, part) => ({ ...found, ...this.records.get(this.#keyOf(plant, part)) }), UNTRIED);
  }

  set(plant: Plant, found: Survey): void {
    for (const part of PARTS) if (found[part] !== null) this.records.set(this.#keyOf(plant, part), { [part]: found[part] });
  }
}

const PARTS = ['scenarios', 'hunt', 'explored'] as const;

async function surveyAll(protocol: string, limits: Limits): Promise<number> {
  const plants = PLANTS[protocol] ?? [];
  const known = new Surveys(protocol);
  const write = () => writeSection(`planted ${protocol}`, pageOf(plants.map((plant) => ({ plant, found: known.of(plant) }))));
  const surveys = await survey(protocol, plants, limits, {
    begun: plants.map((plant) => known.of(plant)),
    tell: (plant, found) => {
      known.set(plant, found);
      process.stderr.write(`${protocol}: ${plant.error}: ${inWords(found)}\n`);
      // A command that is ended leaves a table of what it has done, which says so.
      write();
    },
  });
  write();
  let complaints = 0;
  for (const [place, found] of surveys.entries()) {
    const plant = plants[place] as Plant;
    const why = complaint(plant, found);
    if (why === null) continue;
    complaints++;
    console.log(`FAILED ${protocol}: ${plant.error}: ${why}`);
  }
  console.log(`${protocol}: ${plants.length} planted errors, ${surveys.filter(({ hunt }) => hunt?.found != null).length} found by hunts, ${complaints} complaints`);
  return complaints;
}

async function main(): Promise<number> {
  const values = readFlags({ 'protocol': { type: 'string', default: 'all' }, 'seeds': { type: 'string', default: '1000' }, 'cpu-seconds': { type: 'string', default: '60' } });
  const limits: Limits = { seeds: count('--seeds', values.seeds), cpuSeconds: count('--cpu-seconds', values['cpu-seconds']) };
  const known = Object.keys(PLANTS);
  let complaints = 0;
  for (const name of namesOf(values.protocol, known)) complaints += await surveyAll(name, limits);
  return complaints === 0 ? EXIT.ok : EXIT.claimViolated;
}

process.exitCode = await main().catch(reportFailure);
