// Percentiles against a naive sort, and what censored and failed outcomes do to them.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ranked, weightedMedian } from './samples.ts';

const shares = [0.5, 0.9, 0.99, 0.999];
/** The least number that at least this share of the samples does not exceed. */
const naive = (samples: readonly number[], share: number) => samples.toSorted((a, b) => a - b).find((value) => samples.filter((other) => other <= value).length / samples.length >= share - 1e-12);

describe('percentiles', () => {
  test('are those of a naive sort', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }), fc.constantFrom(...shares), (okMs, share) => {
      const figure = new Ranked({ okMs, censoredMs: [], failed: 0 }).percentile(share);
      expect(figure).toMatchObject({ value: naive(okMs, share), bound: '=', unit: 'ms' });
    }));
  });

  test('with censored and failed outcomes are bounds that the truth keeps', () => {
    const outcomes = fc.array(fc.record({ value: fc.integer({ min: 0, max: 50 }), kind: fc.constantFrom('ok', 'ok', 'ok', 'censored', 'failed'), more: fc.integer({ min: 0, max: 100 }) }), { minLength: 1, maxLength: 60 });
    fc.assert(fc.property(outcomes, fc.constantFrom(...shares), (list, share) => {
      const of = (kind: string) => list.filter((each) => each.kind === kind).map(({ value }) => value);
      const figure = new Ranked({ okMs: of('ok'), censoredMs: of('censored'), failed: of('failed').length }).percentile(share);
      const truth = naive(list.map(({ value, kind, more }) => (kind === 'ok' ? value : kind === 'failed' ? Infinity : value + more)), share);
      if (figure.bound === '=') expect(figure.value).toBe(truth);
      else if (figure.bound === '>') expect(truth).toBeGreaterThanOrEqual(figure.value as number);
      else expect(truth).toBe(Infinity);
    }));
  });

  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  test('that fall on a censored outcome are lower bounds, and exact ones stay exact', () => {
    const ranked = new Ranked({ okMs: hundred.slice(0, 98), censoredMs: [5000, 5000], failed: 0 });
    expect(ranked.percentile(0.9)).toEqual({ value: 90, unit: 'ms', bound: '=' });
    expect(ranked.percentile(0.99)).toEqual({ value: 5000, unit: 'ms', bound: '>', uncertain: true });
    expect(ranked.max()).toEqual({ value: 5000, unit: 'ms', bound: '>' });
    expect(ranked.mean()).toMatchObject({ bound: '>', value: (98 * 99 / 2 + 10_000) / 100 });
  });

  test('that fall on a failed outcome are failed', () => {
    const ranked = new Ranked({ okMs: hundred.slice(0, 98), censoredMs: [], failed: 2 });
    expect(ranked.percentile(0.5)).toEqual({ value: 50, unit: 'ms', bound: '=' });
    expect(ranked.percentile(0.99)).toEqual({ value: null, unit: 'ms', bound: 'failed', uncertain: true });
    expect([ranked.max(), ranked.mean()]).toEqual([{ value: null, unit: 'ms', bound: 'failed' }, { value: null, unit: 'ms', bound: 'failed' }]);
  });

  test('are uncertain with fewer than 10 samples beyond them', () => {
    const thousand = new Ranked({ okMs: Array.from({ length: 1000 }, (_, index) => index), censoredMs: [], failed: 0 });
    expect(thousand.percentile(0.99).uncertain).toBeUndefined();
    expect(thousand.percentile(0.999).uncertain).toBe(true);
    expect(new Ranked({ okMs: hundred.slice(0, 19), censoredMs: [], failed: 0 }).percentile(0.5).uncertain).toBe(true);
  });

  test('of nothing are null', () => {
    const nothing = new Ranked({ okMs: [], censoredMs: [], failed: 0 });
    expect([nothing.percentile(0.5), nothing.max(), nothing.mean()]).toEqual(Array.from({ length: 3 }, () => ({ value: null, unit: 'ms', bound: '=' })));
  });
});

test('a weighted median is the value in the middle of the weight', () => {
  expect(weightedMedian([{ value: 3, weight: 1 }, { value: 1, weight: 1 }, { value: 2, weight: 5 }])).toBe(2);
  expect(weightedMedian([{ value: 1, weight: 10 }, { value: 9, weight: 1 }])).toBe(1);
  expect(weightedMedian([{ value: 1, weight: 0 }])).toBeNull();
});
