// Mean, quantiles and Kolmogorov–Smirnov distance of mixtures of uniforms, against samples drawn from them at a fixed seed.
import { describe, expect, test } from 'vitest';
import type { Expected } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import { blend, checkMixture, ksDistance, medianErrorMs, mixtureCdf, mixtureMean, mixtureQuantile } from './mixture.ts';

/** STICK's shape: overlapping rounds, and one point for good measure. */
const stick: Expected = [
  { weight: 0.2, fromMs: 300, toMs: 1300 }, { weight: 0.2, fromMs: 340, toMs: 1340 }, { weight: 0.3, fromMs: 420, toMs: 1420 },
  { weight: 0.2, fromMs: 100, toMs: 1100 }, { weight: 0.1, fromMs: 250, toMs: 250 },
];

function draw(expected: Expected, count: number): number[] {
  const random = randomStream('mixture', 'test');
  return Array.from({ length: count }, () => {
    let rest = random();
    const component = expected.find(({ weight }) => (rest -= weight) < 0) ?? expected.at(-1);
    if (component === undefined) throw new Error('an empty mixture');
    return component.fromMs + random() * (component.toMs - component.fromMs);
  });
}

describe('a mixture of uniforms', () => {
  const samples = draw(stick, 200_000).sort((a, b) => a - b);

  test.each([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])('has the quantile %d of its samples', (p) => {
    const sampled = samples[Math.ceil(p * samples.length) - 1] as number;
    expect(Math.abs(mixtureQuantile(stick, p) - sampled)).toBeLessThan(6);
    expect(mixtureCdf(stick, sampled)).toBeCloseTo(p, 1);
  });

  test('has the mean of its samples', () => {
    expect(Math.abs(mixtureMean(stick) - samples.reduce((sum, each) => sum + each, 0) / samples.length)).toBeLessThan(3);
  });

  test('is as far from its own samples as chance allows, and farther from others', () => {
    const own = samples.filter((_, index) => index % 20 === 0);
    expect(ksDistance(stick, own)).toBeLessThan(1.63 / Math.sqrt(own.length));
    expect(ksDistance(stick, own.map((each) => each + 60))).toBeGreaterThan(0.05);
  });

  test('has exact quantiles at points, gaps and ends', () => {
    const points: Expected = [{ weight: 0.5, fromMs: 10, toMs: 10 }, { weight: 0.5, fromMs: 30, toMs: 30 }];
    expect([0.2, 0.5, 0.500001, 1].map((p) => mixtureQuantile(points, p))).toEqual([10, 10, 30, 30]);
    expect(mixtureQuantile([{ weight: 1, fromMs: 90.7, toMs: 90.7 }], 0.5)).toBe(90.7);
    expect(mixtureQuantile([{ weight: 1, fromMs: 0, toMs: 100 }], 0.25)).toBeCloseTo(25, 9);
    expect(mixtureQuantile([{ weight: 0.5, fromMs: 0, toMs: 10 }, { weight: 0.5, fromMs: 20, toMs: 30 }], 0.5)).toBe(10);
    expect(mixtureQuantile([{ weight: 0.4, fromMs: 0, toMs: 10 }, { weight: 0.6, fromMs: 10, toMs: 10 }], 0.7)).toBe(10);
  });
});

test('the standard error of a median is the spread of medians', () => {
  const drawn = draw(stick, 400 * 225);
  const medians = Array.from({ length: 400 }, (_, index) => drawn.slice(index * 225, (index + 1) * 225).sort((a, b) => a - b)[112] as number);
  const mean = medians.reduce((sum, each) => sum + each, 0) / medians.length;
  const spread = Math.sqrt(medians.reduce((sum, each) => sum + (each - mean) ** 2, 0) / medians.length);
  expect(spread / (medianErrorMs(stick, 225) as number)).toBeGreaterThan(0.85);
  expect(spread / (medianErrorMs(stick, 225) as number)).toBeLessThan(1.15);
  expect(medianErrorMs([{ weight: 1, fromMs: 5, toMs: 5 }], 1)).toBe(0);
  expect(medianErrorMs(stick, 0)).toBeNull();
});

describe('the Kolmogorov–Smirnov distance', () => {
  test('is the largest step between the two distributions', () => {
    expect(ksDistance([{ weight: 1, fromMs: 0, toMs: 10 }], [5])).toBeCloseTo(0.5, 12);
    expect(ksDistance([{ weight: 1, fromMs: 0, toMs: 10 }], [20, 20])).toBe(1);
    expect(ksDistance([{ weight: 1, fromMs: 0, toMs: 10 }], [2.5, 7.5])).toBeCloseTo(0.25, 12);
  });

  test('sees a point that no sample hits', () => {
    expect(ksDistance([{ weight: 0.5, fromMs: 0, toMs: 10 }, { weight: 0.5, fromMs: 20, toMs: 20 }], [30])).toBe(1);
    expect(ksDistance([{ weight: 0.5, fromMs: 0, toMs: 10 }, { weight: 0.5, fromMs: 5, toMs: 5 }], [0, 10])).toBeCloseTo(0.5, 12);
  });

  test('to points, or of nothing, is null', () => {
    expect(ksDistance([{ weight: 1, fromMs: 3, toMs: 3 }], [3])).toBeNull();
    expect(ksDistance([{ weight: 1, fromMs: 3, toMs: 4 }], [])).toBeNull();
  });
});

test('a blend keeps the weights together, and a wrong mixture is a bug', () => {
  const half = blend([{ share: 0.5, expected: [{ weight: 1, fromMs: 1, toMs: 2 }] }, { share: 0.5, expected: [{ weight: 1, fromMs: 5, toMs: 5 }] }]);
  expect(half).toEqual([{ weight: 0.5, fromMs: 1, toMs: 2 }, { weight: 0.5, fromMs: 5, toMs: 5 }]);
  expect(() => checkMixture(half)).not.toThrow();
  expect(() => checkMixture([{ weight: 0.5, fromMs: 1, toMs: 2 }])).toThrow('sum to 0.5');
  expect(() => checkMixture([{ weight: 1, fromMs: 3, toMs: 2 }])).toThrow('ends before it begins');
});
