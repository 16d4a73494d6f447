// The board of one run: its figures and verdict, what clients saw each second, what the nodes were and spent, and what its
// links did, with the faults as bands behind all that has a time.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { LATENCY_BOUNDS_MS, latencyField } from '../orchestrator/sinks/measurements.ts';
import { board, faultBands, regionVariable, reportsVariable, runVariable, several } from './board.ts';
import { by, columns, series, table } from './influxql.ts';
import { bars, dataLink, fixed, heatmap, overTime, type PanelSpec, rows, stat, type Steps, timeline, transform, UNITS, type Unit, widths } from './panels.ts';
import { RATIO_STEPS, REPORT_LINK, shortHash, VERDICTS } from './runs.ts';

const AFTER_THE_RUN = 'after the run';
const ROLES = {
  leader: { color: 'green' }, proposer: { color: 'green' }, follower: { color: 'semi-dark-blue' }, acceptor: { color: 'semi-dark-blue' }, candidate: { color: 'yellow' }, 'pre-candidate': { color: 'light-yellow' }, down: { color: 'red' }, paused: { color: 'purple' },
};
/** Buckets of a query: one that has none of the run's answers has no rows, so that the heatmap shows those in use. */
const BUCKETS = 5;
const BOUNDS = [...LATENCY_BOUNDS_MS, Infinity];
const PER_COMMIT_SECONDS = 5;
/** A line ends where a second has no point, and where a node has not reported for longer than it does. */
const SECOND_GAP_MS = 1_500;
const REPORT_GAP_MS = 2_500;

/** Asked for along with a percentile, so that a second without one has a row, and breaks its line. */
const HIDDEN = [{ id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: true } }];

const ofRun = by('run');
const inTime = `${ofRun} AND $timeFilter`;
const inRegion = `${by('run', 'region')} AND $timeFilter`;

/** A figure of summary.json, which is there when the run has ended. */
function figure(title: string, name: string, unit: Unit, description: string, more: { readonly steps?: Steps; readonly decimals?: number; readonly none?: string } = {}) {
  const { none = AFTER_THE_RUN, ...look } = more;
  return stat({ title, description, unit, none, targets: [series('A', `SELECT ${columns(name)} FROM "run" WHERE ${ofRun}`, '$col')], ...look });
}

const HEADLINE = [
  figure('Commits', 'throughput', UNITS.perSecond, 'Commands answered ok in the measure window, per second of it.', { decimals: 1 }),
  figure('p50', 'commit.p50', UNITS.ms, 'Median commit latency that clients saw in the measure window: from the intended send time to the final ok.'),
  figure('p99', 'commit.p99', UNITS.ms, 'Commit latency, 99th percentile. `bounds` in the table below says where it is only a lower bound.'),
  figure('Failed', 'errors', UNITS.count, 'Commands of the measure window that failed, or whose outcome is unknown.', { steps: [[null, 'green'], [1, 'orange']] }),
  figure('New leaders', 'leaderChanges', UNITS.count, 'Times that a node began to lead a new epoch in the measure window; none where leadership rotates by plan.', { steps: [[null, 'green'], [1, 'yellow'], [5, 'orange']], none: 'none to count' }),
  stat({
    title: 'Unavailable', description: 'Seconds in which clients waited from begin to end and none was answered ok, of the whole run.', unit: UNITS.seconds, none: 'no load yet', steps: [[null, 'green'], [1, 'yellow'], [5, 'orange'], [30, 'red']],
    targets: [series('A', `SELECT sum("unavailable") AS "unavailable" FROM "commits" WHERE ${ofRun} AND "region" = 'all'`, '$col')],
  }),
  figure('Measured / optimum', 'optimum.ratio', UNITS.ratio, 'Measured p50 over the p50 of the closed form of this network, of commands before the first fault. 1: nothing is lost; clearly below 1: the network is not what it claims to be.', { steps: RATIO_STEPS, decimals: 3, none: 'no closed form' }),
  stat({
    title: 'Verdict', description: 'What the checks of safety and of the measurement say: violated comes before invalid, invalid before unknown.', unit: UNITS.text, none: AFTER_THE_RUN, words: VERDICTS,
    targets: [series('A', `SELECT "verdict" FROM "run" WHERE ${ofRun}`, '$col')],
  }),
];

const HEADLINE_WIDTHS = [3, 3, 3, 2, 3, 3, 4, 3];

