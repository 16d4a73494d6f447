// Marks and digits of figures, and the median and extremes of repeated runs.
import { expect, test } from 'vitest';
import type { Figure } from '../kinds.ts';
import { extremesOf, formatFigure, formatMs, medianFigure } from './figures.ts';

const figure = (value: number | null, bound: Figure['bound'] = '='): Figure => ({ value, unit: 'ms', bound });

test('figures show three digits and their marks', () => {
  expect([0.0449, 9.5, 10.04, 99.94, 123.4, 1234.5].map(formatMs)).toEqual(['0.04', '9.50', '10.0', '99.9', '123', '1235']);
  expect(formatFigure(figure(5000, '>'), formatMs)).toBe('> 5000');
  expect(formatFigure(figure(null, 'failed'), formatMs)).toBe('failed');
  expect(formatFigure(figure(null), formatMs)).toBe('–');
  expect(formatFigure({ ...figure(12), uncertain: true }, formatMs)).toBe('12.0*');
});

test('the median of runs is one of them, and failed ranks last', () => {
  expect(medianFigure([figure(3), figure(1), figure(2)]).value).toBe(2);
  expect(medianFigure([figure(3), figure(1), figure(2), figure(4)]).value).toBe(2);
  expect(medianFigure([figure(null, 'failed'), figure(1), figure(null, 'failed')]).bound).toBe('failed');
  expect(medianFigure([figure(7, '>'), figure(7), figure(1)])).toEqual(figure(7));
  expect(medianFigure([figure(null)]).value).toBeNull();
});

test('the extremes of runs rank failed last, and leave out what was not measured', () => {
  expect(extremesOf([figure(3), figure(null), figure(1), figure(2)])).toEqual({ least: figure(1), most: figure(3) });
  expect(extremesOf([figure(null, 'failed'), figure(1)])).toEqual({ least: figure(1), most: figure(null, 'failed') });
  expect(extremesOf([figure(null)])).toBeNull();
});
