// The same plan on several runners: how far do they agree, and what explains a gap? The first runner is the reference. A cause
// is named only with what was measured of it; a gap that nothing measured explains is said to be one.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, Outage, Plan, Summary } from '../kinds.ts';
import { formatFigure, formatMs, medianFigure } from './figures.ts';
import { type Group, groupsOf } from './groups.ts';
import { plainTable } from './plain-table.ts';

export type Compared = {
  readonly metric: 'commit.p50' | 'commit.p99' | 'throughput'; readonly reference: Figure; readonly measured: Figure;
  /** measured / reference; null where one of them is no number. */
  readonly ratio: number | null;
  /** How far measured may lie from the reference, in its unit; null without a ratio. */
  readonly allowed: number | null;
};
/** Of two worlds; the one that was named first is the reference. */
export type Agreement = {
  readonly label: string;
  readonly reference: string;
  readonly runner: string;
  readonly figures: readonly Compared[];
  /** Of those figures that differ by more than is allowed; because: what was measured that explains it, none for some. */
  readonly gaps: readonly { readonly metric: Compared['metric']; readonly because: readonly string[] }[];
  /** agree: every figure within its tolerance. explained: each gap has a cause that was measured. differ: one has none. */
  readonly verdict: 'agree' | 'explained' | 'differ';
};

const METRICS = ['commit.p50', 'commit.p99', 'throughput'] as const;
type Tolerance = { readonly [metric in Compared['metric']]: number };
/** Shares; a tail is made of few samples. Beside them what the links of either world may add. */
const USUAL: Tolerance = { 'commit.p50': 0.02, 'commit.p99': 0.05, throughput: 0.02 };
/** The simulator and a kernel in virtual time: neither has noise, and nothing is added. */
const EXACT: Tolerance = { 'commit.p50': 0.005, 'commit.p99': 0.01, throughput: 0.005 };
const STANDARD_ERRORS = 3;
const BUSY_SHARE = 0.8;
const LAG = { leastMs: 2, share: 0.05 };
/** A durable write stands in a commit two or three times. */
const FSYNC_SHARE = 0.25;
/** A difference of outages explains a gap of which it is at least this share; a percentile, when at least one in a hundred commands met it. */
const OUTAGE = { share: 0.25, ofWindow: 0.01 };
/** Links that a command passes at most: to its node, to the leader, to the quorum and back. */
const LINKS = 4;
/** What a link of a shaper adds at most, in ms, as it is stated (netem/shell), and the delay from which on it is fit for measurement. */
const SHAPERS: { readonly [shaper: string]: { readonly addsMs: number; readonly leastMs: number } } = { userspace: { addsMs: 0.6, leastMs: 2 }, tc: { addsMs: 0.25, leastMs: 0 } };
const NOTHING = 'nothing that was measured explains it';

/** Of every two worlds that ran the same. */
export function agreementsOf(summaries: readonly Summary[]): readonly Agreement[] {
  const families = new Map<string, Group[]>();
  for (const group of groupsOf(summaries)) {
    const { experiment, label, load, measureMs } = planOf(group);
    const key = JSON.stringify([experiment, label, load.ratePerSecond, measureMs]);
    families.set(key, [...(families.get(key) ?? []), group]);
  }
  return [...families.values()].flatMap((family) => family.flatMap((reference, index) => (
    family.slice(index + 1).filter((group) => worldOf(group) !== worldOf(reference)).map((group) => agreementOf(reference, group)))));
}

/** 'netns, virtual time'. */
function worldOf(group: Group): string {
  const { runner, time } = planOf(group);
  return time === undefined ? runner : `${runner}, ${time} time`;
}

function isExact(a: Group, b: Group): boolean {
  const [one, two] = [planOf(a), planOf(b)];
  return [one, two].every(({ runner, time }) => runner === 'sim' || time === 'virtual');
}

/** In ms; of both worlds together, and none in time of their own. */
function shaperMs(...groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + LINKS * (SHAPERS[planOf(group).shaper]?.addsMs ?? 0), 0);
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
  const exact = isExact(reference, group);
  const figures = METRICS.map((metric): Compared => {
    const [first, second] = [valueOf(reference, metric), valueOf(group, metric)];
    const usable = first !== null && second !== null && first !== 0;
    const added = metric === 'throughput' || exact ? 0 : shaperMs(reference, group);
    return { metric, reference: figureOf(reference, metric), measured: figureOf(group, metric), ratio: usable ? second / first : null, allowed: usable ? (exact ? EXACT : USUAL)[metric] * first + added : null };
  });
  const causes = commonCauses(reference, group);
  const gaps = figures.filter(isGap).map((compared) => (
    { metric: compared.metric, because: [...afterFaults(compared, reference, group), ...ownCauses(compared, reference, group), ...causes] }));
  const verdict = gaps.length === 0 ? 'agree' : gaps.every(({ because }) => because.length > 0) ? 'explained' : 'differ';
  return { label: group.label, reference: worldOf(reference), runner: worldOf(group), figures, gaps, verdict };
}

