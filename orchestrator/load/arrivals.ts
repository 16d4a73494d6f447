// When commands arrive: fixed by the seed, so that two protocols under one seed meet the same arrivals on every runner.
import { exponential, randomStream } from '../../node/kit/random.ts';
import type { Plan } from '../kinds.ts';

export type Arrival = { readonly atMs: number; readonly region: string };

/** The arrivals of warm-up and measure window, ascending; each region is a stream of its own, with its share of the rate. */
export function* arrivals(plan: Plan): Generator<Arrival, void> {
  const { clients, ratePerSecond, arrivals: kind } = plan.load;
  if (ratePerSecond === null) return;
  const total = clients.reduce((sum, client) => sum + client.count, 0);
  const endMs = plan.warmupMs + plan.measureMs;
  const streams = clients.map(({ region, count }) => {
    const meanMs = (1000 * total) / (ratePerSecond * count);
    const random = randomStream(plan.seed, 'load', 'arrivals', region);
    const gap = () => (kind === 'poisson' ? exponential(random, meanMs) : meanMs);
    return { region, gap, nextMs: kind === 'poisson' ? gap() : random() * meanMs };
  });
  for (;;) {
    let first = streams[0];
    for (const stream of streams) if (first === undefined || stream.nextMs < first.nextMs) first = stream;
    if (first === undefined || first.nextMs >= endMs) return;
    yield { atMs: first.nextMs, region: first.region };
    first.nextMs += first.gap();
  }
}
