// The page of `lab compare`: what changed, in figures with what a test of the runs says of each; distributions of all set-ups; and
// sweeps as curves.
import { AXES, curvesOf, sideLetter } from '../../compare/curves.ts';
import { nameOf as subjectName, type Subject } from '../../compare/sides.ts';
import { changeOf, type Compared, type Comparison, counted, medianOf, rangeOf, saysOf, titleOf } from '../../compare/words.ts';
import { unitOf } from '../../metrics/names.ts';
import { distributionChart, distributionScale, type Series } from './charts.ts';
import { curveChart } from './curve-chart.ts';
import { documentOf } from './document.ts';
import { html, type Html } from './html.ts';
import type { RunRecord } from './record.ts';

/** A set-up and the records of its runs, in the same order. */
export type Recorded = { readonly subject: Subject; readonly records: readonly RunRecord[] };

const MOST_DISTRIBUTIONS = 16;
const CURVES = [['commit.p50', 'Median latency'], ['commit.p99', 'Latency, 99th percentile'], ['throughput', 'Commits']] as const;

export function renderComparePage(comparison: Comparison, recorded: readonly Recorded[]): string {
  const { sides, excluded, pairs } = comparison;
  return documentOf({
    title: sides.map(({ name }) => name).join(' and '), scripted: true,
    header: html`<h1><b>${sides.length > 1 ? sides.map(({ name }, side) => `${sideLetter(side)}: ${name}`).join(' · ') : sides[0]?.name ?? ''}</b></h1>
<p class="headline">${headline(pairs)}</p>${excluded.map(({ folder, because }) => html`<p class="trust">Left out: ${folder}, ${because}.</p>`)}`,
    main: html`${AXES.map((axis) => curveSection(recorded.map(({ subject }) => subject), axis))}
${distributions(recorded, sides.length)}
${pairs.map((pair) => pairSection(pair, comparison))}`,
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

function distributions(recorded: readonly Recorded[], sides: number): Html | null {
  const drawn = recorded.slice(0, MOST_DISTRIBUTIONS);
  const x = distributionScale(drawn.flatMap(({ records }) => records));
  if (x === null) return null;
  const series = drawn.flatMap(({ subject, records }, hue) => records.map((record): Series => {
    const label = `${subjectName(subject)}${sides > 1 ? ` in ${sideLetter(subject.side)}` : ''}`;
    return { label, name: records.length > 1 ? `${label}, run ${record.summary.plan.repetition}` : label, file: label, hue, record };
  }));
  const left = recorded.length - drawn.length;
  return html`<section><h2>Latency distribution</h2><p>Share of all commands answered within this time, a line for each run. Dashed: the closed form.${left > 0 ? ` ${left} more set-ups are not drawn.` : ''}</p>${distributionChart('all', 'all', series, x)}</section>`;
}

function curveSection(subjects: readonly Subject[], axis: (typeof AXES)[number]): Html | null {
  const charts = CURVES.flatMap(([figure, title]) => {
    const drawn = curveChart(curvesOf(subjects, axis, figure), axis, { title, unit: unitOf(figure) ?? '' }, `${figure}-by-${axis.name}.csv`);
    return drawn === null ? [] : [drawn];
  });
  if (charts.length === 0) return null;
  return html`<section><h2>${axis.name === 'delay' ? 'As the network grows' : 'As the load grows'}</h2><p>A point is the median of the runs of one set-up, the bar reaches from the least to the most.</p><div class="panels">${charts}</div></section>`;
}