const ABOUT = widths(rows({
  title: 'What was run', description: 'The title zooms to the run, the folder opens the report page (results have to be served where the variable `reports` says).', unit: UNITS.text, none: 'no run is chosen, or InfluxDB holds none',
  targets: [table('A', `SELECT ${columns('title', 'state', 'folder', 'workload', 'nodes', 'rate', 'rtt_ms', 'shaper', 'network_verdict', 'revision', 'because', 'findings', 'missed', 'bounds', 'started', 'ended')} FROM "run" WHERE ${ofRun}`)],
}).withTransformation(transform('organize', { excludeByName: { Time: true }, indexByName: {}, renameByName: { rtt_ms: 'median RTT', network_verdict: 'network', because: 'why this verdict' } }))
  .overrideByName('title', [{ id: 'links', value: [dataLink('Zoom to this run', '/d/lab-run?var-run=${run}&from=${__data.fields.started}&to=${__data.fields.ended}')] }])
  .overrideByName('folder', [{ id: 'links', value: [REPORT_LINK] }]).overrideByName('revision', shortHash())
  .overrideByName('rate', [{ id: 'unit', value: UNITS.perSecond }]).overrideByName('median RTT', [{ id: 'unit', value: UNITS.ms }])
  .overrideByRegexp('/^(started|ended)$/', [{ id: 'custom.hidden', value: true }]), { title: 210, state: 80, folder: 280, workload: 85, nodes: 65, rate: 75, 'median RTT': 105, shaper: 90, network: 80, revision: 90, missed: 90, findings: 130, bounds: 130 });

const THROUGHPUT = overTime({
  title: 'Commands per second', description: 'By what happened in each second: sent for the first time, answered ok, failed (certainly not done), unknown (done or not).', unit: UNITS.perSecond, none: 'no load yet', gapMs: SECOND_GAP_MS,
  targets: [series('A', `SELECT ${columns('sent', 'ok', 'failed', 'unknown')} FROM "commits" WHERE ${inRegion}`, '$col')],
}).overrideByName('ok', [{ id: 'color', value: fixed('green') }, { id: 'custom.fillOpacity', value: 15 }, { id: 'custom.lineWidth', value: 2 }])
  .overrideByName('sent', [{ id: 'color', value: fixed('blue') }, { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } }])
  .overrideByName('failed', [{ id: 'color', value: fixed('red') }]).overrideByName('unknown', [{ id: 'color', value: fixed('orange') }]);

const PERCENTILES = overTime({
  title: 'Commit latency', description: 'Exact percentiles of the commands that ended in each second, on a log axis. An unknown outcome counts as waiting until then.', unit: UNITS.ms, none: 'no answers yet', log: true, gapMs: SECOND_GAP_MS,
  targets: [series('A', `SELECT ${columns('p50', 'p90', 'p99', ['p99_9', 'p99.9'], 'max', 'sent')} FROM "commits" WHERE ${inRegion}`, '$col')],
}).overrideByName('sent', HIDDEN).overrideByName('p50', [{ id: 'color', value: fixed('green') }, { id: 'custom.lineWidth', value: 2 }]).overrideByName('p90', [{ id: 'color', value: fixed('blue') }])
  .overrideByName('p99', [{ id: 'color', value: fixed('orange') }, { id: 'custom.lineWidth', value: 2 }]).overrideByName('p99.9', [{ id: 'color', value: fixed('purple') }])
  .overrideByName('max', [{ id: 'color', value: fixed('red') }, { id: 'custom.lineStyle', value: { fill: 'dot', dash: [2, 4] } }]);

const HEATMAP = heatmap({
  title: 'Where answers lie', description: 'Ok answers of each second by their commit latency; each row ends at the latency beside it, ten rows a decade.', unit: UNITS.ms, none: 'no answers yet',
  targets: Array.from({ length: Math.ceil(BOUNDS.length / BUCKETS) }, (_, index) => {
    const names = BOUNDS.slice(index * BUCKETS, (index + 1) * BUCKETS).map((bound) => [latencyField(bound), String(bound)] as const);
    return series(`B${index}`, `SELECT ${columns(...names)} FROM "latency" WHERE ${inRegion}`, '$col');
  }),
});

const REGIONS = overTime({
  title: 'Median of each client region', description: 'p50 of each second, by where the clients are: each region has an optimum of its own, so they are never pooled.', unit: UNITS.ms, none: 'no answers yet', log: true, gapMs: SECOND_GAP_MS,
  targets: [series('A', `SELECT "p50", "sent" FROM "commits" WHERE ${ofRun} AND "region" != 'all' AND $timeFilter GROUP BY "region"`, '$tag_region $col')],
}).overrideByRegexp('/ sent$/', HIDDEN).withTransformation(transform('renameByRegex', { regex: '(.*) p50$', renamePattern: '$1' }));

