// Sweeps as curves, for the pages of a run and of a comparison: what a load gives and costs, and figures by delay, load and connections.
import { AXES, type Axis, curvesOf, trajectoriesOf } from '../../compare/curves.ts';
import type { Subject } from '../../compare/sides.ts';
import { unitOf } from '../../metrics/names.ts';
import type { Chart } from './chart.ts';
import { curveChart } from './curve-chart.ts';
import { html, type Html } from './html.ts';

export type CurveSection = { readonly charts: readonly Chart[]; readonly section: Html };

const FIGURES = [['commit.p50', 'Median latency'], ['commit.p99', 'Latency, 99th percentile'], ['throughput', 'Commits']] as const;
const HEADS: { readonly [axis in Axis['name']]: string } = { delay: 'As the network grows', load: 'As the load grows', connections: 'As connections are added' };

/** None where nothing was swept. */
export function curveSections(subjects: readonly Subject[]): readonly CurveSection[] {
  return AXES.flatMap((axis) => {
    const both = axis.name === 'delay' ? [] : FIGURES.slice(0, 2).flatMap(([figure, title]) => (
      curveChart(trajectoriesOf(subjects, axis, 'throughput', figure), { title: 'commands answered', unit: '/s', linear: true }, { title: `${title} by throughput`, unit: unitOf(figure) ?? '' }, `${figure}-by-throughput.csv`) ?? []));
    const single = FIGURES.flatMap(([figure, title]) => curveChart(curvesOf(subjects, axis, figure), axis, { title, unit: unitOf(figure) ?? '' }, `${figure}-by-${axis.name}.csv`) ?? []);
    const charts = [...both, ...single];
    if (charts.length === 0) return [];
    return [{ charts, section: html`<section><h2>${HEADS[axis.name]}</h2><p>A point is the median of the runs of one set-up, the bar reaches from the least to the most. A set-up whose figure is no number, because too much was never answered, has no point.</p><div class="panels">${charts}</div></section>` }];
  });
}
