// Known ways to get YASP wrong, planted one at a time into the safe variant; (a) to (f) are what the origin does. Each must fork, or leave a node
// behind, in the scenario written for it, or violate a claim in a hunted case.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

type Plant = {
  readonly error: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The scenario that shows it; absent: hunted. */
  readonly scenario?: string;
};

const SEEDS = 20;
const NOTHING = { file: 'machine.ts', from: '// The message handler', to: '// The message handler' };

const PLANTS: readonly Plant[] = [
  { error: '(a) a gather shows what is committed alone', scenario: 'accepted-value', file: 'consensus-handler.ts',
    from: 'if (value !== undefined) found.push(value);', to: '' },
  { error: '(b) the later gather wins, whatever its round', scenario: 'highest-round', file: 'leader-handler.ts',
    from: 'known === undefined || value.round > known.round', to: 'true' },
  { error: '(c) who accepts does not promise', scenario: 'promise-by-propose', file: 'consensus-handler.ts',
    from: 'this.promised = round;\n      this.env.persist', to: 'this.env.persist' },
  { error: '(d) an ack counts without its sender', scenario: 'duplicate-ack', file: 'leader-handler.ts',
    from: 'flight?.votes.add(from)', to: 'flight?.votes.add(`${from} ${flight.votes.voters.size}`)' },
  { error: '(e) a commit is told to those alone that were asked', scenario: 'thrifty', file: 'leader-handler.ts',
    from: 'this.env.sendBeforeDurable(this.others, { type, round: this.round, committed, ends });',
    to: 'this.env.sendBeforeDurable(this.others.filter((id) => this.targets.includes(id)), { type, round: this.round, committed, ends });' },
  { error: '(f) a hole stays a hole', scenario: 'hole', file: 'leader-handler.ts',
    from: 'this.history.push({ slot, epoch: value?.epoch ?? this.round, command: value?.command ?? null });', to: 'if (value !== undefined) this.history.push(value);' },
  { error: 'a commit covers whatever was accepted', scenario: 'own-round', file: 'consensus-handler.ts',
    from: 'this.accepted.get(this.committed + 1)?.round === round) this.advance();', to: 'this.accepted.has(this.committed + 1)) this.advance();' },
  { error: 'nothing is fetched before it is imposed', scenario: 'fetch-first', file: 'leader-handler.ts',
    from: 'if (from === undefined) this.impose();', to: 'if (from === undefined || this.phase === "fetching") this.impose();' },
  { error: 'a promise is not durable', scenario: 'lost-promise', file: 'consensus-handler.ts',
    from: "this.env.persist({ type: 'promise', round });", to: '' },
  { error: 'an acceptance is not durable', scenario: 'lost-acceptance', file: 'consensus-handler.ts',
    from: "this.env.persist({ type: 'accept', round, committed: this.committed, values: fresh.map(({ slot, epoch, command }) => ({ slot, epoch, command })) });", to: "this.env.persist({ type: 'promise', round });" },
  { error: 'an ack leaves before its acceptance is durable', scenario: 'durable-acceptance', file: 'follower-handler.ts',
    from: "this.env.send(acks.to, { type: 'ack', round: acks.round, slots });", to: "this.env[acks.to === this.env.self ? 'send' : 'sendBeforeDurable'](acks.to, { type: 'ack', round: acks.round, slots });" },
  { error: 'a leader that returns begins its round again', scenario: 'own-round-again', file: 'machine.ts',
    from: 'if (entries.length === 0 && leaderOf(0,', to: 'if (leaderOf(this.round,' },
  { error: 'a promise of fewer than a quorum is enough', file: 'leader-handler.ts',
    from: 'next === null).length >= this.quorum', to: 'next === null).length >= this.quorum - 1' },
  { error: 'a round below the promise is heard', file: 'machine.ts',
    from: 'if (round < this.consensus.promised) {', to: 'if (false) {' },
  { error: 'a partly received gather counts', scenario: 'gather-pages', file: 'leader-handler.ts',
    from: 'if (gather.next !== null) this.read(from);\n    else if ([...this.pages.values()].filter((next) => next === null).length >= this.quorum)', to: 'if (this.pages.size >= this.quorum)' },
];

function noticed(plant: Omit<Plant, 'error'>, seeds: number): { readonly scenarios: readonly string[]; readonly violated: readonly { readonly seed: number; readonly checks: readonly string[] }[] } {
  const argument = JSON.stringify({ file: plant.file, from: plant.from, to: plant.to, seeds });
  return JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, 'planted-yasp-run.ts'), argument], { encoding: 'utf8', stdio: 'pipe' }));
}

test.each(PLANTS)('$error: that is seen', (plant) => {
  const seen = noticed(plant, plant.scenario === undefined ? SEEDS : 0);
  if (plant.scenario === undefined) expect(seen.violated).toHaveLength(1);
  else expect(seen.scenarios).toContain(`${plant.scenario}.txt`);
});

test('without a planted error nothing is seen, and a text that is not there fails', () => {
  expect(noticed(NOTHING, 3)).toEqual({ scenarios: [], violated: [] });
  expect(() => noticed({ ...NOTHING, from: 'no such text' }, 0)).toThrow(/occurs 0 times/);
});
