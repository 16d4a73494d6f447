// Who kills the mutants, in the order of what it costs: recorded conversations, the unit tests of the changed file,
// the conformance scenes, hunted seeds, the tests of the whole protocol.
// Each killer sees only what those before it have left alive.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noticed, runPlantJob, type PlantAnswer, type PlantTrial } from '../plant-jobs.ts';
import type { Replacement } from '../planting.ts';
import { conversations, runs, unitTests as unitTestsOf } from '../records.ts';
import { projectFiles, ROOT } from '../tree.ts';

const HUNTED_SEEDS = 30;
/** Several times what a protocol without a mutant needs. */
const MOST_CPU_SECONDS = { scenarios: 3, tests: 20, conformance: 30, hunt: 60, simulated: 200 };

/** killer: null when it lives. how: which scenario, test, scene or seed. */
export type Fate = { readonly killer: 'scenario' | 'unit test' | 'conformance' | 'hunt' | 'time limit' | 'crash' | 'load' | null; readonly how: string };
type Kill = (protocol: string, mutants: readonly Replacement[], onFate: (index: number, fate: Fate) => void) => Promise<void>;

function fateOf(answers: readonly PlantAnswer[]): Fate {
  const answer = answers.find(noticed);
  if (answer === undefined) return { killer: null, how: '' };
  switch (answer.by) {
    case 'scenarios': return { killer: 'scenario', how: answer.differing.join(' ').replaceAll('.txt', '') };
    case 'conformance': return { killer: 'conformance', how: answer.failing ?? '' };
    case 'tests': return { killer: 'unit test', how: answer.failing ?? '' };
    case 'hunt': return { killer: 'hunt', how: `${answer.found?.checks.join(', ')} in seed ${answer.found?.seed}: ${answer.found?.because}` };
    case 'clock': return { killer: 'time limit', how: 'does not come to an end' };
    default: return { killer: answer.by, how: answer.because };
  }
}

function tried(trial: PlantTrial): Kill {
  return async (protocol, mutants, onFate) => {
    const cases = mutants.map((mutant) => ({ replacements: [mutant] }));
    let misplaced: string | null = null;
    await runPlantJob({ protocol, cases, trials: [trial], untilNoticed: true, mostCpuSeconds: MOST_CPU_SECONDS[trial.by] }, (index, answers) => {
      const fate = fateOf(answers);
      // A text that was not there would count as killed.
      if (fate.killer === 'load' && /text to replace|not loaded/.test(fate.how)) misplaced = fate.how;
      else onFate(index, fate);
    });
    if (misplaced !== null) throw new Error(misplaced);
  };
}

/** Those beside it that import it, not its types alone. */
function testsOf(protocol: string, { file }: Replacement): readonly string[] {
  const imports = new RegExp(`^import (?!type).*/${basename(file)}'`, 'm');
  return projectFiles().filter((test) => test.startsWith(`node/protocols/${protocol}/`) && test.endsWith('.test.ts') && imports.test(readFileSync(join(ROOT, test), 'utf8')));
}

/** Of the protocol as a whole, in the simulator. */
function simulatedTestsOf(protocol: string): readonly string[] {
  return projectFiles().filter((test) => test === `node/protocols/${protocol}.test.ts`);
}

/** Tests that fail without a mutant would kill all. */
const byTests = (select: typeof testsOf, mostCpuSeconds: number): Kill => async (protocol, mutants, onFate) => {
  const cases = mutants.map((mutant) => ({ replacements: [mutant], tests: select(protocol, mutant) }));
  const untouched = { replacements: [], tests: [...new Set(cases.flatMap(({ tests }) => tests))] };
  let unsound: Fate | null = null;
  await runPlantJob({ protocol, cases: [untouched, ...cases], trials: [{ by: 'tests' }], untilNoticed: true, mostCpuSeconds }, (index, answers) => {
    const fate = fateOf(answers);
    if (index === 0 && fate.killer !== null) unsound = fate;
    else if (index > 0 && unsound === null) onFate(index - 1, fate);
  });
  if (unsound !== null) throw new Error(`${untouched.tests.join(' ')}: fails without any mutant: ${(unsound as Fate).how}`);
};

/** basis: of all that decides what it says of a mutant. */
export const KILLERS: readonly { readonly name: string; readonly kill: Kill; readonly basis: (protocol: string) => string }[] = [
  { name: 'scenarios', kill: tried({ by: 'scenarios' }), basis: conversations },
  { name: 'unit tests of the file', kill: byTests(testsOf, MOST_CPU_SECONDS.tests), basis: unitTestsOf },
  { name: 'conformance scenes', kill: tried({ by: 'conformance' }), basis: runs },
  { name: `hunts of ${HUNTED_SEEDS} seeds`, kill: tried({ by: 'hunt', seeds: HUNTED_SEEDS, cpuSeconds: MOST_CPU_SECONDS.hunt }), basis: runs },
  { name: 'tests in the simulator', kill: byTests(simulatedTestsOf, MOST_CPU_SECONDS.simulated), basis: unitTestsOf },
];
