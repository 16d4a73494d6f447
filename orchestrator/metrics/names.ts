// Every figure of a run: name, unit, meaning. The README shows this table and `expect` takes its names from it.
// "Population": the commands whose intended send time lies in the measure window. A figure is null where there is nothing
// to measure; a threshold on a null, censored or failed figure is missed.
import type { Figure } from '../kinds.ts';

export type MetricName = { readonly name: string; readonly unit: Figure['unit']; readonly meaning: string };

const FAIL_REASONS = ['not-leader', 'no-quorum', 'busy', 'malformed'] as const;
const UNKNOWN_REASONS = ['timeout', 'connection'] as const;

export const METRICS: readonly MetricName[] = [
  { name: 'commit.p50', unit: 'ms', meaning: 'commit latency that the client sees, from the intended send time to the final ok, retries included: median of the population' },
  { name: 'commit.p90', unit: 'ms', meaning: 'the same, 90th percentile' },
  { name: 'commit.p99', unit: 'ms', meaning: 'the same, 99th percentile' },
  { name: 'commit.p99.9', unit: 'ms', meaning: 'the same, 99.9th percentile' },
  { name: 'commit.max', unit: 'ms', meaning: 'the same, largest' },
  { name: 'commit.mean', unit: 'ms', meaning: 'the same, mean' },
  { name: 'service.p50', unit: 'ms', meaning: 'service time, from the actual first send to the final ok: median of the population' },
  { name: 'service.p99', unit: 'ms', meaning: 'the same, 99th percentile' },
  { name: 'samples', unit: '', meaning: 'size of the population' },
  { name: 'throughput', unit: '/s', meaning: 'ok answers that arrived in the measure window, per second of it' },
  { name: 'offered', unit: '/s', meaning: 'commands intended in the measure window, per second of it' },
  { name: 'errors', unit: '', meaning: 'commands of the population that failed or whose outcome is unknown' },
  ...FAIL_REASONS.map((reason) => ({ name: `errors.fail.${reason}`, unit: '' as const, meaning: `of these, certainly not done: ${reason}` })),
  ...UNKNOWN_REASONS.map((reason) => ({ name: `errors.unknown.${reason}`, unit: '' as const, meaning: `of these, done or not: ${reason}` })),
  { name: 'retries', unit: '', meaning: 'attempts beyond the first of a command, in the measure window' },
  { name: 'backOff.max', unit: 'ms', meaning: 'longest wait of a client before it asked again, in the measure window; null where none waited' },
  { name: 'breaker.opened', unit: '', meaning: 'times that a circuit breaker opened in the measure window; null without load.breaker' },
  { name: 'leaderChanges', unit: '', meaning: 'times that a node began to lead a new epoch in the measure window; null where leadership rotates or there is none' },
  { name: 'rounds', unit: '', meaning: 'epochs that began in the measure window while a command waited that had had the time to reach every node; null unless leadership rotates' },
  { name: 'rounds.yield', unit: '%', meaning: 'share of these in which a client command was committed' },
  { name: 'messagesPerCommit', unit: '', meaning: 'datagrams sent by all nodes in the measure window, per client command committed in it' },
  { name: 'bytesPerCommit', unit: 'bytes', meaning: 'bytes of these datagrams, per client command' },
  { name: 'fsyncsPerCommit', unit: '', meaning: 'flushes of all nodes in the measure window, per client command' },
  { name: 'fsync.p50', unit: 'ms', meaning: 'from handing a write to the disk to its being durable, of the flushes in the measure window that the run kept: median' },
  { name: 'fsync.p99', unit: 'ms', meaning: 'the same, 99th percentile' },
  { name: 'cpuSecondsPer1000Commits', unit: 's', meaning: 'user and system time of all node processes in the measure window, per 1,000 client commands; null on the simulator' },
  { name: 'commitAtLeader.p50', unit: 'ms', meaning: 'from the first placing of a command to its commit on the node that placed it: median' },
  { name: 'commitAtLeader.p99', unit: 'ms', meaning: 'the same, 99th percentile' },
  { name: 'apply.p50', unit: 'ms', meaning: 'from the first placing of a command to its commit on the last of all nodes: median of those that every node committed' },
  { name: 'apply.p99', unit: 'ms', meaning: 'the same, 99th percentile' },
  { name: 'outage', unit: 'ms', meaning: 'longest gap between commits of client commands that overlaps a fault; > where no commit ended it in the measure window' },
  { name: 'outage.steady', unit: 'ms', meaning: 'longest gap between commits in the measure window that overlaps no fault' },
  { name: 'outage.expected', unit: 'ms', meaning: 'what the crash of the leader should cost, from the crash to the first commit: mean of 10,000 elections on the links of this run; the longest of all crashes; null where no leader crashes alone or the protocol states no elections' },
  { name: 'recovered', unit: 'ms', meaning: 'from the begin of a fault to the first 200 consecutive arrivals after its outage of which 190 finish within the steady p99; the longest of all faults; > where one never did' },
  { name: 'clockError.max', unit: 'ms', meaning: 'largest |wall clock − true time| of a node' },
  { name: 'optimum.p50', unit: 'ms', meaning: 'median of the closed form: of the client regions, each weighted by its samples, the middle one' },
  { name: 'optimum.ratio', unit: '', meaning: 'measured p50 / p50 of the closed form of each client region: the middle one, weighted by samples; commands before the first fault' },
  { name: 'optimum.ks', unit: '', meaning: 'largest Kolmogorov–Smirnov distance of a client region to its closed form; null where that is one point' },
  { name: 'linkLag.max', unit: 'ms', meaning: 'largest delay of a change of links behind network.schedule; null where none changed' },
  { name: 'linksSkipped', unit: '', meaning: 'times of network.schedule that were passed over, because a later one was due; null where no link changed' },
  { name: 'sendLag.p99', unit: 'ms', meaning: 'delay of the first send behind its intended time, 99th percentile of the population' },
  { name: 'sendLag.max', unit: 'ms', meaning: 'largest delay of the generator behind its schedule' },
  { name: 'loopDelay.max', unit: 'ms', meaning: 'largest event-loop delay of the generator' },
  { name: 'generatorCpu.max', unit: '', meaning: 'share of one core that the generator used in its busiest second' },
  { name: 'nodeCpu.max', unit: '', meaning: 'share of one core that the busiest node used over the measure window' },
  { name: 'nodeLoopDelay.max', unit: 'ms', meaning: 'largest event-loop delay of a node, 99th percentile of a second' },
];

const UNITS = new Map(METRICS.map(({ name, unit }) => [name, unit]));

export function unitOf(metric: string): Figure['unit'] | undefined {
  return UNITS.get(metric);
}
