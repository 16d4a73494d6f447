// Which acceptors suffice: what planning takes has quorums that meet, by trial of every set, and what it refuses has not.
import { describe, expect, test } from 'vitest';
import type { Command, Reconfigure } from '../../contract.ts';
import { Configurations } from './configurations.ts';
import { FIRST_LATE_BALLOT, misfit, Quorums } from './quorums.ts';
import type { QuorumOptions } from './quorums.ts';

const SIZES: QuorumOptions = { q1: 'auto', q2: 'auto', grid: null, allAboard: false };
const EARLY = 1024;
const LATE = FIRST_LATE_BALLOT;
const membersOf = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 1}`);

/** Every set of the members. */
function subsets(members: readonly string[]): readonly ReadonlySet<string>[] {
  return Array.from({ length: 2 ** members.length }, (_, bits) => new Set(members.filter((_member, index) => (bits >> index) % 2 === 1)));
}

/** Every phase-1 quorum of a ballot meets every phase-2 quorum of an earlier one. */
function meet(options: QuorumOptions, count: number): boolean {
  const quorums = new Quorums(options);
  const members = membersOf(count);
  const all = subsets(members);
  const ballots = options.allAboard ? [[EARLY, EARLY], [LATE, EARLY], [LATE, LATE]] as const : [[LATE, LATE]] as const;
  return ballots.every(([later, earlier]) => {
    const ones = all.filter((set) => quorums.phase1(later, members, (member) => set.has(member)));
    const twos = all.filter((set) => quorums.phase2(earlier, members, (member) => set.has(member)));
    return ones.length > 0 && twos.length > 0 && ones.every((one) => twos.every((two) => [...one].some((member) => two.has(member))));
  });
}

describe('quorums', () => {
  test('by number meet exactly where planning takes them', () => {
    for (let count = 1; count <= 5; count++) {
      for (let q1 = 1; q1 <= count; q1++) {
        for (let q2 = 1; q2 <= count; q2++) {
          for (const allAboard of [false, true]) {
            const options = { ...SIZES, q1, q2, allAboard };
            expect(meet(options, count), JSON.stringify({ count, ...options })).toBe(misfit(options, count) === null);
          }
        }
      }
      expect(misfit(SIZES, count)).toBeNull();
      expect(meet(SIZES, count)).toBe(true);
    }
    expect(misfit({ ...SIZES, q1: 4 }, 3)).toBe('a quorum of 4 is more than the 3 nodes');
  });

  test.each([['1x4', 4], ['2x2', 4], ['2x3', 6], ['3x2', 6], ['1x1', 1]])('of the grid %s meet', (grid, count) => {
    expect(misfit({ ...SIZES, grid }, count)).toBeNull();
    expect(meet({ ...SIZES, grid }, count)).toBe(true);
    expect(meet({ ...SIZES, grid, allAboard: true }, count)).toBe(true);
    expect(misfit({ ...SIZES, grid }, count + 1)).toMatch(/is no grid of/);
  });

  test('of nobody are none, and who is no member does not count', () => {
    for (const options of [SIZES, { ...SIZES, allAboard: true }]) {
      const quorums = new Quorums(options);
      expect([quorums.phase1(EARLY, [], () => true), quorums.phase2(EARLY, [], () => true), quorums.phase2(LATE, [], () => true)]).toEqual([false, false, false]);
      expect(quorums.phase1(EARLY, ['n1', 'n2', 'n3'], (member) => member === 'n4')).toBe(false);
    }
  });

  test('the cheapest one is the one whose slowest acceptor is the quickest', () => {
    const cost = (member: string) => ({ n1: 0, n2: 90, n3: 10, n4: 20, n5: Infinity, n6: 30 })[member] ?? 0;
    expect(new Quorums(SIZES).cheapest(LATE, membersOf(5), cost)).toEqual(['n1', 'n3', 'n4']);
    // Columns n1 n4, n2 n5, n3 n6.
    expect(new Quorums({ ...SIZES, grid: '2x3' }).cheapest(LATE, membersOf(6), cost)).toEqual(['n1', 'n4']);
    expect(new Quorums({ ...SIZES, allAboard: true }).cheapest(EARLY, membersOf(3), cost)).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('configurations', () => {
  const change = (id: string): Command<Reconfigure> => ({ id, op: { type: 'reconfigure', add: ['n4'], remove: [] } });
  const configuration = (base: number, id = 'lab1:1') => ({ slot: 3, epoch: 1024, command: null, configuration: { base, members: ['n1', 'n4'], change: change(id) } });

  test('are in force α slots after their decision, and settled by their command there', () => {
    const subject = new Configurations(4, ['n1', 'n2']);
    subject.decided(configuration(0));
    expect([6, 7].map((slot) => subject.at(slot).members)).toEqual([['n1', 'n2'], ['n1', 'n4']]);
    expect(subject.members).toEqual(['n1', 'n2', 'n4']);
    expect([subject.isOpen(7, 3), subject.isOpen(7, 5), subject.isOpen(7, 6), subject.isOpen(11, 6)]).toEqual([false, false, true, false]);
    subject.decided({ slot: 5, epoch: 1024, command: change('lab1:1') });
    expect(subject.latest.settled).toBe(false);
    subject.decided({ slot: 7, epoch: 1024, command: change('lab1:1') });
    expect(subject.latest).toMatchObject({ slot: 7, members: ['n1', 'n4'], settled: true });
    expect(subject.placed).toHaveLength(1);
  });

  test('are void when they were made from another one than the latest, or before that is settled', () => {
    const subject = new Configurations(4, ['n1', 'n2']);
    subject.decided(configuration(9));
    expect(subject.placed).toHaveLength(1);
    subject.decided(configuration(0));
    subject.decided({ ...configuration(0, 'lab2:1'), slot: 4 });
    subject.decided({ ...configuration(7, 'lab3:1'), slot: 5 });
    expect(subject.placed.map(({ change: by }) => by?.id)).toEqual([undefined, 'lab1:1']);
  });
});
