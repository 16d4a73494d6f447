// A reproduced table in words: for the terminal, and the cells of the page.
import type { Published } from './published.ts';
import { apart, percent, type Reproduced } from './verdict.ts';

export const HEAD: readonly string[] = ['case', 'published', 'model', 'measured', 'tolerance', 'verdict'];
const VERDICTS: { readonly [verdict in Reproduced['verdict']]: string } = { ok: 'ok', differs: 'DIFFERS', refused: 'REFUSED' };

const number = (value: number | null) => (value === null ? '–' : Number.isFinite(value) ? value.toFixed(1) : 'never');

function publishedOf({ published, upTo, claim, above, system }: Reproduced): string {
  if (claim === 'reference') return '–';
  const figure = claim === 'above' ? `above "${above ?? ''}"` : claim === 'between' ? `${number(published)} to ${number(upTo ?? null)}` : `${claim === 'at most' ? 'at most ' : ''}${number(published)}`;
  return `${figure} (${system})`;
}

function measuredOf({ measured, published, model, claim, estimate }: Reproduced): string {
  if (measured === null || !Number.isFinite(measured)) return number(measured);
  const distances = [...(published !== null && claim === 'equals' ? [apart(measured, published)] : []), ...(model === null ? [] : [apart(measured, model)])];
  const error = estimate?.error ?? null;
  return `${number(measured)}${error === null ? '' : ` ± ${error < 0.05 ? '0.0' : error.toFixed(1)}`}${distances.length === 0 ? '' : ` (${distances.join(', ')})`}`;
}

/** In order of HEAD. */
export function cellsOf(row: Reproduced, table: Published): readonly string[] {
  const tolerance = row.tolerance ?? table.tolerance;
  const allowed = [...(row.published === null ? [] : [percent(tolerance.published)]), ...(row.model === null ? [] : [percent(tolerance.model)])].join(', ');
  return [row.case, publishedOf(row), number(row.model), measuredOf(row), allowed === '' ? '–' : allowed, VERDICTS[row.verdict]];
}

/** What the runs were: '10,000 elections'. */
export function samplesOf(rows: readonly Reproduced[]): string {
  const each = rows.flatMap(({ estimate }) => (estimate === null ? [] : [`${estimate.samples.toLocaleString('en-US')} ${estimate.of}`]));
  return [...new Set(each)].join(', ');
}

export function renderReproduced(name: string, table: Published, rows: readonly Reproduced[]): string {
  const cells = [HEAD, ...rows.map((row) => cellsOf(row, table))];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const reasons = rows.filter(({ because }) => because !== '').map((row) => `${VERDICTS[row.verdict]}  ${row.case}: ${row.because}`);
  return [
    `${name}: ${table.title}, in ${table.unit}`, `source: ${table.source}`, ...(table.conditions === '' ? [] : [`note: ${table.conditions}`]),
    `measured: of each row ${samplesOf(rows)}; ± one standard error`, '', ...lines, ...reasons,
  ].join('\n');
}
