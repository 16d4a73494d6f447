// A space-time diagram as SVG: a vertical line for each node, time downwards, messages as arrows from where they left to
// where they came, a cross where they never did. Time is not to scale: each event has room for its words, and a quiet time is
// short; the times stand at the left. Colours are those of the page (page/style.ts).
import type { NodeId } from '../../node/contract.ts';
import { html, type Html, trusted } from './page/html.ts';
import { CLIENTS, LAB } from './space-time-notes.ts';
import type { Item, Section, SpaceTime } from './space-time.ts';

const GUTTER_PX = 74;
const CLIENTS_PX = 190;
/** Of all columns, so that a usual screen shows them; more nodes than seven are scrolled to. */
const COLUMNS_PX = 840;
const COLUMN_PX = { least: 120, most: 280 };
const LINE_PX = 14;
const LEAST_GAP_PX = 3;
const MOST_GAP_PX = 34;
const CHARACTER_PX = 6.1;
const BOLD_CHARACTER_PX = 7;
/** The words of a line across stand above it. */
const ACROSS_PX = 9;
const BAR_PX = 8;
const CROSS_SHARE = 0.55;

type Point = { readonly x: number; readonly y: number };
type Placed = { readonly item: Item; readonly at: Point };
type Layout = { readonly columns: ReadonlyMap<string, number>; readonly columnPx: number; readonly widthPx: number };

function layoutOf(nodes: readonly NodeId[]): Layout {
  const columnPx = Math.max(COLUMN_PX.least, Math.min(COLUMN_PX.most, Math.floor(COLUMNS_PX / nodes.length)));
  const columns = new Map<string, number>([[CLIENTS, GUTTER_PX + 8], ...nodes.map((node, index): [string, number] => [node, GUTTER_PX + CLIENTS_PX + index * columnPx])]);
  return { columns, columnPx, widthPx: GUTTER_PX + CLIENTS_PX + nodes.length * columnPx };
}

/** A row of names, to stand above the drawing, and one drawing for each window. */
export function spaceTimeSvg({ nodes, sections }: SpaceTime): Html {
  const layout = layoutOf(nodes);
  const names = [...layout.columns].map(([name, x]) => html`<span style="left:${x}px">${name}</span>`);
  return html`<div class="space-time"><div class="names" style="width:${layout.widthPx}px">${names}</div>
${sections.map((section, index) => html`${index > 0 ? html`<p class="later">${seconds(section.fromMs - (sections[index - 1]?.toMs ?? 0))} s later</p>` : null}${leftOut(section)}${drawing(section, layout)}`)}</div>`;
}

function leftOut({ leftOut: count }: Section): Html | null {
  return count === 0 ? null : html`<p class="later">${count} earlier events of this window are left out</p>`;
}

/** Each item has a place on the line of its column, below all that came before it. */
function placesOf(items: readonly Item[], { columns }: Layout): readonly Placed[] {
  const gaps = items.slice(1).map((item, index) => item.atMs - (items[index]?.atMs ?? 0)).filter((gapMs) => gapMs > 0).sort((a, b) => a - b);
  const usualMs = gaps[Math.floor(gaps.length / 2)] ?? 1;
  const freeFrom = new Map<string, number>();
  let y = LINE_PX;
  let beforeMs = items[0]?.atMs ?? 0;
  return items.map((item) => {
    const gapMs = item.atMs - beforeMs;
    if (gapMs > 0) y += Math.min(MOST_GAP_PX, LEAST_GAP_PX + 6 * Math.log2(1 + gapMs / usualMs));
    beforeMs = item.atMs;
    // The names of messages stand where they arrive: those that leave need no line of their own.
    const across = item.column === LAB;
    const busy = across ? Math.max(0, ...freeFrom.values()) : freeFrom.get(item.column) ?? 0;
    if (item.type !== 'sent') y = Math.max(y, across ? busy + ACROSS_PX : busy);
    if (across) for (const column of columns.keys()) freeFrom.set(column, y + LINE_PX + 4);
    else if (item.type !== 'sent') freeFrom.set(item.column, y + LINE_PX);
    return { item, at: { x: columns.get(item.column) ?? 0, y } };
  });
}

