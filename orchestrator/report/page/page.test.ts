// The page says what the data says: the sentence on top, figures with their units, no string of a user as markup, no
// extreme lost, the same bytes for the same runs.
import { beforeAll, describe, expect, test } from 'vitest';
import { reportRuns } from '../../../test/report-runs.ts';
import { html } from './html.ts';
import { renderPage } from './page.ts';
import { CDF_SHARES, type RunRecord } from './record.ts';
import { linearScale, logScale } from './scale.ts';
import { bucketsOf, outline } from './series.ts';

const CRASH = `
name: leader-loss
protocols: [raft, { stick: { roundMs: 1000 } }]
nodes: 5
network: { wan: aws-5 }
load: { rate: 100/s, timeout: 3s }
run: { warmup: 4s, measure: 8s, settle: 4s }
faults: [{ at: 2s, crash: leader, for: 2s }]
`;

let records: readonly RunRecord[];
let page: string;
beforeAll(async () => {
  records = await reportRuns(CRASH);
  page = renderPage(records);
});

/** Text of the page without markup, styles and scripts. */
function textOf(document: string): string {
  return document.replaceAll(/<(style|script)>[\s\S]*?<\/\1>/g, ' ').replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ').replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&gt;', '>');
}

const headlineOf = (document: string) => textOf(/<p class="headline">.*?<\/p>/s.exec(document)?.[0] ?? '').trim();

test('the lines of a file that a page does not read change nothing on it', async () => {
  const passedOver = new Set<string>();
  const read = await reportRuns(CRASH, 1, {
    event: (event, { unread }) => {
      if (!unread.has(event.type)) return event;
      passedOver.add(event.type);
      return null;
    },
  });
  expect([...passedOver]).toEqual(expect.arrayContaining(['sent', 'received', 'durable', 'committed']));
  expect(read).toEqual(records);
  expect(read.at(-1)?.rounds?.lost).toBeGreaterThan(0);
});

describe('the sentence on top', () => {
  test('tells how long nothing was committed, or how many rounds were lost', () => {
    const outage = Math.round(records[0]?.summary.outages[0]?.outageMs ?? 0).toLocaleString('en-US');
    expect(headlineOf(page)).toMatch(new RegExp(`^When the leader crashed at 2(\\.\\d)? s, raft committed nothing for ${outage} ms ; stick lost (none|\\d+) of 8 rounds`.replaceAll(' ;', ' ?;')));
  });

  test('tells the speed where there was no fault', async () => {
    const calm = await reportRuns(CRASH.replace(/faults.*/, '').replace('8s', '3s'));
    expect(headlineOf(renderPage(calm))).toMatch(/^raft answered half of all commands within \d+ ms, where \d+ ms is the optimum ?; stick answered half/);
  });

  test('tells nothing but the violation where a claim is violated', () => {
    const [first] = records as [RunRecord];
    const verdicts = [{ check: 'durability', claim: 'durability' as const, valid: false, because: 'slot 4 is gone', witness: { slot: 4 } }];
    const violated = renderPage([{ ...first, summary: { ...first.summary, verdicts, publishable: false } }]);
    expect(headlineOf(violated)).toBe('raft broke what it claims: durability.');
    expect(textOf(violated)).toContain('figures void: a claim is violated');
    expect(textOf(violated)).toContain('✕ violated (it claims durability)');
    expect(textOf(violated)).toContain('"slot": 4');
    expect(textOf(violated)).not.toContain('✓ ok');
  });
});

test('the first table has each figure with its unit', () => {
  const row = textOf(/<tbody role="rowgroup">.*?<\/tr>/s.exec(page)?.[0] ?? '');
  const p50 = records[0]?.summary.metrics['commit.p50']?.value ?? 0;
  expect(row).toContain(`p50 ms ${p50.toFixed(0)}`);
  expect(row).toMatch(/p99 ms [\d,]+\*? commits \/s \d+ outage ms [\d,]+ \/ optimum \d\.\d{3}/);
});

