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
  readonly options?: { readonly [name: string]: string | number };
};

const SEEDS = 60;
const NOTHING = { file: 'acceptor.ts', from: '// The acceptor:', to: '// The acceptor:' };

const PLANTS: readonly Plant[] = [
  { error: 'an acceptor accepts below its promise', file: 'acceptor.ts', options: { leader: 'any' },
    from: 'this.refuse(proposer, ballot);\n      return false;', to: '' },
  { error: 'a promise is not durable', file: 'acceptor.ts', scenario: 'lost-promise',
    from: "this.env.persist({ type: 'promise', ballot });", to: '' },
  { error: 'an acceptance is not durable', file: 'acceptor.ts',
    from: "this.env.persist({ type: 'accept', ballot, decidedTo: this.learner.decidedTo, values: fresh });", to: '' },
  { error: 'a promise drops what was accepted', file: 'acceptor.ts', options: { leader: 'any' },
    from: 'decided === undefined ? this.votes.get(slot) :', to: 'decided === undefined ? undefined :' },
  { error: 'the last vote to arrive is chosen, not the highest ballot', file: 'proposer.ts', options: { leader: 'any' },
    from: 'known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)', to: 'true' },
  { error: 'one acceptor is counted twice', file: 'proposer.ts',
    from: 'flight?.votes.add(from) === true', to: 'flight?.votes.add(`${from} ${flight.votes.voters.size}`) === true' },
  { error: 'a minority decides', file: 'proposer.ts',
    from: 'new Votes(this.q2)', to: 'new Votes(1)' },
  { error: 'a partly received promise counts', file: 'process.ts', options: { leader: 'any' },
    from: 'if (message.next !== null) this.prepare(from);\n    else if (this.proposer.hasQuorum)', to: 'if (this.proposer.pages.size >= this.proposer.q1 - 1)' },
  { error: 'a ballot is begun again after a restart', file: 'candidacy.ts', scenario: 'new-ballot',
    from: 'Math.max(this.seen, this.acceptor.promised), this.number', to: 'this.proposer.ballot, this.number' },
  { error: 'prepare leaves before the ballot is durable', file: 'candidacy.ts', scenario: 'durable-ballot',
    from: '    this.prepare(this.env.self);\n    for (const member of this.others) this.prepare(member);', to: '    for (const member of this.others) this.prepare(member);\n    this.prepare(this.env.self);' },
  { error: 'a proposer speaks on in a ballot that was superseded', file: 'learning.ts', scenario: 'superseded',
    from: 'if (!this.proposer.settle(value)) this.lose();', to: 'this.proposer.settle(value);' },
];

function forksOf(plant: Omit<Plant, 'error'>, seeds: number): { readonly scenarios: readonly string[]; readonly seeds: readonly string[] } {
  const argument = JSON.stringify({ file: plant.file, from: plant.from, to: plant.to, seeds, options: plant.options ?? {} });
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
