// Scheduled changes of links: the closed form is of the links at the window's begin, and counts what was sent under them.
import { expect, test } from 'vitest';
import type { LabEvent } from '../kinds.ts';
import { LinkChanges } from './link-changes.ts';

const window = { fromMs: 1000, toMs: 9000 };
function after(...changes: readonly (readonly [plannedMs: number, atMs: number, skipped?: number])[]): LinkChanges {
  const links = new LinkChanges(window);
  changes.forEach(([plannedMs, atMs, skipped = 0], sequence) => links.observe({ type: 'scheduled-links', atMs, node: 'lab', life: 0, sequence, plannedMs, skipped } satisfies LabEvent));
  return links;
}
const figures = (links: LinkChanges) => Object.values(links.figures()).map(({ value }) => value);

test('without a change the whole window counts, and there are no figures', () => {
  expect(after().within(window)).toEqual(window);
  expect(figures(after())).toEqual([null, null]);
});

test('it counts until the first change inside the window', () => {
  expect(after([500, 501], [4000, 4010], [6000, 6001]).within(window)).toEqual({ fromMs: 1000, toMs: 4000 });
  expect(after([4000, 4010]).within({ fromMs: 1000, toMs: 3000 })).toEqual({ fromMs: 1000, toMs: 3000 });
});

test('it counts from when a change of before the window was in force, also one at its very begin', () => {
  expect(after([900, 1030]).within(window)).toEqual({ fromMs: 1030, toMs: 9000 });
  expect(after([1000, 1000]).within(window)).toEqual(window);
  expect(after([1000, 1006], [5000, 5000]).within(window)).toEqual({ fromMs: 1006, toMs: 5000 });
});

test('where steps were passed over on the way into the window, nothing counts', () => {
  expect(after([1500, 2000, 2]).within(window)).toEqual({ fromMs: 1000, toMs: 1000 });
  expect(after([1500, 1500], [2500, 3000, 1]).within(window)).toEqual({ fromMs: 1000, toMs: 1500 });
});

test('a change that came too late bars the run as a baseline', () => {
  const late = after([500, 504.5], [4000, 4180, 3]);
  expect(figures(late)).toEqual([180, 3]);
  expect(late.reasons()).toEqual(['the links changed up to 180 ms later than network.schedule says']);
  expect(after([500, 599]).reasons()).toEqual([]);
});
