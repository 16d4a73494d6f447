// The carried networks: complete, with source and date, and read as their files say.
import { describe, expect, test } from 'vitest';
import { oneWayMs, PROFILES } from './profiles.ts';

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  test('has a positive round trip for every pair of its regions', () => {
    expect(profile.rttMs).toHaveLength(profile.regions.length);
    for (const row of profile.rttMs) {
      expect(row).toHaveLength(profile.regions.length);
      expect(row.every((rtt) => rtt > 0)).toBe(true);
    }
  });

  test('names its source, its period and the day it was read', () => {
    expect(profile.source.length).toBeGreaterThan(20);
    expect(profile.period.length).toBeGreaterThan(5);
    expect(profile.retrieved).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test('has no region that could be mistaken for a node', () => {
    expect(profile.regions.filter((region) => /^n\d+$/.test(region) || /\s|\.|\*/.test(region))).toEqual([]);
  });
});

test('a way takes half of the mean round trip, the same in both directions', () => {
  const aws = PROFILES.find(({ name }) => name === 'aws-5')!;
  expect(oneWayMs(aws, 'us-east-1', 'eu-west-1')).toBe((70 + 69) / 4);
  expect(oneWayMs(aws, 'eu-west-1', 'us-east-1')).toBe((70 + 69) / 4);
  expect(oneWayMs(aws, 'sa-east-1', 'sa-east-1')).toBe(0.5);
  expect(() => oneWayMs(aws, 'mars', 'sa-east-1')).toThrow('assertion: mars');
});
