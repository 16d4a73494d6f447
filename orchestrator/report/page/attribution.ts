// Where the latency goes: for each set-up a bar for each client region, stacked of the means of the parts; and the paths of the
// commits at the percentiles, each a click away.
import { PARTS, type AttributionRow, type AttributionSummary, type PartName } from '../../attribution/parts.ts';
import { closersInWords, partName, residualIsLarge } from '../attribution-words.ts';
import { commitDiagram } from '../commit-diagram.ts';
import { formatMs } from '../figures.ts';
import { spaceTimeSvg } from '../space-time-svg.ts';
import { chart, HUES, type Chart, type Mark, titled, unit } from './chart.ts';
import type { Series } from './charts.ts';
import { html, type Html } from './html.ts';
import { titleOf, type RunGroup } from './run-group.ts';
import { formatNumber, linearScale, type Scale } from './scale.ts';

/** One colour for each kind of time. */
const KINDS: readonly { readonly name: string; readonly hue: number; readonly parts: readonly PartName[] }[] = [
  { name: 'between clients and nodes, answers', hue: 6, parts: ['client', 'reply'] },
  { name: 'forward', hue: 2, parts: ['forward'] },
  { name: 'network out', hue: 0, parts: ['network-out'] },
  { name: 'network back', hue: 7, parts: ['network-back'] },
  { name: 'disk', hue: 1, parts: ['follower-fsync', 'leader-fsync'] },
  { name: 'wait by the clock', hue: 3, parts: ['wait'] },
  { name: 'queues and turns', hue: 5, parts: ['queue', 'follower-queue', 'apply'] },
  { name: 'lost or late, tried again', hue: 4, parts: ['retry', 'resend'] },
];
const ROW_PX = 52;
/** From the bottom of a row, in shares of it. */
const BAR = [0.08, 0.58] as const;
const LABEL_AT = 0.78;
/** Of the whole chart, for each character of a label on the narrowest screen. */
const CHARACTER = 7 / 300;
const TICKS = 8;

function rowsOf({ record }: Series): readonly AttributionRow[] {
  return record.summary.attribution?.rows ?? [];
}

/** One scale for all of a page; null: nothing was attributed. */
function scaleOf(series: readonly Series[]): Scale | null {
  const most = Math.max(0, ...series.flatMap((each) => rowsOf(each).map(({ meanMs }) => meanMs)));
  return most > 0 ? linearScale(0, most * 1.02, TICKS) : null;
}

/** A chart for each series that was attributed. */
export function attributionCharts(series: readonly Series[]): readonly Chart[] {
  const x = scaleOf(series);
  return x === null ? [] : series.filter((each) => rowsOf(each).length > 0).map((each) => stacked(each, x));
}

function stacked(series: Series, x: Scale): Chart {
  const { name, file, hue, record } = series;
  const rows = rowsOf(series);
  const tick = record.summary.attribution?.tick ?? null;
  const at = (index: number, share: number) => 1 - (index + 1 - share) / rows.length;
  const y: Scale = { at: (index) => at(index, 0.5), ticks: [] };
  const shown = PARTS.filter(({ name: part }) => rows.some(({ parts }) => parts[part] > 0));
  const drawing = rows.map((row, index) => bars(row).map(({ style, from, to }) => (
    `<path class="${style}" d="M${unit(x.at(from))} ${unit(1 - at(index, BAR[1]))}H${unit(x.at(to))}V${unit(1 - at(index, BAR[0]))}H${unit(x.at(from))}Z"/>`)).join('')).join('');
  return chart({
    title: [titled({ name, hue })], description: `Mean latency of ${name} by client region, in its parts; the data is below`,
    x, y, units: ['ms', ''], heightPx: ROW_PX * rows.length, drawing, marks: rows.flatMap((row, index) => marksOf(row, tick, x, (share) => at(index, share))),
    data: {
      file: `${file}-parts.csv`,
      head: ['clients in', 'commits', 'mean (ms)', ...shown.map(({ name: part }) => `${partName(part, tick)} (ms)`), 'unexplained (ms)', 'quorum closed by'],
      rows: rows.map(({ region, commits, meanMs, parts, residualMs, closedBy }) => [region, commits, meanMs, ...shown.map(({ name: part }) => parts[part]), residualMs, closersInWords(closedBy, closedBy.length)]),
    },
    along: 'y', places: rows.map((_, index) => at(index, (BAR[0] + BAR[1]) / 2)),
  });
}

