// A bottleneck of the generator or of a node, and a load that keeps step, stand in every view that shows figures of the run: the
// table, the report, the comparison as text and as a page, and the summary itself.
import { beforeAll, expect, test } from 'vitest';
import { reportRuns } from '../../test/report-runs.ts';
import { pairsOf, subjectsOf, type Side } from '../compare/sides.ts';
import { rowsOf } from '../compare/compare.ts';
import { renderComparison, type Comparison } from '../compare/words.ts';
import { doubtsOf } from './doubts.ts';
import { renderComparePage } from './page/compare-page.ts';
import { renderPage } from './page/page.ts';
import type { RunRecord } from './page/record.ts';
import { renderTable } from './table.ts';

const CONSTANT = `
name: in-step
protocols: [{ stick: { roundMs: 1000 } }]
nodes: 3
network: { wan: lan }
load: { rate: 10/s, arrivals: constant, timeout: 3s }
run: { warmup: 2s, measure: 8s, settle: 3s }
`;
const STEP = /the load keeps step with the round of 1000 ms/;
const BUSY = 'n2 used 97 % of a core: the rate is more than it can do here';
let locked: readonly RunRecord[];
let free: readonly RunRecord[];

beforeAll(async () => {
  locked = await reportRuns(CONSTANT, 1, { summary: (summary) => ({ ...summary, baseline: { fit: false, because: [...summary.baseline.because, BUSY] } }) });
  free = await reportRuns(CONSTANT.replace('constant', 'poisson'));
});

function comparison(name: string, records: readonly RunRecord[]): Comparison {
  const sides: readonly Side[] = [name, 'again'].map((side) => ({ name: side, entries: records.map(({ summary }) => ({ summary, node: 'v24', folder: side })) }));
  return { sides, excluded: [], pairs: pairsOf(subjectsOf(sides), sides).map((pair) => ({ ...pair, forced: [], differences: [], rows: rowsOf(pair) })) };
}

/** Each view as text without breaks and markup. */
function views(records: readonly RunRecord[]): readonly string[] {
  const compared = comparison('left', records);
  const recorded = subjectsOf(compared.sides).map((subject) => ({ subject, records }));
  return [renderTable(records.map(({ summary }) => summary), { width: 100 }), renderPage(records), renderComparison(compared, 100), renderComparePage(compared, recorded), JSON.stringify(records[0]?.summary.baseline)]
    .map((text) => text.replaceAll(/\s+/g, ' '));
}

test('every view tells of a load in step and of a node at its end', () => {
  for (const view of views(locked)) {
    expect(view).toMatch(STEP);
    expect(view).toContain(BUSY);
  }
});

test('no view tells of a load that comes when it likes', () => {
  expect(free.map(({ summary }) => doubtsOf(summary))).toEqual([[]]);
  for (const view of views(free)) expect(view).not.toMatch(/keeps step|not fit as a baseline/);
});

test('what makes a run invalid, and what its verdicts say, is not told twice', () => {
  const [{ summary }] = free as [RunRecord];
  const because = ['net', BUSY, 'durability is violated', 'the run was interrupted'];
  const [verdict] = summary.verdicts;
  expect(doubtsOf({ ...summary, invalid: ['net'], verdicts: [{ ...verdict as NonNullable<typeof verdict>, check: 'durability' }], baseline: { fit: false, because } })).toEqual([BUSY]);
});
