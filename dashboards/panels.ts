// The kinds of panels that the boards are made of, each with what all of its kind share. All are React panels.
import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement, BigValueColorMode, BigValueGraphMode, GraphDrawStyle, GraphThresholdsStyleConfigBuilder, GraphTresholdsStyleMode, HeatmapCellLayout, LegendDisplayMode, LegendPlacement, LineInterpolation,
  ReduceDataOptionsBuilder, ScaleDistribution, ScaleDistributionConfigBuilder, SortOrder, TooltipDisplayMode, VisibilityMode, VizLegendOptionsBuilder, VizOrientation, VizTextDisplayOptionsBuilder, VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink, type DataTransformerConfig, type DynamicConfigValue, FieldColorBuilder, FieldColorModeId, MappingType, SpecialValueMatch, type Threshold, ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CellValuesBuilder, HeatmapColorMode, HeatmapColorOptionsBuilder, HeatmapColorScale, PanelBuilder as Heatmap, RowsHeatmapOptionsBuilder, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { PanelBuilder as Trend } from '@grafana/grafana-foundation-sdk/trend';
import { DATA_SOURCE } from './influxql.ts';

export const UNITS = { ms: 'ms', perSecond: 'suffix:/s', count: 'short', seconds: 's', bytes: 'bytes', bytesPerSecond: 'Bps', percent: 'percent', share: 'percentunit', ratio: 'suffix:×', number: 'none', text: 'string' } as const;
export type Unit = typeof UNITS[keyof typeof UNITS];

/** From the value on, this colour; the first has no value. */
export type Steps = readonly (readonly [from: number | null, color: string])[];
export type Words = { readonly [value: string]: { readonly color: string; readonly text?: string } };

export type PanelSpec = {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly targets: readonly Builder<Dataquery>[];
  /** Said where the run has no such values; it tells why. */
  readonly none: string;
};

type Common<T> = T & {
  title(title: string): T; description(description: string): T; datasource(of: typeof DATA_SOURCE): T; targets(targets: Builder<Dataquery>[]): T; unit(unit: string): T; noValue(text: string): T;
};

function begin<T>(builder: Common<T>, { title, description, unit, targets, none }: PanelSpec): T {
  builder.title(title);
  builder.description(description);
  builder.datasource(DATA_SOURCE);
  builder.targets([...targets]);
  builder.unit(unit);
  builder.noValue(none);
  return builder;
}

function stepsOf(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([value, color]): Threshold => ({ value, color })));
}

function wordsOf(words: Words): ValueMapping {
  const options = Object.fromEntries(Object.entries(words).map(([value, { color, text }], index) => [value, { color, index, ...(text === undefined ? {} : { text }) }]));
  return { type: MappingType.ValueToText, options };
}

const COLOURED_TEXT = { id: 'custom.cellOptions', value: { type: 'color-text' } };

/** Of a table's column: its text in the colour of its value. */
export function colouredBy(steps: Steps): DynamicConfigValue[] {
  return [{ id: 'thresholds', value: stepsOf(steps).build() }, COLOURED_TEXT];
}

export function colouredWords(words: Words): DynamicConfigValue[] {
  return [{ id: 'mappings', value: [wordsOf(words)] }, COLOURED_TEXT];
}

export function fixed(color: string): { readonly mode: FieldColorModeId; readonly fixedColor: string } {
  return { mode: FieldColorModeId.Fixed, fixedColor: color };
}

/** A link of a table's cell or a point; url may use ${__data.fields.NAME}. */
export function dataLink(title: string, url: string, targetBlank = false): Pick<DashboardLink, 'title' | 'url' | 'targetBlank'> {
  return { title, url, targetBlank };
}

export function transform(id: string, options: DataTransformerConfig['options']): DataTransformerConfig {
  return { id, options };
}

const LEGEND = (show = true) => new VizLegendOptionsBuilder().showLegend(show).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]);
const ALL_VALUES = () => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
const LOG = () => new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10);
const THRESHOLD_LINE = () => new GraphThresholdsStyleConfigBuilder().mode(GraphTresholdsStyleMode.Dashed);

