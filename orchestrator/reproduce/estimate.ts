// What the runs of a row measured, and how far chance alone may have moved it: the standard error of the figure. Elections and
// rounds are trials and pool over runs; a figure of whole runs is their median, because percentiles are not averaged.

/** value: in the figure's unit, Infinity where it lies beyond everything; error: one standard error; null: one run has none. */
export type Estimate = { readonly value: number; readonly error: number | null; readonly samples: number; readonly of: 'runs' | 'elections' | 'rounds' };
/** What estimates are made from: of each run its figures, and the times of its elections (null: endless). */
export type Observed = {
  readonly figures: { readonly [name: string]: number | string | null };
  readonly electionsMs: readonly (number | null)[];
};

/** Figures beside those of a run: mean, median and 99.9th percentile of elections; rounds that decided nothing, in per cent. */
export const OBSERVED: readonly string[] = ['election.mean', 'election.p50', 'election.p99.9', 'rounds.lost'];

/** Of a median beside a mean, for many samples. */
const OF_MEDIAN = Math.sqrt(Math.PI / 2);
const SHARES: { readonly [figure: string]: number } = { 'election.p50': 0.5, 'election.p99.9': 0.999 };

/** null: there was nothing to measure, in any run. */
export function estimate(figure: string, runs: readonly Observed[]): Estimate | null {
  if (figure.startsWith('election.')) return ofElections(figure, runs.flatMap(({ electionsMs }) => electionsMs.map((ms) => ms ?? Infinity)));
  if (figure === 'rounds.lost') return ofRounds(runs);
  const values = runs.flatMap(({ figures }) => {
    const value = figures[figure];
    return typeof value === 'number' ? [value] : value === undefined || value === null ? [] : [Infinity];
  }).sort((a, b) => a - b);
  const value = values[Math.floor((values.length - 1) / 2)];
  if (value === undefined) return null;
  return { value, error: values.length < 2 || value === Infinity ? null : (OF_MEDIAN * deviation(values)) / Math.sqrt(values.length), samples: values.length, of: 'runs' };
}

/** The mean of samples and its standard error, or their quantile and half of what one standard error of its rank spans. */
export function ofElections(figure: string, ms: readonly number[]): Estimate | null {
  if (ms.length === 0) return null;
  const share = SHARES[figure];
  const sorted = [...ms].sort((a, b) => a - b);
  if (share === undefined) {
    const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
    return { value: mean, error: Number.isFinite(mean) ? deviation(sorted) / Math.sqrt(sorted.length) : null, samples: sorted.length, of: 'elections' };
  }
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(rank) - 1))] as number;
  const rank = share * sorted.length;
  const ranks = Math.sqrt(sorted.length * share * (1 - share));
  const spans = (at(rank + ranks) - at(rank - ranks)) / 2;
  return { value: at(rank), error: Number.isFinite(spans) ? spans : null, samples: sorted.length, of: 'elections' };
}

function ofRounds(runs: readonly Observed[]): Estimate | null {
  const known = runs.flatMap(({ figures: { rounds, 'rounds.yield': yielded } }) => (typeof rounds === 'number' && typeof yielded === 'number' ? [{ rounds, lost: (rounds * (100 - yielded)) / 100 }] : []));
  const [all, lost] = [known.reduce((sum, { rounds }) => sum + rounds, 0), known.reduce((sum, run) => sum + run.lost, 0)];
  if (all === 0) return null;
  const share = lost / all;
  return { value: 100 * share, error: 100 * Math.sqrt((share * (1 - share)) / all), samples: all, of: 'rounds' };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
}