type Piece = { readonly part: PartName | null; readonly hue: number; readonly style: string; readonly from: number; readonly to: number };

function bars({ parts, residualMs }: AttributionRow): readonly Piece[] {
  let from = 0;
  const pieces: Piece[] = PARTS.filter(({ name }) => parts[name] > 0).map(({ name }) => {
    const hue = KINDS.find((kind) => kind.parts.includes(name))?.hue ?? 0;
    const piece = { part: name, hue, style: `leads c${hue % HUES}`, from, to: from + parts[name] };
    from = piece.to;
    return piece;
  });
  return residualMs > 0 ? [...pieces, { part: null, hue: 0, style: 'down', from, to: from + residualMs }] : pieces;
}

function marksOf(row: AttributionRow, tick: string | null, x: Scale, at: (share: number) => number): readonly Mark[] {
  const closers = closersInWords(row.closedBy, 2);
  const label = `${row.region} · ${formatMs(row.meanMs)} ms${closers === '' ? '' : ` · closed by ${closers}`}`;
  const inside = bars(row).flatMap(({ part, hue, from, to }): readonly Mark[] => {
    const room = x.at(to) - x.at(from);
    const text = part === null ? '' : [`${partName(part, tick)} ${formatMs(to - from)}`, partName(part, tick), formatMs(to - from)].find(({ length }) => length * CHARACTER <= room) ?? '';
    return text === '' ? [] : [{ style: 'inside', at: [(x.at(from) + x.at(to)) / 2, at((BAR[0] + BAR[1]) / 2)], text, hue }];
  });
  return [{ style: 'row', at: [0, at(LABEL_AT)], text: label }, ...inside];
}

export function attributionSection(groups: readonly RunGroup[], charts: readonly Chart[]): Html {
  const shown = groups.flatMap((group) => {
    const { attribution } = group.shown.summary;
    return attribution === undefined ? [] : [{ group, attribution }];
  });
  const large = shown.flatMap(({ group, attribution }) => attribution.rows.filter(residualIsLarge).map(({ region, meanMs, residualMs }) => `${titleOf(group, group.shown)}, ${region}: ${formatMs(residualMs)} of ${formatMs(meanMs)} ms are not explained`));
  const reasons = groups.flatMap((group) => {
    const { attribution, plan: { detail } } = group.shown.summary;
    const because = attribution === undefined ? (detail === 'messages' ? 'its lab did not tell yet when commands arrive' : 'a closed loop, or more than 1,000 commands/s: only a sample of its messages is recorded, and no path can be made of that') : attribution.because;
    return because === null ? [] : [`${titleOf(group, group.shown)}: ${because}`];
  });
  return html`<section id="parts"><h2>Where the time goes</h2><p>The path of each commit from the intended send to the answer, cut into parts; means, which add up to the mean latency. ${groups.some(({ runs }) => runs.length > 1) ? 'Of repeated runs the one in the middle. ' : ''}Commands that a fault could have touched are left out. Framed in red: not explained by the events.</p>
${charts.length === 0 ? null : html`<p class="kinds">${KINDS.map(({ name, hue }) => html`<span class="name"><span class="swatch c${hue}"></span> ${name}</span> `)}</p>
<div class="panels">${charts}</div>`}
${[...large, ...reasons].length === 0 ? null : html`<ul>${[...large, ...reasons].map((line) => html`<li>${line}</li>`)}</ul>`}
${charts.length === 0 ? null : html`<h3>Single commits</h3><p>One at each percentile of those: its messages between the lines of the nodes, its waits as bars, with their lengths in ms; dashed: messages of the same step that did not decide. Time runs downwards and is not to scale.</p>
${shown.map(({ group, attribution }) => pathsOf(group, attribution))}`}</section>`;
}

function pathsOf(group: RunGroup, { commits, tick }: AttributionSummary): Html {
  const nodes = group.shown.summary.plan.nodes.map(({ id }) => id);
  const name = titleOf(group, group.shown);
  return html`<div class="paths"><b>${name}</b>${commits.map((path) => html`<details class="path"><summary>${path.percentile} · ${formatNumber(Number(formatMs(path.totalMs)))} ms</summary>
<p>${path.id}, asked in ${path.region}${path.closedBy === null ? '' : `; ${path.closedBy} closed the quorum`}.</p>${spaceTimeSvg(commitDiagram(path, nodes, tick))}</details>`)}</div>`;
}
