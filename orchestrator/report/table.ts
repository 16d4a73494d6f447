// What a run shows at its end: one table over all runs, then in words every verdict that is not valid, what is invalid,
// missed or to be known, and what the marks mean. Plain text without colours, made for 100 columns. Runs that differ only
// in their seed are repetitions: one row with the median and the range of the runs' figures, never an average.
import type { Figure, Summary } from '../kinds.ts';
import { isViolation } from '../judge.ts';
import { networkOf } from '../metrics/certified.ts';
import { attributionInWords } from './attribution-words.ts';
import { doubtsOf } from './doubts.ts';
import { faultsInWords } from './fault-words.ts';
import { extremesOf, formatFigure, formatMs, medianFigure } from './figures.ts';
import { groupsOf, type Group } from './groups.ts';
import { linksInWords, unexpectedInWords } from './link-words.ts';
import { plainTable } from './plain-table.ts';
import { comparisonRows } from './predictions.ts';

const HEAD = ['protocol', 'runs on', 'commit\np50 ms', '\np99 ms', 'optimum\np50 ms', 'measured\n/optimum', 'commits\n/s', 'outage ms\n(steady)', '\nerrors', '\nsafety'];
const NUMBER_COLUMNS = 7;
const LABEL_CHARACTERS = 16;
/** A standard error below this is not worth a word. */
const LEAST_ERROR_MS = 0.5;

export function renderTable(summaries: readonly Summary[], { width }: { readonly width: number }): string {
  const groups = groupsOf(summaries);
  const paragraphs = [
    ...new Set(groups.flatMap((group) => [...verdictLines(group), ...measurementLines(group), ...regionLines(group), ...outageLines(group), ...faultLines(group), ...attributionLines(group)])),
    ...legend(groups),
  ];
  return [figuresTable(groups), ...paragraphs.map((line) => wrapped(line, width)), ...predictionsTable(groups)].join('\n');
}

function predictionsTable(groups: readonly Group[]): readonly string[] {
  const rows = comparisonRows(groups).map(({ of, figure, predicted, measured, difference, range }) => [`${of}, ${figure}`, predicted, measured, difference, range]);
  return rows.length === 0 ? [] : ['', ...plainTable(['predicted by the experiment', 'predicted', 'measured', 'difference', ''], ['left', 'right', 'right', 'right', 'left'], rows)];
}

function figuresTable(groups: readonly Group[]): string {
  const lines = plainTable(HEAD, ['left', 'left', ...Array.from({ length: NUMBER_COLUMNS }, () => 'right' as const), 'left'], groups.map(rowOf));
  const widest = Math.max(...lines.map(({ length }) => length));
  return [...lines.slice(0, 2), '─'.repeat(widest), ...lines.slice(2), ''].join('\n');
}

function rowOf(group: Group): (string | { readonly colSpan: number; readonly hAlign: 'left'; readonly content: string })[] {
  const { runs } = group;
  const { plan } = runs[0] as Summary;
  const marks = [
    runs.some(({ invalid }) => invalid.length > 0) ? 'invalid' : [], runs.some(({ partial }) => partial) ? 'partial' : [],
    runs.some(isBarredAlone) ? 'no baseline' : [],
  ].flat();
  const label = [
    shortened(group.label), ...(runs.length > 1 && !runs.some(isVoid) ? [`  least of ${runs.length}`, '  most'] : []), ...(marks.length > 0 ? [`(${marks.join(', ')})`] : []),
  ].join('\n');
  const where = [plan.runner, ...(plan.shaper === plan.runner ? [] : [plan.shaper]), ...(plan.time === undefined ? [] : [`${plan.time} time`]), ...networkMark(runs)].join('\n');
  if (runs.some(isVoid)) {
    const claims = [...new Set(runs.flatMap(({ verdicts }) => verdicts.filter(isViolation).map(({ claim, check }) => claim ?? check)))];
    return [label, where, { colSpan: NUMBER_COLUMNS, hAlign: 'left', content: `figures void: ${claims.join(', ')} violated` }, 'VIOLATED'];
  }
  const cell = (name: string, format = formatMs) => figureCell(runs, name, format);
  return [
    label, where, cell('commit.p50'), cell('commit.p99'), cell('optimum.p50'), cell('optimum.ratio', (value) => value.toFixed(3)),
    cell('throughput'), outageCell(runs), cell('errors', String), safety(runs),
  ];
}

