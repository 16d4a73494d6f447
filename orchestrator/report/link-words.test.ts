// The line about links that change: how often and from when on, and what that means for the optimum.
import { expect, test } from 'vitest';
import type { ExpectedRow } from '../kinds.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { planWith } from '../../test/event-stream.ts';
import { linksInWords, unexpectedInWords } from './link-words.ts';

const row: ExpectedRow = { region: 'here', entry: 'n1', leader: 'n1', expectedP50Ms: 1, expectedMeanMs: 1, measuredP50Ms: 1, measuredMeanMs: 1, samples: 5, samplingErrorMs: null, ksDistance: null };
const steps = (...times: readonly number[]) => ({ entries: [], tracks: [{ links: [['n1', 'n2'] as const], steps: times.map((atMs) => ({ atMs, link: { delayMs: atMs } })) }] });
const words = (times: readonly number[], expected: readonly ExpectedRow[] = [row]) => linksInWords({ plan: planWith({ linkSchedule: steps(...times) }), expected });

test.each([
  ['before and after the window', [0, 1000, 11_000], [row], 'the links change by network.schedule, but not in the measure window'],
  ['once', [500, 6000], [row], 'the links change by network.schedule in the measure window, once, 5 s into it: measured/optimum counts the commands sent before'],
  ['often', [3500, 6000, 7000], [row], 'the links change by network.schedule in the measure window, 3 times, first 2.5 s into it: measured/optimum counts the commands sent before'],
  ['at once', [1001], [], 'the links change by network.schedule in the measure window, once, 0.001 s into it: there is no optimum, which is of the time before'],
  ['before the first sample ends', [1300], [{ ...row, samples: 0 }], 'the links change by network.schedule in the measure window, once, 0.3 s into it: there is no optimum, which is of the time before'],
])('links that change %s', (_when, times, expected, line) => {
  expect(words(times, expected)).toBe(line);
});

test('links that stay as they are need no line', () => {
  expect(linksInWords({ plan: planWith(), expected: [] })).toBeNull();
});

test.each([
  ['jitter', { jitterMs: 4 }, 'jitter (up to ± 4.00 ms)'],
  ['loss', { lossPct: 0.25 }, 'loss (up to 0.25 %)'],
  ['both', { jitterMs: 4, lossPct: 1 }, 'jitter (up to ± 4.00 ms) and loss (up to 1 %)'],
])('that the optimum knows no %s is said, where there is some', (_what, change, parts) => {
  const plan = planWith({ links: { n1: { n2: PERFECT_LINK, n3: { ...PERFECT_LINK, ...change } } } });
  expect(unexpectedInWords([{ plan, expected: [row] }])).toBe(`the optimum takes the median delay of each link; not in it: ${parts}`);
  expect(unexpectedInWords([{ plan, expected: [] }, { plan: planWith({ links: { n1: { n2: PERFECT_LINK } } }), expected: [row] }])).toBeNull();
});
