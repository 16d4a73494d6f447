// Outages and recovery on hand-made commits and arrivals.
import { describe, expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import type { Outcome } from './commands.ts';
import { Leaders } from './leaders.ts';
import { Faults, outagesOf } from './outages.ts';

const window = { fromMs: 1000, toMs: 11_000 };

function faultsOf(stream: Stream): Faults {
  const faults = new Faults();
  for (const event of stream.events) faults.observe(event);
  return faults;
}

/** A commit each 10 ms, but none in (from, to). */
function commitsWithout(from: number, to: number): number[] {
  return Array.from({ length: 1100 }, (_, index) => index * 10).filter((atMs) => atMs <= from || atMs >= to);
}

/** An arrival each 10 ms that takes 20 ms, or as long as `late` says. */
function arrivals(late: (intendedMs: number) => number = () => 20): Outcome[] {
  return Array.from({ length: 1000 }, (_, index) => {
    const intendedMs = 1000 + index * 10;
    return { region: 'here', intendedMs, sentMs: intendedMs, endedMs: intendedMs + late(intendedMs), outcome: 'ok', reason: null };
  });
}

describe('an outage', () => {
  test('is the longest gap that overlaps the fault, beside the longest of the steady part', () => {
    const faults = faultsOf(new Stream().at(5000).fault('begin', ['n2']).at(8000).fault('end', ['n2']));
    const late = (atMs: number) => (atMs >= 4990 && atMs < 6500 ? 6500 - atMs + 20 : 20);
    const { rows, figures } = outagesOf(faults, null, commitsWithout(4990, 6500).filter((atMs) => atMs <= 3000 || atMs >= 3100), arrivals(late), window);
    expect(rows).toMatchObject([{ fault: 'crash', index: 0, atMs: 5000, nodes: ['n2'], outageMs: 1510, steadyMs: 100, recoveredMs: 1500, leaderAfter: null }]);
    expect(figures).toEqual({
      outage: { value: 1510, unit: 'ms', bound: '=' }, 'outage.steady': { value: 100, unit: 'ms', bound: '=' }, recovered: { value: 1500, unit: 'ms', bound: '=' },
    });
  });

  test('names who led when it ended, by the nodes\' own word', () => {
    const stream = new Stream().at(500).status('n1', { role: 'leader' }).at(5000).fault('begin', ['n1']).at(6400).status('n3', { role: 'leader', epoch: 2 }).at(6600).status('n2', { role: 'leader', epoch: 3 });
    const leaders = new Leaders();
    for (const event of stream.events) leaders.observe(event);
    const after = (toMs: number, known: Leaders | null = leaders) => outagesOf(faultsOf(stream), known, commitsWithout(4990, toMs), arrivals(), window).rows[0]?.leaderAfter;
    expect([after(5500), after(6500), after(7000), after(Infinity), after(6500, null)]).toEqual(['n1', 'n3', 'n2', null, null]);
  });

  test('that no commit ends is a lower bound, and nothing recovered', () => {
    const faults = faultsOf(new Stream().at(5000).fault('begin'));
    const { rows, figures } = outagesOf(faults, null, commitsWithout(4990, Infinity), arrivals(), window);
    expect(rows[0]).toMatchObject({ outageMs: 6010, recoveredMs: null });
    expect(figures['outage']).toEqual({ value: 6010, unit: 'ms', bound: '>' });
    expect(figures['recovered']).toMatchObject({ value: null });
  });

  test('ends for the clients only when 190 of 200 arrivals are as quick as before', () => {
    const faults = faultsOf(new Stream().at(5000).fault('begin').at(5000).fault('end'));
    const slow = (atMs: number) => (atMs >= 5000 && atMs < 8000 ? 300 : 20);
    const { rows } = outagesOf(faults, null, commitsWithout(5000, 5500), arrivals(slow), window);
    // Ten late ones may be among the first 200.
    expect(rows[0]?.recoveredMs).toBe(2900);
  });

  test('without a fault is null, with the steady gap', () => {
    const { rows, figures } = outagesOf(faultsOf(new Stream()), null, commitsWithout(3000, 3070), arrivals(), window);
    expect(rows).toEqual([]);
    expect(figures['outage']?.value).toBeNull();
    expect(figures['outage.steady']?.value).toBe(70);
  });

  test('outside the measure window does not count', () => {
    const faults = faultsOf(new Stream().at(100).fault('begin').at(900).fault('end'));
    const { rows, figures } = outagesOf(faults, null, commitsWithout(100, 900), arrivals(), window);
    expect(rows).toEqual([]);
    expect(figures['outage.steady']?.value).toBe(10);
  });
});

describe('the steps after a fault', () => {
  const faults = faultsOf(new Stream().at(5000).fault('begin', ['n1']).at(8000).fault('end', ['n1']));
  const leadersOf = (stream: Stream): Leaders => {
    const leaders = new Leaders();
    for (const event of stream.events) leaders.observe(event);
    return leaders;
  };
  const elected = () => leadersOf(new Stream().at(100).status('n1', { role: 'leader', epoch: 1 }).at(5100).status('n1', { role: 'follower', epoch: 1 })
    .at(5700).status('n2', { role: 'candidate', epoch: 2 }).at(5900).status('n2', { role: 'leader', epoch: 2 }).at(7000).status('n3', { role: 'candidate', epoch: 3 }));
  const late = (atMs: number) => (atMs >= 4990 && atMs < 6500 ? 6500 - atMs + 20 : 20);
  const windowOf = (leaders: Leaders | null, population = arrivals(late), commits = commitsWithout(4990, 6500)) => outagesOf(faults, leaders, commits, population, window).rows[0]?.window;

  test('are counted from its begin: another node notices, leads, commits', () => {
    expect(windowOf(elected())).toMatchObject({ detectedMs: 700, electedMs: 900, committedMs: 1500 });
  });

  test('are unknown of leaders where none stays, and where nobody took over', () => {
    expect(windowOf(null)).toMatchObject({ detectedMs: null, electedMs: null, committedMs: 1500 });
    expect(windowOf(leadersOf(new Stream().at(100).status('n1', { role: 'leader', epoch: 1 })))).toMatchObject({ detectedMs: null, electedMs: null });
  });

  test('end where nothing is committed any more', () => {
    expect(windowOf(null, arrivals(late), commitsWithout(4990, 99_999))).toMatchObject({ committedMs: null });
  });

  test('come with the operations that failed and that stalled, by region', () => {
    const population = arrivals(late).map((outcome, index) => ({ ...outcome, region: index % 2 === 0 ? 'here' : 'there' }));
    // One of each region is given up; one that is slow later on, when all is served as before, is not the fault's.
    for (const index of [450, 451, 455]) Object.assign(population[index] as Outcome, { outcome: 'unknown' });
    Object.assign(population[900] as Outcome, { endedMs: 99_999 });
    const found = windowOf(elected(), population);
    expect(found).toMatchObject({ failed: 3, regions: [{ region: 'here', failed: 1 }, { region: 'there', failed: 2 }] });
    // Sent from 4,990 to 6,490 ms and slower than 20 ms: 151 of them, less those that failed.
    expect(found?.stalled).toBe(148);
    expect(found?.regions.map(({ outageMs }) => outageMs)).toEqual([1520, 1530]);
  });
});
