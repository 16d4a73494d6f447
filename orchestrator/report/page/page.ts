// The report: one HTML page for all runs of a command, whole in itself. It opens from a disk, and is the same bytes for the same
// runs.
import { barOf, type Entry, type Subject, subjectsOf as subjectsOfSides } from '../../compare/sides.ts';
import {
  clockChart, distributionChart, distributionScale, latencyChart, latencyScale, type Series, throughputChart, throughputScale,
} from './charts.ts';
import { agreementSection } from './agreement-table.ts';
import type { Chart } from './chart.ts';
import { attributionCharts, attributionSection } from './attribution.ts';
import { curveSections } from './curve-section.ts';
import { figureTable, optimumTable, originDetails, outageTable, predictionTable, verdictTable } from './details.ts';
import { documentOf } from './document.ts';
import { faultTable } from './fault-table.ts';
import { headline, trustLine } from './headline.ts';
import { html, type Html } from './html.ts';
import { linkCharts } from './link-chart.ts';
import { networkSection } from './network.ts';
import { SPACE_TIME_STYLE } from '../space-time-page.ts';
import { overview } from './overview.ts';
import type { RunRecord } from './record.ts';
import { roleChart } from './role-chart.ts';
import { type RunGroup, runGroups, titleOf } from './run-group.ts';

/** Beyond so many set-ups a page shows charts of the first ones only, so that it stays small; tables show all. */
const MAX_CHARTED = 16;

/** The whole document. At least one run. */
export function renderPage(records: readonly RunRecord[]): string {
  const groups = runGroups(records);
  const names = [...new Set(records.map(({ summary }) => summary.plan.experiment))].join(', ');
  return documentOf({
    title: names, scripted: true, style: SPACE_TIME_STYLE,
    header: html`<h1><b>${names}</b> · ${conditions(records)}</h1>
<p class="headline">${headline(groups)}</p><p class="trust">${trustLine(groups)}</p>`,
    main: html`${overview(groups)}
${maybe(predictionTable(groups), 'Predicted and measured', 'What the experiment says that its figures will be. Of repeated runs the median with their range; of a share of runs the interval that holds the true share in 95 of 100 such experiments.')}
${curveSections(subjectsOf(records)).map(({ section }) => section)}
${charts(groups)}
<section><h2>Safety</h2>${verdictTable(groups)}</section>
${maybe(optimumTable(groups), 'Measured beside the optimum', 'The closed form of each protocol for this network, from the commands before the first fault or change of the links. Chance: one standard error of a median of so few samples.')}
${agreementSection(records.map(({ summary }) => summary))}
${networkSection(groups)}
<section><h2>Every figure</h2><p>Of repeated runs the median. A figure's name explains itself when pointed at.</p>${figureTable(groups)}</section>
<section><h2>Where it comes from</h2>${originDetails(groups)}</section>`,
    footer: `Made by consensus-lab from the events of ${records.length === 1 ? 'one run' : `${records.length} runs`}; the raw events and histories lie beside this page.`,
  });
}

/** Of one experiment; runs whose figures are not to be used are no part of a curve. */
function subjectsOf(records: readonly RunRecord[]): readonly Subject[] {
  if (new Set(records.map(({ summary }) => summary.plan.experiment)).size > 1) return [];
  const entries = records.map(({ summary }): Entry => ({ summary, node: '', folder: '' })).filter((entry) => barOf(entry) === null);
  return subjectsOfSides([{ name: '', entries }]);
}

/** What all runs share, in a line. */
function conditions(records: readonly RunRecord[]): string {
  const { plan } = (records[0] as RunRecord).summary;
  const rate = plan.load.ratePerSecond === null ? 'closed loop' : `${plan.load.ratePerSecond} commands/s`;
  return [`${plan.nodes.length} nodes`, `network ${plan.network.profile}`, `${plan.load.workload}, ${rate}`, `${plan.measureMs / 1000} s measured`].join(' · ');
}

function maybe(content: Html | null, title: string, text: string): Html | null {
  return content === null ? null : html`<section><h2>${title}</h2><p>${text}</p>${content}</section>`;
}

/** All charts of the page, in its order. */
type Drawn = { readonly [section in 'latency' | 'clocks' | 'distributions' | 'throughput' | 'links' | 'roles' | 'parts']: readonly Chart[] };

