// Options over defaults: an unknown name or a wrong type is a problem, never a silent default.
import { expect, test } from 'vitest';
import { mergeOptions } from './options.ts';

const defaults = { roundMs: 1000, leader: 'stable', timeoutMs: 'auto', pinned: null };

test('given values replace defaults; auto and null are open to other types', () => {
  expect(mergeOptions(defaults, { roundMs: 5, timeoutMs: [1, 2], pinned: 'n1' })).toEqual({
    options: { roundMs: 5, leader: 'stable', timeoutMs: [1, 2], pinned: 'n1' }, problems: [],
  });
});

test.each([
  [{ rundMs: 5 }, 'rundMs', /unknown option; it has: roundMs, leader/],
  [{ roundMs: '5' }, 'roundMs', /is a number \(default 1000\), not "5"/],
  [{ leader: 3 }, 'leader', /is a string/],
  [{ roundMs: Number.NaN }, 'roundMs', /finite/],
  [[1], '', /mapping/],
])('%j is refused', (given, option, message) => {
  const { problems } = mergeOptions(defaults, given);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ level: 'error', option });
  expect(problems[0]?.message).toMatch(message);
});
