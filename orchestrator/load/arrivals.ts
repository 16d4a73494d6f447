// When commands arrive: fixed by the seed, so that two protocols under one seed meet the same arrivals on every runner.
//
// The arrivals are drawn at the planned rate and then moved in time: where a fault multiplies the load, time runs so many
// times as fast for them. So a load factor adds no draw, and arrivals before it stay where they were.
import { exponential, randomStream } from '../../node/kit/random.ts';
import type { Plan } from '../kinds.ts';

export type Arrival = { readonly atMs: number; readonly region: string };

/** From atMs on, arrivals come `factor` times as fast; drawnMs: the drawn time that is moved to atMs. */
type Pace = { readonly atMs: number; readonly drawnMs: number; readonly factor: number };

/** The paces of a schedule, ascending. The factors of faults that overlap multiply. */
function pacesOf(schedule: Plan['schedule']): readonly Pace[] {
  const factors = new Map<number, number>();
  const paces: Pace[] = [{ atMs: 0, drawnMs: 0, factor: 1 }];
  for (const { atMs, action, fault } of schedule) {
    if (action.type !== 'load') continue;
    factors.set(fault.index, action.factor);
    const last = paces.at(-1) as Pace;
    const factor = [...factors.values()].reduce((product, each) => product * each, 1);
    paces.push({ atMs, drawnMs: last.drawnMs + (atMs - last.atMs) * last.factor, factor });
  }
  return paces;
}

/** The largest factor that the schedule reaches. */
export function peakFactor(schedule: Plan['schedule']): number {
  return Math.max(...pacesOf(schedule).map(({ factor }) => factor));
}

/** The arrivals of warm-up and measure window, ascending; each region is a stream of its own, with its share of the rate. */
export function* arrivals(plan: Plan): Generator<Arrival, void> {
  const { clients, ratePerSecond, arrivals: kind } = plan.load;
  if (ratePerSecond === null) return;
  const total = clients.reduce((sum, client) => sum + client.count, 0);
  const endMs = plan.warmupMs + plan.measureMs;
  const paces = pacesOf(plan.schedule);
  let pace = 0;
  const streams = clients.map(({ region, count }) => {
    const meanMs = (1000 * total) / (ratePerSecond * count);
    const random = randomStream(plan.seed, 'load', 'arrivals', region);
    const gap = () => (kind === 'poisson' ? exponential(random, meanMs) : meanMs);
    return { region, gap, drawnMs: kind === 'poisson' ? gap() : random() * meanMs };
  });
  for (;;) {
    let first = streams[0];
    for (const stream of streams) if (first === undefined || stream.drawnMs < first.drawnMs) first = stream;
    if (first === undefined) return;
    while ((paces[pace + 1]?.drawnMs ?? Infinity) <= first.drawnMs) pace++;
    const { atMs: paceMs, drawnMs, factor } = paces[pace] as Pace;
    const atMs = paceMs + (first.drawnMs - drawnMs) / factor;
    if (atMs >= endMs) return;
    yield { atMs, region: first.region };
    first.drawnMs += first.gap();
  }
}