test('the error of each clock stands right under the latency, and where clocks are right there is no such chart', async () => {
  const wrong = renderPage(await reportRuns(CRASH.replace(/, \{ stick.*\}/, '').replace('8s', '3s').replace(/faults.*/, 'faults: [{ at: 1s, clock-offset: n2, offset: -400ms, for: 1s }]')));
  expect([...wrong.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title).slice(0, 3)).toEqual(['Latency over time', 'Clock error', 'Latency distribution']);
  expect(page).not.toContain('Clock error');
});

test('what the experiment predicts stands beside what was measured, and without a prediction there is no such section', async () => {
  const [predicted] = (await reportRuns(CRASH.replace(/, \{ stick.*\}/, '').replace('8s', '3s').replace(/faults.*/, 'predicted: [{ of: raft, offered: 50/s, violated.agreement: 0% }]'))) as [RunRecord];
  const text = textOf(renderPage([predicted]));
  expect(text.slice(text.indexOf('Predicted and measured')).slice(0, 600)).toMatch(/● raft on sim offered 50\/s [\d.]+\/s \+[\d.]+ % ● raft on sim violated\.agreement 0 % 0 % 0 points 0 of 1/);
  expect(textOf(page)).not.toContain('Predicted and measured');
});

test('a rotating leadership loses the rounds of a node that is down', async () => {
  const [stick] = (await reportRuns(CRASH.replace('raft, ', '').replace('crash: leader, for: 2s', 'crash: n1').replace('measure: 8s', 'measure: 16s'))) as [RunRecord];
  expect(stick.rounds?.all).toBe(16);
  expect(stick.rounds?.lost).toBeGreaterThan(0);
  expect(stick.rounds?.lost).toBeLessThan(16);
  expect(stick.roles.filter(({ node, state }) => node === 'n1' && state === 'down')).toEqual([expect.objectContaining({ toMs: 16_000 })]);
});

test('who led is told by the nodes, and a dead one leads no more', () => {
  const [raft] = records as [RunRecord];
  const reigns = raft.roles.filter(({ state }) => state === 'leader').sort((a, b) => a.fromMs - b.fromMs);
  expect(reigns.length).toBeGreaterThanOrEqual(2);
  const [before, after] = reigns;
  expect(before?.toMs).toBe(raft.faults[0]?.fromMs);
  expect(after?.fromMs).toBeGreaterThan(before?.toMs ?? Infinity);
  expect(after?.node).not.toBe(before?.node);
});

test('a stopped node is down until its next life, a restarted one hardly', async () => {
  const [stopped] = (await reportRuns(CRASH.replace(/, \{ stick.*\}/, '').replace(/crash: leader, for: 2s/, 'stop: n2, for: 2s'))) as [RunRecord];
  const [down] = stopped.roles.filter(({ node, state }) => node === 'n2' && state === 'down');
  expect((down?.toMs ?? 0) - (down?.fromMs ?? 0)).toBeCloseTo(2_000, -2);
  expect(headlineOf(renderPage([stopped]))).toMatch(/^When n2 was stopped at 2(\.\d)? s, raft (kept committing|committed nothing)/);
});

test('the distribution ranks commands without an ok above every number', async () => {
  const [raft] = (await reportRuns(CRASH, 1, { event: (event) => (event.type === 'reply' && event.atMs > 10_000 ? { ...event, reply: { outcome: 'fail', reason: 'busy' } } : event) })) as [RunRecord];
  expect(raft.quantiles.at(-1)).toBeNull();
  expect(raft.quantiles[CDF_SHARES.indexOf(0.1)]).toBeGreaterThan(0);
  const failed = raft.lost.reduce((sum, lost) => sum + lost.failed, 0);
  expect(failed).toBeGreaterThan(50);
  expect(renderPage([raft])).toContain('class="lost"');
});

