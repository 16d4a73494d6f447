// The board of the figures over commits of the lab: each run at its time, beside a baseline commit, and what each commit measured.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board, one, reportsVariable, several } from './board.ts';
import { by, columns, equals, series, table } from './influxql.ts';
import { bars, colouredBy, colouredWords, fixed, overTime, rows, transform, UNITS, type Unit, widths } from './panels.ts';
import { BEGAN, RATIO_STEPS, REPORT_LINK, RUN_LINK, shortHash, VERDICTS } from './runs.ts';

/** Below it the axis has nothing to show. */
const RATIO_FROM = 0.9;
const NONE = 'no run of this choice in this time';
const where = `${by('experiment', 'protocol', 'runner', 'title')} AND $timeFilter`;

/** Each run a point, and a dashed line from the baseline on. */
function trend(title: string, name: string, unit: Unit, description: string, softMin = 0) {
  return overTime({
    title, description: `${description} Dashed: what the baseline commit measured.`, unit, none: NONE,
    targets: [
      series('A', `SELECT "${name}" FROM "run" WHERE ${where} GROUP BY "experiment", "protocol", "runner"`, '$tag_experiment: $tag_protocol, $tag_runner'),
      series('B', `SELECT last("${name}") FROM "run" WHERE ${where} AND ${equals('revision', 'baseline')} GROUP BY time($__interval), "experiment", "protocol", "runner" fill(previous)`, 'baseline of $tag_experiment: $tag_protocol, $tag_runner'),
    ],
  }).axisSoftMin(softMin).overrideByQuery('A', [{ id: 'custom.showPoints', value: 'always' }, { id: 'custom.pointSize', value: 7 }])
    .overrideByQuery('B', [{ id: 'custom.lineInterpolation', value: 'stepAfter' }, { id: 'custom.lineStyle', value: { fill: 'dash', dash: [4, 6] } }, { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } }, { id: 'color', value: fixed('text') }]);
}

/** Of the last run of each commit and protocol. */
function ofCommits(title: string, name: string, unit: Unit) {
  return bars({
    title: `${title} of each commit`, description: 'Of the last run of each git commit in this time, by protocol.', unit, none: NONE, name: 'revision\\protocol',
    targets: [table('A', `SELECT ${columns('protocol', 'revision', [name, 'figure'])} FROM "run" WHERE ${where}`)],
  }).withTransformation(transform('groupingToMatrix', { columnField: 'protocol', rowField: 'revision', valueField: 'figure', emptyValue: 'null' })).overrideByName('revision\\protocol', shortHash());
}

const RUNS = widths(rows({
  title: 'Runs by commit', description: 'The title opens the board of the run, the folder its report page. Only runs that are fit as a baseline may be one.', unit: UNITS.ms, none: NONE,
  targets: [table('A', `SELECT ${columns('revision', 'modified', 'version', 'baseline_fit', 'title', 'run', 'folder', 'verdict', ['commit.p50', 'p50'], ['commit.p99', 'p99'], 'throughput', ['optimum.ratio', 'measured / optimum'], 'machine', 'started', 'ended')} FROM "run" WHERE ${where} ORDER BY time DESC LIMIT 500`)],
}).withTransformation(transform('organize', { excludeByName: {}, indexByName: {}, renameByName: { Time: 'began', baseline_fit: 'fit as baseline' } }))
  .overrideByName('began', BEGAN).overrideByName('title', [{ id: 'links', value: [RUN_LINK] }]).overrideByName('folder', [{ id: 'links', value: [REPORT_LINK] }])
  .overrideByRegexp('/^(run|started|ended)$/', [{ id: 'custom.hidden', value: true }, { id: 'unit', value: UNITS.text }])
  .overrideByName('verdict', colouredWords(VERDICTS))
  .overrideByName('revision', shortHash()).overrideByName('throughput', [{ id: 'unit', value: UNITS.perSecond }]).overrideByName('measured / optimum', [{ id: 'unit', value: UNITS.ratio }, { id: 'decimals', value: 3 }, ...colouredBy(RATIO_STEPS)]), { began: 125, revision: 85, modified: 75, version: 70, 'fit as baseline': 110, title: 190, folder: 275, verdict: 75, p50: 75, p99: 75, throughput: 95, 'measured / optimum': 150 });

export function trendsBoard(): Dashboard {
  const tagValues = (tag: string, of: string) => `SHOW TAG VALUES FROM "run" WITH KEY = "${tag}"${of === '' ? '' : ` WHERE ${of}`}`;
  return board({
    uid: 'lab-trends', title: 'Trends', description: 'Figures over the commits of the lab, beside a baseline.', from: 'now-7d', refresh: false,
    variables: [
      several('experiment', 'experiment', tagValues('experiment', '')), several('protocol', 'protocol', tagValues('protocol', by('experiment'))), several('runner', 'runs on', tagValues('runner', '')),
      several('title', 'what was run', `SELECT "title", "state" FROM "run" WHERE ${by('experiment', 'protocol', 'runner')} ORDER BY time DESC LIMIT 500`),
      one('baseline', 'baseline commit', `SELECT "revision", "state" FROM "run" WHERE ${by('experiment')} AND "baseline_fit" = true ORDER BY time ASC LIMIT 500`), reportsVariable(),
    ],
    annotations: [],
    rows: [
      { height: 9, panels: [[12, trend('p50', 'commit.p50', UNITS.ms, 'Median commit latency of each run.')], [12, trend('p99', 'commit.p99', UNITS.ms, 'Commit latency of each run, 99th percentile.')]] },
      { height: 9, panels: [[12, trend('Throughput', 'throughput', UNITS.perSecond, 'Commands answered ok per second.')], [12, trend('Measured / optimum', 'optimum.ratio', UNITS.ratio, 'Measured p50 over that of the closed form.', RATIO_FROM)]] },
      { height: 9, panels: [[12, trend('Messages per commit', 'messagesPerCommit', UNITS.count, 'Datagrams of all nodes for each command.')], [12, trend('Outage', 'outage', UNITS.ms, 'Longest gap between commits that overlaps a fault.')]] },
      { height: 10, panels: [[12, ofCommits('p50', 'commit.p50', UNITS.ms)], [12, ofCommits('Messages per commit,', 'messagesPerCommit', UNITS.count)]] },
      { height: 10, panels: [[24, RUNS]] },
    ],
  });
}
