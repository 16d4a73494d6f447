// The charts of one run over time (latency, throughput, clock error), and the latency distribution of several.
import { chart, type Cell, type Chart, HUES, type Mark, signOf, titled, unit } from './chart.ts';
import { CDF_SHARES, type RunRecord } from './record.ts';
import { linearScale, logScale, type Scale } from './scale.ts';
import type { Point } from './series.ts';

const X_TICKS = 10;
const Y_TICKS = 4;
/** Of client latencies below this nothing is drawn: a log scale has no zero. */
const LEAST_MS = 0.05;

/** One run in a chart: its name, its colour (class c0, c1 …) and its marker, which tells it apart without the colour. */
export type Series = { readonly label: string; readonly name: string; readonly file: string; readonly hue: number; readonly record: RunRecord };

function timeScale({ spanMs }: RunRecord): Scale {
  return linearScale(0, spanMs / 1000, X_TICKS);
}

/** One scale for all runs of a page, so that their charts can be compared. */
export function latencyScale(records: readonly RunRecord[]): Scale | null {
  const least = records.flatMap(({ latency }) => latency.map((bucket) => bucket.least));
  const most = records.flatMap(({ latency }) => latency.map((bucket) => bucket.most));
  if (least.length === 0) return null;
  const low = least.reduce((a, b) => Math.min(a, b));
  const high = most.reduce((a, b) => Math.max(a, b));
  return logScale(Math.max(LEAST_MS, low * 0.8), Math.max(high, LEAST_MS * 2) * 1.25);
}

const seconds = (ms: number) => ms / 1000;

export function latencyChart({ name, file, hue, record }: Series, y: Scale): Chart {
  const x = timeScale(record);
  const { latency, samples, lost } = record;
  const at = ({ atMs, value }: Point) => `M${unit(x.at(seconds(atMs)))} ${unit(1 - y.at(value))}h0`;
  const drawing = samples.length > 0
    ? `<path class="dots" d="${samples.map(at).join('')}"/>`
    : `<path class="range" d="${latency.map(({ atMs, least, most }) => `M${unit(x.at(seconds(atMs)))} ${unit(1 - y.at(least))}V${unit(1 - y.at(most))}`).join('')}"/>`
      + `<path class="line" d="${polyline(latency.map(({ atMs, median }) => ({ atMs, value: median })), x, y)}"/>`;
  const rows = new Map<number, Cell[]>(latency.map(({ atMs, count, least, median, most }) => [atMs, [seconds(atMs), count, least, median, most, 0, 0]]));
  for (const { atMs, failed, unknown } of lost) rows.set(atMs, [...(rows.get(atMs)?.slice(0, 5) ?? [seconds(atMs), 0, null, null, null]), failed, unknown]);
  const ordered = [...rows.values()].sort((a, b) => Number(a[0]) - Number(b[0]));
  return chart({
    title: [titled({ name, hue })], description: `Latency of ${name} over time, ${samples.length > 0 ? 'a dot for each command' : 'range and median of each moment'}; the data is below`,
    x, y, units: ['s', 'ms'], heightPx: 210, drawing: `<g class="c${hue % HUES}">${drawing}</g>`, faults: record.faults,
    marks: lost.map((bucket) => ({ style: 'lost', at: [x.at(seconds(bucket.atMs)), 1], text: bucket.failed > 0 ? '✕' : '?' })),
    data: { file: `${file}-latency.csv`, head: ['sent at (s)', 'answered', 'least (ms)', 'median (ms)', 'largest (ms)', 'failed', 'unknown'], rows: ordered },
    along: 'x', places: ordered.map(([atSeconds]) => x.at(Number(atSeconds))),
  });
}

function polyline(points: readonly Point[], x: Scale, y: Scale): string {
  return points.map(({ atMs, value }, index) => `${index === 0 ? 'M' : 'L'}${unit(x.at(seconds(atMs)))} ${unit(1 - y.at(value))}`).join('');
}

export function throughputScale(records: readonly RunRecord[]): Scale {
  const most = records.flatMap(({ throughput: { columnMs, ok, offered } }) => [...ok, ...offered].map((count) => (count * 1000) / columnMs));
  return linearScale(0, most.reduce((a, b) => Math.max(a, b), 1) * 1.05, Y_TICKS);
}

export function throughputChart({ name, file, hue, record }: Series, y: Scale): Chart {
  const x = timeScale(record);
  const { columnMs, ok, offered } = record.throughput;
  const rate = (count: number) => (count * 1000) / columnMs;
  const steps = (counts: readonly number[]) => counts.map((count, index) => (
    `${index === 0 ? 'M0 ' : 'V'}${unit(1 - y.at(rate(count)))}H${unit(x.at(seconds((index + 1) * columnMs)))}`)).join('');
  const rows = ok.map((count, index) => [seconds(index * columnMs), rate(count), rate(offered[index] ?? 0)]);
  return chart({
    title: [titled({ name, hue })], description: `Commits per second of ${name} over time, in steps of ${columnMs} ms; the data is below`,
    x, y, units: ['s', '/s'], heightPx: 150, faults: record.faults,
    drawing: `<g class="c${hue % HUES}"><path class="fill" d="${steps(ok)}V1000H0Z"/><path class="line" d="${steps(ok)}"/></g><path class="thin" d="${steps(offered)}"/>`,
    data: { file: `${file}-throughput.csv`, head: ['from (s)', 'ok answers (/s)', 'offered (/s)'], rows },
    along: 'x', places: rows.map(([from]) => x.at((from as number) + columnMs / 2000)),
  });
}

