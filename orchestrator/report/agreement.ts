// The same plan on several runners: how far do they agree, and what explains a gap? The first runner is the reference. A cause
// is named only with what was measured of it; a gap that nothing measured explains is said to be one.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, Outage, Plan, Summary } from '../kinds.ts';
import { formatFigure, formatMs, medianFigure } from './figures.ts';
import { type Group, groupsOf } from './groups.ts';
import { plainTable } from './plain-table.ts';

type Compared = { readonly metric: 'commit.p50' | 'commit.p99' | 'throughput'; readonly reference: Figure; readonly measured: Figure; /** measured / reference; null where one of them is no number. */ readonly ratio: number | null };
export type Agreement = {
  readonly label: string;
  readonly reference: string;
  readonly runner: string;
  readonly figures: readonly Compared[];
  /** Of those figures that differ by more than GAPS. */
  readonly gaps: readonly { readonly metric: string; readonly because: readonly string[] }[];
};

const METRICS = ['commit.p50', 'commit.p99', 'throughput'] as const;
/** A tail is made of few samples. */
const GAPS: { readonly [metric in Compared['metric']]: number } = { 'commit.p50': 0.05, 'commit.p99': 0.15, throughput: 0.05 };
const STANDARD_ERRORS = 3;
const BUSY_SHARE = 0.8;
const LAG = { leastMs: 2, share: 0.05 };
/** A durable write stands in a commit two or three times. */
const FSYNC_SHARE = 0.25;
/** A difference of outages explains a gap of which it is at least this share; a percentile, when at least one in a hundred commands met it. */
const OUTAGE = { share: 0.25, ofWindow: 0.01 };
/** Of the userspace shaper: what a link adds at most, and the delay below which it is not fit for measurement. */
const SHAPER = { addsMs: 0.6, leastMs: 2, links: 4 };

export function agreementsOf(summaries: readonly Summary[]): readonly Agreement[] {
  const families = new Map<string, Group[]>();
  for (const group of groupsOf(summaries)) {
    const { label, load } = (group.runs[0] as Summary).plan;
    const key = JSON.stringify([label, load.ratePerSecond]);
    families.set(key, [...(families.get(key) ?? []), group]);
  }
  return [...families.values()].flatMap(([reference, ...others]) => (reference === undefined ? [] : others.map((group) => agreementOf(reference, group))));
}

function figureOf({ runs }: Group, name: string): Figure {
  return medianFigure(runs.flatMap(({ metrics }) => metrics[name] ?? []));
}

function valueOf(group: Group, name: string): number | null {
  const { value, bound } = figureOf(group, name);
  return bound === 'failed' ? null : value;
}

function planOf({ runs }: Group): Plan {
  return (runs[0] as Summary).plan;
}

function agreementOf(reference: Group, group: Group): Agreement {
  const figures = METRICS.map((metric): Compared => {
    const [first, second] = [valueOf(reference, metric), valueOf(group, metric)];
    return { metric, reference: figureOf(reference, metric), measured: figureOf(group, metric), ratio: first === null || second === null || first === 0 ? null : second / first };
  });
  const causes = commonCauses(reference, group);
  const gaps = figures.filter(({ metric, ratio }) => ratio !== null && Math.abs(ratio - 1) > GAPS[metric]).map((compared) => {
    const because = [...afterFaults(compared, reference, group), ...ownCauses(compared, reference, group), ...causes];
    return { metric: compared.metric, because: because.length === 0 ? ['nothing that was measured explains it'] : because };
  });
  return { label: group.label, reference: planOf(reference).runner, runner: planOf(group).runner, figures, gaps };
}

/** Of any gap between the two. */
function commonCauses(reference: Group, group: Group): readonly string[] {
  const causes: string[] = [];
  const [here, there] = [leadersOf(group), leadersOf(reference)];
  if (here !== there) causes.push(`led by ${here}, there by ${there}`);
  const errors = valueOf(group, 'errors') ?? 0;
  const errorsThere = valueOf(reference, 'errors') ?? 0;
  if (errors !== errorsThere) causes.push(`${errors} errors, there ${errorsThere}`);
  const busy = [['the busiest node', 'nodeCpu.max'], ['the load generator', 'generatorCpu.max']] as const;
  for (const [who, metric] of busy) {
    const share = valueOf(group, metric) ?? 0;
    if (share > BUSY_SHARE) causes.push(`CPU: ${who} used ${(100 * share).toFixed(0)} % of a core`);
  }
  const p50Ms = valueOf(group, 'commit.p50') ?? 0;
  const limitMs = Math.max(LAG.leastMs, LAG.share * p50Ms);
  const late = [['the generator sent late by', 'sendLag.p99', ' (p99)'], ['a node was late by', 'nodeLoopDelay.max', ' at most']] as const;
  for (const [what, metric, how] of late) {
    const lagMs = valueOf(group, metric) ?? 0;
    if (lagMs > limitMs) causes.push(`CPU: ${what} ${formatMs(lagMs)} ms${how}`);
  }
  return causes;
}

/** Throughout the run; several runs of a group may have several. */
function leadersOf({ runs }: Group): string {
  return namesOf(runs.flatMap(({ expected }) => expected.map(({ leader }) => leader)), 'none throughout');
}

function namesOf(leaders: readonly (NodeId | null)[], nobody: string): string {
  const names = new Set(leaders.map((leader) => leader ?? 'none'));
  return names.size === 0 ? nobody : [...names].sort().join(', ');
}