/** One figure, coloured by its steps or words. */
export function stat(spec: PanelSpec & { readonly steps?: Steps; readonly words?: Words; readonly decimals?: number }): Stat {
  const builder = begin(new Stat(), spec)
    .graphMode(BigValueGraphMode.None).colorMode(BigValueColorMode.Value).reduceOptions(new ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']).fields(spec.words === undefined ? '' : '/^(?!Time$)/'))
    .text(new VizTextDisplayOptionsBuilder().titleSize(14).valueSize(34)).thresholds(stepsOf(spec.steps ?? [[null, 'text']])).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  if (spec.words !== undefined) builder.mappings([wordsOf(spec.words)]);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  return builder;
}

type Over = 'lines' | 'bars' | 'points' | 'steps';

/** Over time. log: the axis, for what spans decades. limit: a dashed line there. */
export function overTime(spec: PanelSpec & { readonly as?: Over; readonly log?: boolean; readonly limit?: readonly [at: number, color: string]; readonly gapMs?: number; readonly decimals?: number; readonly legend?: boolean }): TimeSeries {
  const { as = 'lines', log = false, limit, gapMs, decimals, legend = true } = spec;
  const builder = begin(new TimeSeries(), spec)
    .legend(LEGEND(legend)).tooltip(ALL_VALUES()).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .drawStyle(as === 'bars' ? GraphDrawStyle.Bars : as === 'points' ? GraphDrawStyle.Points : GraphDrawStyle.Line)
    .lineInterpolation(as === 'steps' ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .lineWidth(as === 'bars' ? 2 : 1).fillOpacity(as === 'bars' ? 80 : 0).pointSize(4).showPoints(as === 'points' ? VisibilityMode.Always : VisibilityMode.Never).spanNulls(as === 'steps')
    .thresholds(stepsOf(limit === undefined ? [[null, 'transparent']] : [[null, 'transparent'], limit]));
  // Ticks of a log axis that have no label would say the words for no value.
  if (log) builder.scaleDistribution(LOG()).mappings([{ type: MappingType.SpecialValue, options: { match: SpecialValueMatch.Null, result: { text: ' ' } } }]);
  else builder.axisSoftMin(0);
  if (limit !== undefined) builder.thresholdsStyle(THRESHOLD_LINE());
  if (gapMs !== undefined) builder.insertNulls(gapMs);
  if (decimals !== undefined) builder.decimals(decimals);
  return builder;
}

/** Which words each series says from when to when. named: in its bars, where equal ones are joined. */
export function timeline(spec: PanelSpec & { readonly words: Words; readonly named?: boolean }): StateTimeline {
  const { named = true } = spec;
  return begin(new StateTimeline(), spec)
    .mappings([wordsOf(spec.words)]).thresholds(stepsOf([[null, 'text']])).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(named ? VisibilityMode.Auto : VisibilityMode.Never).rowHeight(0.85).mergeValues(named).fillOpacity(75).lineWidth(0)
    .legend(LEGEND()).tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single));
}

/** Buckets by their upper bound (the name of the series) over time. */
export function heatmap(spec: PanelSpec): Heatmap {
  return begin(new Heatmap(), spec)
    .calculate(false).rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Le).value('answers'))
    .yAxis(new YAxisConfigBuilder().unit(spec.unit).axisPlacement(AxisPlacement.Left)).cellValues(new CellValuesBuilder().unit(UNITS.count)).cellGap(0)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').scale(HeatmapColorScale.Exponential).exponent(0.5).fill('blue').steps(64).reverse(false))
    .showTooltip().hideYHistogram().showLegend().thresholds(stepsOf([[null, 'text']]));
}

/** Widths of columns in pixels. */
export function widths(builder: Table, of: { readonly [column: string]: number }): Table {
  for (const [column, width] of Object.entries(of)) builder.overrideByName(column, [{ id: 'custom.width', value: width }]);
  return builder;
}

