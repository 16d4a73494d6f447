// Where the latency of a group of runs went, in words: means over all client regions and runs, each weighted by its commits.
import { PARTS, type AttributionRow, type PartName } from '../attribution/parts.ts';
import type { Summary } from '../kinds.ts';
import { formatMs } from './figures.ts';

/** Parts named one by one in a line. */
const MOST_NAMED = 4;
/** A residual beyond the larger of these is told. */
const RESIDUAL_SHARE = 0.02;
const RESIDUAL_MS = 0.2;

type Pooled = Omit<AttributionRow, 'region'>;

/** null: no row. */
function pooled(rows: readonly AttributionRow[]): Pooled | null {
  const commits = rows.reduce((sum, row) => sum + row.commits, 0);
  if (commits === 0) return null;
  const mean = (of: (row: AttributionRow) => number) => rows.reduce((sum, row) => sum + row.commits * of(row), 0) / commits;
  const nodes = [...new Set(rows.flatMap(({ closedBy }) => closedBy.map(({ node }) => node)))];
  const shares = nodes.map((node) => ({ node, share: mean(({ closedBy }) => closedBy.find((each) => each.node === node)?.share ?? 0) }));
  const known = shares.reduce((sum, { share }) => sum + share, 0);
  return {
    commits, meanMs: mean(({ meanMs }) => meanMs), residualMs: mean(({ residualMs }) => residualMs),
    parts: Object.fromEntries(PARTS.map(({ name }) => [name, mean(({ parts }) => parts[name])])) as Pooled['parts'],
    closedBy: shares.map(({ node, share }) => ({ node, share: share / known })).sort((a, b) => b.share - a.share),
  };
}

/** Its name; of a wait by the clock what is waited for, where the protocol says it. */
export function partName(part: PartName, tick: string | null): string {
  return part === 'wait' && tick !== null ? `wait for ${tick}` : PARTS.find(({ name }) => name === part)?.short ?? part;
}

export function residualIsLarge({ meanMs, residualMs }: Pick<Pooled, 'meanMs' | 'residualMs'>): boolean {
  return Math.abs(residualMs) > Math.max(RESIDUAL_SHARE * meanMs, RESIDUAL_MS);
}

/** 'n2 90 %, n1 10 %'; '' where nobody is known. */
export function closersInWords(closedBy: Pooled['closedBy'], most = 3): string {
  const shown = closedBy.slice(0, most).map(({ node, share }) => `${node} ${(100 * share).toFixed(0)} %`);
  return [...shown, ...(closedBy.length > most ? [`${closedBy.length - most} more`] : [])].join(', ');
}

/** One line, the largest parts first; null where nothing was attributed. */
export function attributionInWords(runs: readonly Summary[]): string | null {
  const all = pooled(runs.flatMap(({ attribution }) => attribution?.rows ?? []));
  if (all === null) return null;
  const tick = runs.find(({ attribution }) => attribution !== undefined)?.attribution?.tick ?? null;
  const largest = PARTS.map(({ name }) => ({ name, ms: all.parts[name] })).filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms);
  const rest = largest.slice(MOST_NAMED);
  const named = largest.slice(0, MOST_NAMED).map(({ name, ms }) => `${partName(name, tick)} ${formatMs(ms)}`);
  return [
    `mean ${formatMs(all.meanMs)} ms = ${[
      ...named, ...(rest.length === 0 ? [] : [`${rest.length} more ${formatMs(rest.reduce((sum, { ms }) => sum + ms, 0))}`]),
      ...(residualIsLarge(all) ? [`UNEXPLAINED ${formatMs(all.residualMs)}`] : []),
    ].join(' + ')}`,
    ...(all.closedBy.length === 0 ? [] : [`quorum closed by ${closersInWords(all.closedBy)}`]),
  ].join('; ');
}
