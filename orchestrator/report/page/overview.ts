// The first screen: what a run is judged by, a row for each protocol and runner; on a narrow screen a row becomes a card.
import type { Figure } from '../../kinds.ts';
import { extremesOf, formatFigure, formatMs, medianFigure } from '../figures.ts';
import { nameOf } from './chart.ts';
import { html, type Html } from './html.ts';
import { figuresOf, type RunGroup, type VerdictWord, verdictOf } from './run-group.ts';
import { grouped } from './scale.ts';

const SIGNS: { readonly [word in VerdictWord]: string } = { ok: '✓', violated: '✕', finding: '!', unknown: '?', invalid: '!', missed: '!', partial: '…' };
const WORDS: { readonly [word in VerdictWord]: string } = {
  ok: 'ok', violated: 'violated', finding: 'finding', unknown: 'undecided', invalid: 'invalid', missed: 'missed', partial: 'partial',
};
const FIGURES: readonly { readonly head: string; readonly short: string; readonly unit: string; readonly metric: string; readonly format?: (value: number) => string }[] = [
  { head: 'p50', short: 'p50', unit: 'ms', metric: 'commit.p50' },
  { head: 'p99', short: 'p99', unit: 'ms', metric: 'commit.p99' },
  { head: 'commits', short: 'commits', unit: '/s', metric: 'throughput' },
  { head: 'outage', short: 'outage', unit: 'ms', metric: 'outage' },
  { head: 'measured / optimum', short: '/ optimum', unit: '', metric: 'optimum.ratio', format: (value) => value.toFixed(3) },
];

function badge(group: RunGroup): Html {
  const word = verdictOf(group);
  return html`<span class="badge ${word}"><span aria-hidden="true">${SIGNS[word]}</span> ${WORDS[word]}</span>`;
}

export function overview(groups: readonly RunGroup[]): Html {
  return html`<table class="overview" role="table"><caption class="unseen">Figures of each protocol and runner</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">protocol</th><th role="columnheader" scope="col">verdict</th><th role="columnheader" scope="col">runs on</th>${FIGURES.map(({ head, unit }) => html`<th role="columnheader" scope="col" class="number">${head} <small>${unit}</small></th>`)}</tr></thead>
<tbody role="rowgroup">${groups.map(row)}</tbody></table>${legend(groups)}`;
}

function row(group: RunGroup): Html {
  const { label, runner, shaper, time, runs, hue } = group;
  const where = [runner, ...(shaper === runner ? [] : [shaper]), ...(time === undefined ? [] : [`${time} time`])].join(' · ');
  return html`<tr role="row"><th role="rowheader" scope="row">${nameOf({ name: label, hue })}</th><td role="cell" class="verdict">${badge(group)}</td>
<td role="cell" class="where">${where}${runs.length > 1 ? html` <small>${runs.length} runs</small>` : null}</td>
${verdictOf(group) === 'violated' ? html`<td role="cell" class="void" colspan="${FIGURES.length}">figures void: a claim is violated</td>` : FIGURES.map((figure) => cell(group, figure))}</tr>`;
}

function cell({ runs }: RunGroup, { short, unit, metric, format = formatMs }: (typeof FIGURES)[number]): Html {
  const figures = figuresOf(runs, metric);
  const extremes = runs.length > 1 ? extremesOf(figures) : null;
  const range = extremes === null ? null : html`<small>${grouped(`${formatFigure(extremes.least, format)} – ${formatFigure(extremes.most, format)}`)}</small>`;
  return html`<td role="cell" class="number"><span class="short">${short} <small>${unit}</small></span><b>${grouped(formatFigure(medianFigure(figures), format))}</b>${range}</td>`;
}

function legend(groups: readonly RunGroup[]): Html | null {
  const figures = groups.flatMap(({ runs }) => FIGURES.flatMap(({ metric }) => figuresOf(runs, metric)));
  const has = (wanted: (figure: Figure) => boolean) => figures.some(wanted);
  const notes = [
    has(({ bound }) => bound === '>') ? '> a lower bound: it falls on a command whose outcome is unknown, or on an outage that did not end.' : [],
    has(({ bound }) => bound === 'failed') ? 'failed: it falls on a command that certainly did not happen.' : [],
    has(({ uncertain, value }) => uncertain === true && value !== null) ? '* too few samples for a firm figure.' : [],
    groups.some(({ runs }) => runs.length > 1) ? 'Of repeated runs: the median, below it the least and the most.' : [],
  ].flat();
  return notes.length === 0 ? null : html`<p class="notes">${notes.join(' ')}</p>`;
}

