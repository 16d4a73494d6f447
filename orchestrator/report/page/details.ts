// The tables below the charts: what each fault cost, measured beside the closed form, verdicts with their evidence, every
// figure, what it ran on, the plan.
import type { Json } from '../../../node/contract.ts';
import { isViolation } from '../../judge.ts';
import type { Outage, Verdict } from '../../kinds.ts';
import { METRICS } from '../../metrics/names.ts';
import { doubtsOf } from '../doubts.ts';
import { formatFigure, formatMs, medianFigure } from '../figures.ts';
import { nameOf } from './chart.ts';
import { linksInWords, unexpectedInWords } from '../link-words.ts';
import { comparisonsOf, inWords } from '../predictions.ts';
import { html, type Html } from './html.ts';
import type { RunRecord } from './record.ts';
import { figuresOf, type RunGroup, titleOf } from './run-group.ts';
import { formatNumber, grouped } from './scale.ts';

const NOTHING = '–';
const MAX_WITNESS_CHARS = 4_000;
const MAX_PLAN_CHARS = 60_000;

type Column = { readonly head: string; readonly number: boolean };

export function table(caption: string, columns: readonly Column[], rows: readonly (readonly (Html | string)[])[]): Html {
  const numeric = (index: number) => (columns[index]?.number === true ? 'number' : 'words');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ head }, index) => html`<th scope="col" class="${numeric(index)}">${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${numeric(index)}">${cell}</td>`))}</tr>`)}</tbody></table></div>`;
}

export const words = (head: string): Column => ({ head, number: false });
export const number = (head: string): Column => ({ head, number: true });

function runNameOf(group: RunGroup, run: RunRecord): Html {
  return nameOf({ name: titleOf(group, run), hue: group.hue });
}

function milliseconds(value: number | null): string {
  return value === null ? NOTHING : grouped(formatMs(value));
}

/** The mean of many elections, and nine of ten of them. */
function expectedOutage({ expected }: Outage): string {
  return expected === undefined ? NOTHING : `${milliseconds(expected.meanMs)} (${milliseconds(expected.p5Ms)} … ${milliseconds(expected.p95Ms)})`;
}

/** null: there was no fault. */
export function outageTable(groups: readonly RunGroup[]): Html | null {
  const rows = groups.flatMap((group) => group.runs.flatMap((run) => run.summary.outages.map((outage) => [
    runNameOf(group, run), `${outage.index + 1}. ${outage.fault}`, outage.nodes.join(' '), formatNumber((outage.atMs - run.summary.plan.warmupMs) / 1000),
    milliseconds(outage.outageMs), expectedOutage(outage), milliseconds(outage.steadyMs), milliseconds(outage.recoveredMs), outage.leaderAfter ?? NOTHING,
    run.rounds === null ? NOTHING : `${run.rounds.lost} of ${run.rounds.all}`,
  ])));
  if (rows.length === 0) return null;
  return table('Outage of each fault', [words('run'), words('fault'), words('nodes'), number('at (s)'), number('outage (ms)'), number('expected (ms)'), number('steady gap (ms)'), number('recovered after (ms)'), words('leader then'), number('rounds lost')], rows);
}

export function optimumTable(groups: readonly RunGroup[]): Html | null {
  const rows = groups.flatMap((group) => group.shown.summary.expected.map((row) => [
    runNameOf(group, group.shown), row.region, row.entry === '*' ? 'in turn' : row.entry, row.leader ?? NOTHING, milliseconds(row.expectedP50Ms), milliseconds(row.measuredP50Ms),
    row.measuredP50Ms === null || row.expectedP50Ms === 0 ? NOTHING : (row.measuredP50Ms / row.expectedP50Ms).toFixed(3),
    row.samplingErrorMs === null ? NOTHING : `± ${formatMs(row.samplingErrorMs)}`, String(row.samples), row.ksDistance === null ? NOTHING : row.ksDistance.toFixed(3),
  ]));
  if (rows.length === 0) return null;
  const rough = unexpectedInWords(groups.map(({ shown }) => shown.summary));
  const optimum = table('Measured beside the closed form, for each client region', [words('run'), words('clients in'), words('enter at'), words('leader'), number('optimum p50 (ms)'), number('measured p50 (ms)'), number('ratio'), number('chance (ms)'), number('samples'), number('KS distance')], rows);
  return rough === null ? optimum : html`${optimum}<p>${rough}</p>`;
}

/** null: the experiments predict nothing. */
export function predictionTable(groups: readonly RunGroup[]): Html | null {
  const rows = groups.flatMap((group) => comparisonsOf(group.runs.map(({ summary }) => summary)).map((comparison) => {
    const { figure, predicted, measured, difference, range } = inWords(comparison);
    return [nameOf({ name: titleOf(group, null), hue: group.hue }), figure, predicted, measured, difference, range];
  }));
  return rows.length === 0 ? null : table('Predicted and measured', [words('protocol'), words('figure'), number('predicted'), number('measured'), number('difference'), words('range')], rows);
}

