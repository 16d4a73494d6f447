// What `lab hunt --planted` does: each planted error of a protocol is looked for by hunts, scenarios and the explorer, and
// docs/planted.md says what found it. Exit code 1: nothing finds one, or its row is not as it has to be.
//   node test/planted-run.ts [--protocol NAME,…|all] [--seeds 1000] [--cpu-seconds 60]
import { reportFailure } from '../orchestrator/cli/failure.ts';
import { EXIT } from '../orchestrator/errors.ts';
import { count, namesOf, readFlags } from './flags.ts';
import { writeSection } from './planted-page.ts';
import { complaint, inWords, survey, tableOf } from './planted-survey.ts';
import type { Limits, Survey } from './planted-survey.ts';
import { PLANTS } from './plants/all.ts';
import type { Plant } from './plants/plant.ts';
import { fingerprint, Records } from './records.ts';

async function surveyAll(protocol: string, limits: Limits): Promise<number> {
  const plants = PLANTS[protocol] ?? [];
  const records = new Records<Survey>('planted', protocol);
  const sources = fingerprint(protocol);
  const keyOf = (plant: Plant) => [sources, plant.file, plant.from, plant.to, plant.options, plant.explore, limits];
  const rowsOf = () => plants.map((plant) => ({ plant, found: records.get(keyOf(plant)) }));
  const write = () => {
    const rows = rowsOf();
    const hunted = rows.filter(({ found }) => found?.hunt?.found != null).length;
    const budget = `at most ${limits.seeds} seeds and ${limits.cpuSeconds} s of CPU time for each`;
    writeSection(`planted ${protocol}`, [`${plants.length} errors; hunts find ${hunted} of ${rows.filter(({ found }) => found?.hunt != null).length} hunted (${budget}).`, '', ...tableOf(rows)]);
  };
  const surveys = await survey(protocol, plants, limits, {
    begun: rowsOf().map(({ found }) => found),
    tell: (plant, found) => {
      records.set(keyOf(plant), found);
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
