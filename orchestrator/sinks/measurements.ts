// What the lab writes to a time-series database: each measurement with its tags and its fields. dashboards/README.md shows
// this table, dashboards query nothing else, and a test compares what the sink writes with it.
import { METRICS } from '../metrics/names.ts';

/** Of a field, for ever: a database refuses a field whose type has changed. */
export type FieldType = 'float' | 'integer' | 'text' | 'boolean';
export type FieldSpec = { readonly name: string; readonly type: FieldType; readonly unit: string; readonly meaning: string };
export type Measurement = {
  readonly name: string;
  /** Beside COMMON_TAGS. */
  readonly tags: readonly string[];
  /** At what times there is a point. */
  readonly points: string;
  /** While the run goes; else only after it. */
  readonly live: boolean;
  readonly fields: readonly FieldSpec[];
};

/** On every point. */
export const COMMON_TAGS = ['run', 'experiment', 'protocol', 'runner'] as const;
/** The value of the tag `region` on points that cover all client regions; no region can have this name. */
export const ALL_REGIONS = 'all';

/** Upper bounds of the latency histogram in ms, ten a decade (the preferred numbers R10); what is above the last one is in `le_inf`. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  ...[0.1, 1, 10, 100, 1_000, 10_000].flatMap((decade) => [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8].map((step) => Number((decade * step).toPrecision(3)))), 100_000,
];

/** The field of the bucket with this upper bound. */
export function latencyField(boundMs: number): string {
  return `le_${boundMs === Infinity ? 'inf' : boundMs}`;
}

/** The field that counts outcomes of this reason. */
export function kindField(outcome: 'fail' | 'unknown', reason: string): string {
  return `${outcome === 'fail' ? 'failed' : 'unknown'}_${reason.replaceAll('-', '_')}`;
}

const float = (name: string, unit: string, meaning: string): FieldSpec => ({ name, type: 'float', unit, meaning });
const integer = (name: string, meaning: string, unit = ''): FieldSpec => ({ name, type: 'integer', unit, meaning });
const text = (name: string, meaning: string): FieldSpec => ({ name, type: 'text', unit: '', meaning });
const boolean = (name: string, meaning: string): FieldSpec => ({ name, type: 'boolean', unit: '', meaning });

const ERROR_KINDS = METRICS.flatMap(({ name }) => {
  const [, outcome, reason] = /^errors\.(fail|unknown)\.(.+)$/.exec(name) ?? [];
  return outcome === undefined || reason === undefined ? [] : [{ outcome: outcome as 'fail' | 'unknown', reason }];
});

const commits: Measurement = {
  name: 'commits', tags: ['region'], live: true,
  points: 'each second in which a client of the region asked, waited or was answered, at its begin; region `all`: all of them together',
  fields: [
    integer('sent', 'commands first sent in this second'),
    integer('ok', 'commands answered ok in this second'),
    integer('failed', 'that ended in it, certainly not done'),
    integer('unknown', 'that ended in it, done or not'),
    ...ERROR_KINDS.map(({ outcome, reason }) => integer(kindField(outcome, reason), `of these: ${reason}; absent: 0`)),
    integer('unavailable', '1: a command waited all through this second, and none was answered ok in it; else 0'),
    float('p50', 'ms', 'commit latency, from the intended send time, of the commands that ended in this second; an unknown one counts as waiting until then, a failed one as slower than all, and where the percentile falls on a failed one there is none'),
    float('p90', 'ms', 'the same'), float('p99', 'ms', 'the same'), float('p99_9', 'ms', 'the same'), float('max', 'ms', 'the same'),
  ],
};

const latency: Measurement = {
  name: 'latency', tags: ['region'], live: true, points: 'each second in which a command of the region was answered ok, at its begin; region `all`: all of them together',
  fields: [...LATENCY_BOUNDS_MS, Infinity].map((bound, index, bounds) => integer(latencyField(bound),
    bound === Infinity ? 'answers that took longer; absent: 0' : `ok answers with a commit latency up to ${bound} ms${index === 0 ? '' : ` and above ${bounds[index - 1]} ms`}; absent: 0`)),
};