/** null: every clock was right, or none was watched. */
export function clockChart({ name, file, hue, record }: Series): Chart | null {
  const all = record.clocks.flatMap(({ points }) => points.map(({ value }) => value));
  if (all.every((value) => value === 0)) return null;
  const x = timeScale(record);
  const most = all.reduce((a, b) => Math.max(a, b), 0);
  const least = all.reduce((a, b) => Math.min(a, b), 0);
  const room = (most - least) * 0.06;
  const y = linearScale(least - room, most + room, Y_TICKS);
  const rows = record.clocks.flatMap(({ node, points }) => points.map(({ atMs, value }): readonly Cell[] => [seconds(atMs), node, value])).sort((a, b) => Number(a[0]) - Number(b[0]));
  return chart({
    title: [titled({ name, hue })], description: `Clock error of each node of ${name} over time; the data is below`,
    x, y, units: ['s', 'ms'], heightPx: 150, faults: record.faults,
    drawing: record.clocks.map(({ points }, index) => `<path class="line c${index % HUES}" d="${polyline(points, x, y)}"/>`).join(''),
    marks: record.clocks.flatMap(({ node, points }, index): readonly Mark[] => {
      const last = points.at(-1);
      return last === undefined ? [] : [{ style: 'end', at: [1 - index * 0.06, y.at(last.value)], text: node, hue: index }];
    }),
    data: { file: `${file}-clocks.csv`, head: ['at (s)', 'node', 'clock error (ms)'], rows },
    along: 'x', places: rows.map(([at]) => x.at(Number(at))),
  });
}

const MARKED_SHARES = [0.25, 0.5, 0.75, 0.9];

/** Runs of one runner together; where there are repetitions, each is a line. Dashed: the closed form. */
export function distributionChart(title: string, file: string, series: readonly Series[], x: Scale): Chart {
  const y = linearScale(0, 100, 5);
  const line = (values: readonly (number | null)[]) => {
    const known = values.flatMap((value, index) => (value === null ? [] : [`${unit(x.at(value))} ${unit(1 - (CDF_SHARES[index] as number))}`]));
    return known.length === 0 ? '' : `M${(known[0] as string).split(' ')[0]} 1000L${known.join('L')}`;
  };
  const firsts = series.filter(({ hue }, index) => series.findIndex((other) => other.hue === hue) === index);
  const drawing = series.map(({ hue, record }) => `<path class="line c${hue % HUES}" d="${line(record.quantiles)}"/>`).join('')
    + firsts.map(({ hue, record }) => (record.closedForm === null ? '' : `<path class="dashed c${hue % HUES}" d="${line(record.closedForm)}"/>`)).join('');
  const marks = firsts.flatMap(({ hue, record }) => MARKED_SHARES.flatMap((share): readonly Mark[] => {
    const value = record.quantiles[CDF_SHARES.indexOf(share)];
    return value === undefined || value === null ? [] : [{ style: 'on-line', at: [x.at(value), share], text: signOf(hue), hue }];
  }));
  const columns = [
    ...series.map(({ name, record }) => ({ head: `${name} (ms)`, values: record.quantiles })),
    ...firsts.flatMap(({ name, record }) => (record.closedForm === null ? [] : [{ head: `${name} optimum (ms)`, values: record.closedForm }])),
  ];
  return chart({
    title: [title, ...firsts.map(({ label, hue }) => titled({ name: label, hue }))], description: `Distribution of the latency on ${title}; the data is below`,
    x, y, units: ['ms', '%'], heightPx: 300, drawing, marks,
    data: { file: `${file}-distribution.csv`, head: ['share (%)', ...columns.map(({ head }) => head)], rows: CDF_SHARES.map((share, index) => [share * 100, ...columns.map(({ values }) => values[index] ?? null)]) },
    along: 'y', places: CDF_SHARES,
  });
}

/** Of all quantiles, the closed form's too. */
export function distributionScale(records: readonly RunRecord[]): Scale | null {
  const values = records.flatMap(({ quantiles, closedForm }) => [...quantiles, ...(closedForm ?? [])]).filter((value): value is number => value !== null);
  if (values.length === 0) return null;
  return logScale(Math.max(LEAST_MS, values.reduce((a, b) => Math.min(a, b)) * 0.8), Math.max(values.reduce((a, b) => Math.max(a, b)), LEAST_MS * 2) * 1.1);
}
