// The board of protocols that decide in rounds: which rounds decided something, when in a round commands arrive, and what clock
// error does to rounds. For other protocols a round is a term or a ballot.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board, faultBands, runVariable, several } from './board.ts';
import { by, columns, series, table } from './influxql.ts';
import { against, distribution, fixed, overTime, stat, type Steps, timeline, transform, UNITS, type Unit } from './panels.ts';

const NONE = 'this run has no rounds';
const PHASE_BUCKET_MS = 50;
const ofRun = by('run');
const inTime = `${ofRun} AND $timeFilter`;
/** The load asks in the measure window alone. */
const measured = `${ofRun} AND "measured" = 1`;

function count(title: string, description: string, expression: string, unit: Unit, steps: Steps = [[null, 'text']]) {
  return stat({ title, description, unit, steps, none: NONE, targets: [series('A', `SELECT ${expression} AS "value" FROM "epoch" WHERE ${measured}`, '$col')] });
}

function figure(title: string, description: string, name: string, none: string) {
  return stat({ title, description, unit: UNITS.ms, none, targets: [series('A', `SELECT "${name}" FROM "run" WHERE ${ofRun}`, '$col')] });
}

const HEADLINE = [
  count('Rounds', 'That began in the measure window.', 'count("decided")', UNITS.count),
  count('Without consensus', 'Rounds of the measure window in which no command was decided.', 'count("decided") - sum("decided")', UNITS.count, [[null, 'green'], [1, 'orange']]),
  count('With consensus', 'Share of the rounds of the measure window that decided a command.', 'sum("decided") / count("decided")', UNITS.share, [[null, 'red'], [0.5, 'orange'], [0.9, 'yellow'], [0.99, 'green']]),
  count('Commands in a round', 'Mean over the rounds of the measure window.', 'mean("commits")', UNITS.count),
  figure('p50', 'Median commit latency of the run. A command waits for the end of its round, so half a round is in it.', 'commit.p50', 'after the run'),
  figure('Largest clock error', 'Of all nodes.', 'clockError.max', 'perfect clocks'),
];

const TIMELINE = timeline({
  title: 'Rounds with and without consensus', description: 'One row: each round from its begin to the begin of the next.', unit: UNITS.text, none: NONE, named: false, words: { 1: { color: 'green', text: 'decided' }, 0: { color: 'red', text: 'no consensus' } },
  targets: [series('A', `SELECT "decided" FROM "epoch" WHERE ${inTime}`, 'rounds')],
});

const COMMANDS = overTime({
  title: 'Commands decided in each round', description: 'At the begin of the round. Red points at zero: rounds without consensus.', unit: UNITS.count, none: NONE, as: 'bars',
  targets: [series('A', `SELECT "commits" AS "commands" FROM "epoch" WHERE ${inTime}`, '$col'), series('B', `SELECT "commits" AS "without consensus" FROM "epoch" WHERE ${measured} AND "decided" = 0 AND $timeFilter`, '$col')],
}).overrideByName('commands', [{ id: 'color', value: fixed('green') }])
  .overrideByName('without consensus', [{ id: 'color', value: fixed('red') }, { id: 'custom.drawStyle', value: 'points' }, { id: 'custom.pointSize', value: 10 }]);

const SAWTOOTH = against({
  title: 'Latency by the phase of arrival', description: 'Answers drawn evenly, up to 20 a second: commit latency against how long after the begin of a round the command was to be sent. A command that just missed a round waits for nearly all of the next.', unit: UNITS.ms, none: NONE,
  x: 'phase', xUnit: UNITS.ms, y: 'latency', each: 'region', as: 'points', targets: [table('A', `SELECT ${columns(['phase_ms', 'phase'], ['latency_ms', 'latency'], 'region')} FROM "sample" WHERE ${inTime}`)],
});

const PHASES = distribution({
  title: 'Phase of arrivals', description: `How many of the drawn answers were to be sent how long after the begin of a round, by ${PHASE_BUCKET_MS} ms. Flat: arrivals do not know of the rounds.`, unit: UNITS.count, none: NONE, size: PHASE_BUCKET_MS, of: 'phase from (ms)',
  targets: [series('A', `SELECT "phase_ms" AS "arrivals" FROM "sample" WHERE ${inTime}`, '$col')],
});

const CLOCKS = overTime({
  title: 'Clock error, and rounds without consensus', description: 'Lines: wall clock of each node less the true time. Red points at zero: rounds that decided nothing.', unit: UNITS.ms, none: 'the clocks of this run are perfect',
  targets: [
    series('A', `SELECT "clock_error_ms" FROM "node" WHERE ${inTime} GROUP BY "node"`, '$tag_node'),
    series('B', `SELECT "commits" AS "without consensus" FROM "epoch" WHERE ${measured} AND "decided" = 0 AND $timeFilter`, '$col'),
  ],
}).overrideByName('without consensus', [{ id: 'color', value: fixed('red') }, { id: 'custom.drawStyle', value: 'points' }, { id: 'custom.pointSize', value: 10 }]);

const AGAINST_CLOCKS = against({
  title: 'Lost rounds against clock error', description: 'A point for each run of the chosen protocols, at any time: share of rounds of its measure window without consensus, against its largest clock error.', unit: UNITS.share, none: NONE, x: 'clock error', xUnit: UNITS.ms, y: 'lost', each: 'protocol', as: 'points', softMax: 0.1, pointSize: 8, before: [transform('joinByField', { byField: 'run', mode: 'inner' })],
  targets: [
    table('A', `SELECT last("clockError.max") AS "clock error" FROM "run" WHERE ${by('protocol')} GROUP BY "run", "protocol"`),
    table('B', `SELECT 1 - sum("decided") / count("decided") AS "lost" FROM "epoch" WHERE ${by('protocol')} AND "measured" = 1 GROUP BY "run"`),
  ],
});

export function roundsBoard(): Dashboard {
  return board({
    uid: 'lab-rounds', title: 'Rounds', description: 'Rounds with and without consensus, the phase of arrivals, and what clock error does.', from: 'now-15m', refresh: false,
    variables: [several('protocol', 'protocol', 'SHOW TAG VALUES FROM "epoch" WITH KEY = "protocol"'), runVariable(by('protocol'))],
    annotations: [faultBands()],
    rows: [
      { height: 4, panels: HEADLINE.map((panel) => [4, panel] as const) },
      { height: 5, panels: [[24, TIMELINE]] },
      { height: 9, panels: [[12, COMMANDS], [12, SAWTOOTH]] },
      { height: 9, panels: [[12, PHASES], [12, CLOCKS]] },
      { height: 10, panels: [[24, AGAINST_CLOCKS]] },
    ],
  });
}
