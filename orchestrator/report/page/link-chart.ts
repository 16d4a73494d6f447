// Links over time: the configured delay, and the configured loss where it changes, a line for links that change together.
import { chart, type Chart, HUES, titled, unit } from './chart.ts';
import type { Series } from './charts.ts';
import type { LinkLine } from './links.ts';
import { linearScale, type Scale } from './scale.ts';

/** Lines that are drawn; the data has all. */
const MAX_LINES = HUES;
const FIELDS = [
  { field: 'delayMs', what: 'delay', unit: 'ms' },
  { field: 'lossPct', what: 'loss', unit: '%' },
] as const;

/** A chart for each property that changes; none where no link changes in the measure window. */
export function linkCharts(series: Series): readonly Chart[] {
  return FIELDS.filter(({ field }) => series.record.links.some(({ points }) => new Set(points.map(({ link }) => link[field])).size > 1)).map((each) => linkChart(series, each));
}

type Drawn = { readonly first: string; count: number; readonly path: string };

function linkChart({ name, file, hue, record }: Series, { field, what, unit: yUnit }: (typeof FIELDS)[number]): Chart {
  const x = linearScale(0, record.spanMs / 1000, 10);
  const values = record.links.flatMap(({ points }) => points.map(({ link }) => link[field]));
  const y = linearScale(0, Math.max(1, values.reduce((a, b) => Math.max(a, b), 0)) * 1.08, 4);
  // Links that differ in something else are one line here.
  const drawn = new Map<string, Drawn>();
  for (const line of record.links) {
    const path = stairs(line, field, record.spanMs, x, y);
    const same = drawn.get(path);
    if (same === undefined) drawn.set(path, { ...line, path });
    else same.count += line.count;
  }
  const lines = [...drawn.values()].slice(0, MAX_LINES);
  const left = drawn.size - lines.length;
  const rows = record.links.flatMap((line) => line.points.map(({ atMs, link: { delayMs, jitterMs, lossPct, rateKbit } }) => [atMs / 1000, labelOf(line), delayMs, jitterMs, lossPct, rateKbit] as const)).sort((a, b) => a[0] - b[0]);
  return chart({
    title: [titled({ name, hue }), `${what}:`, ...lines.map((line, index) => ({ name: labelOf(line), hue: index, sign: '━' })), ...(left === 0 ? [] : [`and ${left} lines more in the data`])],
    description: `Configured ${what} of the links of ${name} over time; the data is below`,
    x, y, units: ['s', yUnit], heightPx: 150, faults: record.faults,
    drawing: lines.map(({ path }, index) => `<path class="line c${index % HUES}" d="${path}"/>`).join(''),
    data: { file: `${file}-links-${what}.csv`, head: ['at (s)', 'links', 'delay (ms)', 'jitter (ms)', 'loss (%)', 'rate (kbit/s)'], rows },
    along: 'x', places: rows.map(([atSeconds]) => x.at(atSeconds)),
  });
}

function labelOf({ first, count }: Pick<LinkLine, 'first' | 'count'>): string {
  return count === 1 ? first : `${first} and ${count - 1} more`;
}

/** A link keeps its value until the next point. */
function stairs({ points }: LinkLine, field: 'delayMs' | 'lossPct', spanMs: number, x: Scale, y: Scale): string {
  const steps = points.map(({ atMs, link }, index) => `${index === 0 ? `M${unit(x.at(atMs / 1000))} ` : `H${unit(x.at(atMs / 1000))}V`}${unit(1 - y.at(link[field]))}`);
  return `${steps.join('')}H${unit(x.at(spanMs / 1000))}`;
}
