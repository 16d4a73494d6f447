// A chart as a picture of its own: an SVG document with title, axes, faults, drawing and signs, from the same frame as on the
// page. Text keeps its size here and the drawing is made for it, because a picture does not stretch.
import { assert } from '../../../node/assert.ts';
import { type Chart, faultText, type Frame, HUES, type Mark, SIDE, type TitlePart } from './chart.ts';
import { html, type Html, trusted } from './html.ts';
import { DARK, LIGHT } from './style.ts';

/** light: one scheme, for what does not know the reader's; both: follows the reader's. */
export type Scheme = 'light' | 'both';
export type Picture = { readonly name: string; readonly svg: string; readonly widthPx: number };

const WIDTH = 840;
const EDGE = { left: 64, right: 24, bottom: 30 };
const LINE = 20;
/** From the title to the plot: what it shows in words, the unit of the y axis, names of faults. */
const ABOVE = 42;
const MOST_WORDS = 125;
const CHARACTER = 7.2;
const FONTS = 'system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,Liberation Sans,DejaVu Sans,sans-serif';

function colorsOf(variables: string): (name: string) => string {
  const colors = new Map(variables.split(/[;\n]+/).filter((line) => line !== '').map((line) => line.slice('--'.length).split(':') as [string, string]));
  return (name) => {
    const color = colors.get(name);
    assert(color !== undefined, `the page has no colour ${name}`);
    return color;
  };
}

/** Resolved, as not everything that draws SVG knows variables. */
function rules(variables: string): string {
  const color = colorsOf(variables);
  const hues = Array.from({ length: HUES }, (_, hue) => {
    const of = color(`c${hue}`);
    return `.line.c${hue},.c${hue} .line,.dashed.c${hue},.c${hue} .dots,.c${hue} .range{stroke:${of}}.c${hue} .fill,.leads.c${hue},text.c${hue}{fill:${of}}`;
  }).join('');
  return `.page{fill:${color('page')}}text{fill:${color('ink')}}text.muted{fill:${color('muted')}}text.inside.inside{fill:${color('card')}}.grid{stroke:${color('grid')}}.rule{stroke:${color('muted')}}.thin{stroke:${color('muted')}}
.fault{fill:${color('fault').slice(0, 7)};fill-opacity:.14}.fault-edge{stroke:${color('fault-edge')}}text.fault-name{fill:${color('fault-ink')}}text.lost,text.state{fill:${color('bad')}}
.leads{stroke:${color('card')}}.down{fill:${color('bad')};stroke:${color('bad')}}.paused{fill:${color('warn')};stroke:${color('warn')}}${hues}`;
}

const SHAPES = `path{fill:none}text{font-family:${FONTS};font-size:12px}text.title{font-size:14px;font-weight:600}text.fault-name{font-size:11.5px;font-weight:600}text.lost{font-weight:700}
.grid,.rule,.thin{stroke-width:1}.thin{stroke-dasharray:2 3}.fault-edge{stroke-width:1.5}.line{stroke-width:1.8;stroke-linejoin:round}.dots{stroke-width:3;stroke-linecap:round;stroke-opacity:.5}
.range{stroke-width:2;stroke-opacity:.3}.fill{fill-opacity:.13}.dashed{stroke-width:2;stroke-dasharray:7 5}.leads{stroke-width:.6}.down{fill-opacity:.22}.paused{fill-opacity:.18;stroke-dasharray:3 3}`;

/** A path on SIDE units each way, on a plot of this size. Only what the charts draw with: M L H V h Z. */
function stretched(path: string, width: number, height: number): string {
  const [across, up] = [width / SIDE, height / SIDE];
  const round = (value: number) => String(Math.round(value * 100) / 100);
  return path.replaceAll(/([A-Za-z])([^A-Za-z]*)/g, (_, command: string, text: string) => {
    const values = text.trim().split(/[\s,]+/).filter((value) => value !== '').map(Number);
    assert('MLHVhZ'.includes(command) && values.every(Number.isFinite), `a chart draws with ${command}${text}`);
    const scaled = values.map((value, index) => round(value * (command === 'V' || ('ML'.includes(command) && index % 2 === 1) ? up : across)));
    return `${command}${scaled.join(' ')}`;
  });
}

/** Lines of a title, broken where the next part has no room. */
function linesOf(title: readonly TitlePart[]): readonly (readonly { readonly part: TitlePart; readonly x: number }[])[] {
  const lines: { part: TitlePart; x: number }[][] = [[]];
  let x: number = EDGE.left;
  for (const part of title) {
    const width = (typeof part === 'string' ? part.length : part.name.length + 2) * CHARACTER * 1.1 + 14;
    if (x + width > WIDTH - EDGE.right && x > EDGE.left) {
      lines.push([]);
      x = EDGE.left;
    }
    (lines.at(-1) as { part: TitlePart; x: number }[]).push({ part, x });
    x += width;
  }
  return lines;
}

