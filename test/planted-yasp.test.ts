// Known ways to get YASP wrong, planted one at a time into the safe variant; (a) to (f) are what the origin does. Each must fork, or leave a node
// behind, in the scenario written for it, or violate a claim in a hunted case.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plant } from './plants/plant.ts';
import { YASP_PLANTS } from './plants/yasp.ts';

const SEEDS = 20;
const NOTHING = { file: '/node/protocols/yasp/safe/machine.ts', from: '// The message handler', to: '// The message handler' };

function noticed(plant: Omit<Plant, 'error'>, seeds: number): { readonly scenarios: readonly string[]; readonly violated: readonly { readonly seed: number; readonly checks: readonly string[] }[] } {
  const argument = JSON.stringify({ file: plant.file, from: plant.from, to: plant.to, seeds });
  return JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, 'planted-yasp-run.ts'), argument], { encoding: 'utf8', stdio: 'pipe' }));
}

test.each(YASP_PLANTS)('$error: that is seen', (plant) => {
  const seen = noticed(plant, plant.scenario === undefined ? SEEDS : 0);
  if (plant.scenario === undefined) expect(seen.violated).toHaveLength(1);
  else expect(seen.scenarios).toContain(`${plant.scenario}.txt`);
});

test('without a planted error nothing is seen, and a text that is not there fails', () => {
  expect(noticed(NOTHING, 3)).toEqual({ scenarios: [], violated: [] });
  expect(() => noticed({ ...NOTHING, from: 'no such text' }, 0)).toThrow(/occurs 0 times/);
});
