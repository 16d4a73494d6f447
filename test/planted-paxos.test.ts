// Known ways to get Paxos wrong, planted one at a time. Each must fork: in the scenario written for it, or in a seeded run of
// the simulator, where the lab's own agreement check has to see it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAXOS_PLANTS } from './plants/paxos.ts';
import type { Plant } from './plants/plant.ts';

const SEEDS = 60;
const NOTHING = { file: '/node/protocols/paxos/acceptor.ts', from: '// The acceptor:', to: '// The acceptor:' };

function forksOf(plant: Omit<Plant, 'error'>, seeds: number): { readonly scenarios: readonly string[]; readonly seeds: readonly string[] } {
  const argument = JSON.stringify({ file: plant.file, from: plant.from, to: plant.to, seeds, options: plant.options ?? {}, maxMessageBytes: plant.maxMessageBytes ?? 60_000 });
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'planted-paxos-run.ts'), argument], { encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output) as { scenarios: string[]; seeds: string[] };
}

test.each(PAXOS_PLANTS)('$error: it forks, and that is seen', (plant) => {
  const forks = forksOf(plant, plant.scenario === undefined ? SEEDS : 0);
  if (plant.scenario === undefined) expect(forks.seeds).toHaveLength(1);
  else expect(forks.scenarios).toContain(`${plant.scenario}.txt`);
});

test('quorums that do not meet fork (q1 + q2 = N)', () => {
  expect(forksOf({ ...NOTHING, options: { q1: 1, q2: 2 } }, SEEDS).seeds).toHaveLength(1);
});

test('without a planted error nothing forks, and a text that is not there fails', () => {
  expect(forksOf(NOTHING, 10)).toEqual({ scenarios: [], seeds: [] });
  expect(() => forksOf({ ...NOTHING, from: 'no such text' }, 0)).toThrow(/occurs 0 times/);
});
