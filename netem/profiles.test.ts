// The carried networks: complete, with source and date, each value measured or chosen, and read as their files say.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { gilbertElliott } from './link.ts';
import { basisOf, linkBetween, lossOf, oneWayMs, PROFILES, sourceOf, subsetOf } from './profiles.ts';
import type { Profile } from './profiles.ts';

const positive = z.number().positive();
const values = z.array(z.strictObject({ value: z.string(), basis: z.enum(['measured', 'chosen']), from: z.string().min(10) })).min(1);
const link = z.strictObject({
  between: z.enum(['regions', 'nodes']),
  jitter: z.strictObject({ pct: z.number().min(0).max(100), leastMs: positive }),
  distribution: z.enum(['uniform', 'normal', 'pareto']),
  order: z.enum(['keep', 'reorder']),
  gemodel: z.strictObject({ p: positive.max(100), r: positive.max(100) }),
});
const step = z.strictObject({ afterMs: z.number().min(0), forMs: positive, delayMs: positive.optional(), lossPct: positive.max(100).optional() });
const own = { name: z.string().regex(/^[a-z0-9-]+$/), summary: z.string().min(10), regions: z.array(z.string()).min(1).max(64), link: link.optional() };
const file = z.union([
  z.strictObject({
    ...own, unit: z.enum(['rtt', 'one-way']), source: z.string().min(20), statistic: z.string().min(4), period: z.string().min(4), date: z.string().min(4).max(16),
    retrieved: z.iso.date(), values, ms: z.array(z.array(positive.max(60_000))),
    cycle: z.strictObject({ everyMs: positive, steps: z.array(step).min(1) }).optional(),
  }),
  z.strictObject({ ...own, of: z.string(), values: values.optional() }),
]);

const folder = join(import.meta.dirname, 'profiles');
const named = (name: string): Profile => PROFILES.find((profile) => profile.name === name)!;

test('every file is in the list, by its name, and has the shape that the code takes it for', () => {
  const files = readdirSync(folder).map((name) => [name, file.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))] as const);
  expect(files.map(([, { name }]) => `${name}.json`)).toEqual(files.map(([name]) => name));
  expect(PROFILES.map(({ name }) => name).sort()).toEqual(files.map(([, { name }]) => name).sort());
});

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  test('has a value for every pair of its regions', () => {
    expect(profile.ms).toHaveLength(profile.regions.length);
    for (const row of profile.ms) expect(row).toHaveLength(profile.regions.length);
    expect(new Set(profile.regions).size).toBe(profile.regions.length);
  });

  test('says of every value whether it is measured or chosen', () => {
    const said = profile.values.map(({ value }) => value);
    expect(new Set(said).size).toBe(said.length);
    const needed = ['delay', ...(profile.regions.length > 1 ? ['within'] : []), ...(profile.link === undefined ? [] : ['jitter', 'loss']), ...(profile.cycle === undefined ? [] : ['cycle', 'cycle times'])];
    expect([...said].sort()).toEqual([...needed].sort());
  });

  test('has no region that could be mistaken for a node', () => {
    expect(profile.regions.filter((region) => /^n\d+$/.test(region) || !/^[A-Za-z0-9][\w-]{0,39}$/.test(region))).toEqual([]);
  });

  test('has a cycle whose steps follow each other and end within it', () => {
    const { everyMs, steps } = profile.cycle ?? { everyMs: 0, steps: [] };
    steps.forEach(({ afterMs, forMs }, index) => expect(afterMs + forMs).toBeLessThanOrEqual(steps[index + 1]?.afterMs ?? everyMs));
  });
});

test('a way takes half of the mean round trip, the same in both directions', () => {
  const aws = named('aws-5');
  expect(oneWayMs(aws, 'us-east-1', 'eu-west-1')).toBe((70 + 69) / 4);
  expect(oneWayMs(aws, 'eu-west-1', 'us-east-1')).toBe((70 + 69) / 4);
  expect(oneWayMs(aws, 'sa-east-1', 'sa-east-1')).toBe(0.5);
  expect(() => oneWayMs(aws, 'mars', 'sa-east-1')).toThrow('assertion: mars');
});

