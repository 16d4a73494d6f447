// The phases of a run's start: each from the end of the one before, the certificate apart.
import { expect, test } from 'vitest';
import type { LabEvent } from '../kinds.ts';
import { StartUpWatch, wordsOfStartUp } from './start-up.ts';

const reply = (atMs: number, outcome: 'ok' | 'unknown'): LabEvent => ({ atMs, node: 'load', life: 0, sequence: 0, type: 'reply', client: 'c', id: { client: 'c', sequence: 1 }, reply: outcome === 'ok' ? { outcome, result: null } : { outcome, reason: 'timeout' } }) as unknown as LabEvent;

test('phases follow one another, and all but the certificate is the time to the first commit', () => {
  const watch = new StartUpWatch(0, 2_000);
  watch.reached('placed', 2_500);
  watch.reached('ready', 4_000);
  watch.reached('certified', 9_000);
  watch.reached('released', 9_300);
  watch.observe(reply(700, 'unknown'));
  watch.observe(reply(1_200, 'ok'));
  watch.observe(reply(1_300, 'ok'));
  const startUp = watch.finish();
  expect(startUp).toEqual({ preparedMs: 2_000, placedMs: 500, readyMs: 1_500, certificateMs: 5_000, heldMs: 300, firstCommitMs: 1_200, withoutCertificateMs: 5_500 });
  expect(wordsOfStartUp(startUp as NonNullable<typeof startUp>)).toBe('first commit: after 5.5 s (2.0 s to prepare, 0.5 s to place, 1.5 s until the nodes were ready, 0.3 s held, 1.2 s from time 0), and 5.0 s for the certificate');
});

test('an attempt that was late counts as placing, and a later run from its own begin', () => {
  const watch = new StartUpWatch(60_000, 60_000);
  for (const [phase, atMs] of [['placed', 61_000], ['placed', 67_000], ['ready', 68_000], ['certified', 69_000], ['released', 69_000]] as const) watch.reached(phase, atMs);
  watch.observe(reply(1_000, 'ok'));
  expect(watch.finish()).toMatchObject({ preparedMs: 0, placedMs: 7_000, withoutCertificateMs: 9_000 });
});

test('a run that commits nothing, or was never released, has none', () => {
  const watch = new StartUpWatch(0, 0);
  watch.observe(reply(1, 'ok'));
  expect(watch.finish()).toBeNull();
  const silent = new StartUpWatch(0, 0);
  for (const phase of ['placed', 'ready', 'certified', 'released'] as const) silent.reached(phase, 1);
  expect(silent.finish()).toBeNull();
});
