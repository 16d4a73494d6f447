// Down-sampling that hides no extreme: time is cut into as many buckets as a chart has columns, and each bucket keeps its
// least, its median and its largest value and how many there were.

export type Point = { readonly atMs: number; readonly value: number };
/** atMs: the middle of the bucket. */
export type Bucket = { readonly atMs: number; readonly count: number; readonly least: number; readonly median: number; readonly most: number };

/** Of points within [0, spanMs]; buckets without a point are left out. */
export function bucketsOf(points: readonly Point[], spanMs: number, columns: number): readonly Bucket[] {
  const width = spanMs / columns;
  const gathered = new Map<number, number[]>();
  for (const { atMs, value } of points) {
    const column = columnOf(atMs, width, columns);
    const values = gathered.get(column);
    if (values === undefined) gathered.set(column, [value]);
    else values.push(value);
  }
  return [...gathered.entries()].sort(([a], [b]) => a - b).map(([column, values]) => {
    values.sort((a, b) => a - b);
    return {
      atMs: (column + 0.5) * width, count: values.length,
      least: values[0] as number, median: values[Math.ceil(values.length / 2) - 1] as number, most: values.at(-1) as number,
    };
  });
}

/** How many fall into each bucket, empty ones included. */
export function countsOf(timesMs: readonly number[], spanMs: number, columns: number): readonly number[] {
  const counts = Array.from({ length: columns }, () => 0);
  for (const atMs of timesMs) {
    const column = columnOf(atMs, spanMs / columns, columns);
    counts[column] = (counts[column] as number) + 1;
  }
  return counts;
}

function columnOf(atMs: number, width: number, columns: number): number {
  return Math.min(columns - 1, Math.max(0, Math.floor(atMs / width)));
}

/** The line through the least and the largest value of each column, in the order in which they came. In order of time. */
export function outline<P extends Point>(points: readonly P[], spanMs: number, columns: number): readonly P[] {
  if (points.length <= 2 * columns) return points;
  const line: P[] = [];
  let column = -1;
  let [least, most]: [P | null, P | null] = [null, null];
  const flush = () => {
    if (least === null || most === null) return;
    if (least === most) line.push(least);
    else line.push(...(least.atMs < most.atMs ? [least, most] : [most, least]));
  };
  for (const point of points) {
    const at = columnOf(point.atMs, spanMs / columns, columns);
    if (at !== column) {
      flush();
      [column, least, most] = [at, point, point];
      continue;
    }
    if (least === null || point.value < least.value) least = point;
    if (most === null || point.value > most.value) most = point;
  }
  flush();
  return line;
}

/** Width of a column in ms: half a second, or the round number that gives at most `most` columns. */
export function columnMs(spanMs: number, most: number): number {
  const widths = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000];
  return widths.find((width) => spanMs / width <= most) ?? Math.ceil(spanMs / most);
}
