// The figures of client regions: each of its own commands, in the order of the plan.
import { expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import type { Outcome } from './commands.ts';
import { regionRows } from './regions.ts';

const outcome = (region: string, latencyMs: number, changes: Partial<Outcome> = {}): Outcome => ({
  region, intendedMs: 1000, sentMs: 1001, endedMs: 1000 + latencyMs, outcome: 'ok', reason: null, ...changes,
});

test('each region has the percentiles, the size and the errors of its own commands', () => {
  const plan = planWith({ load: { clients: [{ region: 'there', count: 1 }, { region: 'here', count: 1 }, { region: 'silent', count: 1 }] } });
  const rows = regionRows(plan, [
    outcome('here', 10), outcome('here', 20), outcome('here', 30), outcome('there', 400), outcome('there', 5000, { outcome: 'unknown', reason: 'timeout' }),
  ]);
  expect(rows.map(({ region, metrics }) => [region, metrics['commit.p50']?.value, metrics['commit.max']?.bound, metrics['samples']?.value, metrics['errors']?.value])).toEqual([
    ['there', 400, '>', 2, 1], ['here', 20, '=', 3, 0], ['silent', null, '=', 0, 0],
  ]);
  expect(rows[1]?.metrics['service.p50']?.value).toBe(19);
});
