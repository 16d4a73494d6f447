// The looks together, counted over seeded comparisons: how often chance alone is called a regression, what is found at which
// noise, and what each verdict needs.
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { decide, detectableRise, LEAST_PAIRS, MOST_PAIRS } from './looks.ts';
import { chanceOfRise } from './signed-rank.ts';

const FIGURES = 3;

function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** ln(head/base) of two runs of this coefficient of variation. */
function pairs(noise: () => number, cv: number, rise = 0): readonly number[] {
  return Array.from({ length: MOST_PAIRS }, () => Math.log(1 + rise) + cv * (noise() - noise()));
}

const COMPARISONS = 1_500;
const NOISES: readonly (readonly [string, (random: () => number) => () => number])[] = [
  ['normal', normals],
  ['with a long tail on one side', (random) => () => (random() < 0.1 ? 5 : 0) + random()],
  ['of Cauchy', (random) => () => Math.tan(Math.PI * (random() - 0.5))],
  ['in steps, with many zeros', (random) => () => Math.floor(3 * random())],
];

test.each(NOISES)('where nothing changed, at most one comparison in a hundred is called regressed: noise %s', (name, noiseOf) => {
  const noise = noiseOf(randomStream('false alarms of pairs', name));
  let alarms = 0;
  for (let comparison = 0; comparison < COMPARISONS; comparison++) {
    if (Array.from({ length: FIGURES }, () => decide(pairs(noise, 0.1), FIGURES)).some(({ call }) => call === 'regressed')) alarms++;
  }
  expect(alarms / COMPARISONS).toBeLessThanOrEqual(0.01 + 3 * Math.sqrt(0.01 / COMPARISONS));
});

test('looking after every pair at 1 % would cry wolf far more often: this count can fail', () => {
  const noise = normals(randomStream('every pair'));
  let alarms = 0;
  for (let comparison = 0; comparison < 500; comparison++) {
    const all = pairs(noise, 0.05);
    if (all.some((_, index) => index >= 7 && chanceOfRise(all.slice(0, index + 1)) <= 0.01)) alarms++;
  }
  expect(alarms / 500).toBeGreaterThan(0.02);
});

describe('a rise of 10 % is found', () => {
  const found = (cv: number, figures: number) => {
    const noise = normals(randomStream('power of pairs', String(cv)));
    return Array.from({ length: 800 }, () => decide(pairs(noise, cv, 0.1), figures)).filter(({ call }) => call === 'regressed').length / 800;
  };
  test.each([
    [0.03, 0.99, 1], [0.05, 0.95, 1], [0.08, 0.55, 0.9], [0.1, 0.3, 0.7],
  ])('at a coefficient of variation of %d in a share from %d to %d of comparisons', (cv, least, most) => {
    expect(found(cv, FIGURES)).toBeGreaterThanOrEqual(least);
    expect(found(cv, FIGURES)).toBeLessThanOrEqual(most);
  });
});

test('where it is above 10 %, the smallest detectable rise is found about four times in five', () => {
  for (const cv of [0.09, 0.15]) {
    const noise = normals(randomStream('detectable', String(cv)));
    const rise = detectableRise(cv * Math.SQRT2, FIGURES);
    const found = Array.from({ length: 600 }, () => decide(pairs(noise, cv, rise), FIGURES)).filter(({ call }) => call === 'regressed').length / 600;
    expect(found).toBeGreaterThan(0.7);
    expect(found).toBeLessThan(0.92);
  }
});

const spread = (middle: number, width: number) => Array.from({ length: MOST_PAIRS }, (_, index) => middle + width * (((index * 7) % MOST_PAIRS) / (MOST_PAIRS - 1) - 0.5));

describe('the verdict', () => {
  test('fewer pairs than the first look needs decide nothing', () => {
    expect(decide(spread(0.5, 0.01).slice(0, LEAST_PAIRS - 1), 1)).toMatchObject({ call: 'inconclusive', decided: false, pairs: 0 });
  });
  test('nothing is tested between the looks', () => {
    const late = [...spread(0, 0.2).slice(0, 12), 0.5, 0.5, 0.5];
    expect(decide(late, 1)).toEqual(decide(late.slice(0, 12), 1));
  });
  test('a clear rise is regressed at the first look, a clear none is ok there', () => {
    expect(decide(spread(0.1, 0.02), 1)).toMatchObject({ call: 'regressed', decided: true, pairs: 12 });
    expect(decide(spread(0, 0.02), 1)).toMatchObject({ call: 'ok', decided: true, pairs: 12 });
  });
  test('noise that hides 10 % is inconclusive after the last look, with what could be seen', () => {
    const { call, decided, pairs: seen, cv, detectable } = decide(spread(0.02, 0.6), 1);
    expect([call, decided, seen]).toEqual(['inconclusive', true, 20]);
    expect(cv).toBeGreaterThan(0.05);
    expect(detectable).toBeGreaterThan(0.1);
  });
  test('a rise of less than one per cent is ok, however certain', () => {
    const { call, chance, level } = decide(spread(0.005, 0.002), 1);
    expect(chance).toBeLessThanOrEqual(level);
    expect(call).toBe('ok');
  });
  test('the more figures there are, the more each needs: seven need more than 12 pairs', () => {
    expect(decide(spread(0.1, 0.02).slice(0, 12), 7)).toMatchObject({ call: 'inconclusive', upper: null });
    expect(decide(spread(0.1, 0.02), 7)).toMatchObject({ call: 'regressed', pairs: 16 });
  });
});
