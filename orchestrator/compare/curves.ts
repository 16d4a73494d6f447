// Sweeps as curves: how a figure of one label goes with the delay of the network, or with the load, or two figures with one another
// as the load grows. A curve needs two points.
import type { Figure, Plan } from '../kinds.ts';
import { medianFigure } from '../report/figures.ts';
import { membersOf } from '../seats.ts';
import type { Subject } from './sides.ts';

export type Axis = { readonly name: 'delay' | 'load' | 'connections'; readonly title: string; readonly unit: string; readonly of: (plan: Plan) => number | null };
/** y: the median of the runs, between their least and most. */
export type CurvePoint = { readonly x: number; readonly y: number; readonly least: number; readonly most: number; readonly runs: number };
/** Points in the order of what was varied. */
export type Curve = { readonly name: string; readonly side: number; readonly points: readonly CurvePoint[] };

/** Mean round trip between two nodes, in ms. */
function meanRoundTripMs(plan: Plan): number | null {
  const ids = membersOf(plan);
  const trips = ids.flatMap((from) => ids.filter((to) => to > from).map((to) => (plan.links[from]?.[to]?.delayMs ?? 0) + (plan.links[to]?.[from]?.delayMs ?? 0)));
  return trips.length === 0 ? null : trips.reduce((sum, ms) => sum + ms, 0) / trips.length;
}

export const AXES: readonly Axis[] = [
  { name: 'delay', title: 'mean round trip between two nodes', unit: 'ms', of: meanRoundTripMs },
  { name: 'load', title: 'commands asked for', unit: '/s', of: ({ load }) => load.ratePerSecond },
  { name: 'connections', title: 'connections that each ask again at once', unit: '', of: ({ load }) => (load.ratePerSecond === null ? load.clients.reduce((sum, { count }) => sum + count, 0) : null) },
];

const exact = (figures: readonly Figure[]) => figures.flatMap(({ value, bound }) => (value !== null && bound === '=' ? [value] : []));

const planOf = ({ entries }: Subject) => (entries[0] as Subject['entries'][number]).summary.plan;

/** One for each label of each side that was measured at two x or more, and for each value of the other axes. */
export function curvesOf(subjects: readonly Subject[], axis: Axis, figure: string): readonly Curve[] {
  return families(subjects, axis).flatMap(({ name, of }) => curve(name, of, axis, (subject, x) => pointOf(subject, x, figure)));
}

/** Of the axis of load: what was answered beside how long it took, as more is asked for. */
export function trajectoriesOf(subjects: readonly Subject[], axis: Axis, across: string, figure: string): readonly Curve[] {
  return families(subjects, axis).flatMap(({ name, of }) => curve(name, of, axis, (subject) => {
    const x = medianOf(subject, across);
    return x === null ? null : pointOf(subject, x, figure);
  }));
}

function families(subjects: readonly Subject[], axis: Axis): readonly { readonly name: string; readonly of: readonly Subject[] }[] {
  const sides = new Set(subjects.map(({ side }) => side)).size;
  const alsoVaries = AXES.filter((other) => other.name !== axis.name && new Set(subjects.map((subject) => other.of(planOf(subject))).filter((value) => value !== null)).size > 1);
  const names = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const plan = planOf(subject);
    const at = alsoVaries.map((other) => `at ${Number((other.of(plan) ?? 0).toPrecision(3))} ${other.unit}`);
    const name = [subject.label, ...(sides > 1 ? [sideLetter(subject.side)] : []), ...(plan.runner === 'sim' ? [] : [plan.runner]), ...at].join(' ');
    names.set(name, [...(names.get(name) ?? []), subject]);
  }
  return [...names].map(([name, of]) => ({ name, of }));
}

/** None below two different places on the axis, or where one place has two set-ups. */
function curve(name: string, subjects: readonly Subject[], axis: Axis, pointAt: (subject: Subject, x: number) => CurvePoint | null): readonly Curve[] {
  const placed = subjects.flatMap((subject) => {
    const at = axis.of(planOf(subject));
    const point = at === null ? null : pointAt(subject, at);
    return at === null || point === null ? [] : [{ at, point }];
  }).sort((a, b) => a.at - b.at);
  const distinct = new Set(placed.map(({ at }) => at)).size;
  return distinct < 2 || distinct < placed.length ? [] : [{ name, side: (subjects[0] as Subject).side, points: placed.map(({ point }) => point) }];
}

function figuresOf({ entries }: Subject, figure: string): readonly Figure[] {
  return entries.flatMap(({ summary }) => summary.metrics[figure] ?? []);
}

/** null: it is no number. */
function medianOf(subject: Subject, figure: string): number | null {
  const { value, bound } = medianFigure(figuresOf(subject, figure));
  return bound === '=' ? value : null;
}

function pointOf(subject: Subject, x: number, figure: string): CurvePoint | null {
  const figures = figuresOf(subject, figure);
  const [y, values] = [medianOf(subject, figure), exact(figures)];
  return y === null || values.length === 0 ? null : { x, y, least: Math.min(...values), most: Math.max(...values), runs: figures.length };
}

export function sideLetter(side: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + side);
}