/** Where only one of them is a number they differ too. */
function isGap({ reference, measured, ratio, allowed }: Compared): boolean {
  if (ratio === null || allowed === null) return reference.bound !== measured.bound || (reference.value === null) !== (measured.value === null);
  return Math.abs((measured.value ?? 0) - (reference.value ?? 0)) > allowed;
}

/** Of any gap between the two. */
function commonCauses(reference: Group, group: Group): readonly string[] {
  const causes: string[] = [];
  const [here, there] = [leadersOf(group), leadersOf(reference)];
  if (here !== there) causes.push(`led by ${here}, there by ${there}`);
  const [changes, changesThere] = [valueOf(group, 'leaderChanges'), valueOf(reference, 'leaderChanges')];
  if (changes !== null && changesThere !== null && changes !== changesThere) causes.push(`elections: ${changes} changes of the leader, there ${changesThere}`);
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
  const names = new Set(leaders.map((leader) => leader ?? nobody));
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
    const [taken, takenThere] = [here, there].map((outages) => namesOf(outages.flatMap(({ nodes }) => nodes), 'none')) as [string, string];
    if (taken !== takenThere) different.push(`it met ${taken}, there ${takenThere}`);
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
  const errorMs = samplingErrorMs(group) ?? samplingErrorMs(referenceGroup);
  if (metric === 'commit.p50' && errorMs !== null && gapMs < STANDARD_ERRORS * Math.SQRT2 * errorMs) causes.push(`too few samples: the median is known to ±${formatMs(errorMs)} ms`);
  const name = metric === 'commit.p50' ? 'fsync.p50' : 'fsync.p99';
  const [fsyncMs, fsyncThereMs] = [valueOf(group, name), valueOf(referenceGroup, name)];
  if (fsyncMs !== null && fsyncThereMs !== null && Math.abs(fsyncMs - fsyncThereMs) > FSYNC_SHARE * gapMs) {
    causes.push(`fsync: a durable write takes ${formatMs(fsyncMs)} ms, there ${formatMs(fsyncThereMs)} ms`);
  }
  return [...causes, ...networkCauses(gapMs, referenceGroup, group)];
}

/** What its links did: as the shaper is made, and as the probes before the run show it. */
function networkCauses(gapMs: number, reference: Group, group: Group): readonly string[] {
  const plan = planOf(group);
  const { leastMs } = SHAPERS[plan.shaper] ?? { leastMs: 0 };
  const least = leastDelayMs(plan);
  if (least < leastMs) return [`shaper: it is not fit for links of ${formatMs(least)} ms, only from ${leastMs} ms on`];
  const worstMs = Math.max(...[reference, group].flatMap(({ runs }) => runs.map(({ certificate }) => Math.abs(certificate?.worstMs ?? 0))));
  return worstMs > 0 && gapMs <= LINKS * worstMs ? [`network: the median of a link was off by up to ${formatMs(worstMs)} ms before the run`] : [];
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

const WORDS: Readonly<Record<Compared['metric'], string>> = { 'commit.p50': 'p50 ms', 'commit.p99': 'p99 ms', throughput: 'commits/s' };

/** '354 354 1.000': first, second, ratio. */
export function cellsOf({ reference, measured, ratio }: Compared): readonly [string, string, string] {
  return [formatFigure(reference, formatMs), formatFigure(measured, formatMs), ratio === null ? '–' : ratio.toFixed(ratio > 0.99 && ratio < 1.01 ? 4 : 3)];
}

function pairOf({ label, reference, runner }: Agreement): string {
  return `${label}: ${reference} – ${runner}`;
}

/** Of each gap what explains it. */
export function gapsOf(agreement: Agreement): readonly string[] {
  return agreement.gaps.map(({ metric, because }) => `${pairOf(agreement)}, ${metric}: ${because.length === 0 ? NOTHING : because.join('; ')}`);
}

/** What had to hold, of these. */
export function rulesOf(agreements: readonly Agreement[]): string {
  const percent = (tolerance: Tolerance) => METRICS.map((metric) => `${WORDS[metric].replace(' ms', '')} ${tolerance[metric] * 100} %`).join(', ');
  const virtual = agreements.some(({ reference, runner }) => [reference, runner].some((world) => world.includes('virtual')));
  return `agree is within ${percent(USUAL)} and what shapers add (${Object.entries(SHAPERS).map(([name, { addsMs }]) => `${name} ${LINKS} × ${addsMs} ms`).join(', ')})${virtual ? `; sim and virtual time: ${percent(EXACT)}` : ''}`;
}

/** '' when there is nothing to compare. */
export function renderAgreement(agreements: readonly Agreement[]): string {
  if (agreements.length === 0) return '';
  const head = ['agreement', ...METRICS.flatMap((metric) => [`${WORDS[metric]}\nfirst`, '\nsecond', '\nratio']), 'verdict'];
  const lines = plainTable(head, ['left', ...METRICS.flatMap(() => ['right', 'right', 'right'] as const), 'left'], agreements.map((agreement) => (
    [pairOf(agreement), ...agreement.figures.flatMap(cellsOf), agreement.verdict])));
  return [...lines, ...agreements.flatMap(gapsOf).map((text) => `gap      ${text}`), `rule     ${rulesOf(agreements)}`].join('\n');
}
