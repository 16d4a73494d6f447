// Estimates with their sampling error, and verdicts: each claim on a figure that holds it and one that does not, and a tolerance
// that chance alone may exceed.
import { describe, expect, test } from 'vitest';
import { estimate, type Observed } from './estimate.ts';
import { parsePublished } from './published.ts';
import { compare } from './verdict.ts';
import { renderReproduced } from './words.ts';

const observed = (change: Partial<Observed> = {}): Observed => ({ figures: {}, electionsMs: [], ...change });
const runsOf = (...values: readonly (number | string | null)[]) => values.map((value) => observed({ figures: { 'commit.p50': value } }));

function table(rows: readonly object[], change: object = {}) {
  const whole = { version: 1, title: 'a table', source: 'somebody', conditions: '', experiment: 'none.yaml', figure: 'commit.p50', unit: 'ms', tolerance: { published: 0.1, model: 0.02 }, ...change };
  return parsePublished(JSON.stringify({ ...whole, rows: rows.map((row, index) => ({ case: `case ${index}`, system: 'there', published: 100, model: null, label: 'x', ...row })) }), 'mine.json');
}
const verdictOf = (row: object, runs: readonly Observed[]) => compare(table([row]), [runs])[0];

describe('an estimate', () => {
  test('of runs is their median, with an error where there are several', () => {
    expect(estimate('commit.p50', runsOf(3, 1, 2))).toMatchObject({ value: 2, samples: 3, of: 'runs' });
    expect(estimate('commit.p50', runsOf(3, 1, 2))?.error).toBeCloseTo(1.2533 / Math.sqrt(3), 3);
    expect(estimate('commit.p50', runsOf(7))).toMatchObject({ value: 7, error: null });
    expect(estimate('commit.p50', runsOf(null))).toBeNull();
    expect(estimate('commit.p50', runsOf(1, 'failed', '> 5'))?.value).toBe(Infinity);
  });

  test('of elections pools them: the mean and the 99.9th percentile of 1 to 10,000, and their errors', () => {
    const all = [observed({ electionsMs: Array.from({ length: 5_000 }, (_, index) => index + 1) }), observed({ electionsMs: Array.from({ length: 5_000 }, (_, index) => index + 5_001) })];
    expect(estimate('election.mean', all)).toMatchObject({ value: 5_000.5, samples: 10_000 });
    expect(estimate('election.mean', all)?.error).toBeCloseTo(28.87, 1);
    expect(estimate('election.p99.9', all)?.value).toBe(9_990);
    // The rank of the 99.9th percentile scatters by the root of 10.
    expect(estimate('election.p99.9', all)?.error).toBeCloseTo(3.16, 0);
  });

  test('of elections counts one that did not end as endless', () => {
    expect(estimate('election.mean', [observed({ electionsMs: [1, null] })])).toMatchObject({ value: Infinity, error: null });
    expect(estimate('election.p50', [observed({ electionsMs: [1, 2, null] })])?.value).toBe(2);
  });

  test('of rounds is the share that was lost, in per cent', () => {
    const found = estimate('rounds.lost', [observed({ figures: { rounds: 60, 'rounds.yield': 250 / 3 } }), observed({ figures: { rounds: 40, 'rounds.yield': 75 } })]);
    expect(found).toMatchObject({ samples: 100 });
    expect(found?.value).toBeCloseTo(20, 6);
    expect(found?.error).toBeCloseTo(4, 6);
  });
});

