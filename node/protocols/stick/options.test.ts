// What a STICK round must satisfy, and the latency that follows from it.
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../contract.ts';
import { expected } from './latency.ts';
import { DEFAULTS, resolve } from './options.ts';
import type { Options } from './options.ts';

const OPTIONS: Options = { ...DEFAULTS, variant: 'literal', roundMs: 1000, slackMs: 100, countMs: 700, batchBytes: 1000 };

function factsOf(changes: Partial<Facts> = {}, oneWay = 40): Facts {
  const members = ['n1', 'n2', 'n3'];
  const row = (from: string) => Object.fromEntries([...members, 'home'].filter((to) => to !== from).map((to) => [to, from === 'home' || to === 'home' ? 5 : oneWay]));
  return { members, leader: null, oneWayMs: Object.fromEntries([...members, 'home'].map((from) => [from, row(from)])), clockErrorMs: 0, fsyncMs: 0, frameBytes: 1400, ...changes };
}

const problems = (options: Partial<Options>, facts = factsOf()) => resolve({ ...OPTIONS, ...options }, facts).problems;

describe('resolve', () => {
  test('takes the delays from the links of the plan, between members only', () => {
    expect(resolve(OPTIONS, factsOf())).toEqual({
      problems: [],
      options: { ...OPTIONS, delaysMs: { n1: { n1: 0, n2: 40, n3: 40 }, n2: { n1: 40, n2: 0, n3: 40 }, n3: { n1: 40, n2: 40, n3: 0 } } },
    });
  });

  test.each([
    // P0 = 40 + 20 + 2 × 1 + 5; P2 = P0 + 80 + 4 × 1 + 5; T = P2 + 40 + 20 + 5.
    ['report', { slackMs: 67, countMs: 156, roundMs: 221 }],
    // P0 = 20 + 5; P2 = P0 + 80 + 4 × 1 + 5; T = P2 + 2 × 40 + 2 × 1 + 5.
    ['ack', { slackMs: 25, countMs: 114, roundMs: 201 }],
    ['literal', { slackMs: 100, countMs: 700, roundMs: 1000 }],
  ])('makes the rounds of %s as short as delays, clocks and disks allow', (variant, times) => {
    const auto = { ...DEFAULTS, variant };
    const { options, problems } = resolve(auto, factsOf({ clockErrorMs: 10, fsyncMs: 1 }));
    expect({ problems, ...options }).toMatchObject({ problems: [], ...times });
  });

  test('keeps the shares of a given round where its bounds allow, and else the bounds', () => {
    const times = (roundMs: number) => resolve({ ...DEFAULTS, roundMs }, factsOf()).options;
    expect(times(1000)).toMatchObject({ slackMs: 100, countMs: 700 });
    expect(times(300)).toMatchObject({ slackMs: 45, countMs: 210 });
    expect(times(120)).toMatchObject({ slackMs: 12, countMs: 84 });
  });

  test('keeps given delays', () => {
    const delaysMs = { n1: { n2: 7 } };
    expect(resolve({ ...OPTIONS, delaysMs }, factsOf())).toEqual({ problems: [], options: { ...OPTIONS, delaysMs } });
  });

  test.each([
    ['leader', {}, { leader: 'n1' }],
    ['roundMs', { roundMs: 0 }, {}],
    ['slackMs', { slackMs: 700 }, {}],
    ['slackMs', { slackMs: -1 }, {}],
    ['countMs', { countMs: 1000 }, {}],
    ['batchBytes', { batchBytes: 0 }, {}],
    ['delaysMs', { delaysMs: { n1: { n2: -4 } } }, {}],
    ['variant', { variant: 'reports' }, {}],
    ['phaseTwo', { phaseTwo: 'soon' }, {}],
    ['phaseTwo', { phaseTwo: 'event' }, {}],
    ['fastPath', { fastPath: true }, {}],
    ['keepLeaders', { keepLeaders: -1 }, {}],
    ['keepLeaders', { keepLeaders: 1001 }, {}],
    ['keepLeaders', { keepLeaders: 1.5 }, {}],
    ['countMs', { countMs: Number.NaN }, {}],
  ] as const)('refuses a wrong %s: %o', (option, options, facts) => {
    expect(problems(options, factsOf(facts)).map(({ level, option: of }) => [level, of])).toContainEqual(['error', option]);
  });

  test('warns of a round below the bound, and names it', () => {
    // 20 + 3 × 40 + 2 × 10 + 5 = 165 (stick.md §1.8).
    const facts = factsOf({ clockErrorMs: 10, fsyncMs: 5 });
    expect(problems({ roundMs: 166, slackMs: 20, countMs: 100 }, facts)).toEqual([]);
    const [first] = problems({ roundMs: 164, slackMs: 20, countMs: 100 }, facts);
    expect(first).toMatchObject({ level: 'warning', option: 'roundMs' });
    expect(first?.message).toContain('bound of 165 ms');
  });

  test('warns of a slack below the skew, of a count before the votes, of a Consensus after the round', () => {
    expect(problems({ slackMs: 20 }, factsOf({ clockErrorMs: 31 }))).toMatchObject([{ level: 'warning', option: 'slackMs' }]);
    expect(problems({ countMs: 179 })).toMatchObject([{ level: 'warning', option: 'countMs' }]);
    expect(problems({ countMs: 960 })).toMatchObject([{ level: 'warning', option: 'countMs' }]);
  });

  test('has nothing to say of a cluster of one', () => {
    expect(problems({ roundMs: 10, slackMs: 1, countMs: 2 }, factsOf({ members: ['n1'] }))).toEqual([]);
  });
});

describe('expected', () => {
  const load = { client: 'home', entry: 'n1', leader: null, atFollower: 'forward', ratePerSecond: 10 } as const;
  const mean = (mixture: ReturnType<typeof expected>) => (mixture ?? []).reduce((sum, { weight, fromMs, toMs }) => sum + (weight * (fromMs + toMs)) / 2, 0);

  test('is one uniform for each leader where every forward is in time', () => {
    expect(expected(OPTIONS, factsOf({ fsyncMs: 2 }), load)).toEqual([
      { weight: 1 / 3, fromMs: 712, toMs: 1712 }, { weight: 1 / 3, fromMs: 752, toMs: 1752 }, { weight: 1 / 3, fromMs: 752, toMs: 1752 },
    ]);
  });

  test('has weights that sum to 1 also where forwards are late, and the tail that lateness brings', () => {
    const mixture = expected(OPTIONS, factsOf({}, 200), load) ?? [];
    expect(mixture.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...mixture.map(({ fromMs }) => fromMs))).toBe(710);
    // 10 for the client, and the seed's 2 s: P2 + d + M + T.
    expect(Math.max(...mixture.map(({ toMs }) => toMs))).toBe(2010);
    // W is Uniform(0, T) with 2/3 of the next leaders late by 100: its mean is 500 + 2/3 × 100; of d it is 200 × P(ℓ ≠ S), and S takes more than its third.
    const own = 1 / 3 + (100 / 1000) * (2 / 3) * (1 / 3);
    expect(mean(mixture)).toBeCloseTo(10 + 700 + 500 + (2 / 3) * 100 + 200 * (1 - own), 9);
  });

  test('is not stated for a closed loop, nor where the round is too short', () => {
    expect(expected(OPTIONS, factsOf(), { ...load, ratePerSecond: null })).toBeNull();
    expect(expected({ ...OPTIONS, countMs: 150 }, factsOf(), load)).toBeNull();
  });
});
