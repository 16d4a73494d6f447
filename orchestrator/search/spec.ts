// The section `search` of an experiment: which field varies between which ends, and what has to hold there. Ends are written as
// the field itself is written, with its unit; what lies between them is written in the same way.
import { z } from 'zod';
import type { ExperimentDocument, Path } from '../document.ts';
import type { Plan } from '../kinds.ts';
import { section } from '../sections.ts';
import { shown } from '../units.ts';

export type Threshold = Plan['thresholds'][number];

export type Search = {
  /** Fields of the experiment by path, each so many times the varied value. */
  readonly fields: readonly { readonly path: string; readonly times: number }[];
  /** What stands before and behind a number of the field: '±' and 'ms'. */
  readonly prefix: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly hold: readonly Threshold[];
  /** absolute: every value is a multiple of it above `low`. share: of the larger end of what is left. */
  readonly resolution: { readonly absolute: number } | { readonly share: number };
  /** At least so many values over the whole range, its ends among them. */
  readonly points: number;
  /** Runs of each value, under the same seeds for each. */
  readonly repeat: number;
  /** Of each protocol, in all. */
  readonly runs: number;
};

const MOST_RUNS = 10_000;
const MOST_POINTS = 50;

export const searchSection = section({
  vary: z.union([z.string(), z.record(z.string(), z.number())], { error: ({ input }) => `${shown(input)} is no field\nwrite a path such as load.rate, or paths with factors: { load.rate: 1 }` }),
  between: z.array(z.union([z.string(), z.number()]), { error: ({ input }) => `${shown(input)} is no range\nwrite both ends, such as [10/s, 5000/s]` }).length(2, { error: ({ input }) => `${shown(input)} is no range\nwrite both ends, such as [10/s, 5000/s]` }),
  hold: z.union([z.string(), z.array(z.string()).min(1).max(20)], { error: ({ input }) => `${shown(input)} is no target\nwrite one such as commit.p99 < 500ms, or a list of them` }),
  resolution: z.union([z.string(), z.number()], { error: ({ input }) => `${shown(input)} is no resolution\nwrite a share such as 5%, or a step in the unit of between` }).default('5%'),
  points: z.int().min(2).max(MOST_POINTS).default(5),
  repeat: z.int().min(1).max(1000).default(3),
  runs: z.int().min(2).max(MOST_RUNS).default(200),
});
export type SearchShape = z.output<typeof searchSection>;

/** How experiment.ts reports a mistake, and reads a threshold. */
export type SearchReader = {
  readonly fail: (document: ExperimentDocument, path: Path, message: string, hint: string) => never;
  readonly threshold: (document: ExperimentDocument, path: Path, metric: string, side: 'below' | 'above', text: string) => Threshold;
};

const VALUE = /^\s*(±|\+-|\+\/-)?\s*(-?\d+(?:\.\d+)?)(\S*)\s*$/;
const TARGET = /^\s*(\S+)\s*(<|>|\bbelow\b|\babove\b)\s*(\S+)\s*$/;

function valueOf(input: string | number, document: ExperimentDocument, path: Path, reader: SearchReader): { readonly prefix: string; readonly number: number; readonly unit: string } {
  const parts = VALUE.exec(String(input));
  if (parts === null) return reader.fail(document, path, `${shown(input)} is no number with a unit`, 'write it as the field itself is written, such as 10/s, 40ms or ±5ms');
  const [, prefix = '', digits = '', unit = ''] = parts;
  return { prefix: prefix === '' ? '' : '±', number: Number(digits), unit };
}

function resolutionOf(given: string | number, unit: string, document: ExperimentDocument, reader: SearchReader): Search['resolution'] {
  const path = ['search', 'resolution'];
  const refuse = (): never => reader.fail(document, path, `${shown(given)} is no resolution of a search in ${unit === '' ? 'plain numbers' : unit}`, `write a share such as 5%, or a step such as ${unit === '%' ? '0.5 (of %)' : `10${unit}`}`);
  const { number, unit: own } = valueOf(given, document, path, reader);
  if (!(number > 0)) return refuse();
  // A share where the field has no such unit itself; in a field of percentages a step is a bare number.
  if (own === '%') return number < 100 ? { share: number / 100 } : refuse();
  return own === unit || (own === '' && unit === '%') ? { absolute: number } : refuse();
}

/** The section as the boundary is looked for with it. */
export function searchOf(document: ExperimentDocument, shape: SearchShape, reader: SearchReader): Search {
  const { fail, threshold } = reader;
  const fields = typeof shape.vary === 'string' ? [{ path: shape.vary, times: 1 }] : Object.entries(shape.vary).map(([path, times]) => ({ path, times }));
  if (fields.length === 0) fail(document, ['search', 'vary'], 'nothing varies', 'name a field, such as load.rate');
  const [low, high] = shape.between.map((end, index) => valueOf(end, document, ['search', 'between', index], reader)) as [ReturnType<typeof valueOf>, ReturnType<typeof valueOf>];
  if (low.unit !== high.unit || low.prefix !== high.prefix) fail(document, ['search', 'between'], `${shown(shape.between[0])} and ${shown(shape.between[1])} are written in different units`, 'write both ends in the same one');
  if (!(low.number < high.number)) fail(document, ['search', 'between'], `${shown(shape.between[0])} is not below ${shown(shape.between[1])}`, 'write the lower end first');
  const hold = (typeof shape.hold === 'string' ? [shape.hold] : shape.hold).map((text, index): Threshold => {
    const path = typeof shape.hold === 'string' ? ['search', 'hold'] : ['search', 'hold', index];
    const parts = TARGET.exec(text);
    if (parts === null) return fail(document, path, `${shown(text)} is no target`, 'write a figure, < or >, and a value, such as commit.p99 < 500ms');
    const [, metric = '', sign = '', value = ''] = parts;
    return threshold(document, path, metric, sign === '<' || sign === 'below' ? 'below' : 'above', value);
  });
  const resolution = resolutionOf(shape.resolution, low.unit, document, reader);
  if ('absolute' in resolution && resolution.absolute >= high.number - low.number) fail(document, ['search', 'resolution'], `${shown(shape.resolution)} is the whole range`, 'write a smaller step');
  if (shape.runs < shape.points * shape.repeat) {
    fail(document, ['search', 'runs'], `${shape.runs} runs are not enough for ${shape.points} values with ${shape.repeat} runs each`, `allow ${shape.points * shape.repeat} or more, or fewer points`);
  }
  const { points, repeat, runs } = shape;
  return { fields, prefix: low.prefix, unit: low.unit, low: low.number, high: high.number, hold, resolution, points, repeat, runs };
}

/** A value as the field is written. */
export function written({ prefix, unit }: Pick<Search, 'prefix' | 'unit'>, value: number): string {
  return `${prefix}${plain(value)}${unit}`;
}

/** For the experiment: without a unit a number is a number. */
export function fieldValue(search: Pick<Search, 'prefix' | 'unit'>, value: number): string | number {
  return search.prefix === '' && search.unit === '' ? Number(plain(value)) : written(search, value);
}

/** Without an exponent, which units are not written with. */
function plain(value: number): string {
  return String(Number(value.toFixed(6)));
}
