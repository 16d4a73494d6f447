// Figures as people read them: three to four digits, with the marks of what is censored, failed or uncertain.
import type { Figure } from '../kinds.ts';

const NOTHING = '–';

export function formatMs(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function formatFigure({ value, bound, uncertain }: Figure, format: (value: number) => string): string {
  if (bound === 'failed') return 'failed';
  if (value === null) return NOTHING;
  return `${bound === '>' ? '> ' : ''}${format(value)}${uncertain === true ? '*' : ''}`;
}

/** Failed ones above every number; of two equal numbers a lower bound is the larger. */
function rank({ value, bound }: Figure): number {
  return bound === 'failed' ? Infinity : value ?? -Infinity;
}

/** Of the runs' figures; of an even number the lower one of the two, so that it is a figure of one of the runs. */
export function medianFigure(figures: readonly Figure[]): Figure {
  const known = ascending(figures);
  return known[Math.floor((known.length - 1) / 2)] ?? { value: null, unit: '', bound: '=' };
}

/** The least and the most of the runs' figures; null where there is none. */
export function extremesOf(figures: readonly Figure[]): { readonly least: Figure; readonly most: Figure } | null {
  const known = ascending(figures);
  const [least, most] = [known[0], known.at(-1)];
  return least === undefined || most === undefined ? null : { least, most };
}

function ascending(figures: readonly Figure[]): readonly Figure[] {
  return figures
    .filter(({ value, bound }) => value !== null || bound === 'failed')
    .sort((a, b) => {
      const [left, right] = [rank(a), rank(b)];
      return left === right ? Number(a.bound === '>') - Number(b.bound === '>') : left < right ? -1 : 1;
    });
}
