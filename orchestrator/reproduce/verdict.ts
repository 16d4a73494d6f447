// Whether what was measured is what was published, and what the model says: within the tolerance, below or above a bound, or above
// another row. A tolerance that chance alone may exceed decides nothing: it is refused, with the sampling error.
import { elections } from '../metrics/election.ts';
import { estimate, type Estimate, type Observed, ofElections } from './estimate.ts';
import type { ElectionModel, Published, PublishedRow } from './published.ts';

export type Reproduced = Omit<PublishedRow, 'model'> & {
  readonly model: number | null;
  readonly measured: number | null;
  readonly estimate: Estimate | null;
  readonly verdict: 'ok' | 'differs' | 'refused';
  readonly because: string;
};

/** Of a Monte Carlo: its own error is then far below that of a run. */
const TRIALS = 20_000;
const SEED = 'lab reproduce';
/** So many standard errors are chance still. */
const CHANCE = 2;

/** runs: of each row of the table. */
export function compare(published: Published, runs: readonly (readonly Observed[])[]): readonly Reproduced[] {
  const done: Reproduced[] = [];
  for (const [index, row] of published.rows.entries()) done.push(compareRow(published, row, runs[index] ?? [], done));
  return done;
}

function compareRow(published: Published, row: PublishedRow, runs: readonly Observed[], before: readonly Reproduced[]): Reproduced {
  const found = estimate(row.figure ?? published.figure, runs);
  const { times } = published;
  const scaled = found === null ? null : { ...found, value: found.value * times, error: found.error === null ? null : found.error * times };
  const model = modelOf(published, row, runs);
  const { verdict, because } = judge(row, scaled, model, row.tolerance ?? published.tolerance, before.find((each) => each.case === row.above) ?? null);
  return { ...row, model, measured: scaled?.value ?? null, estimate: scaled, verdict, because };
}

function modelOf({ figure, times }: Published, row: PublishedRow, runs: readonly Observed[]): number | null {
  if (row.model === null || typeof row.model === 'number') return row.model;
  const modelled = row.model === 'optimum' ? estimate('optimum.p50', runs) : ofElections(row.figure ?? figure, simulated(row.model.elections));
  return modelled === null ? null : modelled.value * times;
}

const known = new Map<string, readonly number[]>();

/** Several rows ask for figures of the same one. */
function simulated(model: ElectionModel): readonly number[] {
  const key = JSON.stringify(model);
  const ms = known.get(key) ?? elections(model, TRIALS, SEED).map((election) => election?.ms ?? Infinity);
  known.set(key, ms);
  return ms;
}

type Judged = Pick<Reproduced, 'verdict' | 'because'>;

function judge(row: PublishedRow, found: Estimate | null, model: number | null, tolerance: Published['tolerance'], other: Reproduced | null): Judged {
  if (found === null) return { verdict: 'differs', because: 'nothing was measured' };
  const { value } = found;
  const refused = chanceOf(row, found, model, tolerance);
  if (refused !== null) return { verdict: 'refused', because: `${refused} (${found.samples} ${found.of})` };
  const wrong = [claimed(row, found, tolerance.published, other), model !== null && Math.abs(value - model) > tolerance.model * Math.abs(model) ? `${apart(value, model)} from the model` : null].filter((text) => text !== null);
  return wrong.length === 0 ? { verdict: 'ok', because: '' } : { verdict: 'differs', because: wrong.join('; ') };
}

/** Why so few trials decide nothing; null: they do. A bound is decided where chance does not reach it. */
function chanceOf(row: PublishedRow, { value, error }: Estimate, model: number | null, tolerance: Published['tolerance']): string | null {
  if (error === null) return null;
  const chance = CHANCE * error;
  const [published, wide] = [row.published ?? 0, tolerance.published];
  const edges = row.claim === 'at most' ? [published * (1 + wide)] : row.claim === 'between' ? [published * (1 - wide), (row.upTo ?? 0) * (1 + wide)] : [];
  const edge = edges.find((each) => Math.abs(value - each) < chance);
  if (edge !== undefined) return `chance alone moves it by ± ${chance.toFixed(1)}, and may carry it over ${edge.toFixed(1)}`;
  const allowed = [...(row.claim === 'equals' ? [[wide, published] as const] : []), ...(model === null ? [] : [[tolerance.model, model] as const])];
  const least = allowed.find(([share, of]) => chance > share * Math.abs(of));
  return least === undefined ? null : `chance alone moves it by ± ${percent(chance / Math.abs(least[1]))}, more than the tolerance of ${percent(least[0])}`;
}

/** null: the claim holds. */
function claimed(row: PublishedRow, { value, error }: Estimate, tolerance: number, other: Reproduced | null): string | null {
  const published = row.published ?? 0;
  switch (row.claim) {
    case 'equals':
      return Math.abs(value - published) <= tolerance * Math.abs(published) ? null : `${apart(value, published)} from what was published`;
    case 'at most':
      return value <= published * (1 + tolerance) ? null : `above ${published}`;
    case 'reference':
      return null;
    case 'between':
      return value >= published * (1 - tolerance) && value <= (row.upTo ?? 0) * (1 + tolerance) ? null : `outside ${published} to ${row.upTo}`;
    case 'above': {
      const margin = CHANCE * Math.hypot(error ?? 0, other?.estimate?.error ?? 0);
      return other?.measured !== null && other !== null && value - other.measured > margin ? null : `not above ${other?.measured?.toFixed(1) ?? 'nothing'} of "${row.above}"`;
    }
  }
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

export function apart(value: number, from: number): string {
  return `${value < from ? '−' : '+'}${Math.abs((value / from - 1) * 100).toFixed(1)} %`;
}
