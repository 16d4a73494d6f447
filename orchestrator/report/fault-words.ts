// What each fault of an experiment cost, in a line: medians over its repetitions, and their ranges.
import type { Summary } from '../kinds.ts';
import { faultRanges, type FigureRange } from './experiment.ts';
import { formatFigure, formatMs } from './figures.ts';

const STEPS = [['detected', 'noticed'], ['elected', 'leader'], ['committed', 'commits'], ['recovered', 'as before']] as const;

/** 'median (least … most) in 2 of 3 runs'; null: no run has it. */
export function rangeInWords(range: FigureRange | null | undefined, format: (value: number) => string, { known, runs }: { readonly known: number; readonly runs: number }): string | null {
  if (range === null || range === undefined) return null;
  const { median, least, most } = range;
  const middle = formatFigure(median, format);
  return `${least.value === most.value ? middle : `${middle} (${formatFigure(least, format)} … ${formatFigure(most, format)})`}${known < runs ? ` in ${known} of ${runs} runs` : ''}`;
}

/** A line for each fault after which something is to be told. */
export function faultsInWords(runs: readonly Summary[]): readonly string[] {
  return faultRanges(runs).flatMap(({ fault, index, figures, known, runs: all }) => {
    const inWords = (name: string, format: (value: number) => string) => rangeInWords(figures[name], format, { known: known[name] ?? 0, runs: all });
    const steps = STEPS.flatMap(([name, word]) => {
      const range = inWords(name, formatMs);
      return range === null ? [] : [`${word} ${range}`];
    });
    const operations = ['failed', 'stalled'].flatMap((name) => {
      const range = inWords(name, String);
      return range === null ? [] : [`${name} ${range}`];
    });
    const worst = Object.keys(figures).filter((name) => name.startsWith('outage ')).sort((a, b) => (figures[b]?.median.value ?? 0) - (figures[a]?.median.value ?? 0))[0];
    const region = worst === undefined ? [] : [`longest without an answer in ${worst.slice('outage '.length)}, ${inWords(worst, formatMs)} ms`];
    return operations.length === 0 ? [] : [`${fault} (fault ${index + 1}), ms after it: ${[...steps, ...operations].join(', ')}${region.length === 0 ? '' : `; ${region.join('')}`}`];
  });
}
