// The page of a search: the interval of each protocol in a sentence, each target along the varied value, and the map of all
// values that were judged. It stands beside the runs, which `lab report` shows one by one.
import type { Curve } from '../../compare/curves.ts';
import { unitOf } from '../../metrics/names.ts';
import { certaintyInWords, foundInWords, type Found } from '../../search/found.ts';
import { written, type Search, type Threshold } from '../../search/spec.ts';
import { extremesOf, formatFigure, formatMs, medianFigure } from '../figures.ts';
import { curveChart } from './curve-chart.ts';
import { documentOf } from './document.ts';
import { html, type Html } from './html.ts';

export function renderSearchPage(experiment: string, search: Search, all: readonly Found[]): string {
  const field = search.fields.map(({ path }) => path).join(', ');
  return documentOf({
    title: experiment, scripted: true,
    header: html`<h1><b>${experiment}</b> · ${field} between ${written(search, search.low)} and ${written(search, search.high)}</h1>
<p class="headline">${all.map((found) => `${nameOf(found)}: ${foundInWords(search, found)[0] ?? ''}.`).join(' ')}</p>
<p class="trust">Target: ${search.hold.map(targetText).join(' and ')}; ${certaintyInWords(search.repeat)}.</p>`,
    main: html`<section><h2>Along the range</h2><p>A point is the median of the runs at one value, the bar reaches from the least to the most.</p><div class="panels">${search.hold.map((target) => chartOf(search, all, target))}</div></section>
${all.map((found) => mapSection(search, found))}`,
    footer: 'Made by consensus-lab. The runs lie beside this page, one folder each: lab report shows them.',
  });
}

function nameOf({ label, runner }: Found): string {
  return `${label} on ${runner}`;
}

function targetText({ metric, below, above }: Threshold): string {
  return `${metric} ${below === undefined ? 'above' : 'below'} ${below ?? above} ${unitOf(metric) ?? ''}`.trimEnd();
}

/** Runs without the figure, or of which only a bound is known, are in the map alone. */
function chartOf(search: Search, all: readonly Found[], { metric, below, above }: Threshold): Html | null {
  const curves: readonly Curve[] = all.map((found, side) => ({
    name: nameOf(found), side,
    points: found.points.flatMap(({ value, figures }) => {
      const exact = (figures[metric] ?? []).flatMap((figure) => (figure.bound === '=' && figure.value !== null ? [figure.value] : [])).sort((a, b) => a - b);
      const [least, most] = [exact[0], exact.at(-1)];
      return least === undefined || most === undefined ? [] : [{ x: value, y: exact[Math.floor((exact.length - 1) / 2)] ?? least, least, most, runs: exact.length }];
    }),
  }));
  const limit = below ?? above ?? 0;
  const target: Curve = { name: 'target', side: all.length, points: [search.low, search.high].map((x) => ({ x, y: limit, least: limit, most: limit, runs: 0 })) };
  return curveChart([...curves.filter(({ points }) => points.length > 0), target], { title: search.fields[0]?.path ?? '', unit: search.unit }, { title: metric, unit: unitOf(metric) ?? '' }, `${metric}.csv`);
}

function mapSection(search: Search, found: Found): Html {
  const [answer = '', ...remarks] = foundInWords(search, found);
  const heads = search.hold.flatMap(({ metric }) => [`${metric}, median`, 'least … most']);
  return html`<section><h2>${nameOf(found)}</h2><p>${answer}.</p>${remarks.length === 0 ? null : html`<ul>${remarks.map((text) => html`<li>${text}</li>`)}</ul>`}
<div class="scroll" tabindex="0" role="region" aria-label="${`map of ${nameOf(found)}`}"><table><thead><tr><th scope="col">${search.fields[0]?.path ?? ''}</th><th scope="col">verdict</th><th scope="col" class="number">runs that hold</th>${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
<tbody>${found.points.map(({ value, verdict, held, runs, figures }) => html`<tr><th scope="row">${written(search, value)}</th><td>${verdict === 'mixed' ? '? runs disagree' : verdict === 'holds' ? '✓ holds' : '✕ fails'}</td><td class="number">${held} of ${runs}</td>${search.hold.map(({ metric }) => {
  const of = figures[metric] ?? [];
  const extremes = extremesOf(of);
  return html`<td class="number">${formatFigure(medianFigure(of), formatMs)}</td><td class="number">${extremes === null ? '–' : `${formatFigure(extremes.least, formatMs)} … ${formatFigure(extremes.most, formatMs)}`}</td>`;
})}</tr>`)}</tbody></table></div></section>`;
}
