// Sweeps as curves: how a figure of one label goes with the delay of the network, or with the load. A curve needs two points.
import type { Figure, Plan } from '../kinds.ts';
import { medianFigure } from '../report/figures.ts';
import { membersOf } from '../seats.ts';
import type { Subject } from './sides.ts';

export type Axis = { readonly name: 'delay' | 'load'; readonly title: string; readonly unit: string; readonly of: (plan: Plan) => number | null };
/** Points by x; y: the median of the runs. */
export type Curve = { readonly name: string; readonly side: number; readonly points: readonly { readonly x: number; readonly y: number; readonly least: number; readonly most: number; readonly runs: number }[] };

/** Mean round trip between two nodes, in ms. */
function meanRoundTripMs(plan: Plan): number | null {
  const ids = membersOf(plan);
  const trips = ids.flatMap((from) => ids.filter((to) => to > from).map((to) => (plan.links[from]?.[to]?.delayMs ?? 0) + (plan.links[to]?.[from]?.delayMs ?? 0)));
  return trips.length === 0 ? null : trips.reduce((sum, ms) => sum + ms, 0) / trips.length;
}

export const AXES: readonly Axis[] = [
  { name: 'delay', title: 'mean round trip between two nodes', unit: 'ms', of: meanRoundTripMs },
  { name: 'load', title: 'commands asked for', unit: '/s', of: ({ load }) => load.ratePerSecond },
];

const exact = (figures: readonly Figure[]) => figures.flatMap(({ value, bound }) => (value !== null && bound === '=' ? [value] : []));

const planOf = ({ entries }: Subject) => (entries[0] as Subject['entries'][number]).summary.plan;

/** One for each label of each side that was measured at two x or more, and for each value of the other axis. */
export function curvesOf(subjects: readonly Subject[], axis: Axis, figure: string): readonly Curve[] {
  const { of } = axis;
  const sides = new Set(subjects.map(({ side }) => side)).size;
  const alsoVaries = AXES.filter((other) => other.name !== axis.name && new Set(subjects.map((subject) => other.of(planOf(subject)))).size > 1);
  const names = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const plan = planOf(subject);
    const at = alsoVaries.map((other) => `at ${Number((other.of(plan) ?? 0).toPrecision(3))} ${other.unit}`);
    const key = [subject.label, ...(sides > 1 ? [sideLetter(subject.side)] : []), ...(plan.runner === 'sim' ? [] : [plan.runner]), ...at].join(' ');
    names.set(key, [...(names.get(key) ?? []), subject]);
  }
  return [...names].flatMap(([name, some]) => {
    const points = some.flatMap((subject) => {
      const { entries } = subject;
      const x = of(planOf(subject));
      const figures = entries.flatMap(({ summary }) => summary.metrics[figure] ?? []);
      const values = exact(figures);
      const { value, bound } = medianFigure(figures);
      return x === null || value === null || bound !== '=' || values.length === 0 ? [] : [{ x, y: value, least: Math.min(...values), most: Math.max(...values), runs: figures.length }];
    }).sort((a, b) => a.x - b.x);
    const distinct = new Set(points.map(({ x }) => x)).size;
    return distinct < 2 || distinct < points.length ? [] : [{ name, side: (some[0] as Subject).side, points }];
  });
}

export function sideLetter(side: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + side);
}
