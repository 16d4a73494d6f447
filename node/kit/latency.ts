// Terms of the closed forms: round trips of the plan, and what group commit adds to a durable write.
import type { Expected, Facts } from '../contract.ts';

/** Between two nodes, or a client's region and a node; 0 to itself. */
export function roundTripMs(facts: Facts, from: string, to: string): number {
  return (facts.oneWayMs[from]?.[to] ?? 0) + (facts.oneWayMs[to]?.[from] ?? 0);
}

export function largestRoundTripMs(facts: Facts): number {
  let largest = 0;
  for (const from of facts.members) {
    for (const to of facts.members) largest = Math.max(largest, roundTripMs(facts, from, to));
  }
  return largest;
}

/**
 * Group commit has one flush in flight: a command that arrives during one first waits for its end. With Poisson arrivals the
 * disk is busy for ρ·e^ρ of 1 + ρ·e^ρ, ρ = rate · fsync (a busy period is e^ρ flushes long); below ρ = 0.05 it is left out.
 */
export function withGroupCommit(latencyMs: number, fsyncMs: number, ratePerSecond: number | null): Expected {
  const load = ((ratePerSecond ?? 0) / 1000) * fsyncMs;
  if (load < 0.05) return [{ weight: 1, fromMs: latencyMs, toMs: latencyMs }];
  const busy = (load * Math.exp(load)) / (1 + load * Math.exp(load));
  return [
    { weight: 1 - busy, fromMs: latencyMs, toMs: latencyMs },
    { weight: busy, fromMs: latencyMs, toMs: latencyMs + fsyncMs },
  ];
}