test('a one-way value is taken as it is, each direction its own', () => {
  const ways: Profile = { ...named('lan'), unit: 'one-way', regions: ['a', 'b'], ms: [[1, 20], [30, 2]] };
  expect([oneWayMs(ways, 'a', 'b'), oneWayMs(ways, 'b', 'a'), oneWayMs(ways, 'b', 'b')]).toEqual([20, 30, 2]);
});

test('the networks that baselines were measured on have the delays that they had', () => {
  const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-1', 'sa-east-1', 'ap-southeast-2'];
  expect(named('aws-5')).toMatchObject({ unit: 'rtt', regions, ms: [[4, 70, 211, 114, 199], [69, 1, 181, 176, 256], [213, 182, 4, 322, 93], [113, 177, 322, 1, 311], [198, 256, 93, 312, 1]] });
  expect(named('lan')).toMatchObject({ unit: 'rtt', regions: ['lan'], ms: [[0.1]] });
  for (const name of ['aws-5', 'lan']) expect([named(name).link, named(name).cycle]).toEqual([undefined, undefined]);
});

test('a subset has the entries of its regions, in their order', () => {
  const { regions, ms } = subsetOf(named('aws-5'), ['sa-east-1', 'us-east-1']);
  expect({ regions, ms }).toEqual({ regions: ['sa-east-1', 'us-east-1'], ms: [[1, 113], [114, 4]] });
});

describe('the links of a profile', () => {
  test('have jitter by the delay, and at least so much, between regions only', () => {
    const edge = named('lossy-edge');
    const far = linkBetween(edge, 'frankfurt', 'sydney', 1);
    expect(far).toMatchObject({ delayMs: (250 + 249) / 4, jitterMs: 6.2375, distribution: 'pareto', order: 'keep' });
    expect(linkBetween({ ...edge, ms: edge.ms.map((row) => row.map(() => 2)) }, 'frankfurt', 'sydney', 1).jitterMs).toBe(1);
    expect(linkBetween(edge, 'tokyo', 'tokyo', 1)).toMatchObject({ delayMs: 0.05, jitterMs: 0, lossPct: 0, lossBurst: null });
  });

  test('have it between any two nodes where there is one access network', () => {
    expect(linkBetween(named('geo-satellite'), 'geo', 'geo', 1)).toMatchObject({ delayMs: 300, jitterMs: 10, distribution: 'normal', lossBurst: 5 });
  });

  test('scale in delay and jitter, and not in loss', () => {
    const link = (scale: number) => linkBetween(named('4g-lte'), 'lte', 'lte', scale);
    expect(link(2)).toEqual({ ...link(1), delayMs: 50, jitterMs: 16 });
    expect(link(0)).toMatchObject({ delayMs: 0, jitterMs: 0 });
  });

  test.each(PROFILES.flatMap(({ name, link }) => (link === undefined ? [] : [[name, link.gemodel] as const])))('%s: loss and mean burst give back the chain of the file', (_, { p, r }) => {
    const { lossPct, lossBurst } = lossOf({ p, r });
    // In balance, as many datagrams enter the lossy state as leave it.
    expect((100 - lossPct) * p).toBeCloseTo(lossPct * r, 9);
    const chain = gilbertElliott(lossPct, lossBurst);
    expect(chain.p * 100).toBeCloseTo(p, 9);
    expect(chain.r * 100).toBeCloseTo(r, 9);
  });
});

test('what a result keeps of the source says what was measured and what was chosen', () => {
  expect(basisOf(named('aws-5'))).toBe('measured');
  expect(basisOf(named('4g-lte'))).toBe('chosen');
  expect(basisOf(named('ibm-cloud'))).toBe('measured and chosen');
  expect(sourceOf(named('aws-5'))).toMatch(/^cloudping\.co.*; measured; not stated by the source/);
  expect(sourceOf(named('ibm-cloud'))).toMatch(/2026-07-18 to 2026-08-16; within chosen: 0\.1 ms/);
});
