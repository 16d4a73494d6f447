// The facts of a plan: every pair of places, and the clock error that the plan allows for.
import { expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { factsOf } from './facts.ts';

test('facts name every pair of nodes and client regions', () => {
  const plan = planWith({ links: { n1: { n2: { ...PERFECT_LINK, delayMs: 40 } }, here: { n1: { ...PERFECT_LINK, delayMs: 3 } } } });
  const { oneWayMs, members } = factsOf(plan, 0);
  expect(members).toEqual(['n1', 'n2', 'n3']);
  expect(oneWayMs).toEqual({
    n1: { n1: 0, n2: 40, n3: 0, here: 0 }, n2: { n1: 0, n2: 0, n3: 0, here: 0 }, n3: { n1: 0, n2: 0, n3: 0, here: 0 }, here: { n1: 3, n2: 0, n3: 0, here: 0 },
  });
});

test('the disk is the plan\'s, or what a real one took', () => {
  expect(factsOf(planWith({ fsyncMs: 5 }), 7).fsyncMs).toBe(5);
  expect(factsOf(planWith({ fsyncMs: 'real' }), 7).fsyncMs).toBe(7);
});

test('a free clock errs by its drift over the run, a disciplined one by that between polls and by the noise of a poll', () => {
  const node = (clock: object) => ({ id: 'n1', address: 'a', region: 'r', clock: { offsetMs: 0, driftPpm: 0, ntp: null, ...clock } });
  const ntp = { pollMs: 64_000, errorMs: 10, slewPpm: 500, stepMs: 128 };
  // The run lasts 16 s.
  expect(factsOf(planWith({ nodes: [node({ offsetMs: -15 }), node({ driftPpm: 1000 })] }), 0).clockErrorMs).toBe(16);
  expect(factsOf(planWith({ nodes: [node({ offsetMs: -15, driftPpm: 100, ntp })] }), 0).clockErrorMs).toBeCloseTo(15 + 6.4 + 30, 9);
});