/** How well the links were kept; nothing on the simulator, where they are exact. */
function networkMark(runs: readonly Summary[]): readonly string[] {
  const network = networkOf(runs);
  if (network === null) return [];
  if (network.verdict === 'out') return ['net WRONG'];
  return [network.verdict === 'unverified' || network.worstMs === null ? 'net ?' : `net ±${network.worstMs.toFixed(1)} ms`];
}

/** The figures count, and later runs must not be compared with them. */
function isBarredAlone({ baseline, invalid, partial, verdicts }: Summary): boolean {
  return !baseline.fit && invalid.length === 0 && !partial && verdicts.every(({ valid }) => valid !== 'unknown') && !verdicts.some(isViolation);
}

function isVoid({ verdicts }: Summary): boolean {
  return verdicts.some(isViolation);
}

function figureCell(runs: readonly Summary[], name: string, format: (value: number) => string): string {
  const figures = runs.map(({ metrics }) => metrics[name]).filter((figure): figure is Figure => figure !== undefined);
  const median = formatFigure(medianFigure(figures), format);
  const extremes = runs.length > 1 ? extremesOf(figures) : null;
  return extremes === null ? median : [median, ...[extremes.least, extremes.most].map((figure) => formatFigure(figure, format))].join('\n');
}

function outageCell(runs: readonly Summary[]): string {
  const outage = figureCell(runs, 'outage', formatMs);
  const steady = medianFigure(runs.map(({ metrics }) => metrics['outage.steady']).filter((figure): figure is Figure => figure !== undefined));
  return outage === '–' || steady.value === null ? outage : `${outage}\n(${formatFigure(steady, formatMs)})`;
}

function safety(runs: readonly Summary[]): string {
  const verdicts = runs.flatMap((run) => run.verdicts);
  if (verdicts.length === 0) return '–';
  if (verdicts.some(({ finding }) => finding === true)) return 'finding';
  return verdicts.every(({ valid }) => valid === true) ? 'ok' : 'unknown';
}

function verdictLines({ label, runs }: Group): readonly string[] {
  return runs.flatMap((run) => run.verdicts.filter(({ valid }) => valid !== true).map((verdict) => {
    const { check, claim, because } = verdict;
    const where = nameOf(label, runs, run);
    if (isViolation(verdict)) return `VIOLATED ${where}, ${check}${claim === null ? '' : ` (it claims ${claim})`}: ${because}`;
    if (verdict.finding === true) return `finding  ${where}, ${check} (it does not claim ${claim}): ${because}`;
    return `unknown  ${where}, ${check}: ${because}`;
  }));
}

function measurementLines({ label, runs }: Group): readonly string[] {
  return runs.flatMap((run) => [
    ...run.invalid.map((reason) => `invalid  ${nameOf(label, runs, run)}: ${reason}`),
    ...doubtsOf(run).map((reason) => `baseline ${nameOf(label, runs, run)} cannot become one: ${reason}`),
    ...[linksInWords(run)].flatMap((words) => (words === null ? [] : [`links    ${label} on ${run.plan.runner}: ${words}`])),
    ...run.missed.map((line) => `missed   ${nameOf(label, runs, run)}: ${line}`),
    ...run.plan.warnings.map((warning) => `warning  ${label}: ${warning}`),
  ]);
}

/** With several client regions the ratio of the table is not the quotient of two of its columns: here is what it comes from. */
function regionLines({ label, runs }: Group): readonly string[] {
  const run = runs[0] as Summary;
  if (run.expected.length < 2 || runs.some(isVoid)) return [];
  const rows = run.expected.map(({ region, measuredP50Ms, expectedP50Ms, samplingErrorMs }) => (
    `${region} ${measuredP50Ms === null ? '–' : formatMs(measuredP50Ms)}/${formatMs(expectedP50Ms)}${(samplingErrorMs ?? 0) < LEAST_ERROR_MS ? '' : ` ±${formatMs(samplingErrorMs ?? 0)}`}`));
  return [`regions  ${nameOf(label, runs, run)}, measured/optimum p50 ms: ${rows.join(', ')}`];
}