const ERRORS = overTime({
  title: 'Failed and unknown, by kind', description: 'Commands that ended in each second without an ok: failed ones were certainly not done, unknown ones may have been.', unit: UNITS.perSecond, none: 'none: every command was answered ok', as: 'bars',
  targets: [series('A', `SELECT ${['failed_not_leader', 'failed_no_quorum', 'failed_busy', 'failed_malformed', 'unknown_timeout', 'unknown_connection'].map((name) => `"${name}" AS "${name.replaceAll('_', ' ')}"`).join(', ')} FROM "commits" WHERE ${inRegion}`, '$col')],
});

const FAULTS = widths(rows({
  title: 'Faults', description: 'Each fault with the longest gap between commits that overlaps it, and how long it took until arrivals were served as before.', unit: UNITS.ms, none: 'no fault in this run',
  targets: [table('A', `SELECT ${columns('title', 'duration_ms', 'outage_ms', 'expected_outage_ms', 'recovered_ms')} FROM "fault" WHERE ${ofRun}`)],
}).withTransformation(transform('organize', { excludeByName: {}, indexByName: {}, renameByName: { Time: 'begin', title: 'fault', duration_ms: 'lasted', outage_ms: 'longest gap', expected_outage_ms: 'expected', recovered_ms: 'recovered after' } }))
  .overrideByName('begin', [{ id: 'unit', value: 'time:HH:mm:ss.SSS' }]), { begin: 110, lasted: 95, 'longest gap': 105, expected: 95, 'recovered after': 125 });

const STATES = timeline({
  title: 'What each node is', description: 'The role by the node\'s own word, or down or paused by what was done to it.', unit: UNITS.text, none: 'no node has spoken yet', words: ROLES,
  targets: [series('A', `SELECT "role" FROM "node" WHERE ${inTime} GROUP BY "node"`, '$tag_node')],
});

const byNode = (field: string) => [series('A', `SELECT "${field}" FROM "node" WHERE ${inTime} GROUP BY "node"`, '$tag_node')];
const node = (spec: Omit<PanelSpec, 'targets'>, field: string, as: 'lines' | 'steps' = 'lines') => overTime({ ...spec, targets: byNode(field), as, ...(as === 'steps' ? { decimals: 0 } : { gapMs: REPORT_GAP_MS }) });

const CLOCKS = node({ title: 'Clock error', description: 'Wall clock of each node less the true time.', unit: UNITS.ms, none: 'the clocks of this run are perfect' }, 'clock_error_ms');
const EPOCHS = node({ title: 'Epoch', description: 'Round, term or ballot of each node, by its own word.', unit: UNITS.count, none: 'no node has spoken yet' }, 'epoch', 'steps');

const LINKS = widths(rows({
  title: 'Links, configured and achieved', description: 'Last word on each way: the delay and loss that were asked, and what probes measured over the path of the protocol.', unit: UNITS.ms, none: 'the links of this run were not probed',
  targets: [table('A', `SELECT last("configured_ms") AS "asked", last("achieved_ms") AS "median", last("achieved_p95_ms") AS "p95", last("configured_loss_pct") AS "loss asked", last("achieved_loss_pct") AS "loss" FROM "link" WHERE ${ofRun} GROUP BY "node", "peer"`)],
}).withTransformation(transform('organize', { excludeByName: { Time: true }, indexByName: {}, renameByName: { node: 'from', peer: 'to' } }))
  .withTransformation(transform('calculateField', { mode: 'binary', reduce: { reducer: 'sum' }, binary: { left: 'median', operator: '-', right: 'asked' }, alias: 'difference' }))
  .overrideByRegexp('/^loss/', [{ id: 'unit', value: UNITS.percent }]), { from: 125, to: 60, asked: 75, median: 85, p95: 80, 'loss asked': 90, loss: 60 });

const LINKS_OVER_TIME = overTime({
  title: 'Delay of links while it goes', description: 'Steps: the delay that was asked, one way from node to node. Points: the median of the probes of a few seconds.', unit: UNITS.ms, none: 'the links of this run were not probed', as: 'steps', legend: false,
  targets: [
    series('A', `SELECT last("configured_ms") FROM "link" WHERE ${inTime} GROUP BY time($__interval), "node", "peer" fill(previous)`, 'asked $tag_node → $tag_peer'),
    series('B', `SELECT "achieved_ms" FROM "link" WHERE ${inTime} GROUP BY "node", "peer"`, '$tag_node → $tag_peer'),
  ],
}).overrideByQuery('B', [{ id: 'custom.drawStyle', value: 'points' }, { id: 'custom.showPoints', value: 'always' }, { id: 'custom.pointSize', value: 5 }])
  .overrideByQuery('A', [{ id: 'color', value: fixed('semi-dark-blue') }, { id: 'custom.lineStyle', value: { fill: 'dash', dash: [4, 4] } }]);