export function rows(spec: PanelSpec): Table {
  return begin(new Table(), spec).showHeader(true).overrideByRegexp('/./', [{ id: 'noValue', value: '–' }]).thresholds(stepsOf([[null, 'text']])).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
}

/** Lying bars, one group for each text of the column `name`. */
export function bars(spec: PanelSpec & { readonly name: string; readonly limit?: readonly [at: number, color: string]; readonly decimals?: number; readonly softMax?: number }): BarChart {
  const { name, limit, decimals, softMax } = spec;
  const builder = begin(new BarChart(), spec)
    .xField(name).orientation(VizOrientation.Horizontal).showValue(VisibilityMode.Always).groupWidth(0.75).barWidth(0.9).barRadius(0).fillOpacity(75).lineWidth(0).text(new VizTextDisplayOptionsBuilder().valueSize(11))
    .legend(LEGEND()).tooltip(ALL_VALUES()).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)).axisSoftMin(0)
    .thresholds(stepsOf(limit === undefined ? [[null, 'transparent']] : [[null, 'transparent'], limit]));
  if (limit !== undefined) builder.thresholdsStyle(THRESHOLD_LINE());
  if (decimals !== undefined) builder.decimals(decimals);
  if (softMax !== undefined) builder.axisSoftMax(softMax);
  return builder;
}

/**
 * y against x, a colour for each text of the column `each`. The rows become one frame: a column for each such text, a row for each x
 * (of several with the same x the last), in order.
 */
export function against(spec: PanelSpec & { readonly x: string; readonly y: string; readonly each: string; readonly as: 'points' | 'lines'; readonly xUnit: Unit; readonly softMax?: number; readonly pointSize?: number; readonly before?: readonly DataTransformerConfig[] }): Trend {
  const { x, y, each, as, xUnit, softMax, pointSize = as === 'points' ? 4 : 7, before = [] } = spec;
  const matrix = `${x}\\${each}`;
  const builder = begin(new Trend(), spec)
    .xField(x).drawStyle(as === 'points' ? GraphDrawStyle.Points : GraphDrawStyle.Line).lineWidth(1).fillOpacity(0).pointSize(pointSize).showPoints(VisibilityMode.Always).spanNulls(true)
    .legend(LEGEND()).tooltip(ALL_VALUES()).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)).axisSoftMin(0).axisLabel(y).thresholds(stepsOf([[null, 'transparent']]))
    .overrideByName(x, [{ id: 'unit', value: xUnit }, { id: 'custom.axisLabel', value: x }])
    .transformations([...before])
    .withTransformation(transform('groupingToMatrix', { columnField: each, rowField: x, valueField: y, emptyValue: 'null' }))
    .withTransformation(transform('organize', { excludeByName: {}, indexByName: {}, renameByName: { [matrix]: x } }))
    .withTransformation(transform('convertFieldType', { fields: {}, conversions: [{ targetField: x, destinationType: 'number' }] }))
    .withTransformation(transform('sortBy', { fields: {}, sort: [{ field: x, desc: false }] }));
  if (softMax !== undefined) builder.axisSoftMax(softMax);
  return builder;
}

/** How many values of the column `of` fall into each stretch of `size`: standing bars, from 0, as the histogram panel has no axis of its own from there. */
export function distribution(spec: PanelSpec & { readonly size: number; readonly of: string }): BarChart {
  const { size, of } = spec;
  return bars({ ...spec, name: of }).orientation(VizOrientation.Vertical).showValue(VisibilityMode.Never).groupWidth(1).barWidth(0.97)
    .withTransformation(transform('histogram', { bucketSize: size, combine: true }))
    .withTransformation(transform('organize', { excludeByName: { xMax: true }, indexByName: {}, renameByName: { xMin: of } }))
    .withTransformation(transform('convertFieldType', { fields: {}, conversions: [{ targetField: of, destinationType: 'string' }] }));
}