function drawn(all: readonly RunGroup[]): Drawn {
  const groups = all.slice(0, MAX_CHARTED);
  const series = groups.map((group) => seriesOf(group, group.shown));
  const records = groups.map(({ shown }) => shown);
  const latency = latencyScale(records);
  const throughput = throughputScale(records);
  return {
    latency: latency === null ? [] : series.map((each) => latencyChart(each, latency)), clocks: series.map(clockChart).filter((each) => each !== null), distributions: distributions(groups),
    throughput: series.map((each) => throughputChart(each, throughput)), links: series.flatMap(linkCharts), roles: series.map(roleChart),
    parts: attributionCharts(series),
  };
}

/** Of the page of these runs. */
export function chartsOf(records: readonly RunRecord[]): readonly Chart[] {
  return [...curveSections(subjectsOf(records)).flatMap(({ charts: of }) => of), ...Object.values(drawn(runGroups(records))).flat()];
}

function charts(all: readonly RunGroup[]): Html {
  const records = all.slice(0, MAX_CHARTED).map(({ shown }) => shown);
  const { latency, distributions: distribution, throughput, links, roles, clocks, parts } = drawn(all);
  const left = all.length - records.length;
  const dots = records.every(({ samples }) => samples.length > 0) ? 'Each dot is a command, where it was meant to be sent.' : 'The line is the median of each moment, the bars behind it reach from the least to the largest.';
  return html`<section><h2>Latency over time</h2><p>${dots} ✕ failed, ? no answer. Shaded: faults. Time counts from the begin of the measure window.${left > 0 ? ` The first ${MAX_CHARTED} set-ups are drawn, the tables show ${left} more.` : ''}</p>
${latency.length === 0 ? html`<p>No command was answered.</p>` : panels(latency)}</section>
${maybe(panels(clocks), 'Clock error', 'Wall clock of each node against true time.')}
${maybe(panels(distribution), 'Latency distribution', aboutDistributions(all))}
${attributionSection(all.slice(0, MAX_CHARTED), parts)}
<section><h2>Throughput over time</h2><p>Answers per second; dotted: what was asked for.</p>${panels(throughput)}</section>
${maybe(panels(links), 'Links over time', 'As network.schedule changes them, drawn when it was in force; a line for links that change together.')}
${maybe(outageTable(all), 'Outage of each fault', 'The longest gap between commits that overlaps the fault, beside the longest gap of the steady part.')}
${maybe(faultTable(all), 'What each fault cost', 'Steps in ms after its begin, over all runs: another node noticed, the next leader began, the first commit after the outage, clients served as before. Failed: without an ok; stalled: slower than the slowest before the first fault. Median, and in brackets the range.')}
<section><h2>Who led when</h2><p>A bar for each reign, by the nodes' own word. ${legendOfRoles(records)}</p>${panels(roles)}</section>`;
}

function legendOfRoles(records: readonly RunRecord[]): string {
  const states = new Set(records.flatMap(({ roles }) => roles.map(({ state }) => state)));
  return ['down', 'paused'].filter((state) => states.has(state)).map((state) => `${state === 'down' ? 'Framed in red' : 'Framed with dashes'}: ${state}.`).join(' ');
}

function panels(each: readonly Html[]): Html | null {
  return each.length === 0 ? null : html`<div class="panels">${each}</div>`;
}

function aboutDistributions(groups: readonly RunGroup[]): string {
  const dashed = groups.some(({ shown }) => shown.closedForm !== null) ? ' Dashed: the closed form, without faults, its client regions in the proportion of the samples.' : '';
  return `Share of all commands answered within this time, faults included${groups.some(({ runs }) => runs.length > 1) ? '; a line for each run' : ''}.${dashed}`;
}

function distributions(groups: readonly RunGroup[]): readonly Chart[] {
  const x = distributionScale(groups.flatMap(({ runs }) => runs));
  if (x === null) return [];
  return [...new Set(groups.map(({ runner }) => runner))].map((runner) => {
    const of = groups.filter((group) => group.runner === runner);
    return distributionChart(runner, `all-${runner}`, of.flatMap((group) => [group.shown, ...group.runs.filter((run) => run !== group.shown)].map((run) => seriesOf(group, run))), x);
  });
}

function seriesOf(group: RunGroup, record: RunRecord): Series {
  const { plan } = record.summary;
  return { label: group.label, name: titleOf(group, record), file: `${plan.label}-${plan.runner}-${plan.repetition}`, hue: group.hue, record };
}
