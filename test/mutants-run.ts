// `npm run mutants`: mechanical mutants of protocols (mutants/mutate.ts), killed or not (mutants/kill.ts), into docs/planted.md.
//   npm run mutants -- [--protocol NAME,…|all] [--sample N] [--json]
// What was found is kept under results/ until the sources change. Exit code 1: one lives that mutants/survivors.ts does not explain.
import { reportFailure } from '../orchestrator/cli/failure.ts';
import { EXIT } from '../orchestrator/errors.ts';
import { count, namesOf, readFlags } from './flags.ts';
import { type Fate, KILLERS } from './mutants/kill.ts';
import { type Mutant, mutants } from './mutants/mutate.ts';
import { explanationOf } from './mutants/survivors.ts';
import { inWords, sampleOf, tableOf, verdictOf, type Tried } from './mutants/table.ts';
import { writeSection } from './planted-page.ts';
import { PLANTS } from './plants/all.ts';
import { fingerprint, Records } from './records.ts';

/** `onStage`: after each killer. */
async function tryAll(protocol: string, chosen: readonly Mutant[], onStage: (tried: readonly Tried[]) => void): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const records = new Records<readonly Fate[]>('mutants', protocol);
  const sources = fingerprint(protocol);
  const keyOf = ({ file, at, from, to }: Mutant) => [sources, file, at, from, to];
  const fatesOf = (mutant: Mutant) => records.get(keyOf(mutant)) ?? [];
  let alive = chosen;
  for (const [number, { name, kill }] of KILLERS.entries()) {
    const open = alive.filter((mutant) => fatesOf(mutant).length <= number);
    say(`${protocol}: ${name}: ${open.length} of ${alive.length} mutants to try`);
    await kill(protocol, open, (index, fate) => {
      const mutant = open[index] as Mutant;
      records.set(keyOf(mutant), [...fatesOf(mutant), fate]);
      if (number > 0) say(`  ${inWords({ mutant, fate })}`);
    });
    alive = alive.filter((mutant) => fatesOf(mutant).every(({ killer }) => killer === null));
    onStage(chosen.map((mutant) => ({ mutant, fate: fatesOf(mutant).find(({ killer }) => killer !== null) ?? { killer: null, how: '' }, killers: fatesOf(mutant).length })));
  }
}

async function main(): Promise<number> {
  const values = readFlags({ protocol: { type: 'string', default: 'all' }, sample: { type: 'string' }, json: { type: 'boolean', default: false } });
  const most = values.sample === undefined ? Infinity : count('--sample', values.sample);
  const results = [];
  for (const protocol of namesOf(values.protocol, Object.keys(PLANTS))) {
    const all = mutants(protocol);
    let tried: readonly Tried[] = [];
    await tryAll(protocol, sampleOf(all, most), (stage) => {
      tried = stage;
      // One that is ended has a table of what it has done, which says so.
      writeSection(`mutants ${protocol}`, tableOf(stage, all.length));
    });
    results.push({ protocol, mutants: all.length, ...verdictOf(tried), tried });
    if (values.json) continue;
    for (const { mutant, fate } of tried) {
      if (fate.killer === null && explanationOf(mutant) === null) console.log(`ALIVE ${inWords({ mutant, fate })}`);
    }
    const { killed, unexplained } = verdictOf(tried);
    console.log(`${protocol}: ${killed} of ${tried.length} killed (of ${all.length} mutants), ${unexplained} alive without an explanation`);
  }
  if (values.json) console.log(JSON.stringify(results, null, 1));
  return results.every(({ unexplained }) => unexplained === 0) ? EXIT.ok : EXIT.claimViolated;
}

process.exitCode = await main().catch(reportFailure);
