// STICK under random schedules of its machines: the repaired variants never fork, the literal one and those with amnesia do.
// LAB_SCHEDULES=60000 runs as many of each (the suite: 120).
import { describe, expect, test } from 'vitest';
import type { Json } from '../node/contract.ts';
import { runSchedule, type Schedule } from './stick-schedules.ts';

const RUNS = Number(process.env['LAB_SCHEDULES'] ?? 120);

function forks(schedule: Schedule, runs: number): { readonly forks: readonly string[]; readonly decided: number } {
  const found: string[] = [];
  let decided = 0;
  for (let number = 1; number <= runs; number++) {
    const outcome = runSchedule(`schedule-${number}`, schedule);
    decided += outcome.decided;
    if (outcome.fork !== null) found.push(`schedule-${number}: ${outcome.fork}`);
  }
  return { forks: found, decided };
}

describe.each([3, 5])('%i nodes', (nodes) => {
  test.each([{ variant: 'report' }, { variant: 'report', fastPath: true }, { variant: 'report', phaseTwo: 'event' }, { variant: 'ack' }, { variant: 'ack', phaseTwo: 'event' }])('%o never forks', (options) => {
    const outcome = forks({ nodes, rounds: 8, options }, RUNS);
    expect(outcome.forks).toEqual([]);
    // Else nothing was shown.
    expect(outcome.decided).toBeGreaterThan(RUNS / 2);
  });
});

const LATE = { report: 'protoconsensus', ack: 'consensus' } as const;

test.each([{ variant: 'report' }, { variant: 'report', fastPath: true }, { variant: 'ack' }] as const)('%o does not fork either when what its promises are for comes late', (options) => {
  const outcome = forks({ nodes: 3, rounds: 8, options, late: LATE[options.variant] }, RUNS);
  expect(outcome.forks).toEqual([]);
  expect(outcome.decided).toBeGreaterThan(RUNS / 2);
});

/** A disk on which no promise is found again, unless it came with what was accepted. */
const withoutPromises = (entry: Json) => {
  const { keep, promised, ...rest } = entry as { readonly [field: string]: Json };
  return keep !== undefined || promised === undefined ? entry : { ...rest, promised: { round: 0, leader: '' } };
};

test.each([{ variant: 'report' }, { variant: 'report', fastPath: true }, { variant: 'ack' }] as const)('%o forks without the promises of its earlier lives, and that is seen', (options) => {
  const seeds = Array.from({ length: 2_000 }, (_, index) => `schedule-${index + 1}`);
  expect(seeds.some((seed) => runSchedule(seed, { nodes: 3, rounds: 8, options, late: LATE[options.variant], survives: withoutPromises }).fork !== null)).toBe(true);
});

/** A disk from which this is gone when its node comes back: what makes a vote more than a word. */
const withoutAccepted = (entry: Json) => (Object.hasOwn(entry as object, 'keep') ? null : entry);

test.each([
  ['literal', {}], ['report', { survives: withoutAccepted }], ['ack', { survives: withoutAccepted }],
])('%s forks, as it stands or with amnesia, and that is seen', (variant, amnesia) => {
  const seeds = Array.from({ length: 1_000 }, (_, index) => `schedule-${index + 1}`);
  expect(seeds.some((seed) => runSchedule(seed, { nodes: 3, rounds: 8, options: { variant }, ...amnesia }).fork !== null)).toBe(true);
});
