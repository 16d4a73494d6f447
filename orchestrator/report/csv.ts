// summary.csv: one row for each figure of a run, and of each client region, so that the files of many runs can be put below
// each other. A figure without a value has an empty cell; bound and uncertain say what it is worth, as in the summary.
import type { Figure, Summary } from '../kinds.ts';

const HEAD = ['experiment', 'label', 'runner', 'shaper', 'protocol', 'repetition', 'seed', 'publishable', 'region', 'figure', 'value', 'unit', 'bound', 'uncertain'];

/** RFC 4180, but with the line ends of everything else here. */
export function summaryCsv({ plan, publishable, metrics, regions }: Summary): string {
  const { experiment, label, runner, shaper, protocol, repetition, seed } = plan;
  const row = (region: string, name: string, { value, unit, bound, uncertain }: Figure) => (
    [experiment, label, runner, shaper, protocol, repetition, seed, publishable, region, name, value ?? '', unit, bound, uncertain === true].map(cell).join(','));
  const rows = [
    ...Object.entries(metrics).map(([name, figure]) => row('', name, figure)),
    ...regions.flatMap(({ region, metrics: figures }) => Object.entries(figures).map(([name, figure]) => row(region, name, figure))),
  ];
  return `${[HEAD.join(','), ...rows].join('\n')}\n`;
}

function cell(value: string | number | boolean): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
