// The table as it is printed, word for word.
import { describe, expect, test } from 'vitest';
import { planWith } from '../../test/event-stream.ts';
import type { Figure, Plan, Summary } from '../kinds.ts';
import { renderTable } from './table.ts';

const ms = (value: number | null, changes: Partial<Figure> = {}): Figure => ({ value, unit: 'ms', bound: '=', ...changes });

function summary(plan: Partial<Plan>, figures: { readonly [name: string]: number | null | Figure }, changes: Partial<Summary> = {}): Summary {
  const defaults = { 'commit.p50': 91.2, 'commit.p99': 172.4, 'optimum.p50': 90.7, 'optimum.ratio': 1.0055, throughput: 99.8, outage: null, 'outage.steady': 88.4, errors: 0 };
  const metrics = Object.fromEntries(Object.entries({ ...defaults, ...figures }).map(([name, figure]) => [name, typeof figure === 'object' && figure !== null ? figure : ms(figure)]));
  return {
    version: 1, plan: planWith(plan), partial: false, publishable: true, invalid: [], baseline: { fit: true, because: [] }, metrics, regions: [], expected: [], outages: [],
    verdicts: [{ check: 'prefix-agreement', claim: 'agreement', valid: true, because: 'all nodes agree on 9 slots' }], missed: [], ...changes,
  };
}

const lines = (summaries: readonly Summary[], width = 100) => renderTable(summaries, { width }).split('\n');

