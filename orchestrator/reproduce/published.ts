// A published table as a data file, and what is said of a measurement beside it. The file names its source, the experiment that
// repeats it, the figure of a run that corresponds to a published value, and how far both may be apart.
import { z } from 'zod';
import { LabError } from '../errors.ts';
import { METRICS } from '../metrics/names.ts';

const share = z.number().min(0).max(1);
const row = z.strictObject({
  case: z.string().min(1).max(120),
  /** Who measured it there. */
  system: z.string().min(1).max(60),
  published: z.number(),
  /** What the source's own model says; null: it has none. */
  model: z.number().nullable(),
  /** Of the protocol entry in the experiment. */
  label: z.string(),
  /** Values of the experiment that are replaced, as by lab run --set. */
  set: z.array(z.string()).max(20).default([]),
});
const shape = z.strictObject({
  version: z.literal(1),
  title: z.string().min(1).max(200),
  source: z.string().min(1).max(300),
  /** How what was done there differs. */
  conditions: z.string().max(500),
  /** An experiment file, relative to this one. */
  experiment: z.string(),
  figure: z.enum(METRICS.map(({ name }) => name) as [string, ...string[]]),
  /** The published value is so many times the figure. */
  times: z.number().positive().default(1),
  unit: z.string().max(10),
  /** Shares: of the published value, and of the model's. */
  tolerance: z.strictObject({ published: share, model: share }),
  rows: z.array(row).min(1).max(1_000),
});

export type Published = z.output<typeof shape>;
export type PublishedRow = Published['rows'][number];
export type Reproduced = PublishedRow & { readonly measured: number | null; readonly ok: boolean };

/** The text of a data file; `file` is named in errors. */
export function parsePublished(text: string, file: string): Published {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError('bad-experiment', `${file}: it is no JSON (${cause instanceof Error ? cause.message : String(cause)})`, 'correct it, or take experiments/published/*.json as a pattern', cause);
  }
  const read = shape.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new LabError('bad-experiment', `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`, 'take experiments/published/*.json as a pattern');
}

/** figure: of the run; null: there was nothing to measure, which is never right. */
export function compare({ times, tolerance }: Published, row: PublishedRow, figure: number | null): Reproduced {
  const measured = figure === null ? null : figure * times;
  const near = (value: number, most: number) => measured !== null && Math.abs(measured - value) <= most * Math.abs(value);
  return { ...row, measured, ok: near(row.published, tolerance.published) && (row.model === null || near(row.model, tolerance.model)) };
}

const HEAD = ['case', 'published', 'model', 'measured', 'tolerance', 'verdict'];

export function renderReproduced(name: string, { title, source, conditions, unit, tolerance }: Published, rows: readonly Reproduced[]): string {
  const number = (value: number | null) => (value === null ? '-' : value.toFixed(1));
  const percent = (value: number) => `${Number((value * 100).toFixed(2))} %`;
  const apart = (value: number, from: number) => `${value < from ? '' : '+'}${((value / from - 1) * 100).toFixed(1)} %`;
  const cells = [HEAD, ...rows.map(({ case: what, system, published, model, measured, ok }) => [
    what, `${number(published)} (${system})`, number(model),
    measured === null ? '-' : `${number(measured)} (${apart(measured, published)}${model === null ? '' : `, ${apart(measured, model)}`})`,
    model === null ? percent(tolerance.published) : `${percent(tolerance.published)}, ${percent(tolerance.model)}`, ok ? 'ok' : 'DIFFERS',
  ])];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  return [`${name}: ${title}, in ${unit}`, `source: ${source}`, ...(conditions === '' ? [] : [`note: ${conditions}`]), '', ...lines].join('\n');
}