/** What each fault led to in one of the two and not in the other. */
function afterFaults(compared: Compared, referenceGroup: Group, group: Group): readonly string[] {
  const { schedule } = planOf(group);
  const begins = schedule.filter(({ fault }) => fault.phase === 'begin').map(({ fault }) => fault);
  return begins.flatMap(({ name, index }) => {
    const [here, there] = [outagesOf(group, index), outagesOf(referenceGroup, index)];
    if (here.length === 0 || there.length === 0) return [];
    const different: string[] = [];
    const [leader, leaderThere] = [here, there].map((outages) => namesOf(outages.map(({ leaderAfter }) => leaderAfter), 'none')) as [string, string];
    if (leader !== leaderThere) different.push(`another leader (${leader}, there ${leaderThere})`);
    const [outageMs, outageThereMs] = [here, there].map(medianOutageMs) as [number, number];
    if (explains(compared, outageMs, outageThereMs, planOf(group).measureMs)) different.push(`another outage (${formatMs(outageMs)} ms, there ${formatMs(outageThereMs)} ms)`);
    const which = begins.filter((begin) => begin.name === name).length > 1 ? ` (fault ${index + 1})` : '';
    return different.length === 0 ? [] : [`after the ${name}${which}: ${different.join(' and ')}`];
  });
}

/** Of one fault, in each run where its time was measured. */
function outagesOf({ runs }: Group, index: number): readonly Outage[] {
  return runs.flatMap(({ outages }) => outages.filter((outage) => outage.index === index));
}

function medianOutageMs(outages: readonly Outage[]): number {
  return medianFigure(outages.map(({ outageMs }) => ({ value: outageMs, unit: 'ms', bound: '=' }))).value ?? 0;
}

/** Commands that arrive in an outage wait for its end; the other figures move by the share of the window that it takes. */
function explains({ metric, reference, measured, ratio }: Compared, outageMs: number, outageThereMs: number, windowMs: number): boolean {
  const differenceMs = Math.abs(outageMs - outageThereMs);
  if (metric !== 'commit.p99') return ratio !== null && differenceMs / windowMs > OUTAGE.share * Math.abs(ratio - 1);
  const gapMs = Math.abs((measured.value ?? 0) - (reference.value ?? 0));
  return Math.max(outageMs, outageThereMs) > OUTAGE.ofWindow * windowMs && differenceMs > OUTAGE.share * gapMs;
}

/** Of this figure's gap. */
function ownCauses({ metric, reference, measured, ratio }: Compared, referenceGroup: Group, group: Group): readonly string[] {
  const causes: string[] = [];
  if (reference.uncertain === true || measured.uncertain === true) causes.push('too few samples for this percentile');
  if (metric === 'throughput' || ratio === null) return causes;
  const gapMs = Math.abs((measured.value ?? 0) - (reference.value ?? 0));
  const errorMs = samplingErrorMs(group);
  if (metric === 'commit.p50' && errorMs !== null && gapMs < STANDARD_ERRORS * Math.SQRT2 * errorMs) causes.push(`too few samples: the median is known to ±${formatMs(errorMs)} ms`);
  const name = metric === 'commit.p50' ? 'fsync.p50' : 'fsync.p99';
  const [fsyncMs, fsyncThereMs] = [valueOf(group, name), valueOf(referenceGroup, name)];
  if (fsyncMs !== null && fsyncThereMs !== null && Math.abs(fsyncMs - fsyncThereMs) > FSYNC_SHARE * gapMs) {
    causes.push(`fsync: a durable write takes ${formatMs(fsyncMs)} ms, there ${formatMs(fsyncThereMs)} ms`);
  }
  const { shaper } = planOf(group);
  if (shaper === 'userspace') {
    const least = leastDelayMs(planOf(group));
    if (least < SHAPER.leastMs) causes.push(`shaper: it is not fit for links of ${formatMs(least)} ms, only from ${SHAPER.leastMs} ms on`);
    else if (gapMs <= SHAPER.links * SHAPER.addsMs) causes.push(`shaper: each link may add ${SHAPER.addsMs} ms`);
  }
  return causes;
}

/** Of the median of all regions together: they are as many samples more. */
function samplingErrorMs({ runs }: Group): number | null {
  const errors = (runs[0] as Summary).expected.flatMap((row) => row.samplingErrorMs ?? []);
  return errors.length === 0 ? null : Math.hypot(...errors) / errors.length;
}

function leastDelayMs({ nodes, links }: Plan): number {
  const ids = nodes.map(({ id }) => id);
  return Math.min(...ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => links[from]?.[to]?.delayMs ?? 0)));
}

const WORDS: { readonly [metric in Compared['metric']]: string } = { 'commit.p50': 'p50 ms', 'commit.p99': 'p99 ms', throughput: 'commits/s' };

/** '' when there is nothing to compare. */
export function renderAgreement(agreements: readonly Agreement[]): string {
  const [first] = agreements;
  if (first === undefined) return '';
  const head = ['agreement', ...METRICS.flatMap((metric) => [`${WORDS[metric]}\n${first.reference}`, '\nhere', '\nratio'])];
  const lines = plainTable(head, ['left', ...METRICS.flatMap(() => ['right', 'right', 'right'] as const)], agreements.map(({ label, runner, figures }) => (
    [`${label} on ${runner}`, ...figures.flatMap(({ reference, measured, ratio }) => [formatFigure(reference, formatMs), formatFigure(measured, formatMs), ratio === null ? '–' : ratio.toFixed(3)])])));
  const gaps = agreements.flatMap(({ label, runner, reference, gaps: found }) => found.map(({ metric, because }) => `gap      ${label} on ${runner} against ${reference}, ${metric}: ${because.join('; ')}`));
  return [...lines, ...(gaps.length === 0 ? ['agreed   p50 and commits/s within 5 %, p99 within 15 %'] : gaps)].join('\n');
}