describe('the table', () => {
  test('has a row for each protocol and runner', () => {
    expect(lines([
      summary({ label: 'raft' }, {}),
      summary({ label: 'raft', runner: 'local', shaper: 'userspace' }, { 'commit.p50': 93.1, 'optimum.ratio': 1.0265, outage: 1840.4, errors: 12 }),
      summary({ label: 'stick' }, { 'commit.p50': 754, 'commit.p99': ms(1310, { uncertain: true }), 'optimum.p50': null, 'optimum.ratio': null, 'outage.steady': null }),
    ])).toMatchInlineSnapshot(`
      [
        "protocol  runs on    commit          optimum  measured  commits  outage ms",
        "                     p50 ms  p99 ms   p50 ms  /optimum       /s   (steady)  errors  safety",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "raft      sim          91.2     172     90.7     1.006     99.8          –       0  ok",
        "raft      local        93.1     172     90.7     1.026     99.8       1840      12  ok",
        "          userspace                                                 (88.4)",
        "stick     sim           754   1310*        –         –     99.8          –       0  ok",
        "",
        "*        too few samples: fewer than 10 lie beyond this percentile, or the standard error of",
        "         measured/optimum is above 1 %",
      ]
    `);
  });

  test('says where time was virtual, and does not take it for a repetition of real time', () => {
    const inNamespaces = { label: 'raft', runner: 'netns', shaper: 'tc' };
    expect(lines([summary(inNamespaces, {}), summary({ ...inNamespaces, time: 'virtual' }, {})]).map((line) => line.slice(0, 30).trimEnd())).toEqual([
      'protocol  runs on       commit', '                        p50 ms', '──────────────────────────────', 'raft      netns           91.2', '          tc',
      'raft      netns           91.2', '          tc', '          virtual time', '',
    ]);
  });

  test('shows the verdict in place of the figures when a claim is violated', () => {
    const because = 'slot 17: n1 committed put k3=1 (c1:3) of epoch 2, n2 committed put k4=7 (c4:9) of epoch 3 (and 12 more)';
    expect(lines([summary({}, {}, { publishable: false, verdicts: [{ check: 'prefix-agreement', claim: 'agreement', valid: false, because }] })])).toMatchInlineSnapshot(`
      [
        "protocol  runs on  commit          optimum  measured  commits  outage ms",
        "                   p50 ms  p99 ms   p50 ms  /optimum       /s   (steady)  errors  safety",
        "────────────────────────────────────────────────────────────────────────────────────────",
        "raft      sim      figures void: agreement violated                         VIOLATED",
        "",
        "VIOLATED raft on sim, prefix-agreement (it claims agreement): slot 17: n1 committed put k3=1 (c1:3)",
        "         of epoch 2, n2 committed put k4=7 (c4:9) of epoch 3 (and 12 more)",
      ]
    `);
  });

  test('names findings, what is unknown, invalid, missed or to be known', () => {
    expect(lines([summary({ label: 'stick', warnings: ['electionMs 100 is shorter than a round trip'] }, { 'commit.p99': ms(5000, { bound: '>' }), 'commit.p50': ms(null, { bound: 'failed' }) }, {
      invalid: ['the load generator sent more than 10 ms late in 4 of 20 seconds'], missed: ['commit.p99 is only known to be more than 5000 ms, expected below 2500 ms'],
      verdicts: [
        { check: 'prefix-agreement', claim: 'agreement', valid: false, because: 'slot 4: n1 and n2 differ', finding: true },
        { check: 'linearizability', claim: 'linearizability', valid: 'unknown', because: 'key k0: not decided within 2000000 steps' },
      ],
    })])).toMatchInlineSnapshot(`
      [
        "protocol   runs on  commit          optimum  measured  commits  outage ms",
        "                    p50 ms  p99 ms   p50 ms  /optimum       /s   (steady)  errors  safety",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "stick      sim      failed  > 5000     90.7     1.006     99.8          –       0  finding",
        "(invalid)",
        "",
        "finding  stick on sim, prefix-agreement (it does not claim agreement): slot 4: n1 and n2 differ",
        "unknown  stick on sim, linearizability: key k0: not decided within 2000000 steps",
        "invalid  stick on sim: the load generator sent more than 10 ms late in 4 of 20 seconds",
        "missed   stick on sim: commit.p99 is only known to be more than 5000 ms, expected below 2500 ms",
        "warning  stick: electionMs 100 is shorter than a round trip",
        ">        a lower bound: it falls on a command whose outcome is unknown, counted to its timeout, or",
        "         on an outage that did not end",
        "failed   the percentile falls on a command that certainly did not happen",
      ]
    `);
  });

  test('marks a run that is valid but no baseline, and says why', () => {
    const because = ['the load generator sent 30 of 2000 commands more than 2 ms late'];
    const printed = lines([summary({}, {}, { baseline: { fit: false, because } }), summary({ label: 'other' }, {}, { invalid: because, baseline: { fit: false, because } })]);
    expect(printed.filter((line) => line.startsWith('('))).toEqual(['(no baseline)', '(invalid)']);
    expect(printed.filter((line) => /^(baseline|invalid)/.test(line))).toEqual([
      'baseline raft on sim cannot become one: the load generator sent 30 of 2000 commands more than 2 ms',
      'invalid  other on sim: the load generator sent 30 of 2000 commands more than 2 ms late',
    ]);
  });

  test('gives the median and the range of repeated runs, and the regions of the first', () => {
    const region = { entry: 'n1', leader: 'n1', expectedMeanMs: 1, measuredMeanMs: 1, samples: 9, samplingErrorMs: 0, ksDistance: null };
    const expected = [{ ...region, region: 'us-east-1', expectedP50Ms: 90.7, measuredP50Ms: 91 }, { ...region, region: 'eu-west-1', expectedP50Ms: 160, measuredP50Ms: null, samplingErrorMs: 12.4 }];
    const runs = [[91, 1700], [95, 2100], [90.5, 1900]].map(([p50, outage], repetition) => summary(
      { label: 'a-very-long-label-of-raft', repetition: repetition + 1, seed: `s${repetition}` }, { 'commit.p50': p50 as number, outage: outage as number }, { expected }));
    expect(lines(runs)).toMatchInlineSnapshot(`
      [
        "protocol          runs on  commit          optimum  measured  commits  outage ms",
        "                           p50 ms  p99 ms   p50 ms  /optimum       /s   (steady)  errors  safety",
        "────────────────────────────────────────────────────────────────────────────────────────────────",
        "a-very-long-lab…  sim        91.0     172     90.7     1.006     99.8       1900       0  ok",
        "  least of 3                 90.5     172     90.7     1.006     99.8       1700       0",
        "  most                       95.0     172     90.7     1.006     99.8       2100       0",
        "                                                                          (88.4)",
        "",
        "regions  a-very-long-label-of-raft on sim, run 1, measured/optimum p50 ms: us-east-1 91.0/90.7,",
        "         eu-west-1 –/160 ±12.4",
        "±        one standard error of the median of so few samples, by the closed form",
        "runs     the median of the runs; below it the least and the most",
      ]
    `);
  });

  test('says that measured/optimum leaves out what came after the first fault', () => {
    const expected = [{ region: 'lan', entry: 'n1', leader: 'n1', expectedP50Ms: 9, expectedMeanMs: 9, measuredP50Ms: 9, measuredMeanMs: 9, samples: 50, samplingErrorMs: null, ksDistance: null }];
    const schedule: Plan['schedule'] = [{ atMs: 5000, fault: { name: 'crash', index: 0, phase: 'begin' }, action: { type: 'crash', node: 'n1', disk: 'keep' } }];
    const note = 'measured/optimum counts the commands sent before the first fault; p50 and p99 count all of them';
    expect(lines([summary({ schedule }, {}, { expected })])).toContain(note);
    expect(lines([summary({}, {}, { expected })])).not.toContain(note);
  });

  test('keeps runs apart that differ in more than their seed', () => {
    const rows = lines([summary({}, {}), summary({ fsyncMs: 5 }, {})]).filter((line) => line.startsWith('raft'));
    expect(rows).toHaveLength(2);
  });

  test.each([100, 80, 60])('wraps its words at %d columns', (width) => {
    const because = 'slot 17: n1 committed something that is told at some length here, '.repeat(4);
    const printed = lines([summary({}, {}, { verdicts: [{ check: 'integrity', claim: 'validity', valid: false, because }] })], width);
    const words = printed.slice(printed.indexOf('') + 1);
    expect(words.length).toBeGreaterThan(2);
    expect(Math.max(...words.map(({ length }) => length))).toBeLessThanOrEqual(width);
    expect(words.join(' ').replaceAll(/\s+/g, ' ')).toContain(because.trim());
  });
});