function drawing(section: Section, layout: Layout): Html {
  const placed = placesOf(section.items, layout);
  const height = (placed.at(-1)?.at.y ?? 0) + 2 * LINE_PX;
  const timed = new Places(placed, height);
  return html`<svg width="${layout.widthPx}" height="${Math.ceil(height)}" viewBox="0 0 ${layout.widthPx} ${Math.ceil(height)}" role="img" aria-label="Space-time diagram from ${seconds(section.fromMs)} s to ${seconds(section.toMs)} s">
${trusted(times(placed))}${trusted(lifelines(section, layout, timed, height))}${trusted(barsOf(section, layout, timed))}${arrows(placed, layout, height)}${placed.map((each) => words(each, layout))}</svg>`;
}

/** Heights of times between those of items. */
class Places {
  readonly #placed: readonly Placed[];
  readonly #height: number;

  constructor(placed: readonly Placed[], height: number) {
    this.#placed = placed;
    this.#height = height;
  }

  at(ms: number): number {
    const before = this.#placed.findLast(({ item }) => item.atMs <= ms);
    if (before === undefined) return 0;
    return before === this.#placed.at(-1) && ms > before.item.atMs ? this.#height : before.at.y;
  }
}

/** Of each line of text that begins a new time. */
function times(placed: readonly Placed[]): string {
  let freeFrom = 0;
  let text = '';
  let lastMs = NaN;
  for (const { item: { atMs }, at: { y } } of placed) {
    if (atMs === lastMs || y < freeFrom) continue;
    lastMs = atMs;
    freeFrom = y + LINE_PX;
    text += `<text class="time" x="${GUTTER_PX - 10}" y="${round(y + 4)}">${seconds(atMs)}</text>`;
  }
  return text;
}

/** Thick where it leads, none where it is down. */
function lifelines({ roles, fromMs, toMs }: Section, { columns }: Layout, timed: Places, height: number): string {
  return [...columns].filter(([name]) => name !== CLIENTS).map(([node, x], index) => {
    const own = roles.filter((span) => span.node === node);
    if (own.length === 0) return `<path class="life" d="M${x} 0V${round(height)}"/>`;
    return own.map((span) => {
      const top = span.fromMs <= fromMs ? 0 : timed.at(span.fromMs);
      const bottom = span.toMs >= toMs ? height : timed.at(span.toMs);
      const style = span.state === 'leader' ? `life leads c${index % 8}` : span.state === 'down' ? 'life gone' : span.state === 'paused' ? 'life held' : 'life';
      return `<path class="${style}" d="M${x} ${round(top)}V${round(bottom)}"/>`;
    }).join('');
  }).join('');
}

function barsOf({ bars = [] }: Section, { columns }: Layout, timed: Places): string {
  return bars.map(({ column, fromMs, toMs, kind }) => {
    const [x, top, bottom] = [columns.get(column) ?? 0, timed.at(fromMs), timed.at(toMs)];
    return `<path class="bar is-${kind}" d="M${x - BAR_PX / 2} ${round(top)}H${x + BAR_PX / 2}V${round(Math.max(bottom, top + BAR_PX))}H${x - BAR_PX / 2}Z"/>`;
  }).join('');
}

