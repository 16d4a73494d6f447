// Links over time: the configured delay, and the configured loss where it changes, a line for links that change together.
import type { Link } from '../../../netem/link.ts';
import { chart, percent, unit } from './chart.ts';
import { HUES, nameOf, type Series } from './charts.ts';
import { html, type Html } from './html.ts';
import type { LinkLine } from './links.ts';
import { linearScale, type Scale } from './scale.ts';

/** Lines that are drawn; the data has all. */
const MAX_LINES = HUES;
const FIELDS = [
  { field: 'delayMs', what: 'delay', unit: 'ms' },
  { field: 'lossPct', what: 'loss', unit: '%' },
] as const;

/** A chart for each property that changes; none where no link changes in the measure window. */
export function linkCharts(series: Series): readonly Html[] {
  return FIELDS.filter(({ field }) => series.record.links.some(({ points }) => new Set(points.map(({ link }) => link[field])).size > 1)).map((each) => linkChart(series, each));
}

function linkChart({ name, file, hue, record }: Series, { field, what, unit: yUnit }: (typeof FIELDS)[number]): Html {
  const x = linearScale(0, record.spanMs / 1000, 10);
  const values = record.links.flatMap(({ points }) => points.map(({ link }) => link[field]));
  const y = linearScale(0, Math.max(1, values.reduce((a, b) => Math.max(a, b), 0)) * 1.08, 4);
  const drawn = record.links.slice(0, MAX_LINES);
  const rows = record.links.flatMap(({ label, points }) => points.map(({ atMs, link: { delayMs, jitterMs, lossPct, rateKbit } }) => [atMs / 1000, label, delayMs, jitterMs, lossPct, rateKbit] as const)).sort((a, b) => a[0] - b[0]);
  return chart({
    title: html`${nameOf({ name, hue })} ${what}`, description: `Configured ${what} of the links of ${name} over time; the data is below`,
    x, y, units: ['s', yUnit], heightPx: 150, faults: record.faults,
    drawing: drawn.map((line, index) => `<path class="line c${index % HUES}" d="${stairs(line, field, record.spanMs, x, y)}"/>`).join(''),
    marks: drawn.map(({ label, points }, index) => html`<span class="end c${index % HUES}" style="bottom:${percent(y.at(points.at(-1)?.link[field] ?? 0))};right:${percent(index * 0.02)}">${label}</span>`),
    data: { file: `${file}-links-${what}.csv`, head: ['at (s)', 'links', 'delay (ms)', 'jitter (ms)', 'loss (%)', 'rate (kbit/s)'], rows },
    along: 'x', places: rows.map(([atSeconds]) => x.at(atSeconds)),
  });
}

/** A link keeps its value until the next point. */
function stairs({ points }: LinkLine, field: keyof Link & ('delayMs' | 'lossPct'), spanMs: number, x: Scale, y: Scale): string {
  const steps = points.map(({ atMs, link }, index) => `${index === 0 ? `M${unit(x.at(atMs / 1000))} ` : `H${unit(x.at(atMs / 1000))}V`}${unit(1 - y.at(link[field]))}`);
  return `${steps.join('')}H${unit(x.at(spanMs / 1000))}`;
}
