// How a figure goes along a sweep: a line for each label, a point for each set-up, a bar from the least to the most of its runs.
import type { Axis, Curve } from '../../compare/curves.ts';
import { chart, type Cell, type Chart, HUES, type Mark, signOf, titled, unit } from './chart.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

const TICKS = 6;
/** Beyond this ratio of its ends an axis is logarithmic. */
const LINEAR_UP_TO = 8;

function scaleOf(values: readonly number[], fromZero: boolean, linear = false): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!linear && least > 0 && most / least > LINEAR_UP_TO) return logScale(least * 0.9, most * 1.1);
  const from = fromZero ? 0 : least - (most - least) * 0.04;
  return linearScale(from, most + (most - from) * 0.04, TICKS);
}

/** linear: also where its ends are far apart. y: its title and unit. null: there is no curve. */
export function curveChart(curves: readonly Curve[], x: Pick<Axis, 'title' | 'unit'> & { readonly linear?: boolean }, y: { readonly title: string; readonly unit: string }, file: string): Chart | null {
  if (curves.length === 0) return null;
  const points = curves.flatMap((curve) => curve.points);
  const [across, up] = [scaleOf(points.map((point) => point.x), x.linear === true, x.linear), scaleOf(points.flatMap(({ least, most }) => [least, most]), true)];
  const drawing = curves.map(({ points: of }, hue) => (
    `<g class="c${hue % HUES}"><path class="line" d="${of.map((point, index) => `${index === 0 ? 'M' : 'L'}${unit(across.at(point.x))} ${unit(1 - up.at(point.y))}`).join('')}"/>`
    + `<path class="line" d="${of.map((point) => `M${unit(across.at(point.x))} ${unit(1 - up.at(point.least))}V${unit(1 - up.at(point.most))}`).join('')}"/></g>`)).join('');
  const marks = curves.flatMap(({ points: of }, hue) => of.map((point): Mark => ({ style: 'on-line', at: [across.at(point.x), up.at(point.y)], text: signOf(hue), hue })));
  const rows = curves.flatMap(({ name, points: of }) => of.map((point): readonly Cell[] => [point.x, name, point.y, point.least, point.most, point.runs]));
  return chart({
    title: [y.title, ...curves.map(({ name }, hue) => titled({ name, hue }))],
    description: `${y.title}, across: ${x.title}${x.unit === '' ? '' : ` (${x.unit})`}; a line for each of ${curves.map(({ name }) => name).join(', ')}; the data is below`,
    x: across, y: up, units: [x.unit, y.unit], heightPx: 300, drawing, marks,
    data: { file, head: [`${x.title} (${x.unit})`, 'of', `median (${y.unit})`, `least (${y.unit})`, `most (${y.unit})`, 'runs'], rows },
    along: 'x', places: rows.map(([at]) => across.at(Number(at))),
  });
}