const CPU = node({ title: 'Processor', description: 'Of one core, by node. A node above 90 % is a bottleneck, and the run no measurement of the protocol.', unit: UNITS.percent, none: 'this runner has no processor time: run it on local' }, 'cpu_pct');
const MEMORY = node({ title: 'Memory', description: 'Resident memory of each node.', unit: UNITS.bytes, none: 'this runner has no processes: run it on local' }, 'rss_bytes');
const LOOP = node({ title: 'Event-loop delay', description: '99th percentile of each second: how late a node\'s timers and messages are handled.', unit: UNITS.ms, none: 'this runner has no event loops: run it on local' }, 'loop_delay_ms');
const MESSAGES = node({ title: 'Messages sent', description: 'Datagrams that each node sent.', unit: UNITS.perSecond, none: 'no node has reported yet' }, 'messages');
const BYTES = node({ title: 'Bytes sent', description: 'Of these datagrams.', unit: UNITS.bytesPerSecond, none: 'no node has reported yet' }, 'bytes');
const FSYNCS = node({ title: 'Flushes', description: 'Of each node\'s log to its disk.', unit: UNITS.perSecond, none: 'no node has reported yet' }, 'fsyncs');

const perCommit = (field: string, alias: string) => `SELECT sum("${field}") / sum("ok") AS "${alias}" FROM "cost" WHERE ${inTime} AND "ok" > 0 GROUP BY time(${PER_COMMIT_SECONDS}s) fill(none)`;
const COSTS = overTime({
  title: 'Spent per commit', description: `What all nodes spent together for each command that was answered ok, of ${PER_COMMIT_SECONDS} seconds each. Bytes are on the right.`, unit: UNITS.count, none: 'no node has reported yet',
  targets: [series('A', perCommit('messages', 'messages'), '$col'), series('B', perCommit('fsyncs', 'flushes'), '$col'), series('C', perCommit('bytes', 'bytes'), '$col')],
}).overrideByName('bytes', [{ id: 'unit', value: UNITS.bytes }, { id: 'custom.axisPlacement', value: 'right' }]);

const GENERATOR = overTime({
  title: 'Load generator', description: 'How late it sent, behind its own schedule, and its event-loop delay. A late generator makes the run invalid.', unit: UNITS.ms, none: 'this runner has no generator process: run it on local',
  targets: [series('A', `SELECT "send_lag_ms" AS "late by", "loop_delay_ms" AS "event-loop delay" FROM "generator" WHERE ${inTime}`, '$col')],
});

const CLOSED_FORM = bars({
  title: 'Measured beside the closed form', description: 'Median of each client region before the first fault, and the least that this network allows.', unit: UNITS.ms, none: 'no closed form for this run', name: 'region',
  targets: [table('A', `SELECT "expected_p50" AS "optimum", "measured_p50" AS "measured" FROM "client_region" WHERE ${ofRun} GROUP BY "region"`)],
});

export function runBoard(): Dashboard {
  const chosen = by('protocol');
  return board({
    uid: 'lab-run', title: 'Run', description: 'One run of a consensus protocol: what clients saw, what it cost, and whether it was safe.', from: 'now-15m', refresh: '10s',
    variables: [several('protocol', 'protocol', 'SHOW TAG VALUES FROM "run" WITH KEY = "protocol"'), runVariable(chosen), regionVariable(ofRun), reportsVariable()],
    annotations: [faultBands()],
    rows: [
      { height: 4, panels: HEADLINE.map((panel, index) => [HEADLINE_WIDTHS[index] ?? 3, panel] as const) },
      { height: 4, panels: [[24, ABOUT]] },
      { height: 9, panels: [[12, THROUGHPUT], [12, PERCENTILES]] },
      { height: 10, panels: [[12, HEATMAP], [12, REGIONS]] },
      { height: 7, panels: [[12, STATES], [12, EPOCHS]] },
      { height: 7, panels: [[12, FAULTS], [12, ERRORS]] },
      { title: 'Network and clocks', height: 9, panels: [[13, LINKS], [11, LINKS_OVER_TIME]] },
      { height: 8, panels: [[12, CLOSED_FORM], [12, CLOCKS]] },
      { title: 'What it cost', height: 7, panels: [[8, COSTS], [8, CPU], [8, MEMORY]] },
      { height: 7, panels: [[8, MESSAGES], [8, BYTES], [8, FSYNCS]] },
      { height: 7, panels: [[12, LOOP], [12, GENERATOR]] },
    ],
  });
}
