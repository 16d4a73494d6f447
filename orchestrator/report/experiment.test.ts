// What repetitions give together: median and range of the runs' figures, group by group.
import { expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import type { Figure, Plan, Summary } from '../kinds.ts';
import { summarizeExperiment } from './experiment.ts';

const ms = (value: number | null, bound: Figure['bound'] = '='): Figure => ({ value, unit: 'ms', bound });

function run(plan: Partial<Plan>, p99: Figure, changes: Partial<Summary> = {}): Summary {
  return {
    version: 1, plan: planWith(plan), partial: false, publishable: true, baseline: { fit: true, because: [] }, invalid: [], metrics: { 'commit.p99': p99, outage: ms(null) },
    regions: [{ region: 'here', metrics: { 'commit.p99': p99 } }], expected: [], outages: [], verdicts: [], missed: [], ...changes,
  };
}

test('repetitions have the median and the range of their own figures, never of pooled samples', () => {
  const { groups } = summarizeExperiment('test', new Map([
    ['a-1', run({ label: 'a', seed: '1' }, ms(30))], ['a-2', run({ label: 'a', seed: '2' }, ms(10))], ['a-3', run({ label: 'a', seed: '3' }, ms(500, '>'), { publishable: false })],
    ['b-1', run({ label: 'b' }, ms(7))],
  ]));
  expect(groups).toMatchObject([
    { label: 'a', runs: ['a-1', 'a-2', 'a-3'], publishable: false },
    { label: 'b', runs: ['b-1'], publishable: true },
  ]);
  const range = { median: ms(30), least: ms(10), most: ms(500, '>') };
  expect(groups[0]?.figures['commit.p99']).toEqual(range);
  expect(groups[0]?.regions).toEqual([{ region: 'here', figures: { 'commit.p99': range } }]);
  expect(groups[1]?.figures['commit.p99']).toEqual({ median: ms(7), least: ms(7), most: ms(7) });
});

test('a figure that no run has is null', () => {
  const { groups } = summarizeExperiment('test', new Map([['a-1', run({}, ms(1))]]));
  expect(groups[0]?.figures['outage']).toBeNull();
});