function titleOf(title: readonly TitlePart[]): { readonly drawing: Html; readonly heightPx: number } {
  const lines = linesOf(title);
  const drawing = html`${lines.map((parts, row) => parts.map(({ part, x }) => (typeof part === 'string'
    ? html`<text class="title" x="${x}" y="${24 + row * LINE}">${part}</text>`
    : html`<text class="title c${part.hue % HUES}" x="${x}" y="${24 + row * LINE}">${part.sign}</text><text class="title" x="${x + 17}" y="${24 + row * LINE}">${part.name}</text>`)))}`;
  return { drawing, heightPx: 12 + lines.length * LINE };
}

function markOf({ style, at: [x, y], text, hue }: Mark, width: number, height: number): Html {
  const [left, top] = [x * width, style === 'lost' ? 12 : (1 - y) * height + 4];
  const anchor = style === 'end' ? 'end' : style === 'state' || style === 'row' ? 'start' : 'middle';
  return html`<text class="${style}${hue === undefined ? '' : ` c${hue % HUES}`}" x="${(left + (style === 'state' ? 6 : 0)).toFixed(1)}" y="${top.toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}

function faultsOf({ faults = [], x }: Frame, width: number, height: number): readonly Html[] {
  return faults.map((fault, index) => {
    const [left, right] = [x.at(fault.fromMs / 1000) * width, x.at(fault.toMs / 1000) * width];
    return html`<rect class="fault" x="${left.toFixed(1)}" y="0" width="${Math.max(2, right - left).toFixed(1)}" height="${height}"/><path class="fault-edge" d="M${left.toFixed(1)} 0V${height}"/>
<text class="fault-name" x="${left.toFixed(1)}" y="-4">${faultText(fault, x, faults[index + 1]?.fromMs ?? Infinity)}</text>`;
  });
}

function axesOf({ x, y, units }: Frame, width: number, height: number): Html {
  const last = x.ticks.findLast((tick) => !tick.minor);
  const grid = [...y.ticks.map(({ value }) => `M0 ${((1 - y.at(value)) * height).toFixed(1)}H${width}`), ...x.ticks.map(({ value }) => `M${(x.at(value) * width).toFixed(1)} 0V${height}`)].join('');
  return html`<path class="grid" d="${grid}"/><path class="rule" d="M0 ${height}H${width}"/><text class="muted" x="-8" y="-10" text-anchor="end">${units[1]}</text>
${y.ticks.map(({ value, label }) => html`<text class="muted" x="-8" y="${((1 - y.at(value)) * height + 4).toFixed(1)}" text-anchor="end">${label}</text>`)}
${x.ticks.map((tick) => html`<text class="muted" x="${(x.at(tick.value) * width).toFixed(1)}" y="${height + 18}" text-anchor="middle">${tick.label}${tick === last ? ` ${units[0]}` : ''}</text>`)}`;
}

/** Whole in itself; its text is in fonts of the reader. */
export function pictureOf({ frame }: Chart, scheme: Scheme): Picture {
  const { heightPx: height, drawing, marks = [], description } = frame;
  const title = titleOf(frame.title);
  const [width, top] = [WIDTH - EDGE.left - EDGE.right, title.heightPx + ABOVE];
  const whole = top + height + EDGE.bottom;
  const style = `${SHAPES}${rules(LIGHT)}${scheme === 'both' ? `@media (prefers-color-scheme:dark){${rules(DARK)}}` : ''}`;
  const words = description.replace(/; the data is below$/, '');
  const paths = drawing.replaceAll(/ d="([^"]*)"/g, (_, path: string) => ` d="${stretched(path, width, height)}"`);
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${whole}" viewBox="0 0 ${WIDTH} ${whole}" role="img" aria-label="${words}">
<style>${trusted(style)}</style><rect class="page" width="${WIDTH}" height="${whole}"/>${title.drawing}<text class="muted" x="${EDGE.left}" y="${title.heightPx + 8}">${words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS - 1)}…` : words}</text>
<g transform="translate(${EDGE.left} ${top})">${faultsOf(frame, width, height)}${axesOf(frame, width, height)}
${trusted(paths)}
${marks.map((mark) => markOf(mark, width, height))}</g></svg>
`.html;
  return { name: frame.data.file.replace(/\.csv$/, ''), svg, widthPx: WIDTH };
}
