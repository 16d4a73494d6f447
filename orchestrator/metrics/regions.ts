// The figures of each client region: regions differ by hundreds of milliseconds, so a percentile over all of them is the
// latency of none. Names are those of the run's figures.
import type { Plan, RegionRow } from '../kinds.ts';
import { count, ranked } from './commands.ts';
import type { Outcome } from './commands.ts';

/** In the order of the plan's clients. */
export function regionRows(plan: Plan, population: readonly Outcome[]): readonly RegionRow[] {
  return [...new Set(plan.load.clients.map(({ region }) => region))].map((region) => {
    const outcomes = population.filter((outcome) => outcome.region === region);
    const commit = ranked(outcomes, 'intendedMs');
    const service = ranked(outcomes, 'sentMs');
    return {
      region,
      metrics: {
        'commit.p50': commit.percentile(0.5), 'commit.p90': commit.percentile(0.9), 'commit.p99': commit.percentile(0.99), 'commit.max': commit.max(), 'commit.mean': commit.mean(),
        'service.p50': service.percentile(0.5), 'service.p99': service.percentile(0.99),
        samples: count(commit.size), errors: count(outcomes.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown').length),
      },
    };
  });
}
