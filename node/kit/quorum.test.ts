// Quorums, votes, and repeated commands.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandIndex } from './command-index.ts';
import { majorityOf, quorumSlot, Votes } from './quorum.ts';

test('two majorities always meet', () => {
  for (let members = 1; members <= 9; members++) expect(2 * majorityOf(members)).toBeGreaterThan(members);
  expect([1, 2, 3, 4, 5].map(majorityOf)).toEqual([1, 2, 2, 3, 3]);
});

test('a slot is held by a quorum when so many hold it or a later one', () => {
  expect(quorumSlot([7, 3, 5], 2)).toBe(5);
  expect(quorumSlot([7, 3, 5, 5, 1], 3)).toBe(5);
  expect(quorumSlot([7, 3, 5, 0, 0], 4)).toBe(0);
  expect(quorumSlot([10, 9], 3)).toBe(0);
});

test('a vote is won once, and nobody votes twice', () => {
  const votes = new Votes(2);
  expect(['n1', 'n1', 'n2', 'n2', 'n3'].map((voter) => votes.add(voter))).toEqual([false, false, true, false, false]);
});

/** A number of members, and two draws of some of them. */
const twoDraws = fc.integer({ min: 1, max: 33 }).chain((members) => {
  const draw = fc.shuffledSubarray(Array.from({ length: members }, (_, index) => `n${index}`), { minLength: members });
  return fc.record({ members: fc.constant(members), first: draw, second: draw });
});

test('any two majorities meet, and so do any two quorums that are more than all together; smaller ones need not', () => {
  fc.assert(fc.property(twoDraws, fc.nat(), ({ members, first, second }, draw) => {
    const q1 = 1 + (draw % members);
    for (const [some, others] of [[majorityOf(members), majorityOf(members)], [q1, members + 1 - q1]] as const) {
      expect(first.slice(0, some).some((member) => second.slice(0, others).includes(member))).toBe(true);
    }
    const less = majorityOf(members) - 1;
    expect(first.slice(0, less).some((member) => [...first].reverse().slice(0, less).includes(member))).toBe(false);
  }), { seed: 1, numRuns: 1_000 });
});

test('the slot of a quorum is the highest one that so many hold, in whatever order they are asked', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 10 }), (held, quorum) => {
    const holders = (slot: number) => held.filter((last) => last >= slot).length;
    const highest = Array.from({ length: 14 }, (_, slot) => slot).findLast((slot) => slot === 0 || holders(slot) >= quorum);
    expect(quorumSlot([...held], quorum)).toBe(highest);
    expect(quorumSlot([...held].reverse(), quorum)).toBe(highest);
  }), { seed: 2, numRuns: 2_000 });
});

test('a vote is won by the voter who makes the quorum full, whoever votes how often', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (cast, quorum) => {
    const votes = new Votes(quorum);
    const won = cast.flatMap((voter, index) => (votes.add(`n${voter}`) ? [index] : []));
    const full = cast.findIndex((_, index) => new Set(cast.slice(0, index + 1)).size === quorum);
    expect(won).toEqual(full < 0 ? [] : [full]);
  }), { seed: 3, numRuns: 2_000 });
});

test('a repeated command is found until its slot is applied or overwritten', () => {
  const index = new CommandIndex();
  const command = { id: 'c1:1', op: { type: 'get', key: 'x' } } as const;
  index.add(command, 4);
  index.add(null, 5);
  expect(index.has('c1:1')).toBe(true);
  index.add(command, 6);
  index.remove(command, 4);
  expect(index.has('c1:1')).toBe(true);
  index.remove(command, 6);
  expect(index.has('c1:1')).toBe(false);
});
