// Does the load keep step with what the protocol does by the clock? A closed loop asks again right after a round has answered it and
// so never waits half a round; a constant rate meets the same few phases of each round. Either reads another latency than
// clients who come when they like.
//
// The phases of the sends within the period are put to Rayleigh's test: of n phases that are uniform, n·R² of any harmonic exceeds x in
// e^−x of all loads. The k-th harmonic finds phases that repeat k times in a period, as a rate of k in each does.
import type { Tick } from '../../node/contract.ts';
import type { Outcome } from './commands.ts';

/** Of a load that keeps no step, so often something is found. */
const ALPHA = 1e-6;
const HARMONICS = 64;
const FEWEST = 20;
/** What can shift a wait by less than this share of the period is not told. */
const LEAST_SHIFT = 0.005;

/** harmonic: phases repeat so often in a period. strength: 0 … 1, the length R of the mean of the phases. shiftMs: what it can move a mean by, at most about. */
export type PhaseLock = { readonly region: string; readonly harmonic: number; readonly strength: number; readonly shiftMs: number };

/** The client region that keeps step most; null: none does. sends: by their intended times, which need not be those of the wall clock. */
export function phaseLock(sends: readonly Pick<Outcome, 'region' | 'intendedMs'>[], periodMs: number): PhaseLock | null {
  let most: PhaseLock | null = null;
  const regions = [...new Set(sends.map(({ region }) => region))];
  for (const region of regions) {
    const phases = sends.filter((send) => send.region === region).map(({ intendedMs }) => (2 * Math.PI * intendedMs) / periodMs);
    if (phases.length < FEWEST) continue;
    for (let harmonic = 1; harmonic <= HARMONICS; harmonic++) {
      const strength = meanLength(phases, harmonic);
      const shiftMs = (periodMs * strength) / (2 * harmonic);
      const byChance = regions.length * HARMONICS * Math.exp(-phases.length * strength * strength);
      if (byChance < ALPHA && shiftMs >= LEAST_SHIFT * periodMs && shiftMs > (most?.shiftMs ?? 0)) most = { region, harmonic, strength, shiftMs };
    }
  }
  return most;
}

function meanLength(phases: readonly number[], harmonic: number): number {
  let [x, y] = [0, 0];
  for (const phase of phases) {
    x += Math.cos(harmonic * phase);
    y += Math.sin(harmonic * phase);
  }
  return Math.hypot(x, y) / phases.length;
}

/** Why latencies of this run are no baseline; null: the load keeps no step. closed: each connection asks when it is answered. */
export function phaseLockReason(sends: readonly Pick<Outcome, 'region' | 'intendedMs'>[], tick: Tick, closed: boolean): string | null {
  const lock = phaseLock(sends, tick.periodMs);
  if (lock === null) return null;
  const often = lock.harmonic === 1 ? 'once' : `${lock.harmonic} times`;
  return `the load keeps step with the ${tick.name} of ${tick.periodMs} ms: the clients in ${lock.region} send at the same phase, ${often} in each (strength ${lock.strength.toFixed(2)}), `
    + `which can move a mean latency by up to ${lock.shiftMs.toFixed(0)} ms; ${closed ? 'a closed loop always does: take latencies from an open one (load.rate)' : 'use load.arrivals: poisson'}`;
}
