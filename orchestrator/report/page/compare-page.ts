// The page of `lab compare`: what changed, in figures with what a test of the runs says of each; distributions of all set-ups; and
// sweeps as curves.
import { sideLetter } from '../../compare/curves.ts';
import { nameOf as subjectName, type Subject } from '../../compare/sides.ts';
import { changeOf, type Compared, type Comparison, counted, doubtsIn, medianOf, rangeOf, saysOf, titleOf } from '../../compare/words.ts';
import { unitOf } from '../../metrics/names.ts';
import { agreementSection } from './agreement-table.ts';
import type { Chart } from './chart.ts';
import { distributionChart, distributionScale, type Series } from './charts.ts';
import { curveSections } from './curve-section.ts';
import { documentOf } from './document.ts';
import { html, type Html } from './html.ts';
import type { RunRecord } from './record.ts';

/** A set-up and the records of its runs, in the same order. */
export type Recorded = { readonly subject: Subject; readonly records: readonly RunRecord[] };

const MOST_DISTRIBUTIONS = 16;

export function renderComparePage(comparison: Comparison, recorded: readonly Recorded[]): string {
  const { sides, excluded, pairs } = comparison;
  return documentOf({
    title: sides.map(({ name }) => name).join(' and '), scripted: true,
    header: html`<h1><b>${sides.length > 1 ? sides.map(({ name }, side) => `${sideLetter(side)}: ${name}`).join(' · ') : sides[0]?.name ?? ''}</b></h1>
<p class="headline">${headline(pairs)}</p>${excluded.map(({ folder, because }) => html`<p class="trust">Left out: ${folder}, ${because}.</p>`)}${doubtsIn(comparison).map(({ run, because }) => html`<p class="trust">Not fit as a baseline: ${run}, ${because}.</p>`)}`,
    main: html`${curveSections(recorded.map(({ subject }) => subject)).map(({ section }) => section)}
${distributionSection(recorded, sides.length)}
${pairs.map((pair) => pairSection(pair, comparison))}
${agreementSection(recorded.flatMap(({ records }) => records.map(({ summary }) => summary)))}`,
    footer: `Made by consensus-lab from the events of ${counted(recorded.reduce((sum, { records }) => sum + records.length, 0))}. Figures are medians of runs; the test is that of Mann and Whitney over runs, two-sided.`,
  });
}

/** What differs for sure, the largest change first. */
function headline(pairs: readonly Compared[]): string {
  const clauses = pairs.flatMap((pair) => pair.rows.filter(({ call, figure }) => call === 'differs' && figure !== 'optimum.ratio').map((row) => ({ pair, row })))
    .sort((a, b) => Math.abs(b.row.change ?? 0) - Math.abs(a.row.change ?? 0)).slice(0, 3)
    .map(({ pair, row }) => `${row.figure} of ${subjectName(pair.other)} ${changeOf(row)}`);
  if (clauses.length > 0) return `For sure: ${clauses.join('; ')}.`;
  const few = pairs.some(({ rows }) => rows.some(({ call }) => call === 'too few runs'));
  return few ? 'Too few runs to say that anything differs.' : 'No difference is seen.';
}

function pairSection(pair: Compared, { sides }: Comparison): Html {
  return html`<section><h2>${titleOf(pair, sides)}</h2>
${pair.forced.length === 0 ? null : html`<p class="void">Not the same measurement: ${pair.forced.join(', ')}.</p>`}
${pair.differences.length === 0 ? null : html`<p>Differs: ${pair.differences.join(', ')}.</p>`}
<div class="scroll"><table><thead><tr><th>figure</th><th class="number">before</th><th class="number">after</th><th class="number">change</th><th class="number">p</th><th>says</th></tr></thead>
<tbody>${pair.rows.map((row) => html`<tr><th>${row.figure} <small>${unitOf(row.figure) ?? ''}</small></th><td class="number">${medianOf(row.base)} <small>${rangeOf(row.base)}</small></td><td class="number">${medianOf(row.other)} <small>${rangeOf(row.other)}</small></td><td class="number">${changeOf(row)}</td><td class="number">${row.p === null ? '–' : row.p.toPrecision(2)}</td><td>${saysOf(row)}</td></tr>`)}</tbody></table></div></section>`;
}

/** Of the page, in its order. */
export function comparedCharts({ sides }: Comparison, recorded: readonly Recorded[]): readonly Chart[] {
  return [...curveSections(recorded.map(({ subject }) => subject)).flatMap(({ charts }) => charts), ...distributions(recorded, sides.length)];
}

function distributions(recorded: readonly Recorded[], sides: number): readonly Chart[] {
  const drawn = recorded.slice(0, MOST_DISTRIBUTIONS);
  const x = distributionScale(drawn.flatMap(({ records }) => records));
  if (x === null) return [];
  const series = drawn.flatMap(({ subject, records }, hue) => records.map((record): Series => {
    const label = `${subjectName(subject)}${sides > 1 ? ` in ${sideLetter(subject.side)}` : ''}`;
    return { label, name: records.length > 1 ? `${label}, run ${record.summary.plan.repetition}` : label, file: label, hue, record };
  }));
  return [distributionChart('all', 'all', series, x)];
}

function distributionSection(recorded: readonly Recorded[], sides: number): Html | null {
  const charts = distributions(recorded, sides);
  const left = recorded.length - MOST_DISTRIBUTIONS;
  if (charts.length === 0) return null;
  return html`<section><h2>Latency distribution</h2><p>Share of all commands answered within this time, a line for each run. Dashed: the closed form.${left > 0 ? ` ${left} more set-ups are not drawn.` : ''}</p>${charts}</section>`;
}
