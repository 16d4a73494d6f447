// The frame that every chart shares: plot, axes, fault bands, read-out, data. A drawing is stretched to whatever width there
// is (its strokes are not), while all text is HTML beside it and keeps its size: one drawing serves every screen. The data of
// a chart is its CSV, in the download link; the page's script reads it there for the read-out and the data table.
import { html, trusted, type Html } from './html.ts';
import type { FaultSpan } from './record.ts';
import { type Scale, formatNumber } from './scale.ts';

/** Drawings are made on this many units each way. */
export const SIDE = 1_000;

/** Width of a character of a fault's name on the narrowest chart, of the whole chart: what has no room is shortened. */
const LABEL_CHARACTER = 7 / 300;

export type Cell = string | number | null;
/** Plain words, or a name in the colour of its hue behind its sign. */
export type TitlePart = string | { readonly name: string; readonly hue: number; readonly sign: string };
/** A sign over the drawing. at: from the left, and from the bottom, in [0, 1]; lost: at the top; end: its right edge is there; inside: on a coloured piece; row: the words of a row, from its left edge on. */
export type Mark = { readonly style: 'lost' | 'on-line' | 'end' | 'state' | 'inside' | 'row'; readonly at: readonly [x: number, y: number]; readonly text: string; readonly hue?: number };
export type Frame = {
  readonly title: readonly TitlePart[];
  /** What a reader who cannot see it is told. */
  readonly description: string;
  readonly x: Scale;
  readonly y: Scale;
  /** Of the x axis and of the y axis. */
  readonly units: readonly [string, string];
  readonly heightPx: number;
  readonly drawing: string;
  readonly marks?: readonly Mark[];
  readonly faults?: readonly FaultSpan[];
  readonly data: { readonly file: string; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] };
  /** Which axis the first column of the data lies on, for the read-out. */
  readonly along: 'x' | 'y';
  /** Place of the first column of each row on that axis, in [0, 1]. */
  readonly places: readonly number[];
};

/** On a page its HTML; as a picture its frame. */
export type Chart = Html & { readonly frame: Frame };

/** Signs and colours of series: as many of each, then they begin again. */
export const HUES = 8;
const SIGNS = ['●', '■', '▲', '◆', '▼', '★', '✚', '○'];

export function signOf(hue: number): string {
  return SIGNS[hue % SIGNS.length] as string;
}

/** A name in a title or a table, with its sign. */
export function nameOf({ name, hue, sign = signOf(hue) }: { readonly name: string; readonly hue: number; readonly sign?: string }): Html {
  return html`<span class="name c${hue % HUES}"><span class="marker" aria-hidden="true">${sign}</span> ${name}</span>`;
}

export function titled({ name, hue }: { readonly name: string; readonly hue: number }): TitlePart {
  return { name, hue, sign: signOf(hue) };
}

export function unit(share: number): string {
  return String(Math.round(share * SIDE * 10) / 10);
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}

export function chart(frame: Frame): Chart {
  return { ...drawn(frame), frame };
}

function drawn(frame: Frame): Html {
  const { title, description, x, y, units, heightPx, drawing, along, places, faults = [] } = frame;
  const last = x.ticks.findLast((tick) => !tick.minor);
  return html`<figure class="chart" data-along="${along}" data-places="${places.map((place) => Math.round(place * 1e4) / 1e4).join(' ')}">
<figcaption>${title.map((part) => html`${typeof part === 'string' ? part : nameOf(part)} `)}</figcaption>
<div class="plot" style="--height:${heightPx}px">
<div class="y-axis" aria-hidden="true"><i>${units[1]}</i>${y.ticks.map((tick) => html`<span${minor(tick.minor)} style="bottom:${percent(y.at(tick.value))}">${tick.label}</span>`)}</div>
<div class="area" tabindex="0" role="img" aria-label="${description}">
${faults.map((fault, index) => band(fault, x, faults[index + 1]?.fromMs ?? Infinity))}
<svg viewBox="0 0 ${SIDE} ${SIDE}" preserveAspectRatio="none" aria-hidden="true">
<path class="grid" d="${y.ticks.map(({ value }) => `M0 ${unit(1 - y.at(value))}H${SIDE}`).join('')}${x.ticks.map(({ value }) => `M${unit(x.at(value))} 0V${SIDE}`).join('')}"/>
${trusted(drawing)}</svg>
${(frame.marks ?? []).map(marked)}<div class="cursor" hidden></div></div>
<div class="x-axis" aria-hidden="true">${x.ticks.map((tick) => html`<span${minor(tick.minor)} style="left:${percent(x.at(tick.value))}">${tick.label}${tick === last ? ` ${units[0]}` : ''}</span>`)}</div>
</div>
${dataOf(frame)}
</figure>`;
}

function marked({ style, at: [x, y], text, hue }: Mark): Html {
  const across = style === 'end' ? `right:${percent(1 - x)}` : `left:${percent(x)}`;
  const up = style === 'lost' ? '' : `;bottom:${percent(y)}`;
  return html`<span class="${style}${hue === undefined ? '' : ` c${hue % HUES}`}" style="${across}${up}">${text}</span>`;
}

function minor(is: boolean): Html {
  return trusted(is ? ' class="minor"' : '');
}

/** What it is called where there is room until the next one. */
export function faultText({ name, index, nodes, fromMs }: FaultSpan, x: Scale, nextMs: number): string {
  const room = x.at(nextMs / 1000) - x.at(fromMs / 1000);
  return [[name, ...nodes].join(' '), name, String(index + 1)].find(({ length }) => length * LABEL_CHARACTER <= room) ?? '';
}

function band(fault: FaultSpan, x: Scale, nextMs: number): Html {
  const { name, nodes, fromMs, toMs } = fault;
  const left = x.at(fromMs / 1000);
  return html`<div class="fault" title="${[name, ...nodes].join(' ')}" style="left:${percent(left)};width:${percent(x.at(toMs / 1000) - left)}"><b>${faultText(fault, x, nextMs)}</b></div>`;
}

/** The read-out (empty until something is pointed at), the download and the table, which the script fills when it is opened. */
function dataOf({ data: { file, head, rows } }: Frame): Html {
  const lines = [head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n');
  return html`<div class="foot"><details class="data"><summary>Data</summary><p><a download="${file}" href="data:text/csv;charset=utf-8,${encodeURI(lines).replaceAll('#', '%23')}">Download ${file}</a> (${formatNumber(rows.length)} rows)</p><div class="scroll"></div></details><div class="read-out"></div></div>`;
}

/** A cell that a spreadsheet would take for a formula is kept as text. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(Number(cell.toPrecision(6)));
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
