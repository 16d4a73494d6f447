// The counts of the seed document, from flags and bcpeers alone; and its rule 3 under loss.
import { describe, expect, test } from 'vitest';
import { readLines } from './log-lines.ts';
import { RANKS } from './ranks.ts';
import type { Flags } from './ranks.ts';
import { judge } from './rules.ts';
import { simulate } from './simulated.ts';

function verdictOf(flags: Flags, lossPct = 0, seed = '1') {
  return judge(simulate(flags, { lossPct, seed }).map((text, rank) => readLines(rank, text)), false);
}

/** Sets alone: in each round the leader and the two ranks below it share what one of them has, then get `interval` new slots. */
function countsOf(rounds: number, interval: number): readonly number[] {
  const logs = Array.from({ length: RANKS }, () => new Set<string>());
  for (let round = 0; round < rounds; round++) {
    const peers = [round, round + 3, round + 4].map((rank) => logs[rank % RANKS] ?? new Set<string>());
    const shared = new Set(peers.flatMap((log) => [...log]));
    for (let seq = 0; seq < interval; seq++) shared.add(`${round}.${seq}`);
    for (const log of peers) for (const slot of shared) log.add(slot);
  }
  return logs.map((log) => log.size);
}

const PASS = { once: [], validity: [], safety: [] };

describe('literal at low pressure', () => {
  test('commits 300, 400, 500, 500 and 500 times, and its rules hold', () => {
    expect(verdictOf({ o: 1, l: 100, t: 5, variant: 'literal' })).toEqual({ commits: [300, 400, 500, 500, 500], problems: PASS });
  });

  test.each([[100, 6, [600, 400, 500, 600, 600]], [37, 4, null], [8, 11, null], [60, 2.5, null], [20, 8, null], [1, 5, null]])('-l %i -t %f: ⌈t / o⌉ rounds', (l, t, expected) => {
    const { commits, problems } = verdictOf({ o: 1, l, t, variant: 'literal' });
    expect(commits).toEqual(countsOf(Math.ceil(t), l));
    if (expected !== null) expect(commits).toEqual(expected);
    // A run too short for all ranks to be anybody's peer leaves one without a commit.
    expect(problems).toEqual({ ...PASS, validity: commits.includes(0) ? [expect.stringContaining('committed nothing')] : [] });
  });

  test('-o 2: a round lasts as long, and the rule is the same', () => {
    expect(verdictOf({ o: 2, l: 50, t: 9, variant: 'literal' }).commits).toEqual(countsOf(5, 50));
  });
});

test('literal at high pressure commits as often as its links allow, and its rules hold', () => {
  const { commits, problems } = verdictOf({ o: 1, l: 10_000, t: 5, variant: 'literal' });
  expect(problems).toEqual(PASS);
  // A slot takes a round trip of 2 ms: some 500 in each round of 1 s.
  const perRound = Math.max(...commits) / 5;
  expect(perRound).toBeGreaterThan(480);
  expect(perRound).toBeLessThan(500);
});

test('safe commits the same everywhere', () => {
  expect(verdictOf({ o: 1, l: 100, t: 5, variant: 'safe' })).toEqual({ commits: [500, 500, 500, 500, 500], problems: PASS });
});

test('under loss rule 3 breaks in literal', () => {
  expect(verdictOf({ o: 1, l: 100, t: 20, variant: 'literal' }, 1, '2').problems.safety).toHaveLength(1);
});

test.each(['2', '10', '14', '17', '19'])('under loss every rule holds in safe (seed %s)', (seed) => {
  expect(verdictOf({ o: 1, l: 20, t: 5, variant: 'safe' }, 2, seed).problems).toEqual(PASS);
});

test('the same loss and seed, longer, leaves safe whole', () => {
  expect(verdictOf({ o: 1, l: 100, t: 20, variant: 'safe' }, 1, '2').problems).toEqual(PASS);
});
