// Who led when: a row for each node, a bar for each reign. What is narrower than a pixel is drawn as wide as one, and bars
// of a row that touch then are one bar, so that a thousand short rounds stay a picture.
import { chart, type Chart, HUES, SIDE, titled, unit } from './chart.ts';
import type { Series } from './charts.ts';
import type { RoleSpan } from './roles.ts';
import { linearScale, type Scale } from './scale.ts';

type Bar = { readonly from: number; to: number };

const ROW_PX = 24;
const LEAST_WIDTH = 1;
const MAX_DATA_ROWS = 2_000;
/** What is drawn of a state: its class. Every other role is the plain line of a row. */
const DRAWN: { readonly [state: string]: string } = { leader: 'leads', down: 'down', paused: 'paused' };

export function roleChart({ name, file, hue, record }: Series): Chart {
  const nodes = record.summary.plan.nodes.map(({ id, region }) => ({ id, region }));
  const x = linearScale(0, record.spanMs / 1000, 10);
  const rowAt = (index: number) => 1 - (index + 0.5) / nodes.length;
  const y: Scale = { at: (index) => rowAt(index), ticks: nodes.map(({ id }, index) => ({ value: index, label: id, minor: false })) };
  const drawing = nodes.map(({ id }, index) => Object.entries(DRAWN).map(([state, style]) => {
    const bars = barsOf(record.roles.filter((span) => span.node === id && span.state === state), x);
    return bars.length === 0 ? '' : `<path class="${style} c${hue % HUES}" d="${pathOf(bars, index, nodes.length)}"/>`;
  }).join('')).join('');
  const wide = record.roles.filter(({ state, fromMs, toMs }) => (state === 'down' || state === 'paused') && (toMs - fromMs) / record.spanMs > 0.06);
  const rows = record.roles.filter(({ state }) => DRAWN[state] !== undefined).sort((a, b) => a.fromMs - b.fromMs).slice(0, MAX_DATA_ROWS);
  return chart({
    title: [titled({ name, hue })], description: `Which node of ${name} led when, and which was down; the data is below`,
    x, y, units: ['s', ''], heightPx: ROW_PX * nodes.length, drawing, faults: record.faults,
    marks: wide.map((span) => ({ style: 'state', at: [x.at(span.fromMs / 1000), rowAt(nodes.findIndex(({ id }) => id === span.node))], text: span.state })),
    data: { file: `${file}-roles.csv`, head: ['from (s)', 'to (s)', 'node', 'was', 'epoch'], rows: rows.map(({ fromMs, toMs, node, state, epoch }) => [fromMs / 1000, toMs / 1000, node, state, String(epoch)]) },
    along: 'x', places: rows.map(({ fromMs }) => x.at(fromMs / 1000)),
  });
}

/** In units, neighbours that would run into each other joined. */
function barsOf(spans: readonly RoleSpan[], x: Scale): readonly Bar[] {
  const bars: Bar[] = [];
  for (const { fromMs, toMs } of spans) {
    const from = x.at(fromMs / 1000) * SIDE;
    const to = Math.max(from + LEAST_WIDTH, x.at(toMs / 1000) * SIDE);
    const last = bars.at(-1);
    if (last !== undefined && from - last.to < LEAST_WIDTH / 2 && Math.min(to - from, last.to - last.from) <= 2 * LEAST_WIDTH) last.to = Math.max(last.to, to);
    else bars.push({ from, to });
  }
  return bars;
}

function pathOf(bars: readonly Bar[], row: number, rows: number): string {
  const top = unit((row + 0.18) / rows);
  const bottom = unit((row + 0.82) / rows);
  return bars.map(({ from, to }) => `M${unit(from / SIDE)} ${top}H${unit(to / SIDE)}V${bottom}H${unit(from / SIDE)}Z`).join('');
}
