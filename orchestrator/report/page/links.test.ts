// Links over time on the page: each state from when it was in force, the window's begin included; charts only of what changes.
import { beforeAll, expect, test } from 'vitest';
import { PERFECT_LINK } from '../../../netem/link.ts';
import { reportRuns } from '../../../test/report-runs.ts';
import type { LabEvent } from '../../kinds.ts';
import { LinkLines } from './links.ts';
import { renderPage } from './page.ts';
import type { RunRecord } from './record.ts';

const slow = { ...PERFECT_LINK, delayMs: 40 };
const plan = {
  links: { n1: { n2: slow }, n2: { n1: slow } },
  linkSchedule: {
    entries: [], tracks: [
      { links: [['n1', 'n2'], ['n2', 'n1']] as const, steps: [{ atMs: 500, link: { delayMs: 50 } }, { atMs: 2000, link: { delayMs: 60, lossPct: 5 } }, { atMs: 3000, link: null }, { atMs: 9000, link: { delayMs: 1 } }] },
      { links: [['n2', 'n3']] as const, steps: [{ atMs: 100, link: { delayMs: 7 } }] },
    ],
  },
};

test('a line has the state at the begin of the window and each later one, from when it was in force; what does not change there has none', () => {
  const lines = new LinkLines(plan, 1000);
  const changes = [[100, 102], [500, 510], [2000, 2030], [3000, 3004], [9000, 9001]] as const;
  changes.forEach(([plannedMs, atMs], sequence) => lines.observe({ type: 'scheduled-links', atMs, plannedMs, skipped: 0, node: 'lab', life: 0, sequence } satisfies LabEvent));
  const points = lines.finish(5000).map(({ first, count, points: each }) => [`${first} of ${count}`, each.map(({ atMs, link: { delayMs, lossPct } }) => [atMs, delayMs, lossPct])]);
  expect(points).toEqual([['n1 → n2 of 2', [[0, 50, 0], [1030, 60, 5], [2004, 40, 0]]]]);
});

const SCHEDULED = `
name: scheduled
protocols: [raft]
nodes: 3
leader: n1
network:
  links: { "* - *": { delay: 10ms } }
  schedule:
    - { at: 1s, links: n1 - n2, delay: 25ms, for: 1s }
    - { at: 2500ms, links: n1 - n3, loss: 5% }
load: { rate: 50/s, timeout: 2s }
run: { warmup: 1s, measure: 3s }
`;
let records: readonly RunRecord[];
beforeAll(async () => { records = await reportRuns(SCHEDULED); });

test('the page draws the delay and the loss of the links that change, and says what that leaves of the optimum', () => {
  const page = renderPage(records);
  expect(page).toContain('<h2>Links over time</h2>');
  expect(page).toContain('Configured delay of the links of raft on sim over time');
  expect(page).toContain('Configured loss of the links of raft on sim over time');
  expect(page).toContain('raft on sim: the links change by network.schedule in the measure window, 3 times, first 1 s into it: measured/optimum counts the commands sent before');
  const data = /href="([^"]*)">Download raft-sim-1-links-delay.csv/.exec(page)?.[1] ?? '';
  expect(decodeURIComponent(data)).toContain('\r\n1,n1 → n2 and 1 more,25,0,0,\r\n');
  expect(records[0]?.faults).toEqual([]);
});

test('where links stay as they are there is no such chart', async () => {
  const calm = await reportRuns(SCHEDULED.replace(/ {2}schedule:\n(.*\n){2}/, ''));
  expect(renderPage(calm)).not.toContain('Links over time');
});

test('links that change at once leave no optimum, and the page says so', async () => {
  const restless = await reportRuns(SCHEDULED.replace('at: 1s', 'at: 1ms'));
  const page = renderPage(restless);
  expect(page).toContain('0.001 s into it: there is no optimum, which is of the time before');
  expect(restless[0]?.summary.metrics['optimum.ratio']?.value).toBeNull();
  expect(page.replace(/<script>.*<\/script>/s, '')).not.toMatch(/NaN|undefined|Infinity/);
  expect(/<p class="headline">.*?<\/p>/s.exec(page)?.[0].replaceAll(/<[^>]*>/g, '')).toMatch(/^raft answered half of all commands within \d+ ms\.?$/);
});