function arrows(placed: readonly Placed[], { columns }: Layout, height: number): readonly Html[] {
  const sentAt = new Map(placed.flatMap(({ item, at }) => (item.type === 'sent' ? [[item.message, at] as const] : [])));
  const arrived = new Set(placed.flatMap(({ item }) => (item.type === 'received' ? [item.message] : [])));
  const drawn: Html[] = [];
  for (const { item, at } of placed) {
    if (item.type === 'note') continue;
    const { message } = item;
    if (item.type === 'received') {
      const from = sentAt.get(message) ?? { x: columns.get(message.from) ?? at.x, y: Math.max(0, at.y - 2 * MOST_GAP_PX) };
      drawn.push(html`<path class="message${sentAt.has(message) && message.aside !== true ? '' : ' early'}" d="${line(from, at)}${head(from, at)}"/>`);
    } else if (!arrived.has(message)) {
      const to = { x: columns.get(message.to) ?? at.x, y: Math.min(height, at.y + 2 * MOST_GAP_PX) };
      const lost = message.fate === 'lost';
      const end = { x: at.x + (to.x - at.x) * CROSS_SHARE, y: at.y + (to.y - at.y) * CROSS_SHARE };
      drawn.push(html`<path class="message${lost ? ' missing' : ' early'}" d="${line(at, lost ? end : to)}${lost ? cross(end) : ''}"><title>${message.name}: ${lost ? 'never arrives' : message.fate === 'arrived' ? 'arrives later' : 'still under way'}</title></path>`);
      if (lost) drawn.push(html`<text class="is-arrival gone" x="${round(end.x + 7)}" y="${round(end.y + 4)}">${message.name}</text>`);
    }
  }
  return drawn;
}

const SHAPES: { readonly [kind: string]: (at: Point) => string } = {
  status: ({ x, y }) => `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`,
  durable: ({ x, y }) => `M${x - 4} ${y - 4}h8v8h-8Z`,
  placed: ({ x, y }) => `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`,
  committed: ({ x, y }) => `M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z`,
  up: ({ x, y }) => `M${x} ${y - 6}L${x + 6} ${y + 5}H${x - 6}Z`,
  down: ({ x, y }) => `M${x - 6} ${y - 6}L${x + 6} ${y + 6}M${x + 6} ${y - 6}L${x - 6} ${y + 6}`,
  trace: ({ x, y }) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`,
  client: ({ x, y }) => `M${x - 4} ${y - 4}L${x + 3} ${y}L${x - 4} ${y + 4}Z`,
};

function words({ item, at }: Placed, { columnPx, widthPx }: Layout): Html | null {
  if (item.type === 'sent') return null;
  const text = item.type === 'received' ? item.message.name : item.text;
  const kind = item.type === 'received' ? 'arrival' : item.kind;
  if (item.column === LAB) {
    return html`<path class="across is-${kind}" d="M${GUTTER_PX} ${round(at.y)}H${widthPx}"/><text class="is-${kind}" x="${GUTTER_PX + 8}" y="${round(at.y - 4)}">${clipped(text, widthPx - GUTTER_PX, BOLD_CHARACTER_PX)}</text>`;
  }
  const room = (item.column === CLIENTS ? CLIENTS_PX : columnPx) - 18;
  const shape = SHAPES[kind]?.({ x: round(at.x), y: round(at.y) });
  const marked = item.type === 'note' && item.marked ? ' marked' : '';
  return html`${shape === undefined ? null : html`<path class="sign is-${kind}${marked}" d="${shape}"/>`}<text class="is-${kind}${marked}" x="${round(at.x + 9)}" y="${round(at.y + 4)}">${clipped(text, room, kind === 'status' || marked !== '' ? BOLD_CHARACTER_PX : CHARACTER_PX)}<title>${seconds(item.atMs)} s ${item.column}: ${text}</title></text>`;
}

function clipped(text: string, roomPx: number, characterPx: number): string {
  const most = Math.floor(roomPx / characterPx);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function line(from: Point, to: Point): string {
  return `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`;
}

function head(from: Point, to: Point): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const wing = (side: number) => `M${round(to.x)} ${round(to.y)}L${round(to.x - 8 * dx + side * 3.5 * dy)} ${round(to.y - 8 * dy - side * 3.5 * dx)}`;
  return wing(1) + wing(-1);
}

function cross({ x, y }: Point): string {
  return `M${round(x - 5)} ${round(y - 5)}l10 10M${round(x + 5)} ${round(y - 5)}l-10 10`;
}

function round(px: number): number {
  return Math.round(px * 10) / 10;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(4);
}