/** What the crash of a leader cost beside what its elections should: of one outage little follows, nine of ten lie in the range. */
function outageLines({ label, runs }: Group): readonly string[] {
  if (runs.some(isVoid)) return [];
  return runs.flatMap((run) => run.outages.flatMap(({ outageMs, expected, index }) => {
    if (expected === undefined) return [];
    const [mean, least, most] = [expected.meanMs, expected.p5Ms, expected.p95Ms].map((ms) => (ms === null ? 'without end' : formatMs(ms)));
    return [`outage   ${nameOf(label, runs, run)}, fault ${index + 1}: ${formatMs(outageMs)} ms, expected ${mean} ms in the mean, nine of ten ${least} … ${most}`];
  }));
}

/** Over all repetitions. */
function faultLines({ label, runs }: Group): readonly string[] {
  return runs.some(isVoid) ? [] : faultsInWords(runs).map((line) => `fault    ${label} on ${(runs[0] as Summary).plan.runner}, ${line}`);
}

function attributionLines({ label, runs }: Group): readonly string[] {
  const words = runs.some(isVoid) ? null : attributionInWords(runs);
  return words === null ? [] : [`parts    ${label} on ${(runs[0] as Summary).plan.runner}: ${words}`];
}

function nameOf(label: string, runs: readonly Summary[], { plan }: Summary): string {
  return `${label} on ${plan.runner}${runs.length > 1 ? `, run ${plan.repetition}` : ''}`;
}

function legend(groups: readonly Group[]): readonly string[] {
  const marks = groups.map(({ runs }) => networkOf(runs));
  const shown = groups.filter(({ runs }) => !runs.some(isVoid)).flatMap(({ runs }) => runs);
  const figures = shown.flatMap(({ metrics }) => ['commit.p50', 'commit.p99', 'optimum.ratio', 'outage'].map((name) => metrics[name]));
  const withErrors = shown.some(({ expected }) => expected.length > 1 && expected.some(({ samplingErrorMs }) => (samplingErrorMs ?? 0) >= LEAST_ERROR_MS));
  const rough = unexpectedInWords(shown);
  const faulted = shown.some(({ plan, expected }) => plan.schedule.length > 0 && expected.length > 0);
  return [
    faulted ? 'measured/optimum counts the commands sent before the first fault; p50 and p99 count all of them' : [],
    rough === null ? [] : rough,
    withErrors ? '±        one standard error of the median of so few samples, by the closed form' : [],
    figures.some((figure) => figure?.bound === '>') ? '>        a lower bound: it falls on a command whose outcome is unknown, counted to its timeout, or on an outage that did not end' : [],
    figures.some((figure) => figure?.bound === 'failed') ? 'failed   the percentile falls on a command that certainly did not happen' : [],
    figures.some((figure) => figure?.uncertain === true && figure.value !== null) ? '*        too few samples: fewer than 10 lie beyond this percentile, or the standard error of measured/optimum is above 1 %' : [],
    marks.some((network) => network?.verdict === 'ok') ? 'net ±    a median delay of a link, measured before the run, was off by so much at most' : [],
    marks.some((network) => network?.verdict === 'unverified') ? 'net ?    nothing speaks against the network, but this shaper cannot show its delays' : [],
    groups.some(({ runs }) => runs.length > 1) ? 'runs     the median of the runs; below it the least and the most' : [],
  ].flat();
}

function shortened(label: string): string {
  return label.length <= LABEL_CHARACTERS ? label : `${label.slice(0, LABEL_CHARACTERS - 1)}…`;
}

/** At spaces; later lines are indented to the text. */
/** indentBy: of the lines after the first. */
export function wrapped(line: string, width: number, indentBy = 9): string {
  const indent = ' '.repeat(indentBy);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > indent.length ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, rest].join('\n');
}
