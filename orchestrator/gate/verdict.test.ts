// The gate as a whole: how often chance alone fails it (counted over thousands of gates at fixed seeds), and what it calls a
// regression.
import { expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { FALSE_ALARMS, judgeSubjects } from './verdict.ts';
import type { Subject } from './verdict.ts';

const SEEDS = 20;

function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Noise of one seed, of mean zero around what load and links make of it: common to before and now. */
const NOISES: readonly (readonly [string, (random: () => number) => () => number])[] = [
  ['normal', normals],
  ['with a long tail on one side (an election that took two rounds)', (random) => () => (random() < 0.2 ? 8 : 0) + random()],
  ['zero in most seeds (errors)', (random) => () => (random() < 0.15 ? Math.ceil(5 * random()) : 0)],
  ['of Cauchy', (random) => () => Math.tan(Math.PI * (random() - 0.5))],
];
const GATES = 1_500;
const FIGURES = 60;

test.each(NOISES)('where only chance differs, at most one gate in a hundred fails: noise %s', (name, noiseOf) => {
  const random = randomStream('false alarms', name);
  const noise = noiseOf(random);
  let failed = 0;
  let beyond = 0;
  for (let gate = 0; gate < GATES; gate++) {
    const subjects = Array.from({ length: FIGURES }, (_, index): Subject => {
      const common = Array.from({ length: SEEDS }, () => 3 * noise());
      // Small means: the least share of one per cent protects nothing here.
      return { experiment: 'e', label: `p${index}`, figure: 'commit.p50', before: common.map((value) => value + noise()), now: common.map((value) => value + noise()) };
    });
    const { findings } = judgeSubjects(subjects, SEEDS);
    if (findings.some(({ call }) => call === 'regressed')) failed++;
    if (findings.some(({ kind, direction }) => kind === 'beyond' && direction === 'higher')) beyond++;
  }
  // Three standard errors of the count above the promised share.
  expect(failed / GATES).toBeLessThanOrEqual(FALSE_ALARMS + 3 * Math.sqrt(FALSE_ALARMS / GATES));
  // Three standard errors alone, without the limit for many figures, would have failed far more gates of normal noise.
  if (name === 'normal') expect(beyond / GATES).toBeGreaterThan(0.1);
});

test('a rise of 10 % is found in nearly every gate when before and now of a seed scatter by 5 %', () => {
  const random = randomStream('power');
  const noise = normals(random);
  let found = 0;
  for (let gate = 0; gate < 500; gate++) {
    const value = () => 100 * (1 + 0.05 * noise());
    const subjects = Array.from({ length: FIGURES }, (_, index): Subject => ({
      experiment: 'e', label: `p${index}`, figure: 'commit.p50',
      before: Array.from({ length: SEEDS }, value), now: Array.from({ length: SEEDS }, () => value() * (index === 0 ? 1.1 : 1)),
    }));
    if (judgeSubjects(subjects, SEEDS).findings[0]?.call === 'regressed') found++;
  }
  expect(found / 500).toBeGreaterThan(0.9);
});

const flat = (value: number) => Array.from({ length: SEEDS }, (_, index) => value + index / 1000);
const callOf = (figure: string, before: number, now: number) => judgeSubjects([{ experiment: 'e', label: 'p', figure, before: flat(before), now: flat(now) }], SEEDS).findings[0]?.call;

test('each figure has a side on which it is worse', () => {
  expect(callOf('commit.p99', 100, 120)).toBe('regressed');
  expect(callOf('commit.p99', 120, 100)).toBe('improved');
  expect(callOf('throughput', 100, 120)).toBe('improved');
  expect(callOf('throughput', 120, 100)).toBe('regressed');
});

test('what is certain but below one per cent is a suspect; what is not guarded has moved', () => {
  expect(callOf('commit.p50', 100, 100.5)).toBe('suspect');
  expect(callOf('samples', 100, 150)).toBe('moved');
  expect(callOf('commit.p50', 100, 100)).toBe('same');
});

test('from nothing to something is a regression too', () => {
  expect(callOf('errors', 0, 2)).toBe('regressed');
});

test('the more figures may differ, the further out the limit lies', () => {
  const some = (count: number) => judgeSubjects(Array.from({ length: count }, (_, index): Subject => ({ experiment: 'e', label: `p${index}`, figure: 'commit.p50', before: [1, 2, 3, 4], now: [2, 1, 4, 3] })), SEEDS);
  expect(some(1).limit).toBe(3);
  expect(some(100).limit).toBeGreaterThan(4);
  expect(some(100).uncertain).toBe(100);
});
