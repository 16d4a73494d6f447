// Terms of the closed forms.
import { expect, test } from 'vitest';
import type { Facts } from '../contract.ts';
import { largestRoundTripMs, roundTripMs, withGroupCommit } from './latency.ts';

const facts: Facts = {
  members: ['n1', 'n2', 'n3'], leader: null, clockErrorMs: 0, fsyncMs: 0, frameBytes: 1400,
  oneWayMs: { n1: { n2: 10, n3: 40 }, n2: { n1: 15, n3: 5 }, n3: { n1: 40, n2: 5 }, paris: { n2: 1 } },
};

test('a round trip is both ways of a link, asymmetric or not', () => {
  expect(roundTripMs(facts, 'n1', 'n2')).toBe(25);
  expect(roundTripMs(facts, 'n1', 'n1')).toBe(0);
  expect(roundTripMs(facts, 'paris', 'n2')).toBe(1);
  expect(largestRoundTripMs(facts)).toBe(80);
});

test('group commit lengthens a write of 5 ms to 6.1 ms at 100 commands/s, and is left out below a load of 0.05', () => {
  const mixture = withGroupCommit(5, 5, 100);
  const meanMs = mixture.reduce((sum, { weight, fromMs, toMs }) => sum + weight * (fromMs + toMs) / 2, 0);
  expect(meanMs).toBeCloseTo(6.13, 2);
  expect(mixture.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(withGroupCommit(5, 5, 9)).toEqual([{ weight: 1, fromMs: 5, toMs: 5 }]);
  expect(withGroupCommit(5, 5, null)).toEqual([{ weight: 1, fromMs: 5, toMs: 5 }]);
});
