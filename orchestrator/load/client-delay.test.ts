// A client's delay is the plan's until a step of its link, and each step's from its time on.
import { expect, test } from 'vitest';
import { PERFECT_LINK } from '../../netem/link.ts';
import { openClientDelay } from './client-delay.ts';

const links = { east: { n1: { ...PERFECT_LINK, delayMs: 10 } }, n1: { east: { ...PERFECT_LINK, delayMs: 12 } } };

test('without a schedule it is the link of the plan', () => {
  const delay = openClientDelay({ links });
  expect([delay('east', 'n1', 0), delay('n1', 'east', 9e9), delay('west', 'n1', 5)]).toEqual([10, 12, 0]);
});

test('each way follows its own steps, one without a delay gives the plan back', () => {
  const steps = [{ atMs: 100, link: { delayMs: 50 } }, { atMs: 200, link: { lossPct: 1 } }, { atMs: 300, link: { delayMs: 0 } }, { atMs: 400, link: null }];
  const delay = openClientDelay({ links, linkSchedule: { entries: [], tracks: [{ links: [['east', 'n1']], steps }] } });
  expect([-1, 99.9, 100, 199, 200, 300, 399, 400, 1e9].map((atMs) => delay('east', 'n1', atMs))).toEqual([10, 10, 50, 50, 10, 0, 0, 10, 10]);
  expect(delay('n1', 'east', 150)).toBe(12);
});