test('the closed form is drawn where it is the one that the run was judged by, else not', async () => {
  expect(records.map(({ closedForm }) => closedForm?.length)).toEqual([CDF_SHARES.length, CDF_SHARES.length]);
  expect(page.match(/class="dashed/g)).toHaveLength(2);
  const other = await reportRuns(CRASH, 1, { summary: (summary) => ({ ...summary, expected: summary.expected.map((row) => ({ ...row, expectedP50Ms: row.expectedP50Ms + 1 })) }) });
  expect(other.map(({ closedForm }) => closedForm)).toEqual([null, null]);
});

test('what users wrote is never markup', () => {
  const evil = '<img src=x onerror=alert(1)>"\'&</script>';
  const [first] = records as [RunRecord];
  const { plan } = first.summary;
  const named = { ...first, summary: {
    ...first.summary, invalid: [evil], plan: { ...plan, experiment: evil, label: evil, warnings: [evil], network: { profile: evil, source: evil }, nodes: plan.nodes.map((node) => ({ ...node, region: evil })) },
    expected: first.summary.expected.map((row) => ({ ...row, region: evil })), outages: first.summary.outages.map((outage) => ({ ...outage, fault: evil })),
    verdicts: [{ check: evil, claim: null, valid: false, because: evil, witness: evil }],
  }, faults: first.faults.map((fault) => ({ ...fault, name: evil })) };
  const document = renderPage([named]);
  expect(document).not.toContain('<img');
  expect(document.match(/<\/script>/g)).toHaveLength(1);
  expect(document).not.toContain('"\'&<');
});

test('repetitions are one row with the range of their figures, and a line each in the distribution', async () => {
  const repeated = await reportRuns(CRASH.replace(/, \{ stick.*\}/, ''), 3);
  const document = renderPage(repeated);
  const body = /<table class="overview".*?<\/table>/s.exec(document)?.[0] ?? '';
  expect(body.match(/<tr role="row">/g)).toHaveLength(2);
  expect(textOf(body)).toMatch(/3 runs p50 ms \d+ \d+ – \d+/);
  expect(document.match(/class="line c0" d="[^"]*1000L/g)).toHaveLength(3);
});

test('the same runs make the same bytes, and the page asks for nothing', () => {
  expect(renderPage(records)).toBe(page);
  expect(page).toContain("default-src 'none'");
  expect(page.replaceAll(/(href|download)="(data:|[\w-]+\.csv)/g, '')).not.toMatch(/https?:|src=|@import|url\(/);
});

test('down-sampling keeps the least and the largest of every moment', () => {
  const points = Array.from({ length: 60_000 }, (_, index) => ({ atMs: index * 10, value: index === 31_234 ? 9_000 : index === 100 ? 1 : 100 + (index % 7) }));
  const buckets = bucketsOf(points, 600_000, 360);
  expect(buckets).toHaveLength(360);
  expect(Math.max(...buckets.map(({ most }) => most))).toBe(9_000);
  expect(Math.min(...buckets.map(({ least }) => least))).toBe(1);
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(60_000);
  const line = outline(points, 600_000, 360);
  expect(line.length).toBeLessThanOrEqual(720);
  expect(line.map(({ value }) => value)).toEqual(expect.arrayContaining([1, 9_000]));
});

test('scales have round ticks within their ends', () => {
  expect(linearScale(0, 12, 10).ticks.map(({ label }) => label)).toEqual(['0', '2', '4', '6', '8', '10', '12']);
  expect(logScale(90, 6_000).ticks.map(({ label }) => label)).toEqual(['100', '200', '500', '1,000', '2,000', '5,000']);
  expect(logScale(90, 6_000).at(10)).toBe(0);
  expect(linearScale(-0.3, 0.3, 4).ticks.map(({ label }) => label)).toEqual(['-0.2', '0', '0.2']);
});

test('a template escapes what is put into it, and only that', () => {
  expect(html`<b title="${'"<'}">${['&', html`<i>${1}</i>`, null]}</b>`.html).toBe('<b title="&quot;&lt;">&amp;<i>1</i></b>');
});
