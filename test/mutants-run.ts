// `npm run mutants`: mechanical mutants of protocols (mutants/mutate.ts), killed or not (mutants/kill.ts), into docs/planted.md.
//   npm run mutants -- [--protocol NAME,…|all] [--sample N] [--json]
// What was found is kept under results/mutants/: a command that was ended goes on where it was. Exit code 1: one lives that mutants/survivors.ts does not explain.
import { reportFailure } from '../orchestrator/cli/failure.ts';
import { EXIT } from '../orchestrator/errors.ts';
import { count, namesOf, readFlags } from './flags.ts';
import { Fates } from './mutants/fates.ts';
import { KILLERS } from './mutants/kill.ts';
import { type Mutant, mutants } from './mutants/mutate.ts';
import { explanationOf } from './mutants/survivors.ts';
import { inWords, sampleOf, tableOf, verdictOf, type Tried } from './mutants/table.ts';
import { writeSection } from './planted-page.ts';
import { PLANTS } from './plants/all.ts';

type Chosen = { readonly protocol: string; readonly fates: Fates; readonly all: number; readonly mutants: readonly Mutant[] };

function chosenOf(protocol: string, most: number): Chosen {
  const all = mutants(protocol);
  return { protocol, fates: new Fates(protocol), all: all.length, mutants: sampleOf(all, most) };
}

const triedOf = ({ fates, mutants: chosen }: Chosen): readonly Tried[] => chosen.map((mutant) => ({ mutant, ...fates.of(mutant) }));

/** By one killer. Those that no explanation covers come first. */
async function tryOn(number: number, { protocol, fates, mutants: chosen }: Chosen): Promise<void> {
  const isOpen = (mutant: Mutant) => fates.of(mutant).killers === number && fates.of(mutant).fate.killer === null;
  const open = chosen.filter(isOpen).sort((a, b) => Number(explanationOf(a) !== null) - Number(explanationOf(b) !== null));
  process.stderr.write(`${protocol}: ${KILLERS[number]?.name}: ${open.length} mutants to try\n`);
  await KILLERS[number]?.kill(protocol, open, (index, fate) => {
    const mutant = open[index] as Mutant;
    fates.set(mutant, number, fate);
    if (number > 0) process.stderr.write(`  ${inWords({ mutant, fate })}\n`);
  });
}

function tell(chosen: Chosen): void {
  const tried = triedOf(chosen);
  for (const { mutant, fate } of tried) {
    if (fate.killer === null && explanationOf(mutant) === null) console.log(`ALIVE ${inWords({ mutant, fate })}`);
  }
  const { killed, unexplained } = verdictOf(tried);
  console.log(`${chosen.protocol}: ${killed} of ${tried.length} killed (of ${chosen.all} mutants), ${unexplained} alive without an explanation`);
}

async function main(): Promise<number> {
  const values = readFlags({ protocol: { type: 'string', default: 'all' }, sample: { type: 'string' }, json: { type: 'boolean', default: false } });
  const most = values.sample === undefined ? Infinity : count('--sample', values.sample);
  const every = namesOf(values.protocol, Object.keys(PLANTS)).map((protocol) => chosenOf(protocol, most));
  // Of every protocol what is cheap, first.
  for (const number of KILLERS.keys()) {
    for (const chosen of every) {
      await tryOn(number, chosen);
      // One that is ended has a table of what it has done, which says so.
      writeSection(`mutants ${chosen.protocol}`, tableOf(triedOf(chosen), chosen.all));
    }
  }
  if (!values.json) every.forEach(tell);
  const results = every.map((chosen) => ({ protocol: chosen.protocol, mutants: chosen.all, ...verdictOf(triedOf(chosen)), tried: triedOf(chosen) }));
  if (values.json) console.log(JSON.stringify(results, null, 1));
  return results.every(({ unexplained }) => unexplained === 0) ? EXIT.ok : EXIT.claimViolated;
}

process.exitCode = await main().catch(reportFailure);