const sample: Measurement = {
  name: 'sample', tags: [], live: true, points: 'when a command was answered ok: of each second those 20 with the least hash of their id, so that they are drawn evenly',
  fields: [
    float('latency_ms', 'ms', 'commit latency'), float('service_ms', 'ms', 'from the actual first send'),
    float('phase_ms', 'ms', 'its intended send time, since the epoch (round, term, ballot) that was then the newest began by the first node\'s word'),
    text('region', 'of its client'),
  ],
};

const cost: Measurement = {
  name: 'cost', tags: [], live: true, points: 'each second in which a node reported, at its begin; costs per commit are sums of these over sums of `ok`',
  fields: [
    integer('ok', 'commands answered ok in this second'), float('messages', '', 'datagrams that all nodes sent, by the reports of this second'),
    float('bytes', 'bytes', 'of these'), float('fsyncs', '', 'flushes of all nodes'), float('cpu_ms', 'ms', 'user and system time of all nodes; absent in virtual time'),
  ],
};

const node: Measurement = {
  name: 'node', tags: ['node', 'region'], live: true, points: 'when a node reports, about once a second, and when its role, leader or epoch changes, or it goes down, pauses or comes back',
  fields: [
    text('role', 'the protocol\'s word for what it is, or `down` or `paused`; only at changes'), text('leader', 'whom it takes for the leader; empty: nobody; only at changes'),
    integer('epoch', 'round, term or ballot; only at changes'), integer('up', '1, or 0: down or paused; only at changes'),
    integer('commit_slot', 'last slot that it committed, at the first commit of each second; written after the run'),
    float('clock_error_ms', 'ms', 'wall clock − true time; absent where clocks are perfect'),
    float('cpu_pct', '%', 'of one core, since the report before'), integer('rss_bytes', 'resident memory', 'bytes'), float('loop_delay_ms', 'ms', 'event-loop delay, 99th percentile of the second'),
    float('messages', '/s', 'datagrams sent, since the report before'), float('bytes', 'bytes/s', 'of these'), float('received', '/s', 'datagrams received'),
    float('lost', '/s', 'datagrams that its own transport dropped'), float('fsyncs', '/s', 'flushes'),
  ],
};

const link: Measurement = {
  name: 'link', tags: ['node', 'peer'], live: true, points: 'one way from node to peer, or from a client region to a node: when it was probed (before the run at negative time, then while it goes), when network.schedule changed it, and at the end',
  fields: [
    float('configured_ms', 'ms', 'delay that was asked of the link; of a client region both ways'), float('achieved_ms', 'ms', 'median of the probes; of a client region their round trip'),
    float('achieved_p95_ms', 'ms', '95th percentile of the probes'), float('configured_loss_pct', '%', 'loss that was asked'), float('achieved_loss_pct', '%', 'of the probes'),
    integer('probes', 'sent'), integer('packets', 'that left its queue, as the kernel counted; at the end'), integer('drops', 'of its queue, configured loss included; at the end'),
  ],
};

const fault: Measurement = {
  name: 'fault', tags: ['fault'], live: true, points: 'when a fault begins; the tag is its name and its number in the experiment',
  fields: [
    text('title', 'name and nodes'), text('text', 'what it did, in words'), text('tags', 'its name and its nodes, with commas'), text('nodes', 'those it hit'),
    float('timeEnd', 'ms', 'Unix time of its end; absent: it has not ended'), float('duration_ms', 'ms', 'from begin to end'),
    float('outage_ms', 'ms', 'longest gap between commits that overlaps it; written after the run'), float('expected_outage_ms', 'ms', 'of the crash of a leader alone: the mean of what its elections should take; written after the run'), float('recovered_ms', 'ms', 'until arrivals were served as before; absent: they were not; written after the run'),
  ],
};