function outcomeOf(verdict: Verdict): string {
  if (isViolation(verdict)) return verdict.claim === null ? '✕ violated (required of every run)' : `✕ violated (it claims ${verdict.claim})`;
  if (verdict.finding === true) return `! finding (it does not claim ${verdict.claim})`;
  return verdict.valid === true ? '✓ holds' : '? undecided';
}

export function verdictTable(groups: readonly RunGroup[]): Html {
  const rows = groups.flatMap((group) => group.runs.flatMap((run) => run.summary.verdicts.map((verdict) => ({ group, run, verdict }))));
  const bad = rows.filter(({ verdict }) => verdict.valid !== true);
  const cells = (some: typeof rows) => some.map(({ group, run, verdict }) => [runNameOf(group, run), verdict.check, outcomeOf(verdict), html`${verdict.because}${witness(verdict.witness)}`]);
  const columns = [words('run'), words('check'), words('outcome'), words('because')];
  const good = rows.filter(({ verdict }) => verdict.valid === true);
  return html`${bad.length === 0 ? html`<p>Nothing was violated.</p>` : table('Violations and findings', columns, cells(bad))}
${good.length === 0 ? null : html`<details><summary>What held (${good.length})</summary>${table('What held', columns, cells(good))}</details>`}
${remarks(groups)}`;
}

function witness(value: Json | undefined): Html | null {
  if (value === undefined) return null;
  const text = JSON.stringify(value, null, 1);
  return html`<details><summary>witness</summary><pre>${text.length > MAX_WITNESS_CHARS ? `${text.slice(0, MAX_WITNESS_CHARS)}\n… (all of it is in summary.json)` : text}</pre></details>`;
}

/** What is invalid, missed or to be known. */
function remarks(groups: readonly RunGroup[]): Html | null {
  const lines = groups.flatMap((group) => group.runs.flatMap((run) => {
    const { invalid, missed, plan } = run.summary;
    const name = titleOf(group, run);
    return [...[linksInWords(run.summary)].flatMap((words) => (words === null ? [] : [`${name}: ${words}`])), ...invalid.map((line) => `invalid, ${name}: ${line}`), ...doubtsOf(run.summary).map((line) => `no baseline, ${name}: ${line}`), ...missed.map((line) => `threshold missed, ${name}: ${line}`), ...plan.warnings.map((line) => `${group.label}: ${line}`)];
  }));
  return lines.length === 0 ? null : html`<ul>${[...new Set(lines)].map((line) => html`<li>${line}</li>`)}</ul>`;
}

export function figureTable(groups: readonly RunGroup[]): Html {
  const shown = METRICS.filter(({ name }) => groups.some(({ runs }) => figuresOf(runs, name).some(({ value, bound }) => bound === 'failed' || (value !== null && (value !== 0 || !name.startsWith('errors.'))))));
  const rows = shown.map(({ name, unit, meaning }) => [
    html`<abbr title="${meaning}">${name}</abbr>${unit === '' ? null : html` <small>${unit}</small>`}`,
    ...groups.map(({ runs }) => formatFigure(medianFigure(figuresOf(runs, name)), formatNumber)),
  ]);
  return table('Every figure', [words('figure'), ...groups.map((group) => number(titleOf(group, null)))], rows);
}

/** Of each different machine, version and load average; plans once for each group. */
export function originDetails(groups: readonly RunGroup[]): Html {
  const environments = [...new Set(groups.flatMap(({ runs }) => runs.map(({ environment }) => JSON.stringify(withoutTime(environment), null, 2))))];
  return html`<details><summary>Environment</summary>${environments.map((text) => html`<pre>${text}</pre>`)}</details>
${groups.map((group) => html`<details><summary>Plan of ${titleOf(group, group.shown)}</summary><pre>${planText(group.shown)}</pre></details>`)}`;
}

/** Runs of one command differ in these alone. */
function withoutTime(environment: unknown): unknown {
  if (typeof environment !== 'object' || environment === null) return environment;
  const { startedAt: _startedAt, loadAverage: _loadAverage, startUp: _startUp, ...rest } = environment as { readonly [name: string]: unknown };
  return rest;
}

/** Links as one line for each node: the whole matrix would be most of the page. */
function planText({ summary: { plan } }: RunRecord): string {
  const { links, ...rest } = plan;
  const rows = Object.entries(links).map(([from, row]) => `  "${from}": ${JSON.stringify(row)}`).join(',\n');
  const text = `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "links": {\n${rows}\n  }\n}`;
  return text.length > MAX_PLAN_CHARS ? `${text.slice(0, MAX_PLAN_CHARS)}\n… (all of it is in plan.json)` : text;
}