describe('a verdict', () => {
  test.each([
    ['equals', {}, 109, 'ok'], ['equals', {}, 111, 'differs'], ['at most', {}, 10, 'ok'], ['at most', {}, 111, 'differs'],
    ['between', { upTo: 200 }, 150, 'ok'], ['between', { upTo: 200 }, 89, 'differs'], ['between', { upTo: 200 }, 221, 'differs'],
  ] as const)('that a figure %s %j of 100 ± 10 %%, measured %d', (claim, more, value, verdict) => {
    expect(verdictOf({ claim, ...more }, runsOf(value))?.verdict).toBe(verdict);
  });

  test('needs the model too where there is one', () => {
    expect(verdictOf({ model: 104 }, runsOf(105))?.verdict).toBe('ok');
    expect(verdictOf({ model: 104 }, runsOf(107))).toMatchObject({ verdict: 'differs', because: '+2.9 % from the model' });
  });

  test('with the closed form of the runs as model', () => {
    const runs = [observed({ figures: { 'commit.p50': 101, 'optimum.p50': 100 } })];
    expect(verdictOf({ model: 'optimum' }, runs)).toMatchObject({ verdict: 'ok', model: 100 });
  });

  test('with a Monte Carlo of elections as model: 425 ms in the setting of the dissertation', () => {
    const elections = { servers: 5, live: 4, timeoutMs: [300, 600], oneWayMs: [30, 40], preVote: false, candidateWaitMs: 0, voterWaitMs: 0, ageMs: [0, 150] };
    const [row] = compare(table([{ figure: 'election.mean', published: 475, model: { elections } }]), [[observed({ electionsMs: [425, 425, 425] })]]);
    expect(row?.model).toBeGreaterThan(418);
    expect(row?.model).toBeLessThan(432);
    // 10.5 % below.
    expect(row).toMatchObject({ verdict: 'differs', because: '−10.5 % from what was published' });
  });

  test('that one row lies above another is beyond chance, or not', () => {
    const order = table([{ published: null, claim: 'reference' }, { published: null, claim: 'above', above: 'case 0' }], { tolerance: { published: 1, model: 1 } });
    const verdicts = (low: readonly number[], high: readonly number[]) => compare(order, [runsOf(...low), runsOf(...high)]).map(({ verdict }) => verdict);
    expect(verdicts([10, 11, 12], [20, 21, 22])).toEqual(['ok', 'ok']);
    expect(verdicts([20, 21, 22], [10, 11, 12])).toEqual(['ok', 'differs']);
    expect(verdicts([10, 15, 20], [11, 16, 21])).toEqual(['ok', 'differs']);
  });

  test('is refused with the figure where chance alone exceeds the tolerance', () => {
    const row = verdictOf({}, runsOf(80, 100, 120));
    expect(row).toMatchObject({ verdict: 'refused', because: 'chance alone moves it by ± 29 %, more than the tolerance of 10 % (3 runs)' });
    expect(verdictOf({ claim: 'at most' }, runsOf(80, 100, 120))).toMatchObject({ verdict: 'refused', because: 'chance alone moves it by ± 28.9, and may carry it over 110.0 (3 runs)' });
    expect(verdictOf({ claim: 'at most' }, runsOf(30, 50, 70))?.verdict).toBe('ok');
    expect(verdictOf({ model: 101 }, runsOf(96, 100, 104))).toMatchObject({ verdict: 'refused', because: 'chance alone moves it by ± 5.7 %, more than the tolerance of 2 % (3 runs)' });
    expect(renderReproduced('mine', table([{}]), row === undefined ? [] : [row])).toContain('REFUSED  case 0: chance alone');
  });

  test('of nothing measured is that it differs', () => {
    expect(verdictOf({}, runsOf(null))).toMatchObject({ verdict: 'differs', measured: null, because: 'nothing was measured' });
  });
});

test.each([
  [{ claim: 'above', above: 'case 9', published: null }, /rows\.0\.above: there is no case "case 9" before it/], [{ published: null }, /rows\.0\.published: a claim "equals" needs a value/],
  [{ claim: 'between', upTo: 50 }, /rows\.0\.upTo: the other end/], [{ figure: 'commit.p42' }, /rows\.0\.figure: "commit\.p42" is none of/],
  [{ model: { elections: { servers: 5, live: 4, timeoutMs: [1, 2], oneWayMs: 1, preVote: false, candidateWaitMs: 0, voterWaitMs: 0, ageMs: 0 } } }, /rows\.0\.model: a Monte Carlo of elections/],
])('a row with %j is refused', (row, message) => {
  expect(() => table([row])).toThrow(message);
});
