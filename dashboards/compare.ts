// The board that sets runs and protocols beside each other.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board, one, reportsVariable, several } from './board.ts';
import { by, type Column, columns, table } from './influxql.ts';
import { against, bars, colouredBy, colouredWords, rows, transform, UNITS, widths } from './panels.ts';
import { BEGAN, RATIO_STEPS, REPORT_LINK, RUN_LINK, VERDICTS } from './runs.ts';

/** So that the words at the end of a bar have room. */
const RATIO_TO = 1.2;
const NONE = 'no run of this choice in this time';
const where = `${by('experiment', 'protocol', 'run')} AND $timeFilter`;
const ofRuns = (...names: readonly Column[]) => `SELECT ${columns(...names)} FROM "run" WHERE ${where}`;

const RUNS = widths(rows({
  title: 'Runs', description: 'Those of the time and the choice above. The title opens the board of the run at its time, the folder its report page.', unit: UNITS.ms, none: NONE,
  targets: [table('A', `${ofRuns('title', 'run', 'folder', 'verdict', ['rtt_ms', 'median RTT'], 'offered', 'throughput', ['commit.p50', 'p50'], ['commit.p99', 'p99'], ['optimum.ratio', 'measured / optimum'], 'errors', 'outage', 'started', 'ended')} ORDER BY time DESC LIMIT 500`)],
}).withTransformation(transform('organize', { excludeByName: {}, indexByName: {}, renameByName: { Time: 'began' } }))
  .overrideByName('began', BEGAN).overrideByName('title', [{ id: 'links', value: [RUN_LINK] }]).overrideByName('folder', [{ id: 'links', value: [REPORT_LINK] }])
  .overrideByRegexp('/^(run|started|ended)$/', [{ id: 'custom.hidden', value: true }, { id: 'unit', value: UNITS.text }])
  .overrideByName('verdict', colouredWords(VERDICTS))
  .overrideByName('measured / optimum', [{ id: 'unit', value: UNITS.ratio }, { id: 'decimals', value: 3 }, ...colouredBy(RATIO_STEPS)])
  .overrideByRegexp('/^(offered|throughput)$/', [{ id: 'unit', value: UNITS.perSecond }, { id: 'decimals', value: 1 }])
  .overrideByName('errors', [{ id: 'unit', value: UNITS.count }, ...colouredBy([[null, 'text'], [1, 'orange']])]), { began: 125, title: 190, folder: 275, verdict: 75, 'median RTT': 105, offered: 80, throughput: 95, p50: 75, p99: 75, 'measured / optimum': 150, errors: 65, outage: 75 });

const LATENCY = bars({
  title: 'Commit latency', description: 'Median and 99th percentile of each run.', unit: UNITS.ms, none: NONE, name: 'title',
  targets: [table('A', ofRuns('title', ['commit.p50', 'p50'], ['commit.p99', 'p99']))],
});

const RATIOS = bars({
  title: 'Measured / optimum', description: 'Measured p50 over the p50 of the closed form: 1 (the line) is the least that the network allows. Runs without a closed form are left out.', unit: UNITS.number, none: NONE, name: 'title', limit: [1, 'green'], decimals: 3, softMax: RATIO_TO,
  targets: [table('A', `${ofRuns('title', ['optimum.ratio', 'measured / optimum'])} AND "optimum.ratio" > 0`)],
});

const AGAINST_DELAY = against({
  title: 'Latency against the delay of the network', description: 'Median commit latency against the median round trip between two nodes, a line for each protocol.', unit: UNITS.ms, none: NONE, x: 'median round trip', xUnit: UNITS.ms, y: 'p50', each: 'protocol', as: 'lines',
  targets: [table('A', `SELECT ${columns('protocol', ['rtt_ms', 'median round trip'], ['commit.p50', 'p50'])} FROM "run" WHERE ${where}`)],
});

const AGAINST_LOAD = against({
  title: 'Throughput against load', description: 'Commands answered ok per second against those that were asked for. What lies on the diagonal keeps up.', unit: UNITS.perSecond, none: NONE, x: 'offered', xUnit: UNITS.perSecond, y: 'answered', each: 'protocol', as: 'lines',
  targets: [table('A', `SELECT ${columns('protocol', 'offered', ['throughput', 'answered'])} FROM "run" WHERE ${where}`)],
});

const OUTAGES = bars({
  title: 'Outages', description: 'Longest gap between commits that overlaps a fault, the longest that overlaps none, and how long it took until arrivals were served as before.', unit: UNITS.ms, none: NONE, name: 'title',
  targets: [table('A', ofRuns('title', ['outage', 'under a fault'], ['outage.steady', 'without'], ['recovered', 'until recovered']))],
});

const COSTS = bars({
  title: 'Spent per commit', description: 'Datagrams and flushes of all nodes together for each command.', unit: UNITS.count, none: NONE, name: 'title', decimals: 1,
  targets: [table('A', ofRuns('title', ['messagesPerCommit', 'messages'], ['fsyncsPerCommit', 'flushes']))],
});

const REGIONS = rows({
  title: 'Client regions beside the closed form', description: 'Median of the commands before the first fault, region by region.', unit: UNITS.ms, none: 'no closed form for these runs',
  targets: [table('A', `SELECT ${columns('run', 'region', ['expected_p50', 'optimum'], ['measured_p50', 'measured'], 'ratio', 'samples', 'entry', 'leader')} FROM "client_region" WHERE ${by('experiment', 'protocol', 'run', 'region')} AND $timeFilter`)],
}).withTransformation(transform('organize', { excludeByName: { Time: true }, indexByName: {}, renameByName: { entry: 'enter at' } })).overrideByName('run', [{ id: 'custom.width', value: 280 }])
  .overrideByName('ratio', [{ id: 'unit', value: UNITS.ratio }, { id: 'decimals', value: 3 }, ...colouredBy(RATIO_STEPS)]).overrideByName('samples', [{ id: 'unit', value: UNITS.count }]);

export function compareBoard(): Dashboard {
  const tagValues = (tag: string, of: string) => `SHOW TAG VALUES FROM "run" WITH KEY = "${tag}"${of === '' ? '' : ` WHERE ${of}`}`;
  return board({
    uid: 'lab-compare', title: 'Compare', description: 'Several runs or protocols beside each other.', from: 'now-24h', refresh: false,
    variables: [
      several('experiment', 'experiment', tagValues('experiment', '')), several('protocol', 'protocol', tagValues('protocol', by('experiment'))),
      several('run', 'run', `SELECT "run", "state" FROM "run" WHERE ${by('experiment', 'protocol')} ORDER BY time DESC LIMIT 500`),
      one('region', 'clients in', 'SHOW TAG VALUES FROM "client_region" WITH KEY = "region"').multi(true).includeAll(true).allValue('.*').current({ selected: true, text: ['All'], value: ['$__all'] }), reportsVariable(),
    ],
    annotations: [],
    rows: [
      { height: 9, panels: [[24, RUNS]] },
      { height: 11, panels: [[12, LATENCY], [12, RATIOS]] },
      { height: 11, panels: [[12, AGAINST_DELAY], [12, AGAINST_LOAD]] },
      { height: 11, panels: [[12, OUTAGES], [12, COSTS]] },
      { height: 9, panels: [[24, REGIONS]] },
    ],
  });
}
