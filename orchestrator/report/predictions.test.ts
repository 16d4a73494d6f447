// What was predicted beside what was measured: of one run, of several, of the share of runs in which a claim did not hold.
import { expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import type { Figure, Plan, Summary, Verdict } from '../kinds.ts';
import { exitCodeOf } from '../judge.ts';
import { summarizeExperiment } from './experiment.ts';
import { binomialInterval, comparisonsOf, inWords } from './predictions.ts';
import { renderTable } from './table.ts';

const figure = (value: number | null, unit: Figure['unit'] = '/s', bound: Figure['bound'] = '='): Figure => ({ value, unit, bound });
const held: Verdict = { check: 'prefix-agreement', claim: 'agreement', valid: true, because: 'all agree' };
const forked: Verdict = { ...held, valid: false, because: 'two values', finding: true };

function run(predictions: Plan['predictions'], throughput: Figure, verdicts: readonly Verdict[] = [held], changes: Partial<Summary> = {}): Summary {
  return {
    version: 1, plan: planWith({ label: 'it', ...(predictions === undefined ? {} : { predictions }) }), partial: false, publishable: true, invalid: [], baseline: { fit: true, because: [] },
    metrics: { throughput }, regions: [], expected: [], outages: [], verdicts, missed: [], ...changes,
  };
}

const words = (runs: readonly Summary[]) => comparisonsOf(runs).map(inWords);
const RATE = [{ figure: 'throughput', value: 20 }];
const FORKS = [{ figure: 'violated.agreement', value: 15 }];

test('the interval of a share is Wilson\'s', () => {
  // Newcombe (1998), Statistics in Medicine 17, table I.
  for (const [hits, all, from, to] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [29, 29, 0.8830, 1]] as const) {
    expect(binomialInterval(hits, all).from).toBeCloseTo(from, 4);
    expect(binomialInterval(hits, all).to).toBeCloseTo(to, 4);
  }
});

test('of one run its figure, of several the median and the range', () => {
  expect(words([run(RATE, figure(22))])).toEqual([{ figure: 'throughput', predicted: '20/s', measured: '22/s', range: '', difference: '+10 %' }]);
  expect(words([run(RATE, figure(22)), run(RATE, figure(19)), run(RATE, figure(18))])).toEqual([{ figure: 'throughput', predicted: '20/s', measured: '19/s', range: '18 to 22/s', difference: '−5 %' }]);
});

test('a figure that is missing, a lower bound or void has no difference', () => {
  expect(words([run(RATE, figure(null))])).toMatchObject([{ measured: '–', difference: '–' }]);
  expect(words([run(RATE, figure(22, '/s', '>'))])).toMatchObject([{ measured: '> 22/s', difference: '–' }]);
  expect(words([run(RATE, figure(22), [{ ...forked, finding: false }])])).toMatchObject([{ measured: '–', difference: '–' }]);
});

test('a violation counts whether it is claimed or not, an undecided or interrupted run does not count', () => {
  const runs = [
    run(FORKS, figure(1), [forked]), run(FORKS, figure(1), [{ ...forked, finding: false }]), run(FORKS, figure(1)), run(FORKS, figure(1)),
    run(FORKS, figure(1), [{ ...held, valid: 'unknown' }]), run(FORKS, figure(1), [held], { partial: true }), run(FORKS, figure(1), [{ ...forked, claim: 'durability' }]),
  ];
  expect(words(runs)).toEqual([{ figure: 'violated.agreement', predicted: '15 %', measured: '50 %', range: '2 of 4; 95 %: 15.0 to 85.0 %', difference: '+35 points' }]);
  expect(words([run(FORKS, figure(1), [])])).toMatchObject([{ measured: '–' }]);
  expect(words([run(FORKS, figure(1))])).toMatchObject([{ measured: '0 %', range: '0 of 1', difference: '−15 points' }]);
});

test('the table ends with it, the file of the experiment holds it, and no exit code depends on it', () => {
  const runs = [run([...RATE, ...FORKS], figure(2))];
  expect(renderTable(runs, { width: 100 }).split('\n').slice(-3)).toEqual([
    'predicted by the experiment    predicted  measured  difference',
    'it on sim, throughput               20/s       2/s       −90 %',
    'it on sim, violated.agreement       15 %       0 %  −15 points  0 of 1',
  ]);
  const [group] = summarizeExperiment('x', new Map([['a', runs[0] as Summary]])).groups;
  expect(group?.predictions).toMatchObject([{ figure: 'throughput', predicted: 20, measured: 2, difference: -18 }, { figure: 'violated.agreement', count: { violated: 0, runs: 1 } }]);
  expect(exitCodeOf(runs)).toBe(0);
  expect(summarizeExperiment('x', new Map([['a', run(undefined, figure(2))]])).groups[0]).not.toHaveProperty('predictions');
});
