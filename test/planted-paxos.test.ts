// Known ways to get Paxos wrong, planted one at a time. Each must fork: in the scenario written for it, or in a seeded run of
// the simulator, where the lab's own agreement check has to see it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

type Plant = {
  readonly error: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The scenario that forks; absent: hunted in the simulator. */
  readonly scenario?: string;
  readonly options?: { readonly [name: string]: string | number | boolean };
  readonly maxMessageBytes?: number;
};

const SEEDS = 60;
const NOTHING = { file: 'acceptor.ts', from: '// The acceptor:', to: '// The acceptor:' };

const PLANTS: readonly Plant[] = [
  { error: 'an acceptor accepts below its promise', file: 'acceptor.ts', options: { leader: 'any' },
    from: 'this.refuse(proposer, ballot);\n      return false;', to: '' },
  { error: 'a promise is not durable', file: 'acceptor.ts', scenario: 'lost-promise',
    from: "this.env.persist({ type: 'promise', ballot });", to: '' },
  { error: 'an acceptance is not durable', file: 'acceptor.ts',
    from: "this.env.persist({ type: 'accept', ballot, decidedTo, values: fresh });", to: '' },
  { error: 'a promise drops what was accepted', file: 'acceptor.ts', options: { leader: 'any' },
    from: 'decided === undefined ? this.votes.get(slot) :', to: 'decided === undefined ? undefined :' },
  { error: 'the last vote to arrive is chosen, not the highest ballot', file: 'promises.ts', options: { leader: 'any' },
    from: 'known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)', to: 'true' },
  { error: 'one acceptor is counted twice', file: 'proposer.ts',
    from: 'flight.voters.has(from)) continue;\n        flight.voters.add(from);', to: 'flight.voters.size === this.learner.configurations.at(slot).members.length) continue;\n        flight.voters.add(this.learner.configurations.at(slot).members[flight.voters.size] ?? from);' },
  { error: 'a minority decides', file: 'quorums.ts',
    from: 'count(members, has) >= sizeOf(this.options.q2, members)', to: 'count(members, has) >= 1' },
  { error: 'a partly received promise counts', file: 'promises.ts', options: { leader: 'any' }, maxMessageBytes: 800,
    from: 'return this.pages.get(acceptor) === null;', to: 'return this.pages.has(acceptor);' },
  { error: 'phase 1 asks one acceptor too few', file: 'quorums.ts', options: { leader: 'any' },
    from: 'count(members, has) >= sizeOf(this.options.q1, members)', to: 'count(members, has) >= sizeOf(this.options.q1, members) - 1' },
  { error: 'a ballot is begun again after a restart', file: 'candidacy.ts', scenario: 'new-ballot',
    from: 'Math.max(this.seen, this.acceptor.promised);', to: 'this.proposer.ballot;' },
  { error: 'prepare leaves before the ballot is durable', file: 'candidacy.ts', scenario: 'durable-ballot',
    from: '    this.prepare(this.env.self);\n    this.prepareOthers();', to: '    this.prepareOthers();\n    this.prepare(this.env.self);' },
  { error: 'a proposer speaks on in a ballot that was superseded', file: 'learning.ts', scenario: 'superseded',
    from: 'if (!this.proposer.settle(value)) this.lose();', to: 'this.proposer.settle(value);' },
];

function forksOf(plant: Omit<Plant, 'error'>, seeds: number): { readonly scenarios: readonly string[]; readonly seeds: readonly string[] } {
  const argument = JSON.stringify({ file: plant.file, from: plant.from, to: plant.to, seeds, options: plant.options ?? {}, maxMessageBytes: plant.maxMessageBytes ?? 60_000 });
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'planted-paxos-run.ts'), argument], { encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output) as { scenarios: string[]; seeds: string[] };
}

test.each(PLANTS)('$error: it forks, and that is seen', (plant) => {
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
