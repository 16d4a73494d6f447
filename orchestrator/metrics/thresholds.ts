// `expect` against the figures. A figure that is missing, censored or failed cannot meet a threshold: nothing shows that it did.
import type { Figure, Plan } from '../kinds.ts';

/** One line for each threshold that is missed. */
export function missedThresholds(thresholds: Plan['thresholds'], metrics: { readonly [name: string]: Figure }): readonly string[] {
  return thresholds.flatMap(({ metric, below, above }) => {
    const figure = metrics[metric];
    const value = figure?.value ?? null;
    const wanted = [below === undefined ? [] : [`below ${below}`], above === undefined ? [] : [`above ${above}`]].flat().join(' and ');
    const unit = figure === undefined || figure.unit === '' ? '' : ` ${figure.unit}`;
    const expected = `expected ${wanted}${unit}`;
    if (figure === undefined) return [`${metric}: there is no such figure, ${expected}`];
    if (figure.bound === 'failed') return [`${metric} falls on failed commands, ${expected}`];
    if (value === null) return [`${metric} has no value: nothing to measure, ${expected}`];
    if (figure.bound === '>') return [`${metric} is only known to be more than ${inWords(value)}${unit}, ${expected}`];
    const met = (below === undefined || value < below) && (above === undefined || value > above);
    return met ? [] : [`${metric} is ${inWords(value)}${unit}, ${expected}`];
  });
}

function inWords(value: number): string {
  return String(Number(value.toPrecision(4)));
}
