// Scheduled links: each step at its time, nothing twice, and who is late gets the newest state of each link.
import { expect, test } from 'vitest';
import { PERFECT_LINK } from './link.ts';
import { LinkSteps, linksAt } from './schedule.ts';
import type { LinkTrack } from './schedule.ts';

const slow = { ...PERFECT_LINK, delayMs: 40, lossPct: 1 };
const plan = { n1: { n2: slow }, n2: { n1: slow } };
const tracks: readonly LinkTrack[] = [
  { links: [['n1', 'n2']], steps: [{ atMs: 0, link: { delayMs: 50 } }, { atMs: 10, link: { lossPct: 5 } }, { atMs: 30, link: null }] },
  { links: [['n2', 'n1'], ['n2', 'n3']], steps: [{ atMs: 10, link: { delayMs: 60 } }, { atMs: 20, link: { delayMs: 70 } }] },
];

test('each step comes at its time, with all that differs from the plan and nothing of the step before', () => {
  const steps = new LinkSteps(plan, tracks);
  const seen = [];
  while (steps.nextMs < Infinity) seen.push(steps.advance(steps.nextMs));
  expect(seen).toEqual([
    { plannedMs: 0, skipped: 0, links: [['n1', 'n2', { ...slow, delayMs: 50 }]] },
    { plannedMs: 10, skipped: 0, links: [['n1', 'n2', { ...slow, lossPct: 5 }], ['n2', 'n1', { ...slow, delayMs: 60 }], ['n2', 'n3', { ...PERFECT_LINK, delayMs: 60 }]] },
    { plannedMs: 20, skipped: 0, links: [['n2', 'n1', { ...slow, delayMs: 70 }], ['n2', 'n3', { ...PERFECT_LINK, delayMs: 70 }]] },
    { plannedMs: 30, skipped: 0, links: [['n1', 'n2', slow]] },
  ]);
});

test('who is late gets the newest step of each link, and hears how many times were passed over', () => {
  const steps = new LinkSteps(plan, tracks);
  const late = steps.advance(25);
  expect(late).toMatchObject({ plannedMs: 20, skipped: 2 });
  expect(late.links.map(([from, to, { delayMs, lossPct }]) => [from, to, delayMs, lossPct])).toEqual([['n1', 'n2', 40, 5], ['n2', 'n1', 70, 1], ['n2', 'n3', 70, 0]]);
  expect(steps.nextMs).toBe(30);
  expect(steps.advance(1_000)).toMatchObject({ plannedMs: 30, skipped: 0 });
  expect(steps.nextMs).toBe(Infinity);
});

test('who looks too early gets the next step all the same', () => {
  expect(new LinkSteps(plan, tracks.slice(1)).advance(9.5)).toMatchObject({ plannedMs: 10, skipped: 0 });
});

test('the links at a time are the plan before the first step, and the newest steps after it', () => {
  expect(linksAt(plan, tracks, -1)).toBe(plan);
  expect(linksAt(plan, tracks, 15)).toEqual({ n1: { n2: { ...slow, lossPct: 5 } }, n2: { n1: { ...slow, delayMs: 60 }, n3: { ...PERFECT_LINK, delayMs: 60 } } });
  expect(linksAt(plan, tracks, 99)).toEqual({ n1: { n2: slow }, n2: { n1: { ...slow, delayMs: 70 }, n3: { ...PERFECT_LINK, delayMs: 70 } } });
});