const epoch: Measurement = {
  name: 'epoch', tags: [], live: false, points: 'when an epoch (round, term or ballot) began by the first node\'s word',
  fields: [
    integer('epoch', 'its number'), text('leader', 'who first took the role `leader` in it; absent: nobody'), integer('commits', 'client commands first committed in it'),
    integer('decided', '1: there is such a command; else 0'), integer('measured', '1: it began in the measure window; else 0'),
  ],
};

const generator: Measurement = {
  name: 'generator', tags: [], live: true, points: 'when the load generator reports, once a second',
  fields: [
    float('send_lag_ms', 'ms', 'largest delay behind its schedule'), float('loop_delay_ms', 'ms', 'largest event-loop delay'), float('cpu_pct', '%', 'of one core'),
    integer('sessions', 'opened so far'), integer('capped', 'arrivals without a free session so far'),
  ],
};

const FIGURES = METRICS.map(({ name, unit, meaning }) => float(name, unit, `${meaning}; absent where the summary has no value`));

const clientRegion: Measurement = {
  name: 'client_region', tags: ['region'], live: false, points: 'once, at the start of the run: figures of one client region, and its closed form',
  fields: [
    ...['commit.p50', 'commit.p90', 'commit.p99', 'commit.max', 'commit.mean', 'service.p50', 'service.p99', 'samples', 'errors'].map((name) => float(name, METRICS.find((metric) => metric.name === name)?.unit ?? '', 'as in `run`, of this region')),
    float('expected_p50', 'ms', 'median of the closed form'), float('measured_p50', 'ms', 'of the commands that are compared with it: before the first fault'),
    float('ratio', '', 'measured_p50 / expected_p50'), float('ks', '', 'Kolmogorov–Smirnov distance to the closed form'),
    text('entry', 'node that is asked'), text('leader', 'of the closed form; empty: none'),
  ],
};

const run: Measurement = {
  name: 'run', tags: [], live: true, points: 'once, at the start of the run (the release of the nodes); what is known before is there while it goes, the rest comes at its end',
  fields: [
    text('state', '`running`, `finished`, or `partial`: it was interrupted'), text('folder', 'experiment folder/run folder; report.html is in the former'), text('label', 'as the tag `protocol`'), text('title', 'label, network with its `rtt_ms`, runner, and the repetition after the first: for axes and legends'),
    text('protocol_name', 'the protocol, without its options and variants'), text('network', 'network profile'), text('shaper', 'what made the links'), text('workload', 'what clients asked'),
    integer('nodes', 'members at the start'), integer('repetition', 'from 1'), text('seed', 'of all randomness'),
    float('rate', '/s', 'commands asked for, of all clients; absent in the closed loop'), integer('connections', 'of all clients'),
    float('rtt_ms', 'ms', 'round trip between two members as configured: median of the pairs'), float('fsync_ms', 'ms', 'flush as configured; absent: the real disk\'s'),
    float('started', 'ms', 'Unix time of this point'), float('ended', 'ms', 'Unix time of the planned end, or of the last event'), float('warmup_ms', 'ms', 'after it the measure window begins'), float('measure_ms', 'ms', 'length of the measure window'),
    text('revision', 'git commit of the lab; absent: not a checkout'), boolean('modified', 'the checkout had changes'), text('version', 'of the lab'), text('machine', 'processor and kernel'),
    text('verdict', '`ok`; `violated`: a claim is; `invalid`: as a measurement; `unknown`: a check did not decide; `partial`'), text('because', 'what stands behind the verdict'), text('findings', 'violated checks that the protocol does not claim'),
    boolean('publishable', 'the figures may be published'), boolean('baseline_fit', 'later runs may be compared with it'), text('missed', 'thresholds that were'),
    text('network_verdict', 'of the certificate: `ok`, `out`, `unverified`'), integer('links_left_out', 'links between nodes that have no points in `link`'),
    text('bounds', 'figures whose value is only a bound, such as `commit.p99 >`, or that fall on a failed command, such as `commit.p99.9 failed`'),
    ...FIGURES,
  ],
};

export const MEASUREMENTS: readonly Measurement[] = [run, commits, latency, clientRegion, sample, cost, node, link, fault, epoch, generator];
