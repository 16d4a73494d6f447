// A process whose YASP has a planted error: one text in one file is replaced as it is loaded (it must be there exactly once). Prints the
// recorded scenarios that now fork or stay behind and, if it is asked to hunt, the first seed whose case violates a claim, and by which check.
// Argument: {"file", "from", "to", "seeds"} as JSON.
import { plantTexts } from './planting.ts';

const { file, from, to, seeds } = JSON.parse(process.argv[2] ?? '{}') as { file: string; from: string; to: string; seeds: number };

plantTexts([{ file, from, to }]);

const { yasp } = await import('../node/protocols/yasp.ts');
const { NODE_BYTES } = await import('../orchestrator/cli/bytes.ts');
const { huntCase } = await import('../orchestrator/hunt/run.ts');
const { telltaleScenarios } = await import('./forks.ts');

const violated: { readonly seed: number; readonly checks: readonly string[] }[] = [];
for (let seed = 1; seed <= seeds && violated.length === 0; seed++) {
  const { violations } = await huntCase(NODE_BYTES, yasp, {}, String(seed));
  if (violations.length > 0) violated.push({ seed, checks: violations.map(({ check }) => check) });
}
console.log(JSON.stringify({ scenarios: telltaleScenarios(yasp), violated }));
