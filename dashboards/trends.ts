// The board of the figures over commits of the lab: each run at its time, beside a baseline commit, and what each commit measured.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board, one, reportsVariable, several } from './board.ts';
import { by, columns, equals, series, table } from './influxql.ts';
import { bars, colouredBy, colouredWords, fixed, overTime, rows, transform, UNITS, type Unit } from './panels.ts';
import { RATIO_STEPS, REPORT_LINK, RUN_LINK, VERDICTS } from './runs.ts';

const NONE = 'no run of this choice in this time';
const where = `${by('experiment', 'protocol', 'runner')} AND $timeFilter`;

/** Each run a point, and a dashed line from the baseline on. */
function trend(title: string, name: string, unit: Unit, description: string) {
  return overTime({
    title, description: `${description} Dashed: what the baseline commit measured.`, unit, none: NONE,
    targets: [
      series('A', `SELECT "${name}" FROM "run" WHERE ${where} GROUP BY "protocol", "runner"`, '$tag_protocol $tag_runner'),
      series('B', `SELECT last("${name}") FROM "run" WHERE ${where} AND ${equals('revision', 'baseline')} GROUP BY time($__interval), "protocol", "runner" fill(previous)`, 'baseline $tag_protocol $tag_runner'),
    ],
  }).overrideByQuery('A', [{ id: 'custom.showPoints', value: 'always' }, { id: 'custom.pointSize', value: 7 }])
    .overrideByQuery('B', [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [4, 6] } }, { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } }, { id: 'color', value: fixed('text') }]);
}

const COMMITS = bars({
  title: 'p50 of each commit', description: 'Median commit latency of the last run of each git commit in this time, by protocol.', unit: UNITS.ms, none: NONE, name: 'revision\\protocol',
  targets: [table('A', `SELECT ${columns('protocol', 'revision', ['commit.p50', 'p50'])} FROM "run" WHERE ${where}`)],
}).withTransformation(transform('groupingToMatrix', { columnField: 'protocol', rowField: 'revision', valueField: 'p50', emptyValue: 'null' }));

const RUNS = rows({
  title: 'Runs by commit', description: 'The title opens the board of the run, the folder its report page. Only runs that are fit as a baseline may be one.', unit: UNITS.ms, none: NONE,
  targets: [table('A', `SELECT ${columns('revision', 'modified', 'version', 'baseline_fit', 'title', 'run', 'folder', 'verdict', ['commit.p50', 'p50'], ['commit.p99', 'p99'], 'throughput', ['optimum.ratio', 'measured / optimum'], 'machine', 'started', 'ended')} FROM "run" WHERE ${where} ORDER BY time DESC LIMIT 500`)],
}).withTransformation(transform('organize', { excludeByName: {}, indexByName: {}, renameByName: { Time: 'began', baseline_fit: 'fit as baseline' } }))
  .overrideByName('title', [{ id: 'links', value: [RUN_LINK] }, { id: 'custom.width', value: 240 }]).overrideByName('folder', [{ id: 'links', value: [REPORT_LINK] }, { id: 'custom.width', value: 280 }])
  .overrideByRegexp('/^(run|started|ended)$/', [{ id: 'custom.hidden', value: true }, { id: 'unit', value: UNITS.text }])
  .overrideByName('verdict', colouredWords(VERDICTS))
  .overrideByName('throughput', [{ id: 'unit', value: UNITS.perSecond }]).overrideByName('measured / optimum', [{ id: 'unit', value: UNITS.ratio }, { id: 'decimals', value: 3 }, ...colouredBy(RATIO_STEPS)]);

export function trendsBoard(): Dashboard {
  const tagValues = (tag: string, of: string) => `SHOW TAG VALUES FROM "run" WITH KEY = "${tag}"${of === '' ? '' : ` WHERE ${of}`}`;
  return board({
    uid: 'lab-trends', title: 'Trends', description: 'Figures over the commits of the lab, beside a baseline.', from: 'now-7d', refresh: false,
    variables: [
      several('experiment', 'experiment', tagValues('experiment', '')), several('protocol', 'protocol', tagValues('protocol', by('experiment'))), several('runner', 'runs on', tagValues('runner', '')),
      one('baseline', 'baseline commit', `SELECT "revision", "state" FROM "run" WHERE ${by('experiment')} AND "baseline_fit" = true ORDER BY time ASC LIMIT 500`), reportsVariable(),
    ],
    annotations: [],
    rows: [
      { height: 9, panels: [[12, trend('p50', 'commit.p50', UNITS.ms, 'Median commit latency of each run.')], [12, trend('p99', 'commit.p99', UNITS.ms, 'Commit latency of each run, 99th percentile.')]] },
      { height: 9, panels: [[12, trend('Throughput', 'throughput', UNITS.perSecond, 'Commands answered ok per second.')], [12, trend('Measured / optimum', 'optimum.ratio', UNITS.ratio, 'Measured p50 over that of the closed form.')]] },
      { height: 9, panels: [[12, trend('Messages per commit', 'messagesPerCommit', UNITS.count, 'Datagrams of all nodes for each command.')], [12, trend('Outage', 'outage', UNITS.ms, 'Longest gap between commits that overlaps a fault.')]] },
      { height: 10, panels: [[24, COMMITS]] },
      { height: 10, panels: [[24, RUNS]] },
    ],
  });
}
