// The mechanical mutants: what is made of a protocol's files, and that those who kill them can and those that are none live.
// The whole table is made by `npm run mutants`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fate, KILLERS } from './mutants/kill.ts';
import { type Mutant, mutants } from './mutants/mutate.ts';
import { isOf, SURVIVORS } from './mutants/survivors.ts';
import { sampleOf, tableOf, verdictOf } from './mutants/table.ts';
import { PLANTS } from './plants/all.ts';
import { ROOT } from './tree.ts';

const byScenarios = KILLERS.find(({ name }) => name === 'scenarios')?.kill;
const all = new Map(Object.keys(PLANTS).map((protocol) => [protocol, mutants(protocol)]));
const raft = all.get('raft') ?? [];
const find = (code: string, to: string) => raft.find((mutant) => mutant.code.includes(code) && mutant.to === to);

test.each([...all])('the mutants of %s stand where they say, and differ', (_, made) => {
  const misplaced = made.filter(({ file, at, from }) => readFileSync(join(ROOT, file), 'utf8').slice(at, at + from.length) !== from);
  expect(misplaced).toEqual([]);
  expect(made.filter(({ from, to }) => from === to)).toEqual([]);
  expect(new Set(made.map(({ file, at, from, to }) => JSON.stringify([file, at, from, to]))).size).toBe(made.length);
  expect(new Set(made.map(({ kind }) => kind))).toContain('comparison flipped');
});

test('there is one for each persist, comparison, guard and quorum', () => {
  expect(find('this.env.persist({ term, votedFor });', ';')?.kind).toBe('persist deleted');
  expect(find('if (this.log.termAt(index) === this.currentTerm) this.commitUpTo(index);', 'this.log.termAt(index) !== this.currentTerm')?.kind).toBe('comparison flipped');
  expect(find('if (reply.term > this.currentTerm)', 'reply.term >= this.currentTerm')?.kind).toBe('comparison flipped');
  expect(find('if (this.uncommitted.has(command.id)) continue;', ';')?.kind).toBe('guard dropped');
  expect(find('members.filter(has).length >= majorityOf(members.length)', '(majorityOf(members.length) - 1)')?.kind).toBe('quorum off by one');
});

test('every explained survivor is a mutant of the present sources', () => {
  const made = [...all.values()].flat();
  expect(SURVIVORS.filter((known) => !made.some((mutant) => isOf(known, mutant)))).toEqual([]);
});

test('a mutant that matters is killed, a change of nothing lives', async () => {
  const killed = find('this.env.persist({ term, votedFor });', ';') as Mutant;
  const nothing: Mutant = { ...killed, to: killed.from };
  const fates: Fate[] = [];
  await byScenarios?.('raft', [killed, nothing], (index, fate) => { fates[index] = fate; });
  expect(fates).toEqual([{ killer: 'scenario', how: expect.stringMatching(/^[\w-]+$/) as string }, { killer: null, how: '' }]);
  const tried = [killed, nothing].map((mutant, index) => ({ mutant, fate: fates[index] as Fate, killers: 1 }));
  expect(verdictOf(tried)).toEqual({ killed: 1, unexplained: 1 });
  expect(tableOf(tried, raft.length).join('\n')).toMatch(/^Tried: a sample of 2 of \d+ mutants; killed: 1 \(50\.0 %\)\. Not yet tried on 1 that live: unit tests of the file\.[\s\S]*not explained yet/);
});

test('a text that is not there is no kill', async () => {
  const gone: Mutant = { ...raft[0] as Mutant, from: 'no such text' };
  await expect(byScenarios?.('raft', [gone], () => undefined)).rejects.toThrow(/the text to replace is not at/);
});

test('a sample is spread over all', () => {
  expect(sampleOf(raft, 4).map((mutant) => raft.indexOf(mutant))).toEqual([0, 1, 2, 3].map((quarter) => Math.floor((quarter * raft.length) / 4)));
  expect(sampleOf(raft, 1e9)).toBe(raft);
});
