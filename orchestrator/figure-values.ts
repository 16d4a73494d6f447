// A figure's value as an experiment file has it, in the unit of the figure: for thresholds and for predictions.
import { readBytes, readDuration, readPercent, readRate, shown } from './units.ts';
import type { Quantity } from './units.ts';
import type { Figure } from './kinds.ts';

/** In the figure's own unit. */
export function readFigure(unit: Figure['unit'], text: string): Quantity<number> {
  if (unit === 'ms') return readDuration(text);
  if (unit === 's') {
    const result = readDuration(text);
    return 'value' in result ? { value: result.value / 1000 } : result;
  }
  if (unit === '/s') return readRate(text);
  if (unit === '%') return readPercent(text);
  if (unit === 'bytes') return readBytes(text);
  return /^\d+(\.\d+)?$/.test(text) ? { value: Number(text) } : { problem: `${shown(text)} is not a number`, remedy: 'this figure has no unit: write a number alone' };
}
