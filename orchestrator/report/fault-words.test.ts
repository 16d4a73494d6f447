// Faults over repetitions: the median with its range, and a step that some runs lack is not passed over in silence.
import { expect, test } from 'vitest';
import type { Outage, Summary } from '../kinds.ts';
import { faultRanges } from './experiment.ts';
import { faultsInWords } from './fault-words.ts';

function run(changes: { readonly committedMs?: number | null; readonly recoveredMs?: number | null; readonly failed?: number } = {}): Summary {
  const { committedMs = 1000, recoveredMs = 2000, failed = 0 } = changes;
  const outage: Outage = {
    fault: 'crash', index: 0, atMs: 5000, nodes: ['n1'], outageMs: 1050, steadyMs: 50, recoveredMs, leaderAfter: 'n2',
    window: { detectedMs: 700, electedMs: 900, committedMs, failed, stalled: 12, regions: [{ region: 'a', outageMs: 1100, failed, stalled: 5 }, { region: 'b', outageMs: 1300, failed: 0, stalled: 7 }] },
  };
  return { outages: [outage] } as unknown as Summary;
}

test('a single run has its steps, its operations and the region that waited longest', () => {
  expect(faultsInWords([run()])).toEqual(['crash (fault 1), ms after it: noticed 700, leader 900, commits 1000, as before 2000, failed 0, stalled 12; longest without an answer in b, 1300 ms']);
});

test('repetitions have a median and a range', () => {
  const [line] = faultsInWords([run({ committedMs: 900, failed: 3 }), run(), run({ committedMs: 1400 })]);
  expect(line).toContain('commits 1000 (900 … 1400), as before 2000, failed 0 (0 … 3), stalled 12');
});

test('a run that never recovered is not left out in silence', () => {
  expect(faultsInWords([run({ recoveredMs: null }), run(), run({ recoveredMs: 2500 })])[0]).toContain('as before 2000 (2000 … 2500) in 2 of 3 runs');
  expect(faultsInWords([run({ recoveredMs: null })])[0]).not.toContain('as before');
  expect(faultRanges([run({ recoveredMs: null }), run()])).toMatchObject([{ index: 0, runs: 2, known: { recovered: 1, committed: 2 } }]);
});

test('a run of a lab that kept no windows says nothing', () => {
  const [{ window, ...old }] = run().outages as [Outage];
  expect(window).toBeDefined();
  expect(faultsInWords([{ outages: [old] } as unknown as Summary])).toEqual([]);
});
